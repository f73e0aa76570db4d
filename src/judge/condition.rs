//! The single conditions on one value, each with its words for a finding.

use serde_json::Value;

use super::equality::equal;
use super::kinds::{self, Fits};
use super::marker::Marker;
use super::words;
use crate::suite::Kind;

/// What one condition came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It holds.
    Yes,
    /// It does not: what was wanted.
    No(String),
    /// It does not: what was wanted, and what the value alone does not show.
    NoFor(String, String),
    /// It cannot be decided, and why.
    Open(String),
}

/// The recording holds a marker in place of the value.
fn secret() -> Held {
    Held::Open("the value is a secret".to_owned())
}

fn held(yes: bool, wanted: impl FnOnce() -> String) -> Held {
    if yes { Held::Yes } else { Held::No(wanted()) }
}

/// `equals`.
pub(super) fn equals(wanted: &Value, value: &Value) -> Held {
    held(equal(wanted, value), || words::literal(wanted))
}

/// `not`.
pub(super) fn differs(wanted: &Value, value: &Value) -> Held {
    held(!equal(wanted, value), || {
        format!("anything but {}", words::literal(wanted))
    })
}

/// `one_of` and `one_of_any_case`.
pub(super) fn one_of(wanted: &Value, value: &Value, any_case: bool) -> Held {
    let Some(list) = wanted.as_array() else {
        return Held::Open(format!("cannot evaluate: {wanted} is not a list"));
    };
    let same = |one: &Value| match (one.as_str(), value.as_str()) {
        (Some(a), Some(b)) if any_case && a.to_lowercase() == b.to_lowercase() => true,
        _ => equal(one, value),
    };
    held(list.iter().any(same), || words::one_of(wanted))
}

/// `contains` (`there`) and `lacks`.
pub(super) fn contains(wanted: &Value, value: &Value, there: bool) -> Held {
    let say = || {
        let how = if there { "with" } else { "without" };
        format!("{how} {}", words::literal(wanted))
    };
    let found = match (value, wanted) {
        (Value::Array(items), wanted) => items.iter().any(|item| equal(item, wanted)),
        (Value::String(text), _) if Marker::parse(text).is_some() => {
            return secret();
        }
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => return Held::No(say()),
    };
    held(found == there, say)
}

/// `at_least` and `at_most`.
pub(super) fn bound(
    wanted: &Value,
    value: &Value,
    how: &str,
    holds: fn(&f64, &f64) -> bool,
) -> Held {
    let Some(limit) = wanted.as_f64() else {
        return Held::Open(format!("cannot evaluate: {wanted} is not a number"));
    };
    held(
        value.as_f64().is_some_and(|number| holds(&number, &limit)),
        || format!("a number, {how} {wanted}"),
    )
}

/// `length_at_least`; of a secret, the marker tells the length.
pub(super) fn length(least: u64, value: &Value) -> Held {
    let length = match value {
        Value::String(text) => {
            Marker::parse(text).map_or(text.chars().count() as u64, |marker| marker.length)
        }
        Value::Array(items) => items.len() as u64,
        _ => return Held::No(format!("of length {least} or more")),
    };
    held(length >= least, || format!("of length {least} or more"))
}

/// `unique`.
pub(super) fn unique(value: &Value) -> Held {
    let say = || "a list without repetitions".to_owned();
    let Some(items) = value.as_array() else {
        return Held::No(say());
    };
    let repeated = items
        .iter()
        .enumerate()
        .find(|(at, item)| items[..*at].iter().any(|earlier| equal(earlier, item)));
    match repeated {
        None => Held::Yes,
        Some((_, item)) => Held::NoFor(say(), format!("{item} is repeated")),
    }
}

/// `matches`.
pub(super) fn matches(pattern: &str, value: &Value) -> Held {
    let Some(text) = value.as_str() else {
        return Held::No(format!("text that matches {pattern}"));
    };
    if Marker::parse(text).is_some() {
        return secret();
    }
    match regex::Regex::new(pattern) {
        Ok(regex) => held(regex.is_match(text), || {
            format!("text that matches {pattern}")
        }),
        Err(_) => Held::Open(format!(
            "cannot evaluate: {pattern} is no regular expression"
        )),
    }
}

/// `is`.
pub(super) fn is(kind: Kind, value: &Value) -> Held {
    match kinds::fits(kind, value) {
        Fits::Yes => Held::Yes,
        Fits::No(None) => Held::No(kinds::words(kind).to_owned()),
        Fits::No(Some(why)) => Held::NoFor(kinds::words(kind).to_owned(), why),
        Fits::Secret => secret(),
    }
}

/// `word` (`there`) and `without_word`: of a scope, where case counts (RFC 6749 section 3.3), or
/// of a header's list, where it does not.
pub(super) fn word(wanted: &str, value: &Value, there: bool, is_header: bool) -> Held {
    let say = || {
        let how = if there { "with" } else { "without" };
        format!("{how} the word {wanted}")
    };
    let Some(text) = value.as_str() else {
        return Held::No(say());
    };
    if Marker::parse(text).is_some() {
        return secret();
    }
    let found = if is_header {
        text.split([',', ' ', '\t'])
            .any(|word| word.eq_ignore_ascii_case(wanted))
    } else {
        text.split(' ').any(|word| word == wanted)
    };
    held(found == there, say)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_repetition_is_named() {
        assert_eq!(unique(&json!(["a", "b"])), Held::Yes);
        assert!(matches!(unique(&json!(["a", "a"])), Held::NoFor(_, why) if why.contains("\"a\"")));
    }

    fn yes(held: &Held) -> bool {
        *held == Held::Yes
    }

    #[test]
    fn words_of_headers_and_scopes() {
        let cache = json!("No-Store, max-age=0");
        assert!(yes(&word("no-store", &cache, true, true)));
        assert!(!yes(&word("no-store", &cache, false, true)));
        assert!(!yes(&word("store", &cache, true, true)));
        assert!(yes(&word("a", &json!("b a"), true, false)));
        assert!(!yes(&word("A", &json!("b a"), true, false)));
        assert!(!yes(&word("a", &json!(["a"]), true, false)));
    }

    #[test]
    fn texts_and_lists_contain_or_lack() {
        assert!(yes(&contains(&json!("b"), &json!(["a", "b"]), true)));
        assert!(!yes(&contains(&json!("b"), &json!(["a", "bc"]), true)));
        assert!(yes(&contains(&json!("b"), &json!("abc"), true)));
        assert!(!yes(&contains(&json!("b"), &json!("abc"), false)));
        assert!(!yes(&contains(&json!("b"), &json!(5), false)));
    }

    #[test]
    fn choices_may_disregard_case() {
        let wanted = json!(["Bearer", 1]);
        assert!(!yes(&one_of(&wanted, &json!("bearer"), false)));
        assert!(yes(&one_of(&wanted, &json!("bearer"), true)));
        assert!(yes(&one_of(&wanted, &json!(1.0), true)));
        assert!(matches!(
            one_of(&json!("a"), &json!("a"), false),
            Held::Open(_)
        ));
    }

    #[test]
    fn numbers_and_lengths_have_bounds() {
        assert!(yes(&bound(&json!(1), &json!(1), "at least", f64::ge)));
        assert!(!yes(&bound(&json!(1), &json!("1"), "at least", f64::ge)));
        assert!(!yes(&bound(&json!(1), &json!(2), "at most", f64::le)));
        assert!(yes(&length(43, &json!("[code:43:0123456789ab]"))));
        assert!(!yes(&length(44, &json!("[code:43:0123456789ab]"))));
        assert!(!yes(&length(1, &json!([]))));
    }

    #[test]
    fn of_a_secret_nothing_else_is_told() {
        let marker = json!("[code:43:0123456789ab]");
        assert_eq!(contains(&json!("a"), &marker, false), secret());
        assert_eq!(word("a", &marker, false, false), secret());
        assert_eq!(matches("a", &marker), secret());
        assert!(yes(&is(Kind::String, &marker)));
        assert!(matches!(matches("(", &json!("a")), Held::Open(_)));
    }
}
