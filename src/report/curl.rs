//! An exchange as one `curl` command that a person pastes into a POSIX shell.
//!
//! Secrets are gone from the recording; where their fingerprints stand, the command reads a
//! shell variable (`$ACCESS_TOKEN`). Nothing of the request is ever read as shell syntax, and
//! the command stays on one line: a body with control characters goes through `printf`.

use std::sync::LazyLock;

use indexmap::IndexSet;
use regex::Regex;

use super::text::acts;
use crate::run::RecordedRequest;

/// A fingerprint as the redaction writes it, raw or percent-encoded.
static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\[|%5[Bb])(access_token|refresh_token|id_token|code|code_verifier|client_secret|",
        r"client_assertion|password|cookie|registration_access_token|session_id|token)",
        r"(?::|%3[Aa])\d+(?::|%3[Aa])([0-9a-f]{12})(?:\]|%5[Dd])",
    ))
    .expect("the pattern is a constant")
});

/// Headers that `curl` makes by itself, or that would make its output unreadable.
const OWN: [&str; 5] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "accept-encoding",
];

/// A piece of a request: text as sent, or the shell variable that takes a secret's place.
enum Piece<'t> {
    Text(&'t str),
    Variable(String),
}

/// Names variables: the first secret of a kind is `$CODE`, another one `$CODE_2`.
#[derive(Default)]
struct Variables<'t> {
    seen: IndexSet<(&'t str, &'t str)>,
}

impl<'t> Variables<'t> {
    fn name(&mut self, kind: &'t str, fingerprint: &'t str) -> String {
        self.seen.insert((kind, fingerprint));
        let mut same = self.seen.iter().filter(|(other, _)| *other == kind);
        let position = same.position(|(_, print)| *print == fingerprint);
        match position {
            None | Some(0) => kind.to_uppercase(),
            Some(earlier) => format!("{}_{}", kind.to_uppercase(), earlier + 1),
        }
    }

    fn pieces(&mut self, text: &'t str) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for captures in MARKER.captures_iter(text) {
            let (Some(whole), Some(kind), Some(print)) =
                (captures.get(0), captures.get(1), captures.get(2))
            else {
                continue;
            };
            pieces.push(Piece::Text(&text[from..whole.start()]));
            pieces.push(Piece::Variable(self.name(kind.as_str(), print.as_str())));
            from = whole.end();
        }
        pieces.push(Piece::Text(&text[from..]));
        pieces
    }

    /// One shell word.
    fn word(&mut self, text: &'t str) -> String {
        let mut word = String::new();
        for piece in self.pieces(text) {
            match piece {
                Piece::Text("") => {}
                Piece::Text(text) => word.push_str(&quote(text)),
                Piece::Variable(name) => {
                    word.push_str("\"$");
                    word.push_str(&name);
                    word.push('"');
                }
            }
        }
        if word.is_empty() { quote("") } else { word }
    }

    /// A `printf` command that writes `text` byte for byte; used where a word would break the line.
    fn printf(&mut self, text: &'t str) -> String {
        let (mut format, mut arguments) = (String::new(), String::new());
        for piece in self.pieces(text) {
            match piece {
                Piece::Text("") => {}
                Piece::Text(text) => {
                    format.push_str("%b");
                    arguments.push(' ');
                    arguments.push_str(&quote(&octal(text)));
                }
                Piece::Variable(name) => {
                    format.push_str("%s");
                    arguments.push_str(&format!(" \"${name}\""));
                }
            }
        }
        format!("printf '{format}'{arguments}")
    }
}

/// `text` in single quotes, safe in every POSIX shell.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `text` with backslashes and all that [`acts`] as the octal escapes of `printf %b`.
fn octal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c == '\\' || acts(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("\\0{byte:03o}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A URL with what cannot stand in one line percent-encoded; a sent URL holds none of it.
fn one_line_url(url: &str) -> String {
    let mut out = String::new();
    for c in url.chars() {
        if acts(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The headers to give, as `-H` arguments. `curl` adds `Accept` and a content type of its own
/// unless told not to, and reads `Name:` as "leave it out" but `Name;` as an empty header.
fn header_lines(request: &RecordedRequest) -> Vec<String> {
    let has = |name: &str| {
        let mut names = request.headers.iter().map(|(name, _)| name);
        names.any(|other| other.eq_ignore_ascii_case(name))
    };
    let given = request.headers.iter().filter(|(name, _)| {
        !name.starts_with('@') && !OWN.contains(&name.to_ascii_lowercase().as_str())
    });
    let mut lines: Vec<String> = given
        .map(|(name, value)| match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {}", value.replace(|c| c != '\t' && acts(c), " ")),
        })
        .collect();
    for name in ["Accept", "Content-Type"] {
        if !has(name) && (name == "Accept" || sends_body(request)) {
            lines.push(format!("{name}:"));
        }
    }
    lines
}

fn sends_body(request: &RecordedRequest) -> bool {
    request.body.is_some() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH")
}

/// The command that sends `request` again, on one line.
pub fn command(request: &RecordedRequest) -> String {
    let url = one_line_url(&request.url);
    let headers = header_lines(request);
    let mut variables = Variables::default();
    let mut parts = vec!["curl -i --path-as-is".to_owned()];
    if MARKER.replace_all(&url, "").contains(['[', ']', '{', '}']) {
        parts.push("--globoff".to_owned());
    }
    match request.method.as_str() {
        "GET" if request.body.is_none() => {}
        "HEAD" => parts.push("--head".to_owned()),
        method => parts.push(format!("-X {}", method_word(method))),
    }
    parts.push(variables.word(&url));
    for line in &headers {
        parts.push(format!("-H {}", variables.word(line)));
    }
    let body = request.body.as_deref().unwrap_or_default();
    if body.chars().any(acts) {
        let input = variables.printf(body);
        parts.push("--data-binary @-".to_owned());
        return format!("{input} | {}", parts.join(" "));
    }
    if sends_body(request) {
        parts.push(format!("--data-raw {}", variables.word(body)));
    }
    parts.join(" ")
}

/// A method as one word: bare when it is plain letters.
fn method_word(method: &str) -> String {
    if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        method.to_owned()
    } else {
        quote(&method.replace(acts, "?"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn request(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> RecordedRequest {
        RecordedRequest {
            method: method.into(),
            url: url.into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            body: body.map(Into::into),
        }
    }

    fn shell(script: &str) -> String {
        let output = Command::new("sh")
            .args(["-c", script])
            .env("CODE", "c0de")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn puts_shell_variables_where_secrets_were() {
        let command = command(&request(
            "POST",
            "http://127.0.0.1:9/token",
            &[
                ("host", "127.0.0.1:9"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", "Basic [client_secret:24:aaaaaaaaaaaa]"),
            ],
            Some(
                "code=[code:43:1f0a9c2b7d3e]&code_verifier=%5Bcode_verifier%3A43%3A000000000000%5D\
                 &again=[code:43:1f0a9c2b7d3e]&other=[code:43:ffffffffffff]&state=it's",
            ),
        ));
        assert_eq!(
            command,
            "curl -i --path-as-is -X POST 'http://127.0.0.1:9/token' \
             -H 'content-type: application/x-www-form-urlencoded' \
             -H 'authorization: Basic '\"$CLIENT_SECRET\" -H 'Accept:' \
             --data-raw 'code='\"$CODE\"'&code_verifier='\"$CODE_VERIFIER\"'&again='\"$CODE\"\
             '&other='\"$CODE_2\"'&state=it'\\''s'"
        );
    }

    #[test]
    fn keeps_odd_requests_as_they_were() {
        let get = command(&request(
            "GET",
            "http://[::1]:9/a/../b",
            &[("x-empty", "")],
            None,
        ));
        assert_eq!(
            get,
            "curl -i --path-as-is --globoff 'http://[::1]:9/a/../b' -H 'x-empty;' -H 'Accept:'"
        );
        let post = command(&request(
            "POST",
            "http://127.0.0.1:9/",
            &[("accept", "*/*")],
            None,
        ));
        assert!(
            post.ends_with("-H 'accept: */*' -H 'Content-Type:' --data-raw ''"),
            "{post}"
        );
    }

    #[test]
    fn sends_a_body_of_several_lines_through_printf() {
        let command = command(&request(
            "POST",
            "http://127.0.0.1:9/",
            &[],
            Some("a\n[code:1:1f0a9c2b7d3e]\\\0"),
        ));
        let (printf, curl) = command.split_once(" | ").unwrap();
        assert!(curl.ends_with("--data-binary @-"), "{curl}");
        assert!(!command.contains('\n'));
        assert_eq!(shell(printf), "a\nc0de\\\0");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_back_what_was_quoted(text in "[^\0]*") {
            prop_assert_eq!(shell(&format!("printf %s {}", quote(&text))), text);
        }

        #[test]
        fn printf_writes_back_what_went_in(text in any::<String>()) {
            let command = Variables::default().printf(&text);
            prop_assert!(!command.chars().any(acts));
            prop_assert_eq!(shell(&command), text);
        }

        #[test]
        fn a_command_is_one_harmless_line(
            url in any::<String>(), name in "[!-~]{1,9}", value in any::<String>(), body in any::<String>(),
        ) {
            let command = command(&request("POST", &url, &[(&name, &value)], Some(&body)));
            prop_assert!(!command.chars().any(|c| c != '\t' && acts(c)));
            prop_assert_eq!(shell(&format!("curl() {{ :; }}; {command}")), "");
        }
    }
}
