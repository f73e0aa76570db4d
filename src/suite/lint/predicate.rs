//! Conditions that can be met, and can be broken.

use regex::Regex;
use serde_json::Value;

use super::findings::Findings;
use crate::suite::source::Spot;
use crate::suite::{Conditions, Predicate};

/// Lints the conditions on one value.
pub(super) fn lint(predicate: &Predicate, at: &Spot, found: &mut Findings<'_>) {
    let conditions = &predicate.0;
    let bare = Conditions {
        wanted: None,
        optional: false,
        ..conditions.clone()
    };
    if bare == Conditions::default() {
        found.error(
            at,
            "nothing is asked of this value",
            "add a condition, such as `equals`, `present` or `is`",
        );
        return;
    }
    presence(conditions, &bare, at, found);
    if conditions
        .wanted
        .as_ref()
        .is_some_and(|wanted| wanted.contains("{{"))
    {
        found.error(
            &at.key("wanted"),
            "`wanted` is told as it stands: a template in it is not filled in",
            "say it in words, or leave it out: what the conditions want is told anyway",
        );
    }
    range(conditions, at, found);
    if let Some(pattern) = &conditions.matches
        && !pattern.contains("{{")
        && let Err(error) = Regex::new(pattern)
    {
        let said = error.to_string();
        let reason = said.lines().last().unwrap_or_default();
        found.error(
            &at.key("matches"),
            format!(
                "this is not a regular expression: {}",
                reason.trim_start_matches("error: ")
            ),
            "escape special characters with `\\`; in double quotes YAML wants `\\\\`",
        );
    }
    for (member, list) in [
        ("one_of", &conditions.one_of),
        ("one_of_any_case", &conditions.one_of_any_case),
    ] {
        choices(member, list.as_ref(), at, found);
    }
    for (member, inner) in [("each", &conditions.each), ("some", &conditions.some)] {
        if let Some(inner) = inner {
            lint(inner, &at.key(member), found);
        }
    }
    for (path, inner) in conditions.members.iter().flatten() {
        lint(inner, &at.key("members").key(path), found);
    }
    if conditions
        .members
        .as_ref()
        .is_some_and(|members| members.is_empty())
    {
        found.error(
            &at.key("members"),
            "no member is named",
            "add `PATH: CONDITION`, or remove `members`",
        );
    }
}

fn presence(conditions: &Conditions, bare: &Conditions, at: &Spot, found: &mut Findings<'_>) {
    let alone = Conditions {
        present: conditions.present,
        ..Conditions::default()
    };
    if conditions.present == Some(false) && *bare != alone {
        found.error(
            &at.key("present"),
            "what must be absent can meet no other condition",
            "remove `present: false`, or the other conditions; `optional: true` says \"if it is there\"",
        );
    }
    if conditions.optional && conditions.present.is_some() {
        found.error(
            &at.key("optional"),
            "`optional` and `present` contradict each other",
            "keep one of the two",
        );
    }
}

fn range(conditions: &Conditions, at: &Spot, found: &mut Findings<'_>) {
    let mut bounds = [None, None];
    for (index, (member, bound)) in [
        ("at_least", &conditions.at_least),
        ("at_most", &conditions.at_most),
    ]
    .into_iter()
    .enumerate()
    {
        match bound {
            Some(Value::Number(number)) => bounds[index] = number.as_f64(),
            Some(Value::String(text)) if text.contains("{{") => {}
            Some(_) => found.error(
                &at.key(member),
                format!("`{member}` wants a number or a template"),
                "write a number without quotes or unit",
            ),
            None => {}
        }
    }
    if let [Some(least), Some(most)] = bounds
        && least > most
    {
        found.error(
            &at.key("at_least"),
            "no number is at least this and at most that",
            "exchange `at_least` and `at_most`",
        );
    }
}

fn choices(member: &str, list: Option<&Value>, at: &Spot, found: &mut Findings<'_>) {
    let wrong = match list {
        None => false,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::String(text)) => !text.contains("{{"),
        Some(_) => true,
    };
    if wrong {
        found.error(
            &at.key(member),
            format!("`{member}` wants a list with at least one value"),
            "write `[one, two]`, or a template that gives a list",
        );
    }
}
