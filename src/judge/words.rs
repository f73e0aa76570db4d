//! Findings in words: what was wanted, what came.

use serde_json::Value;

use super::Finding;
use super::attempts::Attempts;
use super::evidence::Evidence;
use super::marker::Marker;
use crate::plan::PlannedAction;
use crate::run::StepRecord;
use crate::suite::{Conditions, Predicate};

/// The longest text of an answer that a finding repeats, in characters.
const LONGEST: usize = 300;

/// The longest text that stands for itself in a reason, in characters: a name, not a document.
const LONGEST_WORD: usize = 40;

/// A finding for a step that should have refused and did not.
pub(super) fn not_refused(evidence: &Evidence<'_>, step: &StepRecord) -> Finding {
    let effect = effect(evidence, step);
    let came = match Attempts::of(step) {
        Some(attempts) if step.action == "repeat" => {
            format!(
                "{} of {} attempts: {effect}",
                attempts.accepted, attempts.all
            )
        }
        _ => effect,
    };
    Finding {
        step: step.name.clone(),
        path: String::new(),
        wanted: "refused".to_owned(),
        came,
    }
}

/// A finding for a user agent that was sent to an address that is not registered.
pub(super) fn sent_astray(step: &StepRecord) -> Finding {
    let url = ["/callback/url", "/location"]
        .into_iter()
        .find_map(|path| step.result.text_at(path));
    Finding {
        step: step.name.clone(),
        path: "foreign".to_owned(),
        wanted: "the user agent is sent to registered addresses only".to_owned(),
        came: bounded(&format!(
            "the user agent was sent to {}",
            url.as_deref()
                .unwrap_or("an address that is not registered")
        )),
    }
}

/// What an accepted step brought about.
pub(super) fn effect(evidence: &Evidence<'_>, step: &StepRecord) -> String {
    let base = evidence.base(&step.name);
    let action = match evidence.planned.step(base).map(|step| &step.action) {
        Some(PlannedAction::One(action)) => action.word(),
        Some(PlannedAction::Flow(_)) => "flow",
        None => step.action.as_str(),
    };
    match action {
        "authorize" => "an authorization code was issued".to_owned(),
        "token" => "an access token was issued".to_owned(),
        "register" => "the client was registered".to_owned(),
        "call" => "the operation was carried out".to_owned(),
        "introspect" => "the token was reported as active".to_owned(),
        "revoke" => "the revocation was accepted".to_owned(),
        "push" => "a request_uri was issued".to_owned(),
        "flow" => "every step of the flow was accepted".to_owned(),
        "audit" => "the audit log has such an entry".to_owned(),
        _ => match step.result.number_at("/status") {
            Some(status) => format!("answered with status {status}"),
            None => "accepted".to_owned(),
        },
    }
}

/// A value as it came, with its kind.
pub(super) fn came(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "absent".to_owned();
    };
    let text = bounded(&value.to_string());
    match value {
        Value::Null => text,
        Value::Bool(_) => format!("{text} (boolean)"),
        Value::Number(_) => format!("{text} (number)"),
        Value::String(secret) if Marker::parse(secret).is_some() => format!("{secret} (secret)"),
        Value::String(_) => format!("{text} (string)"),
        Value::Array(items) => format!("{text} (list of {})", items.len()),
        Value::Object(_) => format!("{text} (object)"),
    }
}

/// A value in the reason of a case that does not apply: what varies from run to run is named by
/// its kind, so that equal reasons read alike.
pub(super) fn was(value: Option<&Value>) -> String {
    match value {
        None => "absent".to_owned(),
        Some(Value::String(text)) if Marker::parse(text).is_some() => "a secret".to_owned(),
        Some(Value::String(text)) if text.chars().count() > LONGEST_WORD => "a text".to_owned(),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(simple) => simple.to_string(),
    }
}

/// The text, cut to a length that a report can show.
pub(super) fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A value as it was wanted.
pub(super) fn literal(value: &Value) -> String {
    bounded(&value.to_string())
}

/// A list of values as alternatives, each once.
pub(super) fn one_of(value: &Value) -> String {
    let Some(items) = value.as_array() else {
        return literal(value);
    };
    let mut texts: Vec<String> = Vec::new();
    for text in items.iter().map(Value::to_string) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [only] => bounded(only),
        several => format!("one of {}", bounded(&several.join(", "))),
    }
}

/// A predicate in words, as written in the suite.
pub fn of_predicate(predicate: &Predicate) -> String {
    let conditions = &predicate.0;
    if let Some(wanted) = &conditions.wanted {
        return wanted.clone();
    }
    let mut words = of_values(conditions);
    words.extend(of_shapes(conditions));
    if words.is_empty() {
        words.push("present".to_owned());
    }
    words.join(", ")
}

fn of_values(conditions: &Conditions) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |value: &Option<Value>, with: &dyn Fn(&Value) -> String| {
        words.extend(value.as_ref().map(with));
    };
    say(&conditions.equals, &literal);
    say(&conditions.not, &|value| {
        format!("anything but {}", literal(value))
    });
    say(&conditions.one_of, &one_of);
    say(&conditions.one_of_any_case, &one_of);
    say(&conditions.contains, &|value| {
        format!("with {}", literal(value))
    });
    say(&conditions.lacks, &|value| {
        format!("without {}", literal(value))
    });
    say(&conditions.at_least, &|value| {
        format!("at least {}", literal(value))
    });
    say(&conditions.at_most, &|value| {
        format!("at most {}", literal(value))
    });
    words
}

fn of_shapes(conditions: &Conditions) -> Vec<String> {
    let mut words = Vec::new();
    if conditions.present == Some(false) {
        words.push("absent".to_owned());
    }
    words.extend(
        conditions
            .is
            .map(|kind| super::kinds::words(kind).to_owned()),
    );
    let texts = [
        (&conditions.matches, "text that matches"),
        (&conditions.word, "with the word"),
        (&conditions.without_word, "without the word"),
    ];
    for (text, how) in texts {
        words.extend(text.as_ref().map(|text| format!("{how} {text}")));
    }
    let least = conditions.length_at_least;
    words.extend(least.map(|length| format!("of length {length} or more")));
    if conditions.unique {
        words.push("without repetitions".to_owned());
    }
    if let Some(each) = &conditions.each {
        words.push(format!("each element: {}", of_predicate(each)));
    }
    if let Some(some) = &conditions.some {
        words.push(format!("at least one element: {}", of_predicate(some)));
    }
    for (path, member) in conditions.members.iter().flatten() {
        words.push(format!("{path}: {}", of_predicate(member)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_is_named_with_its_kind_and_bounded() {
        assert_eq!(came(None), "absent");
        assert_eq!(came(Some(&json!("abc"))), "\"abc\" (string)");
        assert_eq!(came(Some(&json!(3))), "3 (number)");
        assert_eq!(came(Some(&json!(null))), "null");
        let long = came(Some(&json!("ä".repeat(5000))));
        assert!(long.chars().count() < LONGEST + 20, "{}", long.len());
    }

    #[test]
    fn alternatives_are_named_once() {
        assert_eq!(one_of(&json!(["a", "b", "a"])), "one of \"a\", \"b\"");
        assert_eq!(one_of(&json!(["a", "a"])), "\"a\"");
    }

    #[test]
    fn in_a_reason_a_document_is_named_by_its_kind() {
        assert_eq!(was(Some(&json!({"iat": 1}))), "an object");
        assert_eq!(was(Some(&json!([1, 2]))), "a list");
        assert_eq!(was(Some(&json!("[code:8:0123456789ab]"))), "a secret");
        assert_eq!(was(Some(&json!("rfc8414"))), "\"rfc8414\"");
        assert_eq!(was(Some(&json!("x".repeat(41)))), "a text");
    }

    #[test]
    fn a_predicate_reads_as_words() {
        let predicate: Predicate =
            serde_json::from_value(json!({"is": "array", "some": {"one_of": ["S256"]}}))
                .expect("a predicate");
        assert_eq!(
            of_predicate(&predicate),
            "a list, at least one element: \"S256\""
        );
    }
}
