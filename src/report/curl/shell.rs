//! Shell words: text that no shell reads as syntax, with variables where secrets were.

use std::sync::LazyLock;

use indexmap::IndexSet;
use regex::Regex;

use crate::report::text::acts;

/// A fingerprint as the redaction writes it, raw or percent-encoded.
static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\[|%5[Bb])(access_token|refresh_token|id_token|code|code_verifier|client_secret|",
        r"client_assertion|password|cookie|registration_access_token|session_id|private_key|token)",
        r"(?::|%3[Aa])\d+(?::|%3[Aa])([0-9a-f]{12})(?:\]|%5[Dd])",
    ))
    .expect("the pattern is a constant")
});

/// `text` without fingerprints.
pub fn without_markers(text: &str) -> String {
    MARKER.replace_all(text, "").into_owned()
}

/// A piece of a request: text as sent, or the shell variable that takes a secret's place.
enum Piece<'t> {
    Text(&'t str),
    Variable(String),
}

/// Names variables: the first secret of a kind is `$CODE`, another one `$CODE_2`.
#[derive(Default)]
pub struct Variables<'t> {
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
    pub fn word(&mut self, text: &'t str) -> String {
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
    pub fn printf(&mut self, text: &'t str) -> String {
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn shell(script: &str) -> String {
        let output = Command::new("sh").args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_fingerprint_becomes_a_variable_that_the_shell_fills() {
        let word = Variables::default().word("a'[code:1:1f0a9c2b7d3e]$x");
        assert_eq!(shell(&format!("CODE='$y'; printf %s {word}")), "a'$y$x");
        let printf = Variables::default().printf("a\n\\[code:1:1f0a9c2b7d3e]\0");
        assert_eq!(shell(&format!("CODE='\\n'; {printf}")), "a\n\\\\n\0");
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
    }
}
