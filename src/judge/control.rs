//! The positive control: the honest counterpart of a hostile run, before and after it.
//!
//! [`Accepted`] can only be made here, from an honest step that the server accepted. Whoever
//! needs one cannot do without the control.

use super::ending::{Ending, Open};
use super::evidence::{not_run, tells_visits};
use super::standing::Standing;
use super::unsent;
use super::verdict::ControlResult;
use crate::plan::{Plan, PlannedRun};
use crate::run::{Recording, RunRecord, StepRecord};

/// The control of one case.
#[derive(Debug)]
pub(super) struct Control<'r> {
    id: &'r str,
    planned: &'r PlannedRun,
    first: &'r RunRecord,
    last: Option<&'r RunRecord>,
}

/// An honest step that the server accepted, before the hostile cases and, where it was sent
/// again, after them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted<'r> {
    step: &'r StepRecord,
}

impl<'r> Accepted<'r> {
    /// The accepted step.
    pub(super) const fn step(self) -> &'r StepRecord {
        self.step
    }

    /// The step of a run as an accepted one.
    ///
    /// # Errors
    /// It is not there, or it was not accepted.
    pub(super) fn in_run(run: &'r RunRecord, name: &str) -> Result<Self, Open> {
        let Some(step) = run.step(name) else {
            let absent = || Open::because(format!("it has no step {name}"));
            return Err(unsent::why(run).unwrap_or_else(absent));
        };
        match Standing::of(step) {
            Standing::Accepted => Ok(Self { step }),
            standing => {
                Err(Open::because(format!("{name} {}", standing.said())).shown_by(&step.exchanges))
            }
        }
    }
}

impl<'r> Control<'r> {
    /// The control with this run id.
    ///
    /// # Errors
    /// It was not run, or not planned.
    pub(super) fn of(
        plan: &'r Plan,
        recording: &'r Recording,
        id: &'r str,
    ) -> Result<Self, Ending> {
        let planned = plan
            .runs
            .get(id)
            .ok_or_else(|| Ending::Fault(format!("the plan has no control {id}")))?;
        let first = recording
            .runs
            .get(id)
            .ok_or_else(|| Open::because(format!("the control was {}", not_run(recording))))?;
        Ok(Self {
            id,
            planned,
            first,
            last: recording.last.get(id),
        })
    }

    /// The harness's failure in the control, if any.
    pub(super) fn fault(&self) -> Option<&'r str> {
        let of = |run: &'r RunRecord| run.fault.as_deref();
        of(self.first).or_else(|| self.last.and_then(of))
    }

    /// The first execution.
    pub(super) const fn first(&self) -> &'r RunRecord {
        self.first
    }

    /// Whether the control has this step at all.
    pub(super) fn plans(&self, name: &str) -> bool {
        self.planned.step(name).is_some()
    }

    /// The control's step, accepted before and after.
    ///
    /// # Errors
    /// It was not, or the step is itself a deviation.
    pub(super) fn accepted(&self, name: &str) -> Result<Accepted<'r>, Open> {
        let deviates = self.planned.step(name).is_none_or(|s| s.mutation.is_some());
        let marked = |run: &RunRecord| run.step(name).is_some_and(|s| !s.mutation.is_empty());
        if deviates || marked(self.first) || self.last.is_some_and(marked) {
            return Err(Open::because(format!(
                "{name} has no honest counterpart in the control"
            )));
        }
        let accepted = Accepted::in_run(self.first, name).map_err(|open| Open {
            reason: format!(
                "the control, the same request without the deviation, failed: {}",
                open.reason
            ),
            ..open
        })?;
        if let Some(last) = self.last {
            Accepted::in_run(last, name).map_err(|open| Open {
                reason: format!("{}: {}", no_longer(last, name), open.reason),
                ..open
            })?;
        }
        Ok(accepted)
    }

    /// How it went for the steps that the case leans on; for all of them where it names none.
    pub(super) fn result(&self, steps: &[&str]) -> ControlResult {
        let all: Vec<String>;
        // Nobody comes for the document of an honest flow, and nothing is wrong with that.
        let leans = |step: &&str| self.planned.step(step).is_some_and(|s| !tells_visits(s));
        let mut steps: Vec<&str> = steps.iter().copied().filter(leans).collect();
        if steps.is_empty() {
            all = self.planned.step_names();
            steps = all.iter().map(String::as_str).filter(leans).collect();
        }
        let held = |run: &'r RunRecord| steps.iter().all(|s| Accepted::in_run(run, s).is_ok());
        ControlResult {
            run: self.id.to_owned(),
            title: self.planned.title.clone(),
            first: held(self.first),
            last: self.last.map(held),
        }
    }
}

/// What a last control that was not accepted says: nothing of the server, unless it refused.
fn no_longer(last: &RunRecord, name: &str) -> &'static str {
    let decides = last.step(name).or_else(|| unsent::lacking(last));
    match decides.map(Standing::of) {
        Some(Standing::Undecided(_)) => {
            "the honest flow was not seen to work still after the hostile cases"
        }
        _ => "the server no longer does the honest flow after the hostile cases",
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, accepted, refused, undecided};

    #[test]
    fn a_last_control_that_fails_takes_the_first_one_back() {
        let sample = Sample::verifier_wrong();
        let judged = sample.clone().last("token", accepted()).judge();
        assert_eq!(judged.verdict.name(), "pass");
        assert_eq!(judged.control.expect("has a control").last, Some(true));
        for (outcome, says) in [
            (refused("no"), "no longer does the honest flow"),
            (undecided("429"), "was not seen to work still"),
        ] {
            let judged = sample.clone().last("token", outcome).judge();
            assert_eq!(judged.verdict.name(), "inconclusive");
            let control = judged.control.expect("has a control");
            assert_eq!((control.first, control.last), (true, Some(false)));
            let text = format!("{:?}", judged.verdict);
            assert!(text.contains(says), "{text}");
        }
    }

    #[test]
    fn a_control_that_is_missing_or_failed_proves_nothing() {
        for judged in [
            Sample::verifier_wrong().without_control_record().judge(),
            Sample::verifier_wrong().without_control().judge(),
            Sample::verifier_wrong()
                .control("token", refused("no"))
                .judge(),
            Sample::verifier_wrong()
                .control("token", undecided("503"))
                .judge(),
            Sample::verifier_wrong()
                .control_stops_before("token")
                .judge(),
        ] {
            assert_eq!(
                judged.verdict.name(),
                "inconclusive",
                "{:?}",
                judged.verdict
            );
        }
    }

    #[test]
    fn a_control_that_was_itself_mutated_is_none() {
        let judged = Sample::verifier_wrong().control_mutated("token").judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }
}
