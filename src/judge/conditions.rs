//! `match`: conditions on the results of steps, each a finding where it does not hold.

use indexmap::IndexMap;

use super::Finding;
use super::ending::Open;
use super::evidence::{Evidence, may_be_refused, needs_the_way_in};
use super::failure;
use super::matcher::{self, Tested};
use super::refusal::Refusal;
use super::scope::Scope;
use super::standing::Standing;
use super::way;
use crate::run::StepRecord;
use crate::suite::Predicate;

/// The conditions on the result of one step.
type OfStep = IndexMap<String, Predicate>;

/// What the conditions of `match` came to. Conditions on a step that should refuse say *how* it
/// refuses, so they are tested on refused steps alone.
pub(super) fn judge(
    evidence: &Evidence<'_>,
    refusal: Option<Refusal<'_>>,
) -> Vec<Result<Finding, Open>> {
    let mut all = Vec::new();
    for (name, conditions) in &evidence.case.check.matches {
        if evidence.case.check.expect.refused_at.contains(name) {
            let refused = refusal
                .and_then(|_| evidence.step(name))
                .is_some_and(|step| Standing::of(step).is_refused());
            if !refused {
                continue;
            }
        } else if let Err(open) = is_answered(evidence, name) {
            all.push(Err(open));
            continue;
        }
        if let Some(step) = evidence.step(name) {
            all.extend(of_step(evidence, step, conditions));
        }
    }
    all
}

fn of_step(
    evidence: &Evidence<'_>,
    step: &StepRecord,
    conditions: &OfStep,
) -> Vec<Result<Finding, Open>> {
    let scope = Scope::of(
        evidence.recording,
        evidence.record,
        Some(evidence.planned),
        &evidence.case.row,
        &step.name,
    );
    let mut all = Vec::new();
    let result = evidence.record.result(step);
    for (path, predicate) in conditions {
        let Tested { missed, open } = matcher::test(predicate, &result, path, &scope);
        all.extend(missed.into_iter().map(|miss| {
            Ok(Finding {
                step: step.name.clone(),
                path: miss.path,
                wanted: miss.wanted,
                came: miss.came,
            })
        }));
        all.extend(open.into_iter().map(|reason| {
            let reason = format!("{}: {reason}", step.name);
            Err(Open::because(reason).shown_by(&step.exchanges))
        }));
    }
    all
}

/// Checks that the step was reached the honest way and answered.
fn is_answered(evidence: &Evidence<'_>, name: &str) -> Result<(), Open> {
    let step = evidence.reached(name)?;
    way::to(evidence, name)?;
    let standing = Standing::of(step);
    if let Standing::Undecided(_) = standing {
        return Err(Open::because(format!("{name} {}", standing.said())).shown_by(&step.exchanges));
    }
    if let Standing::Broke(_) = standing {
        failure::tells(evidence, step)?;
    }
    let Some(planned) = evidence.planned.step(name) else {
        return Err(Open::because(format!("the run does not plan {name}")));
    };
    if standing.is_accepted() {
        return Ok(());
    }
    if evidence.is_honest_flow(name) && needs_the_way_in(planned) {
        return Err(Evidence::way_in_failed(step));
    }
    // A deviating request that is refused tells nothing of the deviation unless the same request
    // works without it.
    if let Some(control) = &evidence.control
        && planned.mutation.is_some()
        && control.plans(name)
        && needs_the_way_in(planned)
        && !may_be_refused(planned)
    {
        control.accepted(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, accepted, broke, refused, undecided};
    use serde_json::json;

    #[test]
    fn all_failing_conditions_are_reported() {
        let judged = Sample::honest_match("token", "json/expires_in", json!({"at_least": 1}))
            .and_match("token", "json/token_type", "Bearer")
            .result("token", json!({"json": {"expires_in": 0}}))
            .judge();
        assert_eq!(judged.verdict.name(), "fail");
        let findings = judged.verdict.findings();
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].wanted, "a number, at least 1");
        assert_eq!(findings[1].came, "absent");
    }

    #[test]
    fn an_undecided_step_is_never_matched() {
        let judged = Sample::honest_match("token", "json/x", 1)
            .run("token", undecided("503"))
            .result("token", json!({"json": {"x": 1}}))
            .judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }

    #[test]
    fn a_failure_is_held_against_the_status_that_is_asked_for() {
        let refused_by_failure = Sample::verifier_wrong()
            .run("token", broke())
            .result("token", json!({"status": 500}))
            .and_match("token", "status", 400);
        let judged = refused_by_failure.clone().judge();
        assert_eq!(judged.verdict.name(), "fail");
        assert_eq!(judged.verdict.findings()[0].came, "500 (number)");
        let spoiled = refused_by_failure.control("token", undecided("500"));
        assert_eq!(spoiled.judge().verdict.name(), "inconclusive");
        let looked_at = Sample::mutated_match("token", "status", 400)
            .run("token", broke())
            .result("token", json!({"status": 500}));
        assert_eq!(looked_at.clone().judge().verdict.name(), "inconclusive");
        let judged = looked_at.answered(0, 200).judge();
        assert_eq!(judged.verdict.name(), "fail");
    }

    #[test]
    fn a_refused_honest_token_request_is_the_way_in() {
        let judged = Sample::honest_match("token", "json/expires_in", json!({"at_least": 1}))
            .run("token", refused("invalid_client"))
            .judge();
        let text = format!("{:?}", judged.verdict);
        assert!(text.contains("the honest flow failed at token"), "{text}");
    }

    #[test]
    fn a_step_that_was_not_reached_is_not_matched() {
        let judged = Sample::honest_match("token", "json/x", json!({"present": false}))
            .run_stops_before("token")
            .judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }

    #[test]
    fn how_it_refuses_is_asked_of_the_step_that_refused() {
        let sample = Sample::verifier_wrong()
            .refused_at(&["authorize", "token"])
            .and_match("authorize", "callback/parameters/error", "invalid_request")
            .and_match("token", "json/error", "invalid_grant");
        let judged = sample
            .clone()
            .result("token", json!({"json": {"error": "oops"}}));
        let judged = judged.judge();
        assert_eq!(judged.verdict.findings().len(), 1, "{:?}", judged.verdict);
        let judged = sample.result("token", json!({"json": {"error": "invalid_grant"}}));
        assert_eq!(judged.judge().verdict.name(), "pass");
    }

    #[test]
    fn an_error_of_a_deviating_request_needs_its_control() {
        let sample = Sample::mutated_match("token", "json/error", "invalid_grant")
            .run("token", refused("invalid_grant"))
            .result("token", json!({"json": {"error": "invalid_grant"}}));
        assert_eq!(sample.clone().judge().verdict.name(), "pass");
        let spoiled = sample.clone().control("token", refused("invalid_grant"));
        assert_eq!(spoiled.judge().verdict.name(), "inconclusive");
        let taken = sample
            .run("token", accepted())
            .result("token", json!({"json": {}}));
        assert_eq!(taken.judge().verdict.name(), "fail");
    }

    #[test]
    fn a_template_over_what_is_absent_is_inconclusive() {
        let judged = Sample::honest_match("token", "json/x", "{{ token.json.gone }}")
            .result("token", json!({"json": {"x": 1}}))
            .judge();
        let text = format!("{:?}", judged.verdict);
        assert!(text.contains("cannot evaluate"), "{text}");
    }
}
