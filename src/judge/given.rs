//! `given`: where these conditions do not hold, the check is not applicable.

use indexmap::IndexMap;

use super::control::Control;
use super::ending::{Ending, Open};
use super::evidence::{Evidence, needs_the_way_in};
use super::failure;
use super::matcher::{self, Tested};
use super::scope::Scope;
use super::standing::Standing;
use super::words;
use crate::run::{RunRecord, StepRecord};
use crate::suite::{Action, Predicate};

/// Checks the conditions on the case's run; on the control's where the run did not come to the
/// step.
///
/// # Errors
/// A condition does not hold, or nothing can be said.
pub(super) fn judge(evidence: &Evidence<'_>) -> Result<(), Ending> {
    for (name, conditions) in in_order(evidence) {
        let own = evidence.step(name).map(|step| (step, evidence.record));
        let other = evidence.control.as_ref().map(Control::first);
        let control = || other.and_then(|run| Some((run.step(name)?, run)));
        let Some(seen) = own.or_else(control) else {
            return Err(evidence.not_reached(name).into());
        };
        of_step(evidence, name, conditions, seen)?;
    }
    Ok(())
}

/// Whether the steps that were executed show already that a condition does not hold: whatever
/// follows, the check is not applicable.
pub(super) fn is_missed(evidence: &Evidence<'_>) -> bool {
    let is_to_come = |name: &&String| evidence.step(name).is_none();
    let to_come: Vec<String> = evidence
        .names()
        .iter()
        .filter(is_to_come)
        .map(|name| format!("{}.", name.replace('/', ".")))
        .collect();
    for (name, conditions) in in_order(evidence) {
        let text = serde_json::to_string(conditions).unwrap_or_default();
        let can_be_told = !to_come.iter().any(|name| text.contains(name.as_str()));
        let Some(step) = evidence.step(name).filter(|_| can_be_told) else {
            return false;
        };
        match of_step(evidence, name, conditions, (step, evidence.record)) {
            Ok(()) => {}
            Err(ending) => return matches!(ending, Ending::NotApplicable(_)),
        }
    }
    false
}

/// The conditions by step, in the order of the run.
fn in_order<'r>(evidence: &Evidence<'r>) -> Vec<(&'r String, &'r IndexMap<String, Predicate>)> {
    let mut given: Vec<_> = evidence.case.check.given.iter().collect();
    given.sort_by_key(|(name, _)| evidence.position(name).unwrap_or(usize::MAX));
    given
}

/// Whether only a page of consent can bring this member of a visit about.
fn is_of_consent(path: &str) -> bool {
    matches!(path, "consented" | "declined")
}

/// Whether nobody was asked at this visit because of an earlier one: its client is of the target
/// file, so it has a past, and elsewhere the server asks. One that asks nobody is free to.
fn remembers_consent(evidence: &Evidence<'_>, step: &StepRecord) -> bool {
    let said = |step: &StepRecord| step.result.at("/consented");
    let planned = evidence.planned.step(&step.name);
    let Some(Action::Authorize(visit)) = planned.and_then(|planned| planned.one()) else {
        return false;
    };
    let is_unasked = said(step) == Some(false.into());
    let runs = evidence.recording.runs.values();
    is_unasked
        && evidence.is_given(&visit.client)
        && runs
            .flat_map(|run| &run.steps)
            .any(|step| said(step) == Some(true.into()))
}

fn of_step(
    evidence: &Evidence<'_>,
    name: &str,
    conditions: &IndexMap<String, Predicate>,
    (step, run): (&StepRecord, &RunRecord),
) -> Result<(), Ending> {
    let standing = Standing::of(step);
    if let Standing::Undecided(_) = standing {
        let reason = format!("{name} {}", standing.said());
        return Err(Open::because(reason).shown_by(&step.exchanges).into());
    }
    if let Standing::Broke(_) = standing {
        failure::tells(evidence, step)?;
    }
    let planned = evidence.planned.step(name);
    if !standing.is_accepted()
        && evidence.is_honest_flow(name)
        && planned.is_some_and(needs_the_way_in)
    {
        return Err(Evidence::way_in_failed(step).into());
    }
    let row = &evidence.case.row;
    let scope = Scope::of(evidence.recording, run, Some(evidence.planned), row, name);
    let result = run.result(step);
    for (path, predicate) in conditions {
        let Tested { missed, open } = matcher::test(predicate, &result, path, &scope);
        if let Some(miss) = missed.first() {
            if let Some(applies) = &evidence.case.check.applies {
                return Err(Ending::NotApplicable(format!("it applies only {applies}")));
            }
            if is_of_consent(&miss.path) && remembers_consent(evidence, step) {
                let reason = "no consent page came, though the server has one: it remembers what \
                              was said to this client earlier; withdraw it, or give a fresh client \
                              or user";
                return Err(Open::because(reason).shown_by(&step.exchanges).into());
            }
            let was = matcher::value_at(&result, &miss.path);
            return Err(Ending::NotApplicable(format!(
                "it applies only where {name} {} is {}; it was {}",
                miss.path,
                miss.wanted,
                match predicate.0.present {
                    Some(false) => "there".to_owned(),
                    _ => words::was(was),
                }
            )));
        }
        if let Some(reason) = open.first() {
            let reason = format!("{name}: {reason}");
            return Err(Open::because(reason).shown_by(&step.exchanges).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, broke, refused, undecided};
    use serde_json::json;

    fn sample() -> Sample {
        Sample::honest_match("token", "json/x", 1)
            .given("token", "json/refresh_token", json!({"present": true}))
            .result("token", json!({"json": {"x": 1, "refresh_token": "r"}}))
    }

    #[test]
    fn what_is_not_given_is_not_applicable() {
        assert_eq!(sample().judge().verdict.name(), "pass");
        let judged = sample().result("token", json!({"json": {"x": 1}})).judge();
        assert_eq!(judged.verdict.name(), "not_applicable");
        let text = format!("{:?}", judged.verdict);
        assert!(
            text.contains("token json/refresh_token is present"),
            "{text}"
        );
    }

    #[test]
    fn a_consent_that_is_remembered_is_told_from_one_that_is_never_asked_for() {
        let sample = |elsewhere: bool| {
            let mut sample = Sample::verifier_wrong();
            sample = sample.given("authorize", "consented", true);
            sample
                .result("authorize", json!({"consented": false}))
                .control_result("authorize", json!({"consented": elsewhere}))
        };
        let verdict = |sample: Sample| sample.judge().verdict.name();
        assert_eq!(verdict(sample(true)), "not_applicable");
        assert_eq!(
            verdict(sample(false).given_clients(&["public"])),
            "not_applicable"
        );
        let other = sample(true).given("authorize", "consented", false).given(
            "authorize",
            "outcome",
            "callback",
        );
        assert_eq!(verdict(other.given_clients(&["public"])), "not_applicable");
        let judged = sample(true).given_clients(&["public"]).judge();
        let text = format!("{:?}", judged.verdict);
        assert!(text.starts_with("Inconclusive"), "{text}");
        assert!(
            text.contains("remembers what was said to this client"),
            "{text}"
        );
    }

    #[test]
    fn a_reason_repeats_no_document() {
        let judged = sample()
            .given("token", "jwt", json!({"present": false}))
            .result(
                "token",
                json!({"jwt": {"header": {"kid": "k1"}}, "json": {"x": 1, "refresh_token": "r"}}),
            )
            .judge();
        let text = format!("{:?}", judged.verdict);
        assert!(
            text.contains("it applies only where token jwt is absent; it was there"),
            "{text}"
        );
    }

    #[test]
    fn silence_and_a_failed_way_in_are_not_an_absence() {
        for outcome in [undecided("429"), refused("invalid_client")] {
            let judged = sample()
                .run("token", outcome)
                .result("token", json!({}))
                .judge();
            assert_eq!(judged.verdict.name(), "inconclusive");
        }
        let judged = sample().run_stops_before("token").judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }

    #[test]
    fn a_failure_that_repeats_is_an_answer() {
        let sample = Sample::verifier_wrong()
            .run("token", broke())
            .result("token", json!({"status": 500}))
            .given("token", "status", json!({"at_most": 499}));
        assert_eq!(sample.clone().judge().verdict.name(), "inconclusive");
        let judged = sample.answered(0, 200).judge();
        assert_eq!(judged.verdict.name(), "not_applicable");
    }

    #[test]
    fn the_control_answers_for_a_step_that_the_run_did_not_reach() {
        let negative = Sample::redirect_wrong()
            .run("authorize", refused("invalid_request"))
            .run_stops_before("token")
            .given("token", "json/refresh_token", json!({"present": true}));
        assert_eq!(negative.clone().judge().verdict.name(), "not_applicable");
        let given = negative.control_result("token", json!({"json": {"refresh_token": "r"}}));
        assert_eq!(given.judge().verdict.name(), "pass");
    }
}
