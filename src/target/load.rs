//! Loads a target file, or says everything that is wrong with it.
//!
//! A message never repeats a secret: where one stands in the file, the line is shown masked.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::lint::{self, secret_spots};
use super::{TargetFile, address};
use crate::suite::{Problem, Problems, Source, Suites};

impl TargetFile {
    /// The target that `path` describes, and the folder at which its relative paths start.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub fn load(path: &Path, suites: &Suites) -> Result<(Self, PathBuf), Problems> {
        let (target, problems) = Self::lint(path, suites);
        match target {
            Some(target) if problems.errors() == 0 => Ok(target),
            _ => Err(problems),
        }
    }

    /// As [`Self::load`], with the warnings.
    pub fn lint(path: &Path, suites: &Suites) -> (Option<(Self, PathBuf)>, Problems) {
        let name = path.display().to_string();
        let base = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        match read(path) {
            Ok(text) => {
                let (target, problems) = Self::parse(&name, &text, &base, suites);
                (target.map(|target| (target, base)), problems)
            }
            Err(cause) => {
                let problem = Problem::unreadable(&name, format!("cannot be read: {cause}"))
                    .with_help("give the path of a target file, or a URL".to_owned());
                (None, problem.into())
            }
        }
    }

    /// Reads the text of a target file whose relative paths start at `base`.
    pub fn parse(name: &str, text: &str, base: &Path, suites: &Suites) -> (Option<Self>, Problems) {
        let mut problems = Problems::default();
        let mut source = match Source::masked(name, text, &masked(text)) {
            Ok(source) => source,
            Err(problem) => return (None, problem.into()),
        };
        let mut plain = Vec::new();
        for spot in secret_spots(&source) {
            if source.scalar(&spot).is_some() {
                source.mask(&spot);
                plain.push(source.line(&spot));
                problems.push(
                    source
                        .problem(&spot, "a secret does not stand here as it is")
                        .with_help(SECRET_HELP.to_owned()),
                );
            }
        }
        let (target, source, found) = source.read_entries::<Self>(None);
        let complete = found.is_empty();
        // That a plain secret is of the wrong type has been said.
        problems.extend(
            found
                .into_iter()
                .filter(|problem| !plain.contains(&problem.line())),
        );
        if let Some(target) = &target {
            lint::target(target, &source, base, suites, complete, &mut problems);
        }
        problems.sort();
        (target, problems)
    }

    /// The target that a bare URL is: an MCP server of which nothing else is known.
    ///
    /// # Errors
    /// The URL is not absolute, or is not safe to send requests to.
    pub fn from_url(url: &str, insecure_http: bool) -> Result<Self, Problems> {
        if let Err((message, help)) = address::endpoint(url, insecure_http) {
            let problem = Problem::new("command line", masked(url), 0..url.len(), message);
            return Err(problem.with_help(help).into());
        }
        Ok(Self {
            mcp_server: Some(address::typed_url(url)),
            insecure_http,
            ..Self::default()
        })
    }
}

/// More than any person writes into a target file.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file that ends; a pipe may bring it, as `<(decrypt target.yaml)` does.
fn read(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let kind = file.metadata()?.file_type();
    #[cfg(unix)]
    let is_device = {
        use std::os::unix::fs::FileTypeExt as _;
        kind.is_char_device() || kind.is_block_device()
    };
    #[cfg(not(unix))]
    let is_device = false;
    if is_device || kind.is_dir() {
        return Err(io::Error::other("this is no file"));
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

const SECRET_HELP: &str = "say where it is: `{ env: VARIABLE }` or `{ file: PATH }`; for a test \
                           server also `{ value: TEXT }`";

/// What a secret may stand after or between: keys that sound like one, and the user part of a URL.
/// Files that are no YAML are shown too, so this looks at the text alone.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    let key = r#"(?i:value|pass\w*|\w*secret|\w*token|private_key)["']?\s*:[ \t]+"#;
    let scalar = r#""[^"\n]*"?|'[^'\n]*'?|[^\s{\["'](?:[^,}\n]*[^\s,}])?"#;
    let user = r#"[^\s/"'@]*:[^\s/"'@]*"#;
    #[expect(clippy::expect_used, reason = "the expression is a constant")]
    Regex::new(&format!("{key}(?<secret>{scalar})|://(?<user>{user})@"))
        .expect("a fixed expression")
});

/// `text` with stars for what may be a secret, byte for byte.
fn masked(text: &str) -> String {
    let mut shown = text.to_owned();
    for found in SECRETS.captures_iter(text) {
        if let Some(secret) = found.name("secret").or_else(|| found.name("user")) {
            let mut secret = secret.range();
            let line = text[..secret.start].rfind('\n').map_or(0, |end| end + 1);
            if !text[line..secret.start].contains('{') && found.name("user").is_none() {
                // Outside of braces a text goes on to the end of its line.
                let rest = &text[secret.start..];
                secret.end = secret.start + rest.find('\n').unwrap_or(rest.len());
            }
            shown.replace_range(secret.clone(), &"*".repeat(secret.len()));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_or_a_mountain_is_no_target_file() {
        let suites = Suites::default();
        let folder = tempfile::tempdir().expect("a folder");
        let large = folder.path().join("large.yaml");
        std::fs::write(&large, "#".repeat(LARGEST as usize + 1)).expect("the file");
        let said = TargetFile::lint(&large, &suites).1.to_string();
        assert!(said.contains("larger than 1 MiB"), "{said}");
        if cfg!(unix) {
            let said = TargetFile::lint(Path::new("/dev/zero"), &suites).1;
            assert!(said.to_string().contains("this is no file"), "{said}");
        }
    }

    #[test]
    fn a_server_without_an_address_is_on_no_other_machine() {
        let text =
            "mcp_server: example\nusers: { first: { username: a, password: { value: b } } }\n";
        let said = TargetFile::parse("t.yaml", text, Path::new(""), &Suites::default()).1;
        assert!(!said.to_string().contains("not on this machine"), "{said}");
    }

    #[test]
    fn a_masked_text_keeps_its_length_and_loses_its_secrets() {
        for (text, secret) in [
            ("password: { value: wönder-land }\nx: 1\n", "wönder"),
            ("passwrd: wonder land, and more\n", "more"),
            (
                "{ \"client_secret\": \"won,der}\", scopes: [a] }",
                "won,der",
            ),
            ("access_token: 'eyJh", "eyJh"),
            ("https://alice:wonder@host/", "wonder"),
        ] {
            let shown = masked(text);
            assert_eq!(shown.len(), text.len());
            assert!(!shown.contains(secret), "{shown}");
        }
        let harmless = "scopes: [a]\ntoken_request_interval: 1\npassword: { env: NAME }\n";
        assert_eq!(masked(harmless), harmless);
    }

    #[test]
    fn a_plain_secret_hides_no_other_mistake() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let text = "mcp_sever: https://mcp.example/mcp\nusers:\n  first:\n    username: a\n    \
                    password: hunter2\nscopes: news\n";
        let (target, problems) = TargetFile::parse("t.yaml", text, Path::new(""), &suites);
        let shown = problems.to_string();
        assert!(target.is_none() || problems.errors() > 0);
        for part in ["a secret does not stand here", "`mcp_server`", "t.yaml:6:"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(problems.errors(), 3, "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_url_alone_is_a_target() {
        let target = TargetFile::from_url("http://127.0.0.1:9/mcp", false).expect("loopback");
        assert_eq!(target.mcp_server.as_deref(), Some("http://127.0.0.1:9/mcp"));
        let problems = TargetFile::from_url("mcp.example/mcp", false).expect_err("no scheme");
        assert!(problems.to_string().contains("absolute"), "{problems}");
    }
}
