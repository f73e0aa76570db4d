//! Puts a case's row and a flow's parameters into templates before anything runs, so that equal
//! work has equal text and can be shared.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::suite::{Params, whole_expression};

/// A name that is replaced (`case` or `with`) and its members.
pub(crate) struct Binding<'a> {
    /// `case` or `with`.
    pub name: &'static str,
    /// Its members.
    pub members: &'a Params,
}

#[expect(clippy::expect_used, reason = "a constant expression")]
static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b(case|with)((?:\.\w+)+)"#)
        .expect("the pattern is valid")
});

/// Replaces every mention of `binding` inside `value`.
///
/// # Errors
/// A mention of a member that is not there, or of one whose text cannot stand inside an
/// expression; the text says which.
pub(crate) fn substitute(value: &Value, binding: &Binding<'_>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => substitute_text(text, binding)?,
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| substitute(item, binding))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, member) in members {
                let name = match substitute_text(name, binding)? {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                out.insert(name, substitute(member, binding)?);
            }
            Value::Object(out)
        }
        other => other.clone(),
    })
}

/// Whether [`substitute`] could find a mention inside `value`.
pub(crate) fn mentions(value: &Value, binding: &Binding<'_>) -> bool {
    let is_mention = |text: &str| {
        let mut found = text.match_indices(binding.name);
        found.any(|(at, name)| text[at + name.len()..].starts_with('.'))
    };
    match value {
        Value::String(text) => is_mention(text),
        Value::Array(items) => items.iter().any(|item| mentions(item, binding)),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| is_mention(name) || mentions(member, binding)),
        _ => false,
    }
}

fn substitute_text(text: &str, binding: &Binding<'_>) -> Result<Value, String> {
    if !text.contains("{{") && !text.contains("{%") {
        return Ok(Value::String(text.to_owned()));
    }
    if let Some(path) = whole_expression(text).and_then(|inner| path_of(inner, binding)) {
        return lookup(path, binding).cloned();
    }
    substitute_expression(text, binding).map(Value::String)
}

/// Replaces mentions inside an expression (or inside a text with expressions).
///
/// # Errors
/// As [`substitute`].
pub(crate) fn substitute_expression(text: &str, binding: &Binding<'_>) -> Result<String, String> {
    let mut failure = None;
    let replaced = MENTION.replace_all(text, |found: &regex::Captures<'_>| {
        if found.get(1).map(|name| name.as_str()) != Some(binding.name) {
            return found[0].to_owned();
        }
        match lookup(&found[2][1..], binding).and_then(literal) {
            Ok(literal) => literal,
            Err(cause) => {
                failure.get_or_insert(cause);
                String::new()
            }
        }
    });
    failure.map_or_else(|| Ok(replaced.into_owned()), Err)
}

fn path_of<'t>(expression: &'t str, binding: &Binding<'_>) -> Option<&'t str> {
    let path = expression.strip_prefix(binding.name)?.strip_prefix('.')?;
    path.split('.')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .then_some(path)
}

fn lookup<'b>(path: &str, binding: &Binding<'b>) -> Result<&'b Value, String> {
    let mut parts = path.split('.');
    let first = parts.next().and_then(|part| binding.members.get(part));
    parts
        .fold(first, |value, part| value.and_then(|value| value.get(part)))
        .ok_or_else(|| format!("{}.{path} is not there", binding.name))
}

/// A value as it stands inside an expression: a template's expression in parentheses, anything
/// else as a literal.
fn literal(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => match whole_expression(text) {
            Some(expression) => Ok(format!("({expression})")),
            None if text.contains("{{") => Err(format!(
                "{text:?} mixes text and expressions, so it cannot stand inside another expression"
            )),
            None => Ok(Value::String(text.clone()).to_string()),
        },
        Value::Null => Ok("none".to_owned()),
        other => Ok(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(members: &Value) -> Params {
        members.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_whole_mention_takes_the_value_as_it_is() {
        let members = with(&json!({"verifier": "{{ run.code_verifier[:-1] }}", "list": ["a"]}));
        let binding = Binding {
            name: "case",
            members: &members,
        };
        let out = substitute(
            &json!({"v": "{{ case.verifier }}", "l": "{{ case.list }}"}),
            &binding,
        );
        assert_eq!(
            out.expect("substitutes"),
            json!({"v": "{{ run.code_verifier[:-1] }}", "l": ["a"]})
        );
    }

    #[test]
    fn a_mention_inside_an_expression_becomes_an_expression() {
        let members =
            with(&json!({"resource": "{{ resource }}", "plain": "x", "op": {"scope": "s"}}));
        let binding = Binding {
            name: "with",
            members: &members,
        };
        let out = substitute(
            &json!("{{ with.resource }}#{{ with.plain }}{{ with.op.scope ~ 'with.plain' }}"),
            &binding,
        );
        assert_eq!(
            out.expect("substitutes"),
            json!("{{ (resource) }}#{{ \"x\" }}{{ \"s\" ~ 'with.plain' }}")
        );
    }

    #[test]
    fn a_missing_member_is_named() {
        let members = Params::new();
        let binding = Binding {
            name: "case",
            members: &members,
        };
        let error = substitute(&json!("{{ case.gone }}"), &binding).expect_err("nothing there");
        assert!(error.contains("case.gone"), "{error}");
    }
}
