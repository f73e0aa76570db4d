//! The judgement of one case.

use serde_json::Value;

use super::ending::{Ending, Open};
use super::evidence::Evidence;
use super::refusal::{self, Refused};
use super::{CaseResult, Finding, Verdict};
use super::{acceptance, at_most_one, conditions, failure, given, level, rounds, unsent};
use crate::plan::{Disposition, Plan, PlannedCase};
use crate::run::{Recording, RunRecord};

/// Judges one case by the recording.
pub fn judge_case(plan: &Plan, case: &PlannedCase, recording: &Recording) -> CaseResult {
    let mut result = blank(case);
    match &case.disposition {
        Disposition::NotApplicable { reason } => {
            result.verdict = Verdict::NotApplicable {
                reason: reason.clone(),
            };
        }
        Disposition::Untested { add } => {
            let besides = case.lacks.iter().filter(|lack| *lack != add);
            result.verdict = Verdict::Untested {
                add: add.clone(),
                also: besides.cloned().collect(),
            };
        }
        Disposition::Inconclusive { reason } => {
            result.verdict = Verdict::Inconclusive {
                reason: reason.clone(),
            };
        }
        Disposition::Run {
            run,
            control,
            rounds: further,
        } => {
            let all = std::iter::once(run).chain(further);
            let judged = all.map(|run| of_run(plan, case, recording, run, control.as_deref()));
            result = rounds::together(judged.collect()).unwrap_or(result);
        }
    }
    result
}

/// Judges a case by one run.
fn of_run(
    plan: &Plan,
    case: &PlannedCase,
    recording: &Recording,
    run: &str,
    control: Option<&str>,
) -> CaseResult {
    let mut result = blank(case);
    result.run = Some(run.to_owned());
    match Evidence::gather(plan, case, recording, run, control) {
        Ok(evidence) => judge_run(plan, &evidence, &mut result),
        Err(ending) => {
            let ending = not_sent(plan, case, recording, control, ending);
            let ending = capped(recording, ending);
            result.exchanges = match &ending {
                Ending::Open(open) => open.exchanges.clone(),
                _ => Vec::new(),
            };
            settle(plan, case, Err(ending), &mut result);
        }
    }
    if let Some(run) = recording.runs.get(run) {
        result.took_ms = took(recording, run);
    }
    result
}

fn blank(case: &PlannedCase) -> CaseResult {
    CaseResult {
        id: case.id.clone(),
        area: case.area.clone(),
        threat: case.threat.clone(),
        endpoint: case.endpoint,
        title: case.check.title.clone(),
        why: case.check.why.clone(),
        mend: case.check.mend.clone(),
        requirements: case.requirements.clone(),
        level: case.level,
        verdict: Verdict::Inconclusive {
            reason: "not judged".to_owned(),
        },
        run: None,
        control: None,
        row: match case.row.is_empty() {
            true => Value::Null,
            false => Value::Object(case.row.clone()),
        },
        exchanges: Vec::new(),
        took_ms: 0,
    }
}

fn judge_run(plan: &Plan, evidence: &Evidence<'_>, result: &mut CaseResult) {
    let case = evidence.case;
    let leaned_on: Vec<&str> = evidence
        .deciding()
        .map(|step| evidence.base(step))
        .collect();
    result.control = evidence
        .control
        .as_ref()
        .map(|control| control.result(&leaned_on));
    let decided = decide(evidence).map_err(|ending| capped(evidence.recording, ending));
    result.exchanges = match &decided {
        Ok(Held { step, beside }) => {
            let own = up_to(evidence.record, Some(step));
            in_order(beside.iter().copied().chain(own))
        }
        Err(Ending::Broken(findings)) => up_to(
            evidence.record,
            findings.first().map(|finding| finding.step.as_str()),
        ),
        Err(Ending::Open(open)) if !open.exchanges.is_empty() => open.exchanges.clone(),
        Err(_) => up_to(evidence.record, None),
    };
    let decided = decided.map(|_| failure::remark(evidence));
    settle(plan, case, decided, result);
}

/// Why a case without a run of its own is not judged. Where the control failed, the deviation was
/// not sent; what the control came to may still show that the case does not apply.
fn not_sent(
    plan: &Plan,
    case: &PlannedCase,
    recording: &Recording,
    control: Option<&str>,
    ending: Ending,
) -> Ending {
    let evidence = control.and_then(|id| Evidence::of_control(plan, case, recording, id));
    let (Some(evidence), Ending::Open(_)) = (evidence, &ending) else {
        return ending;
    };
    match given::judge(&evidence) {
        Err(ending @ Ending::NotApplicable(_)) => ending,
        _ => evidence.failed_control().map_or(ending, Ending::from),
    }
}

/// A question that a cap of the target file left open says so, and nothing of the server.
fn capped(recording: &Recording, ending: Ending) -> Ending {
    match ending {
        Ending::Open(open) => {
            let reason = unsent::capped(recording, &open);
            Ending::Open(match reason {
                Some(reason) => Open { reason, ..open },
                None => open,
            })
        }
        other => other,
    }
}

/// The verdict of a run, by the level of the case.
fn settle(
    plan: &Plan,
    case: &PlannedCase,
    decided: Result<Option<Finding>, Ending>,
    result: &mut CaseResult,
) {
    let Some(level) = case.level else {
        result.verdict = Verdict::NotApplicable {
            reason: format!("MCP {} does not ask for it", plan.mcp_version),
        };
        return;
    };
    result.verdict = match decided {
        Ok(remark) => Verdict::Pass { remark },
        Err(Ending::Broken(findings)) => level::verdict(case, level, plan.mcp_version, findings),
        Err(Ending::Open(Open { reason, .. })) => Verdict::Inconclusive { reason },
        Err(Ending::NotApplicable(reason)) => Verdict::NotApplicable { reason },
        Err(Ending::Fault(fault)) => Verdict::Error { fault },
    };
}

/// What showed that everything held.
struct Held {
    /// The step.
    step: String,
    /// The exchanges of the honest step beside which a refusal counts.
    beside: Vec<usize>,
}

/// Decides a run.
///
/// A deviation that was seen counts, whatever else stayed open; only where nothing deviates does
/// an open question make the case inconclusive.
fn decide(evidence: &Evidence<'_>) -> Result<Held, Ending> {
    given::judge(evidence)?;
    if let Some(refusal) = refusal::permitted(evidence)? {
        return Ok(Held {
            step: refusal.step().name.clone(),
            beside: refusal.control().exchanges.clone(),
        });
    }
    let refusal = match refusal::decide(evidence)? {
        Refused::No(findings) => return Err(Ending::Broken(findings)),
        Refused::Yes(refusal) => Some(refusal),
        Refused::NotAsked => None,
    };
    let mut findings: Vec<Finding> = Vec::new();
    let mut open = None;
    let parts = acceptance::judge(evidence)
        .into_iter()
        .chain(at_most_one::judge(evidence))
        .chain(conditions::judge(evidence, refusal));
    for part in parts {
        match part {
            Ok(finding) => findings.push(finding),
            Err(reason) => {
                open.get_or_insert(reason);
            }
        }
    }
    if !findings.is_empty() {
        return Err(Ending::Broken(findings));
    }
    if let Some(open) = open {
        return Err(open.into());
    }
    if let Some(refusal) = refusal {
        return Ok(Held {
            step: refusal.step().name.clone(),
            beside: refusal.control().exchanges.clone(),
        });
    }
    let last = evidence
        .deciding()
        .filter(|step| evidence.step(step).is_some())
        .max_by_key(|step| evidence.position(step));
    match last {
        Some(step) => Ok(Held {
            step: step.clone(),
            beside: Vec::new(),
        }),
        None => Err(Open::because("the check judges no step").into()),
    }
}

/// The exchanges of a run up to a step, that step's last; all without one.
fn up_to(run: &RunRecord, step: Option<&str>) -> Vec<usize> {
    let end = step
        .and_then(|name| run.steps.iter().position(|step| step.name == name))
        .map_or(run.steps.len(), |at| at + 1);
    in_order(
        run.steps[..end]
            .iter()
            .flat_map(|step| step.exchanges.iter().copied()),
    )
}

/// Each exchange once, where it stands last.
fn in_order(exchanges: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for exchange in exchanges {
        all.retain(|known| *known != exchange);
        all.push(exchange);
    }
    all
}

/// Milliseconds from the first request of a run to its last answer.
fn took(recording: &Recording, run: &RunRecord) -> u64 {
    let of_run = || {
        run.steps
            .iter()
            .flat_map(|step| &step.exchanges)
            .filter_map(|index| recording.exchanges.get(*index))
    };
    let start = of_run().map(|exchange| exchange.started_ms).min();
    let end = of_run()
        .map(|exchange| {
            exchange
                .started_ms
                .saturating_add(exchange.took_ms.round() as u64)
        })
        .max();
    end.unwrap_or(0).saturating_sub(start.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::{Sample, accepted};
    use serde_json::json;

    #[test]
    fn what_did_not_run_keeps_its_disposition() {
        for (disposition, name) in [
            (
                Disposition::NotApplicable {
                    reason: "no".to_owned(),
                },
                "not_applicable",
            ),
            (
                Disposition::Untested {
                    add: "user".to_owned(),
                },
                "untested",
            ),
            (
                Disposition::Inconclusive {
                    reason: "login".to_owned(),
                },
                "inconclusive",
            ),
        ] {
            let judged = Sample::verifier_wrong().disposition(disposition).judge();
            assert_eq!(judged.verdict.name(), name);
            assert_eq!(judged.run, None);
        }
    }

    #[test]
    fn a_fault_is_an_error_wherever_it_is() {
        for sample in [
            Sample::verifier_wrong().fault("run"),
            Sample::verifier_wrong().fault("control"),
            Sample::verifier_wrong().without_mutation_made(),
        ] {
            assert_eq!(sample.judge().verdict.name(), "error");
        }
    }

    #[test]
    fn a_run_that_was_not_made_says_why() {
        let judged = Sample::verifier_wrong().interrupted("Ctrl-C").judge();
        assert_eq!(
            judged.verdict,
            Verdict::Inconclusive {
                reason: "not run: Ctrl-C".to_owned()
            }
        );
    }

    #[test]
    fn a_run_that_its_control_made_hopeless_may_not_apply() {
        let sample = Sample::verifier_wrong()
            .without_run_record()
            .control_stops_before("token");
        let judged = sample.clone().judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
        let text = format!("{:?}", judged.verdict);
        assert!(text.contains("the control failed: token"), "{text}");
        let judged = sample
            .given("authorize", "json/x", json!({"present": true}))
            .judge();
        assert_eq!(judged.verdict.name(), "not_applicable");
    }

    #[test]
    fn a_check_that_judges_nothing_does_not_pass() {
        let judged = Sample::verifier_wrong().refused_at(&[]).judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }

    #[test]
    fn the_deciding_exchange_comes_last() {
        let judged = Sample::verifier_wrong().run("token", accepted()).judge();
        assert_eq!(judged.exchanges, [0, 1]);
        assert_eq!(judged.took_ms, 20);
    }
}
