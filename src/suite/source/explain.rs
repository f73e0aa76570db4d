//! The YAML reader's errors in words for people who never saw a parser.

use serde_saphyr::Error;

use crate::suite::names::suggest;

/// Message and mend of a reading error at byte `at` of `text`.
///
/// A value is never repeated in the message: in a target file it may be a secret.
pub(super) fn explain(error: &Error, text: &str, at: usize) -> (String, Option<String>) {
    let here = text.get(at..).unwrap_or_default();
    let before = text.get(..at).unwrap_or_default().trim_end();
    let (message, help) = match error.without_snippet() {
        Error::AliasError { error, .. } => return explain(error, text, at),
        Error::Unexpected { .. } if here.starts_with("{{") || before.ends_with("{{") => (
            "a template must stand in quotes".to_owned(),
            "write \"{{ ... }}\": without quotes YAML reads a map".to_owned(),
        ),
        Error::SerdeUnknownField {
            field, expected, ..
        } if expected.is_empty() => (format!("unknown member `{field}`"), "remove it".to_owned()),
        Error::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("unknown member `{field}`"),
            suggest(field, expected.iter().copied()),
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            format!("unknown word `{variant}`"),
            suggest(variant, expected.iter().copied()),
        ),
        Error::SerdeMissingField { field, .. } => missing(field),
        Error::DuplicateMappingKey { key: Some(key), .. } => twice(key),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => (
            "a second key where only one is taken".to_owned(),
            "a map here has exactly one key; give the second a step (or entry) of its own"
                .to_owned(),
        ),
        Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => (
            "a word is missing that says which kind this is".to_owned(),
            "a map here has exactly one key, such as `tool`, `resource` or `http` under `call`"
                .to_owned(),
        ),
        Error::Unexpected { expected, .. } if expected.contains("mapping") => map(before),
        Error::Unexpected { expected, .. } => unexpected(expected),
        Error::InvalidScalar { ty, .. } => scalar(ty),
        Error::InvalidBooleanStrict { .. } => scalar("bool"),
        Error::NullIntoString { .. } => (
            "nothing is given where a text belongs".to_owned(),
            "write the text after the colon, or remove the member".to_owned(),
        ),
        Error::SerdeInvalidType { expected, .. }
        | Error::SerdeInvalidValue { expected, .. }
        | Error::SerdeInvalidLength { expected, .. } => {
            return (format!("expected {expected} here"), None);
        }
        other => document(other),
    };
    (message, Some(help))
}

/// A member that is not there.
pub(super) fn missing(field: &str) -> (String, String) {
    (
        format!("the member `{field}` is missing"),
        format!("add `{field}: ...` to this entry"),
    )
}

/// A key that was there already.
pub(super) fn twice(key: &str) -> (String, String) {
    (
        format!("`{key}` stands twice in the same map"),
        "keep one of the two, or give one another name".to_owned(),
    )
}

/// The document as a whole.
fn document(error: &Error) -> (String, String) {
    match error {
        Error::Eof { .. } => (
            "the file is empty".to_owned(),
            "see suites/README.md for what belongs into it, or remove the file".to_owned(),
        ),
        Error::MultipleDocuments { .. } => (
            "a second YAML document begins here".to_owned(),
            "one file holds one document: remove `---`, or make two files".to_owned(),
        ),
        Error::UnknownAnchor { .. } => (
            "this alias names no anchor".to_owned(),
            "text that begins with `*` must stand in quotes".to_owned(),
        ),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "the document grows beyond every reasonable size".to_owned(),
            "write it without aliases that multiply each other".to_owned(),
        ),
        other => syntax(other),
    }
}

/// Something else where a map belongs. The reader complains behind the driver of a target file's
/// `login` that stands there as a word, as `form` does, which has no settings.
fn map(before: &str) -> (String, String) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let before = before.trim_end_matches(|c| !is_part(c));
    let name = before.trim_end_matches(is_part);
    let word = &before[name.len()..];
    let is_driver = name.trim_end_matches(['"', '\'', ' ']).ends_with("driver:");
    let help = match word {
        "browser" | "interactive" if is_driver => {
            format!("write `driver: {{ {word}: {{}} }}`: its settings belong into the inner map")
        }
        "command" if is_driver => {
            "write `driver: { command: { program: [PROGRAM, ARGUMENT] } }`".to_owned()
        }
        _ => "write `{ name: value }`, or `name: value` on indented lines".to_owned(),
    };
    ("expected a map here".to_owned(), help)
}

/// Something of another shape than the type's.
fn unexpected(expected: &str) -> (String, String) {
    if expected.contains("sequence") {
        return (
            "expected a list here".to_owned(),
            "write `[one, two]`, or each element on a line of its own after `- `".to_owned(),
        );
    }
    if expected.contains("scalar") {
        return (
            "expected a single value here, not a list or map".to_owned(),
            "write one text or number; quote text that begins with `{` or `[`".to_owned(),
        );
    }
    (
        format!("expected {expected} here"),
        "compare with an example in suites/README.md".to_owned(),
    )
}

/// A scalar that does not read as its type.
fn scalar(ty: &str) -> (String, String) {
    match ty {
        "bool" => (
            "expected `true` or `false`".to_owned(),
            "write `true` or `false`, without quotes".to_owned(),
        ),
        "f32" | "f64" => (
            "expected a number".to_owned(),
            "write a number such as `2` or `0.5`, without quotes or unit".to_owned(),
        ),
        _ => (
            "expected a whole number, not negative".to_owned(),
            "write a number such as `20`, without quotes or unit".to_owned(),
        ),
    }
}

/// What the scanner says, with the usual causes.
fn syntax(error: &Error) -> (String, String) {
    let said = error.to_string();
    let said = said
        .split(" at line ")
        .next()
        .unwrap_or(said.as_str())
        .to_owned();
    let help = if said.contains("tab") {
        "indent with spaces: YAML takes no tabs"
    } else if said.contains("bracket") {
        "close each `[` with `]` and each `{` with `}`, the inner one first"
    } else if said.contains("quote") {
        "close the quote on the line where it was opened"
    } else if said.contains("cannot start any token") || said.contains("indicator") {
        "text that begins with one of @ ` % & * ! | > must stand in quotes"
    } else if said.contains("mapping values are not allowed") {
        "text that holds a colon and a space must stand in quotes"
    } else {
        "look for a missing quote, bracket or colon here or on the line above, and for lines that are indented unevenly"
    };
    (format!("this is not YAML: {said}"), help.to_owned())
}
