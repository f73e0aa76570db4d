//! Everything that bears on one case: the plan of its run, the run's record, and its control.

use serde_json::Value;

use super::control::Control;
use super::ending::{Ending, Open};
use super::standing::Standing;
use super::unsent;
use crate::plan::{Plan, PlannedCase, PlannedRun, PlannedStep};
use crate::run::{Outcome, Recording, RunRecord, StepRecord};
use crate::suite::Action;

/// The evidence for one case.
#[derive(Debug)]
pub(super) struct Evidence<'r> {
    /// The case.
    pub case: &'r PlannedCase,
    /// What was to be sent.
    pub planned: &'r PlannedRun,
    /// What came of it.
    pub record: &'r RunRecord,
    /// The honest counterpart, for a case that deviates.
    pub control: Option<Control<'r>>,
    /// The whole recording, for what holds for every run.
    pub recording: &'r Recording,
    /// The names of all planned steps, in order.
    names: Vec<String>,
}

impl<'r> Evidence<'r> {
    /// Gathers the evidence.
    ///
    /// # Errors
    /// The run was not executed, or the harness failed in it.
    pub(super) fn gather(
        plan: &'r Plan,
        case: &'r PlannedCase,
        recording: &'r Recording,
        run: &str,
        control: Option<&'r str>,
    ) -> Result<Self, Ending> {
        let planned = plan
            .runs
            .get(run)
            .ok_or_else(|| Ending::Fault(format!("the plan has no run {run}")))?;
        let record = recording
            .runs
            .get(run)
            .ok_or_else(|| Open::because(not_run(recording)))?;
        let control = control
            .map(|id| Control::of(plan, recording, id))
            .transpose()?;
        let evidence = Self {
            case,
            planned,
            record,
            control,
            recording,
            names: planned.step_names(),
        };
        match evidence.fault() {
            Some(fault) => Err(Ending::Fault(fault)),
            None => Ok(evidence),
        }
    }

    /// What a run under way has brought so far.
    pub(super) fn so_far(
        case: &'r PlannedCase,
        planned: &'r PlannedRun,
        record: &'r RunRecord,
        recording: &'r Recording,
    ) -> Self {
        Self {
            case,
            planned,
            record,
            control: None,
            recording,
            names: planned.step_names(),
        }
    }

    /// The control in place of a run that was not sent, because the control failed.
    pub(super) fn of_control(
        plan: &'r Plan,
        case: &'r PlannedCase,
        recording: &'r Recording,
        control: &str,
    ) -> Option<Self> {
        let planned = plan.runs.get(control)?;
        let record = recording.runs.get(control)?;
        (record.stopped.is_some() && record.fault.is_none())
            .then(|| Self::so_far(case, planned, record, recording))
    }

    /// How a control failed, for the run that was not sent because of it.
    pub(super) fn failed_control(&self) -> Option<Open> {
        let open = unsent::why(self.record)?;
        Some(Open {
            reason: format!("not sent, since the control failed: {}", open.reason),
            ..open
        })
    }

    /// A failure of the harness: its own word, or a deviation that was planned and not made. An
    /// honest request must never be judged as a hostile one.
    fn fault(&self) -> Option<String> {
        if let Some(fault) = &self.record.fault {
            return Some(fault.clone());
        }
        if let Some(fault) = self.control.as_ref().and_then(Control::fault) {
            return Some(format!("in the control: {fault}"));
        }
        self.record.steps.iter().find_map(|step| {
            let planned = self.planned.step(&step.name)?;
            let unmade = planned.mutation.is_some()
                && step.mutation.is_empty()
                && !matches!(step.outcome, Outcome::Undecided { .. });
            unmade.then(|| format!("{} was sent without its mutation", step.name))
        })
    }

    /// The record of a step, if the run came to it.
    pub(super) fn step(&self, name: &str) -> Option<&'r StepRecord> {
        self.record.step(name)
    }

    /// The record of a step that decides something.
    ///
    /// # Errors
    /// The run did not come to it.
    pub(super) fn reached(&self, name: &str) -> Result<&'r StepRecord, Open> {
        self.step(name).ok_or_else(|| self.not_reached(name))
    }

    /// Why there is no record of a step.
    pub(super) fn not_reached(&self, name: &str) -> Open {
        match unsent::why(self.record) {
            Some(open) if self.record.stops_at(name) => open,
            Some(open) => Open {
                reason: format!("{name} was not reached: {}", open.reason),
                ..open
            },
            None => {
                Open::because(format!("{name} was not reached")).shown_by(self.record.stopped_by())
            }
        }
    }

    /// Whether the client of this profile is of the target file.
    pub(super) fn is_given(&self, client: &str) -> bool {
        let given = self.recording.variables.pointer("/target/given_clients");
        let given = given.and_then(Value::as_array);
        given.is_some_and(|given| given.iter().any(|given| given == client))
    }

    /// Position of a step in the plan.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The names of all planned steps, in order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The given steps in the order of the run; those that the run does not plan are left out.
    pub(super) fn in_order<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        let mut known: Vec<(usize, &str)> = names
            .iter()
            .filter_map(|name| Some((self.position(name)?, name.as_str())))
            .collect();
        known.sort_unstable();
        known.into_iter().map(|(_, name)| name).collect()
    }

    /// For a `repeat` step, the step that it repeats in the end; for any other, itself.
    pub(super) fn base<'n>(&'n self, name: &'n str) -> &'n str {
        let mut at = name;
        for _ in 0..self.names.len() {
            let Some(repeat) = self.planned.step(at).and_then(repeated) else {
                break;
            };
            let sibling = at
                .rsplit_once('/')
                .map(|(prefix, _)| format!("{prefix}/{repeat}"));
            let named = |wanted: &str| self.names.iter().find(|known| *known == wanted);
            match sibling.as_deref().and_then(named).or_else(|| named(repeat)) {
                Some(found) => at = found,
                None => break,
            }
        }
        at
    }

    /// Whether a step repeats another one's request.
    pub(super) fn is_repeat(&self, name: &str) -> bool {
        self.planned
            .step(name)
            .is_some_and(|s| repeated(s).is_some())
    }

    /// Whether a step opens a page otherwise than it honestly would: as somebody else, say.
    pub(super) fn is_visit_astray(&self, name: &str) -> bool {
        self.planned.step(name).is_some_and(|step| {
            step.mutation.is_some()
                && matches!(step.one(), Some(Action::Authorize(visit)) if visit.open.is_some())
        })
    }

    /// Whether a step only tells who came for a document.
    pub(super) fn is_visits(&self, name: &str) -> bool {
        self.planned.step(name).is_some_and(tells_visits)
    }

    /// Whether the step belongs to the check itself rather than to its flow.
    fn is_own_step(&self, name: &str) -> bool {
        let first = name.split('/').next().unwrap_or(name);
        self.case.check.steps.contains_key(first)
    }

    /// Whether everything up to this step is the honest flow: nothing deviates, and no step is
    /// the check's own. A refusal there is the fault of the way in.
    pub(super) fn is_honest_flow(&self, name: &str) -> bool {
        let Some(position) = self.position(name) else {
            return false;
        };
        self.names[..=position]
            .iter()
            .all(|step| !self.is_own_step(step) && !self.is_deviation(step))
    }

    /// Whether the run deviates from the honest flow anywhere.
    pub(super) fn is_hostile(&self) -> bool {
        self.names.iter().any(|name| self.is_deviation(name))
    }

    /// Whether anything deviates at this step or before it. Without, a refusal says nothing of
    /// the deviation, for the server has not seen it yet.
    pub(super) fn deviates_by(&self, name: &str) -> bool {
        self.position(name).is_some_and(|position| {
            let up_to = &self.names[..=position];
            up_to.iter().any(|name| self.is_deviation(name))
        })
    }

    fn is_deviation(&self, name: &str) -> bool {
        self.planned
            .step(name)
            .is_some_and(|step| step.mutation.is_some() || repeated(step).is_some())
    }

    /// The names of the steps whose outcome or result the check itself judges.
    pub(super) fn deciding(&self) -> impl Iterator<Item = &'r String> + use<'r> {
        let check = &*self.case.check;
        let expect = &check.expect;
        expect
            .refused_at
            .iter()
            .chain(&expect.accepted)
            .chain(&expect.at_most_one)
            .chain(check.matches.keys())
    }

    /// What a refused step of the honest flow means: the way in is at fault, not the server. What
    /// got no answer says itself whose fault that is.
    pub(super) fn way_in_failed(step: &StepRecord) -> Open {
        let standing = Standing::of(step);
        let whose = match standing {
            Standing::Broke(_) | Standing::Undecided(_) => "",
            _ => ": the target file or the login, not the server",
        };
        Open::because(format!(
            "the honest flow failed at {}: it {}{whose}",
            step.name,
            standing.said()
        ))
        .shown_by(&step.exchanges)
    }
}

/// Why the recording does not hold a run.
pub(super) fn not_run(recording: &Recording) -> String {
    recording.interrupted.as_ref().map_or_else(
        || "not run: the recording does not hold it".to_owned(),
        |reason| format!("not run: {reason}"),
    )
}

/// The step that a `repeat` step names.
fn repeated(step: &PlannedStep) -> Option<&str> {
    match step.one()? {
        Action::Repeat(repeat) => Some(&repeat.step),
        _ => None,
    }
}

/// Whether a step only tells who came for a document.
pub(super) fn tells_visits(step: &PlannedStep) -> bool {
    matches!(step.one(), Some(Action::Visits(_)))
}

/// Whether an honest server may refuse this step: an MCP request without a token is sent to be
/// refused.
pub(super) fn may_be_refused(step: &PlannedStep) -> bool {
    matches!(step.one(), Some(Action::Call(call)) if call.access_token.is_none())
}

/// Whether a refusal of this honest step says that the way in failed. A document that is not
/// there, or a request without a token, is an answer to be judged.
pub(super) fn needs_the_way_in(step: &PlannedStep) -> bool {
    match step.one() {
        None => true,
        Some(Action::Call(call)) => call.access_token.is_some(),
        Some(
            Action::Obtain(_)
            | Action::Register(_)
            | Action::Authorize(_)
            | Action::Token(_)
            | Action::Revoke(_)
            | Action::Introspect(_)
            | Action::Push(_),
        ) => true,
        Some(
            Action::Discover(_)
            | Action::Fetch(_)
            | Action::Repeat(_)
            | Action::Host(_)
            | Action::Visits(_)
            | Action::Wait(_)
            | Action::Audit(_)
            | Action::Sample(_)
            | Action::Flow(_),
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::judge::sample::Sample;
    use crate::plan::{PlannedAction, PlannedStep};
    use serde_json::json;

    #[test]
    fn a_repeat_leads_to_the_step_of_its_own_flow() {
        let mut parts = Sample::code_twice().parts();
        let run = &mut parts.plan.runs["run"];
        let inner = run.steps.clone();
        let of = |name: &str, action: PlannedAction| PlannedStep {
            name: name.to_owned(),
            action,
            mutation: None,
            shared: None,
            is_probe: false,
        };
        let again = serde_json::from_value(json!({"repeat": {"step": "again"}}));
        let again = PlannedAction::One(Arc::new(again.expect("an action")));
        run.steps.push(of("twice", again));
        run.steps.push(of("bob", PlannedAction::Flow(inner)));
        let evidence = parts.evidence().expect("gathers");
        assert_eq!(evidence.base("bob/again"), "bob/token");
        assert_eq!(evidence.base("twice"), "token");
        assert_eq!(evidence.base("token"), "token");
        assert!(evidence.deviates_by("bob/authorize"));
        assert!(!evidence.deviates_by("token"));
    }
}
