//! Equality of JSON values: strings code point by code point, numbers by value, secrets by their
//! markers. Identifiers are never normalized.

use serde_json::Value;

use super::marker::Marker;

/// Whether two values are equal.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => texts(a, b),
        (Value::Number(a), Value::Number(b)) => {
            a == b
                || match (a.as_i128(), b.as_i128()) {
                    (Some(a), Some(b)) => a == b,
                    _ => a.as_f64() == b.as_f64(),
                }
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

fn texts(a: &str, b: &str) -> bool {
    a == b
        || match (Marker::parse(a), Marker::parse(b)) {
            (Some(a), Some(b)) => a.is_same_secret(&b),
            (Some(secret), None) => secret.stands_for(b),
            (None, Some(secret)) => secret.stands_for(a),
            (None, None) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_by_value_and_strings_as_they_are() {
        assert!(equal(&json!(300), &json!(300.0)));
        assert!(!equal(&json!("300"), &json!(300)));
        assert!(!equal(
            &json!("https://a.example"),
            &json!("https://a.example/")
        ));
        assert!(!equal(&json!("é"), &json!("e\u{301}")));
        assert!(equal(
            &json!({"a": 1, "b": [2]}),
            &json!({"b": [2.0], "a": 1})
        ));
    }

    #[test]
    fn a_secret_equals_its_own_text_and_its_other_marker() {
        let vault = crate::run::redact::Vault::new();
        let kind = crate::run::redact::Kind::Code;
        assert!(equal(
            &json!(vault.marker(kind, "abcdef")),
            &json!("abcdef")
        ));
        assert!(!equal(
            &json!(vault.marker(kind, "abcdef")),
            &json!("abcdeg")
        ));
    }
}
