//! `expect.refused_at`: one of the listed steps refuses, and none of them succeeds after it.
//!
//! A [`Refusal`] holds the control that gives it its meaning, so that none can be claimed without
//! one.

use super::Finding;
use super::control::Accepted;
use super::ending::Open;
use super::evidence::Evidence;
use super::standing::Standing;
use super::way;
use super::words;
use crate::run::StepRecord;

/// A refusal that means something: the same step, honestly made, was accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal<'r> {
    refused: &'r StepRecord,
    control: Accepted<'r>,
}

impl<'r> Refusal<'r> {
    /// Puts a refused step beside its accepted control; `None` if it was not refused, or if both
    /// are one and the same record.
    fn new(refused: &'r StepRecord, control: Accepted<'r>) -> Option<Self> {
        let is_refused = Standing::of(refused).is_refused();
        let is_apart = !std::ptr::eq(refused, control.step());
        (is_refused && is_apart).then_some(Self { refused, control })
    }

    /// The step that refused.
    pub(super) const fn step(self) -> &'r StepRecord {
        self.refused
    }

    /// The honest step that was accepted.
    pub(super) const fn control(self) -> &'r StepRecord {
        self.control.step()
    }
}

/// What came of `refused_at`.
#[derive(Debug)]
pub(super) enum Refused<'r> {
    /// The check asks for no refusal.
    NotAsked,
    /// It was refused.
    Yes(Refusal<'r>),
    /// It was not, or the user agent was sent astray.
    No(Vec<Finding>),
}

/// `expect.may_refuse_at`: the first of these steps that refused, if any did.
///
/// # Errors
/// The control failed, or the answers do not decide.
pub(super) fn permitted<'r>(evidence: &Evidence<'r>) -> Result<Option<Refusal<'r>>, Open> {
    for name in evidence.in_order(&evidence.case.check.expect.may_refuse_at) {
        control_of(evidence, name)?;
        let step = evidence.reached(name)?;
        match Standing::of(step) {
            Standing::Accepted => {}
            Standing::Refused(_) | Standing::Broke(_) => {
                way::to(evidence, name)?;
                return with_control(evidence, step).map(Some);
            }
            standing @ Standing::Undecided(_) => {
                let reason = format!("{name} {}", standing.said());
                return Err(Open::because(reason).shown_by(&step.exchanges));
            }
        }
    }
    Ok(None)
}

/// Decides whether the server refused where the check asks for it.
///
/// # Errors
/// The control failed, or the answers do not decide.
pub(super) fn decide<'r>(evidence: &Evidence<'r>) -> Result<Refused<'r>, Open> {
    let asked = &evidence.case.check.expect.refused_at;
    if asked.is_empty() {
        return Ok(Refused::NotAsked);
    }
    let listed = evidence.in_order(asked);
    if listed.len() < asked.len() {
        return Err(Open::because(
            "the run does not plan every step that should refuse",
        ));
    }
    for step in &listed {
        control_of(evidence, step)?;
    }
    let mut findings = sent_astray(evidence, &listed);
    match walk(evidence, &listed) {
        Ok(Walked::Accepted(step)) => findings.push(words::not_refused(evidence, step)),
        Ok(Walked::Refused(step)) if findings.is_empty() => {
            return Ok(Refused::Yes(with_control(evidence, step)?));
        }
        Ok(Walked::Refused(_)) => {}
        Err(open) if findings.is_empty() => return Err(open),
        Err(_) => {}
    }
    Ok(Refused::No(findings))
}

enum Walked<'r> {
    /// The last listed step that had its effect, with no refusal after it.
    Accepted(&'r StepRecord),
    /// The first refusal after which no listed step had its effect.
    Refused(&'r StepRecord),
}

fn walk<'r>(evidence: &Evidence<'r>, listed: &[&str]) -> Result<Walked<'r>, Open> {
    let standings: Vec<Option<(&StepRecord, Standing)>> = listed
        .iter()
        .map(|name| evidence.step(name).map(|step| (step, Standing::of(step))))
        .collect();
    let after_last_accepted = standings
        .iter()
        .rposition(|seen| matches!(seen, Some((_, Standing::Accepted))))
        .map_or(0, |at| at + 1);
    let refused = standings[after_last_accepted..]
        .iter()
        .flatten()
        .find(|(_, standing)| standing.is_refused());
    let undecided = |from: usize| {
        standings[from..]
            .iter()
            .flatten()
            .find(|(_, standing)| matches!(standing, Standing::Undecided(_)))
    };
    let open = |(step, standing): &(&StepRecord, Standing)| {
        Open::because(format!("{} {}", step.name, standing.said())).shown_by(&step.exchanges)
    };
    if let Some((step, _)) = refused {
        way::to(evidence, &step.name)?;
        return undecided(0).map_or(Ok(Walked::Refused(step)), |seen| Err(open(seen)));
    }
    if let Some(seen) = undecided(after_last_accepted) {
        way::to(evidence, &seen.0.name)?;
        return Err(open(seen));
    }
    if let Some(at) = (after_last_accepted..listed.len()).find(|at| standings[*at].is_none()) {
        way::to(evidence, listed[at])?;
        return Err(evidence.not_reached(listed[at]));
    }
    match standings.last() {
        Some(Some((step, _))) => {
            way::to(evidence, &step.name)?;
            Ok(Walked::Accepted(step))
        }
        _ => Err(Open::because("no step was asked to refuse")),
    }
}

/// The honest counterpart of a listed step in the control.
fn control_of<'r>(evidence: &Evidence<'r>, name: &str) -> Result<Accepted<'r>, Open> {
    let control = evidence
        .control
        .as_ref()
        .ok_or_else(|| Open::because("there is no control, so a refusal would prove nothing"))?;
    let base = evidence.base(name);
    if !control.plans(base) {
        return Err(Open::because(format!(
            "the control has no step {base}, so a refusal of {name} would prove nothing"
        )));
    }
    control.accepted(base)
}

/// A refused step with its control; a repeated request must also have worked the first time in
/// this very run.
fn with_control<'r>(evidence: &Evidence<'r>, step: &'r StepRecord) -> Result<Refusal<'r>, Open> {
    let control = control_of(evidence, &step.name)?;
    if !evidence.deviates_by(&step.name) {
        return Err(Open::because(format!(
            "{} {}, but nothing deviates up to there, so it was not refused for the deviation",
            step.name,
            Standing::of(step).said()
        ))
        .shown_by(&step.exchanges));
    }
    if evidence.is_repeat(&step.name) {
        let base = evidence.base(&step.name);
        Accepted::in_run(evidence.record, base).map_err(|open| Open {
            reason: format!(
                "{} was refused, but so was the request that it repeats: {}",
                step.name, open.reason
            ),
            ..open
        })?;
    }
    Refusal::new(step, control)
        .ok_or_else(|| Open::because(format!("the refusal of {} is its own control", step.name)))
}

/// Listed authorization requests that sent the user agent to an address that is not registered,
/// be it only with an error (OAuth 2.1 section 4.1.2.1). Not where the control was sent there too.
fn sent_astray(evidence: &Evidence<'_>, listed: &[&str]) -> Vec<Finding> {
    let is_foreign = |step: &StepRecord| step.result.at("/foreign") == Some(true.into());
    listed
        .iter()
        .filter_map(|name| evidence.step(name))
        .filter(|step| is_foreign(step))
        .filter(|step| {
            !control_of(evidence, &step.name).is_ok_and(|control| is_foreign(control.step()))
        })
        .map(words::sent_astray)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::{Sample, accepted, broke, refused, undecided};
    use serde_json::json;

    #[test]
    fn a_refusal_beside_an_accepted_control_passes() {
        let judged = Sample::verifier_wrong().judge();
        assert_eq!(judged.verdict.name(), "pass", "{:?}", judged.verdict);
        assert!(judged.control.is_some_and(|control| control.first));
    }

    #[test]
    fn a_refusal_holds_both_records() {
        let sample = Sample::verifier_wrong();
        let parts = sample.parts();
        let evidence = parts.evidence().expect("gathers");
        let Ok(Refused::Yes(refusal)) = decide(&evidence) else {
            panic!("refused");
        };
        assert_eq!(refusal.step().name, "token");
        assert!(refusal.control().outcome.is_accepted());
    }

    #[test]
    fn a_token_in_spite_of_the_deviation_fails() {
        let judged = Sample::verifier_wrong().run("token", accepted()).judge();
        assert_eq!(judged.verdict.name(), "fail");
        let finding = &judged.verdict.findings()[0];
        assert_eq!(finding.wanted, "refused");
        assert_eq!(finding.came, "an access token was issued");
    }

    #[test]
    fn an_answer_that_does_not_tell_is_no_refusal() {
        let judged = Sample::verifier_wrong()
            .run("token", undecided("429"))
            .judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
        let judged = Sample::verifier_wrong()
            .run("token", refused("error"))
            .result("token", json!({"status": 503}))
            .judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }

    #[test]
    fn a_failure_that_repeats_is_a_refusal_by_its_effect() {
        let sample = Sample::verifier_wrong()
            .run("token", broke())
            .result("token", json!({"status": 500}));
        let judged = sample.clone().judge();
        let crate::judge::Verdict::Pass { remark } = judged.verdict else {
            panic!("{:?}", judged.verdict);
        };
        let remark = remark.expect("the pass says how it was refused");
        assert_eq!(remark.came, "the server failed twice with 500");
        for spoiled in [
            sample.clone().control("token", refused("no")),
            sample.clone().control("token", undecided("500")),
            sample.clone().last("token", undecided("500")),
            sample.without_control(),
        ] {
            assert_eq!(spoiled.judge().verdict.name(), "inconclusive");
        }
        let permitted = Sample::mutated_match("token", "json/scope", json!({"present": true}))
            .may_refuse_at(&["token"])
            .run("token", broke());
        assert_eq!(permitted.judge().verdict.name(), "pass");
    }

    #[test]
    fn a_late_refusal_is_one_and_an_early_one_ends_the_run() {
        let both = Sample::redirect_wrong();
        assert_eq!(both.clone().judge().verdict.name(), "pass");
        let early = both
            .clone()
            .run("authorize", refused("invalid_request"))
            .run_stops_before("token");
        assert_eq!(early.judge().verdict.name(), "pass");
        let stopped = both.clone().run_stops_before("token");
        assert_eq!(stopped.judge().verdict.name(), "inconclusive");
        let through = both.run("token", accepted()).judge();
        assert_eq!(through.verdict.name(), "fail");
    }

    #[test]
    fn an_effect_after_a_refusal_is_no_refusal() {
        let judged = Sample::redirect_wrong()
            .run("authorize", refused("invalid_request"))
            .run("token", accepted())
            .judge();
        assert_eq!(judged.verdict.name(), "fail");
    }

    #[test]
    fn a_permitted_refusal_holds_and_an_acceptance_is_looked_into() {
        let sample = Sample::mutated_match("token", "json/scope", json!({"present": true}))
            .may_refuse_at(&["token"]);
        let taken = sample.clone().run("token", accepted());
        assert_eq!(taken.judge().verdict.name(), "fail");
        let refused_at_token = sample.run("token", refused("invalid_scope"));
        assert_eq!(refused_at_token.clone().judge().verdict.name(), "pass");
        let baseless = refused_at_token.control("token", refused("no"));
        assert_eq!(baseless.judge().verdict.name(), "inconclusive");
    }

    #[test]
    fn a_foreign_redirect_fails_even_with_an_error() {
        let sample = Sample::redirect_wrong()
            .run("authorize", refused("access_denied"))
            .run_stops_before("token")
            .result(
                "authorize",
                json!({"foreign": true, "callback": {"url": "https://evil.example/cb?error=x"}}),
            );
        let judged = sample.judge();
        assert_eq!(judged.verdict.name(), "fail");
        assert_eq!(
            judged.verdict.findings()[0].came,
            "the user agent was sent to https://evil.example/cb?error=x"
        );
    }

    #[test]
    fn a_refusal_before_anything_deviates_proves_nothing() {
        let judged = Sample::verifier_wrong()
            .refused_at(&["authorize", "token"])
            .run("authorize", refused("access_denied"))
            .run_stops_before("token")
            .judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
        let text = format!("{:?}", judged.verdict);
        assert!(text.contains("nothing deviates up to there"), "{text}");
    }

    #[test]
    fn a_repeated_request_needs_its_first_time_in_the_same_run() {
        let reuse = Sample::code_twice();
        assert_eq!(reuse.clone().judge().verdict.name(), "pass");
        let spoiled = reuse.clone().run("token", undecided("503")).judge();
        assert_eq!(spoiled.verdict.name(), "inconclusive");
        let twice = reuse.run("again", accepted()).result(
            "again",
            json!({"accepted": 1, "attempts": 1, "answers": [{"status": 200}]}),
        );
        let judged = twice.judge();
        assert_eq!(judged.verdict.name(), "fail");
        assert_eq!(
            judged.verdict.findings()[0].came,
            "1 of 1 attempts: an access token was issued"
        );
    }
}
