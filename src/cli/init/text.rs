//! The text of a target file: a template, in which every value is written as YAML wherever a server
//! or a person chose it, and every comment stays one.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;

use super::super::failure::Failure;
use super::view::View;
use crate::report::text::{acts, count, visible};

const TEMPLATE: &str = include_str!("target.yaml.jinja");

/// Columns of a comment.
const WIDTH: usize = 98;

/// The target file.
///
/// # Errors
/// The template is at fault.
pub fn render(view: &View) -> Result<String, Failure> {
    rendered(view)
        .map_err(|error| Failure::Harness(format!("the target file's template: {error:#}")))
}

fn rendered(view: &View) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    environment.set_formatter(|out, _, value| {
        let text = match (value.is_safe(), value.as_str()) {
            (true, Some(text)) => text.to_owned(),
            _ => yaml(&serde_json::to_value(value).unwrap_or_default()),
        };
        out.write_str(&text).map_err(minijinja::Error::from)
    });
    environment.add_filter("said", |text: &str| {
        minijinja::Value::from_safe_string(one_line(text))
    });
    environment.add_filter("comment", |text: &str| {
        minijinja::Value::from_safe_string(comment(text))
    });
    environment.add_filter("as_written", |text: String| {
        minijinja::Value::from_safe_string(text)
    });
    let waiting = view.waiting.clone();
    environment.add_function("waiting", move |member: &str| {
        let cases = waiting.get(member).map(|cases| count(*cases, "case"));
        let said = cases.map_or_else(String::new, |cases| format!(" ({cases})"));
        minijinja::Value::from_safe_string(said)
    });
    let text = environment.render_str(TEMPLATE, minijinja::Value::from(Serde(view)))?;
    // The engine takes the last line's end away.
    Ok(text + "\n")
}

/// Prose as lines of a comment, each with `# ` in front.
fn comment(text: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent("# ")
        .subsequent_indent("# ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(&one_line(text), options) + "\n"
}

/// `text` on one line, harmless, with single spaces.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" "))
}

/// A text that is YAML already, for the template's filter `as_written`.
#[derive(Debug, Serialize)]
pub struct Yaml(String);

impl Yaml {
    /// A value with its members in their order.
    pub fn of(value: &Value) -> Self {
        Self(yaml(value))
    }
}

/// A value in YAML's flow style.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(yaml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{}: {}", scalar(name), yaml(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text in YAML: as it is where it is a plain word, else between quotes.
fn scalar(text: &str) -> String {
    const WORDS_THAT_MEAN: [&str; 9] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_word && !WORDS_THAT_MEAN.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if acts(c) => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_plain_word_stays_plain_and_what_means_something_is_quoted() {
        assert_eq!(scalar("get_weather"), "get_weather");
        for text in [
            "true",
            "No",
            "1e5",
            "mcp:tools",
            "",
            "a # b",
            "# a",
            "2026-01-01",
        ] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
    }

    #[test]
    fn a_comment_cannot_be_left() {
        let written = comment("one\nmcp_server: evil\r\u{85}\u{2028}two");
        assert!(
            written.lines().all(|line| line.starts_with("# ")),
            "{written}"
        );
        assert_eq!(written.lines().count(), 1);
        let long = comment(&"word ".repeat(60));
        assert!(
            long.lines()
                .all(|line| line.starts_with("# word") && line.len() <= WIDTH)
        );
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in any::<String>(), name in "\\PC{1,9}") {
            let value = serde_json::json!({ name: [text, 1, true, { "a": null }] });
            prop_assert_eq!(read_back(&yaml(&value)), value);
        }
    }
}
