//! Loads a target file, or says everything that is wrong with it.
//!
//! A message never repeats a secret: where one stands in the file, the line is shown masked.

use std::path::{Path, PathBuf};

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
        match std::fs::read_to_string(path) {
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
        let mut source = match Source::masked(name, text, &masked_lines(text)) {
            Ok(source) => source,
            Err(problem) => return (None, problem.into()),
        };
        for spot in secret_spots(&source) {
            if source.scalar(&spot).is_some() {
                source.mask(&spot);
                problems.push(
                    source
                        .problem(&spot, "a secret does not stand here as it is")
                        .with_help(SECRET_HELP.to_owned()),
                );
            }
        }
        if !problems.is_empty() {
            return (None, problems);
        }
        let (target, source, found) = source.read_entries::<Self>(None);
        let complete = found.is_empty();
        problems.extend(found);
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
            let problem = Problem::new("command line", url, 0..url.len(), message);
            return Err(problem.with_help(help).into());
        }
        Ok(Self {
            mcp_server: Some(url.to_owned()),
            insecure_http,
            ..Self::default()
        })
    }
}

const SECRET_HELP: &str = "say where it is: `{ env: VARIABLE }` or `{ file: PATH }`; for a test \
                           server also `{ value: TEXT }`";

/// `text` with everything after `value:` starred, so that not even a file that is no YAML gives a
/// secret away.
fn masked_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.find("value:") {
            Some(at) => {
                let from = at + "value:".len();
                shown.push_str(&line[..from]);
                let kept = line
                    .trim_end_matches(['\n', '\r', ' ', '}'])
                    .len()
                    .max(from);
                for letter in line[from..kept].chars() {
                    let star = if letter == ' ' { ' ' } else { '*' };
                    shown.extend(std::iter::repeat_n(star, letter.len_utf8()));
                }
                shown.push_str(&line[kept..]);
            }
            None => shown.push_str(line),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_text_keeps_its_length_and_loses_its_secret() {
        let text = "password: { value: wönder land }\nx: 1\n";
        let shown = masked_lines(text);
        assert_eq!(shown.len(), text.len());
        assert!(
            shown.starts_with("password: { value: ******* **** }\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_url_alone_is_a_target() {
        let target = TargetFile::from_url("http://127.0.0.1:9/mcp", false).expect("loopback");
        assert_eq!(target.mcp_server.as_deref(), Some("http://127.0.0.1:9/mcp"));
        let problems = TargetFile::from_url("mcp.example/mcp", false).expect_err("no scheme");
        assert!(problems.to_string().contains("absolute"), "{problems}");
    }
}
