//! Expectations that can fail, at steps that exist.

use super::findings::Findings;
use super::predicate;
use super::results::Members;
use super::step::Place;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Action, Check, Matches};

/// Lints `expect`, `given` and `match` of a check.
pub(super) fn lint(check: &Check, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    let expect = &check.expect;
    for (member, steps) in [
        ("accepted", &expect.accepted),
        ("refused_at", &expect.refused_at),
        ("may_refuse_at", &expect.may_refuse_at),
        ("at_most_one", &expect.at_most_one),
    ] {
        for (index, step) in steps.iter().enumerate() {
            let spot = at.key("expect").key(member).item(index);
            if let Some(action) = known(step, place, &spot, found)
                && member == "at_most_one"
                && !matches!(action, Action::Repeat(_))
            {
                found.error(
                    &spot,
                    format!("`{step}` is not a `repeat` step, so it happens once anyway"),
                    "name a `repeat` step; it counts together with the step that it repeats",
                );
            }
        }
    }
    let refusing = [
        ("refused_at", &expect.refused_at),
        ("may_refuse_at", &expect.may_refuse_at),
    ];
    for (member, steps) in refusing {
        for (index, step) in steps.iter().enumerate() {
            if expect.accepted.contains(step) {
                found.error(
                    &at.key("expect").key(member).item(index),
                    format!("`{step}` cannot be both accepted and refused"),
                    "keep it in one of the two lists",
                );
            }
        }
        vacuous(check, at, (member, steps), place, found);
    }
    let silent = expect.accepted.is_empty()
        && expect.refused_at.is_empty()
        && expect.at_most_one.is_empty()
        && check.matches.is_empty();
    if silent {
        found.error(
            &at.key("id"),
            "this check expects nothing, so it cannot fail",
            "add `expect` or `match`",
        );
    }
    rounds(check, at, found);
    matches(&check.given, &at.key("given"), place, found);
    matches(&check.matches, &at.key("match"), place, found);
}

/// The most rounds: what a race does not show by then costs a server too many requests.
const MOST_ROUNDS: u32 = 50;

/// Only what a race decides can come out otherwise a second time.
fn rounds(check: &Check, at: &Spot, found: &mut Findings<'_>) {
    let spot = at.key("rounds");
    match check.rounds {
        1 => {}
        2..=MOST_ROUNDS if check.expect.at_most_one.is_empty() => found.error(
            &spot.name(),
            "rounds are for races, and this check has none",
            "remove `rounds`, or expect `at_most_one`",
        ),
        2..=MOST_ROUNDS => {}
        _ => found.error(
            &spot,
            format!("a race is run once or in 2 to {MOST_ROUNDS} rounds"),
            "write `rounds: 10`",
        ),
    }
}

/// A refusal needs a deviation at that step or before it: the control makes the same steps.
fn vacuous(
    check: &Check,
    at: &Spot,
    (member, refused): (&str, &[String]),
    place: &Place<'_>,
    found: &mut Findings<'_>,
) {
    let Some(last) = refused
        .iter()
        .filter_map(|step| place.all.get_index_of(step))
        .max()
    else {
        return;
    };
    let repeats = check
        .steps
        .iter()
        .filter(|(_, action)| matches!(action, Action::Repeat(_)))
        .map(|(name, _)| name);
    let deviations: Vec<usize> = check
        .mutate
        .keys()
        .chain(repeats)
        .filter_map(|step| place.all.get_index_of(step))
        .collect();
    let spot = at.key("expect").key(member);
    match deviations.iter().min() {
        None if check.mutate.is_empty() => found.error(
            &spot.name(),
            "nothing deviates from the honest flow, so its control would be refused as well",
            "add `mutate`, or a `repeat` step; without one use `accepted`",
        ),
        Some(first) if *first > last => found.error(
            &spot.name(),
            "the deviation comes only after the step that is to refuse",
            "mutate that step or one before it, or name a later step",
        ),
        _ => {}
    }
}

fn known<'a>(
    step: &str,
    place: &Place<'a>,
    spot: &Spot,
    found: &mut Findings<'_>,
) -> Option<&'a Action> {
    let action = place.all.get(step);
    if action.is_none() {
        found.error(
            spot,
            format!("unknown step `{step}`"),
            suggest(step, place.all.keys().map(String::as_str)),
        );
    }
    action
}

fn matches(matches: &Matches, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    for (step, conditions) in matches {
        let spot = at.key(step);
        let Some(action) = known(step, place, &spot.clone().name(), found) else {
            continue;
        };
        if conditions.is_empty() {
            found.error(
                &spot.clone().name(),
                "nothing is asked of this step's result",
                "add `PATH: CONDITION`",
            );
        }
        if matches!(action, Action::Wait(_)) {
            found.error(
                &spot.name(),
                "a `wait` step has no result",
                "name the step whose answer matters",
            );
            continue;
        }
        let members = Members::of(action, place.all, place.cx.suites);
        for (path, condition) in conditions {
            let spot = spot.key(path);
            let segments: Vec<&str> = path.split('/').collect();
            if let Some((missing, known)) = members.missing(&segments) {
                found.error(
                    &spot.clone().name().word(missing),
                    format!(
                        "the result of a `{}` step has no member `{missing}`",
                        action.word()
                    ),
                    suggest(missing, known.iter().map(String::as_str)),
                );
            }
            predicate::lint(condition, &spot, found);
            if let Ok(value) = serde_json::to_value(condition) {
                place
                    .scope(place.all.len(), None)
                    .value(&value, &spot, found);
            }
        }
    }
}
