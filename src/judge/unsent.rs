//! Why a step was not sent, or brought nothing, in the words that help whoever reads them.

use super::ending::Open;
use super::standing::Standing;
use crate::run::{Answer, FailureKind, Recording, RunRecord, StepRecord};

/// `STEP was not sent: REASON`, where the run stopped. What an earlier step came to is the reason
/// where that step did not bring what was to be sent.
pub(super) fn why(run: &RunRecord) -> Option<Open> {
    let stopped = run.stopped.as_ref()?;
    let lacking = lacking(run).map(|step| (step, Standing::of(step)));
    let (reason, exchanges) = match &lacking {
        Some((step, standing)) if !standing.is_accepted() => (
            format!("{} {}", step.name, standing.said()),
            step.exchanges.as_slice(),
        ),
        _ => (stopped.reason.clone(), run.stopped_by()),
    };
    Some(Open::because(format!("{} was not sent: {reason}", stopped.step)).shown_by(exchanges))
}

/// The step that should have brought what was to be sent. Templates name steps beside their own, or
/// before the flow around it: `grant.token.json` is of `grant/token`.
pub(super) fn lacking(run: &RunRecord) -> Option<&StepRecord> {
    let stopped = run.stopped.as_ref()?;
    let path = stopped.lacks.as_ref()?.replace('.', "/");
    let within = |around: &str| {
        let path = format!("{around}{path}/");
        let is_named = |step: &&StepRecord| path.starts_with(&format!("{}/", step.name));
        run.steps
            .iter()
            .filter(is_named)
            .max_by_key(|step| step.name.len())
    };
    let mut around = stopped.step.as_str();
    while let Some((outer, _)) = around.rsplit_once('/') {
        if let Some(step) = within(&format!("{outer}/")).filter(|step| step.name != outer) {
            return Some(step);
        }
        around = outer;
    }
    within("")
}

/// What is said in place of any other reason where a cap of the target file is behind it: the
/// request was never sent, which is no statement about the server.
pub(super) fn capped(recording: &Recording, open: &Open) -> Option<String> {
    open.exchanges
        .iter()
        .find_map(|index| match &recording.exchanges.get(*index)?.answer {
            Answer::Failed {
                kind: FailureKind::CapReached,
                message,
            } => Some(message.clone()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, refused, undecided};

    fn reason(sample: Sample) -> String {
        format!("{:?}", sample.judge().verdict)
    }

    #[test]
    fn the_step_that_brought_nothing_is_the_reason() {
        let stopped = Sample::own_step_accepted().run_lacks("call", "token.json");
        let said = reason(stopped.clone().run("token", undecided("429")));
        assert!(
            said.contains("call was not sent: token got no clear answer (429)"),
            "{said}"
        );
        let said = reason(stopped.clone().run("token", refused("invalid_scope")));
        assert!(said.contains("token was refused (invalid_scope)"), "{said}");
        // It was accepted, and another member is missing.
        let said = reason(stopped);
        assert!(said.contains("an earlier step gave nothing"), "{said}");
    }

    #[test]
    fn a_cap_is_the_one_reason_wherever_it_was_met() {
        let cap = "the cap `limits.logins: 2` was reached; raise it";
        let of_control = Sample::verifier_wrong().control("token", undecided(cap));
        let of_last = Sample::verifier_wrong().last("token", undecided(cap));
        let of_run = Sample::verifier_wrong().run("token", undecided(cap));
        let stopped = Sample::own_step_accepted()
            .run("authorize", undecided(cap))
            .run_lacks("token", "authorize.code");
        for (sample, exchange) in [(of_control, 1), (of_last, 1), (of_run, 1), (stopped, 0)] {
            let judged = sample.capped(exchange, cap).judge();
            let said = format!("{:?}", judged.verdict);
            let wanted = format!("Inconclusive {{ reason: {cap:?} }}");
            assert_eq!(said, wanted);
        }
    }
}
