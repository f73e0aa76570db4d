//! Which request shows what a case came to, and what was changed in it.

use super::ReportInput;
use crate::judge::{CaseResult, Finding};
use crate::run::{Answer, Exchange, FailureKind, RunRecord, StepRecord};

impl<'a> ReportInput<'a> {
    /// The exchange to send again: of the step that deviates, its request; of a document that was
    /// found wanting, the one that fetched it; else the last one that the case names. Never one
    /// that was not really sent.
    pub fn deciding(&self, case: &CaseResult) -> Option<&'a Exchange> {
        let of_finding = || {
            let finding = case.verdict.findings().first()?;
            let step = shown_by(self.run(case)?, finding)?;
            self.telling(step, finding)
        };
        of_finding().or_else(|| self.sent(&case.exchanges).last())
    }

    /// What was changed, a line for each step: `token: code_verifier = run.code_verifier[:-1]`.
    pub fn changed(&self, case: &CaseResult) -> Vec<String> {
        let steps = self.run(case).map_or(&[][..], |run| &run.steps);
        let changed = steps.iter().filter(|step| !step.mutation.is_empty());
        changed
            .map(|step| format!("{}: {}", step.name, step.mutation))
            .collect()
    }

    fn run(&self, case: &CaseResult) -> Option<&'a RunRecord> {
        self.recording.runs.get(case.run.as_ref()?)
    }

    fn sent(&self, exchanges: &[usize]) -> impl DoubleEndedIterator<Item = &'a Exchange> {
        exchanges
            .iter()
            .filter_map(|at| self.recording.exchanges.get(*at))
            .filter(|exchange| !was_held_back(&exchange.answer))
    }

    /// The exchange of `step` that the finding is about.
    fn telling(&self, step: &StepRecord, finding: &Finding) -> Option<&'a Exchange> {
        let mut sent = self.sent(&step.exchanges);
        let for_purpose = |exchange: &&Exchange, purpose| exchange.purpose == purpose;
        let document = finding.path.split('/').next().unwrap_or_default();
        let own = match (step.action.as_str(), document) {
            // Login and consent come after it, and change nothing.
            ("authorize", _) => sent.find(|it| for_purpose(it, "authorization request")),
            ("discover", "resource_metadata") => {
                sent.rfind(|it| for_purpose(it, "resource metadata"))
            }
            ("discover", "server_metadata") => sent.rfind(|it| for_purpose(it, "server metadata")),
            ("discover", "probe") => sent.find(|it| for_purpose(it, "first request")),
            _ => None,
        };
        own.or_else(|| self.sent(&step.exchanges).last())
    }
}

/// The step to repeat: the last one that deviates in the flow of the finding's step, up to that
/// step; that step itself where none does. What an inner flow changed brought a token, no more.
fn shown_by<'r>(run: &'r RunRecord, finding: &Finding) -> Option<&'r StepRecord> {
    let at = run
        .steps
        .iter()
        .position(|step| step.name == finding.step)?;
    let steps = &run.steps[..=at];
    let flow = |name: &'r str| name.rsplit_once('/').map(|(flow, _)| flow);
    let deviating = steps.iter().rfind(|step| {
        flow(&step.name) == flow(&run.steps[at].name)
            && (step.action == "repeat" || !step.mutation.is_empty())
    });
    deviating.or_else(|| steps.last())
}

/// Whether authspec itself did not send the request.
const fn was_held_back(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Failed {
            kind: FailureKind::NotAllowed | FailureKind::CapReached,
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    /// The failing case of the sample, and its run.
    fn parts(sample: &mut Sample) -> (CaseResult, &mut RunRecord) {
        let mut cases = sample.judgement.cases.iter();
        let case = cases.find(|case| case.verdict.name() == "fail");
        let mut case = case.cloned().expect("a failing case");
        case.exchanges = vec![0, 1, 9];
        let run = sample.recording.runs.values_mut().next();
        (case, run.expect("a run"))
    }

    #[test]
    fn a_request_that_was_held_back_decides_nothing() {
        let mut sample = Sample::full();
        let (case, run) = parts(&mut sample);
        run.steps.clear();
        let deciding = |sample: &Sample| sample.input().deciding(&case).map(|e| e.index);
        assert_eq!(deciding(&sample), Some(1));
        sample.recording.exchanges[1].answer = Answer::Failed {
            kind: FailureKind::NotAllowed,
            message: String::new(),
        };
        assert_eq!(deciding(&sample), Some(0));
    }

    #[test]
    fn the_request_that_deviates_is_repeated_and_not_what_follows_from_it() {
        let mut sample = Sample::full();
        let (case, run) = parts(&mut sample);
        run.steps[0].exchanges = vec![0, 2];
        run.steps[0].mutation = std::mem::take(&mut run.steps[1].mutation);
        let input = sample.input();
        assert_eq!(input.deciding(&case).map(|e| e.index), Some(0));
        assert_eq!(
            input.changed(&case),
            ["authorize: code_verifier = run.code_verifier[:-1]"]
        );
        let (case, run) = parts(&mut sample);
        run.steps[0].name = "grant/authorize".into();
        let deciding = sample.input().deciding(&case);
        assert_eq!(deciding.map(|e| e.index), Some(1));
    }

    #[test]
    fn a_document_is_fetched_again_and_not_what_was_fetched_after_it() {
        let mut sample = Sample::full();
        for (at, purpose) in ["first request", "resource metadata", "server metadata"]
            .into_iter()
            .enumerate()
        {
            sample.recording.exchanges[at].purpose = purpose.into();
        }
        let (mut case, run) = parts(&mut sample);
        run.steps.remove(0);
        run.steps[0] = StepRecord {
            name: "found".into(),
            action: "discover".into(),
            mutation: String::new(),
            exchanges: vec![0, 1, 2],
            ..run.steps[0].clone()
        };
        for (path, wanted) in [
            ("resource_metadata/document/resource", 1),
            ("server_metadata", 2),
            ("probe/bearer", 0),
        ] {
            case.verdict = crate::judge::Verdict::Fail {
                findings: vec![Finding {
                    step: "found".into(),
                    path: path.into(),
                    wanted: String::new(),
                    came: String::new(),
                }],
            };
            let found = sample.input().deciding(&case).map(|e| e.index);
            assert_eq!(found, Some(wanted), "{path}");
        }
    }
}
