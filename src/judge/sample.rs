//! Small hand-made plans and recordings for the judge's own tests.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::ending::Ending;
use super::evidence::Evidence;
use super::{CaseResult, judge_case};
use crate::plan::{Disposition, Plan, PlannedAction, PlannedCase, PlannedRun, PlannedStep};
use crate::run::{
    Answer, Counts, Exchange, FailureKind, Outcome, RECORDING_FORMAT, RecordedRequest, Recording,
    RunRecord, StepRecord, Stopped, TargetFacts,
};
use crate::suite::{
    Check, Cited, Endpoint, Level, Matches, McpVersion, Mutation, Observable, Requirement, Role,
    Severity,
};

pub(super) fn accepted() -> Outcome {
    Outcome::Accepted
}

pub(super) fn refused(reason: &str) -> Outcome {
    Outcome::Refused {
        reason: reason.to_owned(),
    }
}

/// The server failed at it, twice the same way.
pub(super) fn broke() -> Outcome {
    Outcome::Broke {
        reason: "the server failed twice with 500".to_owned(),
    }
}

pub(super) fn undecided(reason: &str) -> Outcome {
    Outcome::Undecided {
        reason: reason.to_owned(),
    }
}

pub(super) fn step(name: &str, action: &str, outcome: Outcome) -> StepRecord {
    StepRecord {
        name: name.to_owned(),
        action: action.to_owned(),
        mutation: String::new(),
        outcome,
        result: json!({}).into(),
        exchanges: Vec::new(),
    }
}

/// A plan of one case and the recording of its run and control.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub plan: Plan,
    pub recording: Recording,
}

impl Parts {
    pub(super) fn evidence(&self) -> Result<Evidence<'_>, Ending> {
        let case = &self.plan.cases[0];
        let control = self.plan.runs.get("control").map(|_| "control");
        Evidence::gather(&self.plan, case, &self.recording, "run", control)
    }
}

/// Builds [`Parts`]; each method changes one thing.
#[derive(Clone, Debug)]
pub(super) struct Sample(Parts);

impl Sample {
    /// A hostile run: `authorize` and `token`, the latter with a deviation and refused.
    pub(super) fn verifier_wrong() -> Self {
        let mut sample = Self::honest(&[]).with_control();
        sample.mutate("token");
        sample
            .run("token", refused("invalid_grant"))
            .refused_at(&["token"])
    }

    /// A deviation at `authorize`, which only `token` refuses; either may.
    pub(super) fn redirect_wrong() -> Self {
        let mut sample = Self::verifier_wrong();
        sample.mutate("authorize");
        sample.refused_at(&["authorize", "token"])
    }

    /// The code sent a second time, and refused.
    pub(super) fn code_twice() -> Self {
        let again = json!({"repeat": {"step": "token"}});
        let mut sample = Self::honest(&[("again", again)]).with_control();
        sample.check().expect.refused_at = vec!["again".to_owned()];
        let result = json!({"accepted": 0, "attempts": 1, "answers": [{"status": 400}]});
        sample
            .run("again", refused("invalid_grant"))
            .result("again", result)
    }

    /// The code sent five times, at most one of which may work.
    pub(super) fn code_race() -> Self {
        let mut sample = Self::code_twice().refused_at(&[]);
        sample.check().expect.at_most_one = vec!["again".to_owned()];
        sample
    }

    /// A deviation that the server must take.
    pub(super) fn mutated_accepted() -> Self {
        let mut sample = Self::verifier_wrong().refused_at(&[]);
        sample.check().expect.accepted = vec!["token".to_owned()];
        sample
    }

    /// A deviation whose answer is looked at.
    pub(super) fn mutated_match(step: &str, path: &str, predicate: impl Into<Value>) -> Self {
        Self::verifier_wrong()
            .refused_at(&[])
            .and_match(step, path, predicate)
    }

    /// The honest flow, one step of which must be accepted.
    pub(super) fn honest_accepted(step: &str) -> Self {
        let mut sample = Self::honest(&[]);
        sample.check().expect.accepted = vec![step.to_owned()];
        sample
    }

    /// The honest flow, one result of which is looked at.
    pub(super) fn honest_match(step: &str, path: &str, predicate: impl Into<Value>) -> Self {
        Self::honest(&[]).and_match(step, path, predicate)
    }

    /// The honest flow and a call of the check's own, which must be accepted.
    pub(super) fn own_step_accepted() -> Self {
        let call = json!({"call": {"access_token": "{{ token.json.access_token }}"}});
        let mut sample = Self::honest(&[("call", call)]);
        sample.check().expect.accepted = vec!["call".to_owned()];
        sample
    }

    /// The honest flow and a token request of the check's own, which must be accepted.
    pub(super) fn own_token_accepted() -> Self {
        let token = json!({"token": {"client": "machine", "form": {}}});
        let mut sample = Self::honest(&[("machine", token)]);
        sample.check().expect.accepted = vec!["machine".to_owned()];
        sample
    }

    /// The target file gives these clients.
    pub(super) fn given_clients(mut self, names: &[&str]) -> Self {
        self.0.recording.variables = json!({"target": {"given_clients": names}});
        self
    }

    /// A call of the check's own, the result of which is looked at.
    pub(super) fn own_step_match(step: &str, path: &str, predicate: impl Into<Value>) -> Self {
        let mut sample = Self::own_step_accepted().and_match(step, path, predicate);
        sample.check().expect.accepted = Vec::new();
        sample
    }

    /// An MCP request without a token, refused as it should be, and a document fetched after it.
    pub(super) fn challenge_then_document(path: &str, predicate: impl Into<Value>) -> Self {
        let own = [(
            "document",
            json!({"fetch": {"url": "{{ probe.bearer.resource_metadata }}"}}),
        )];
        Self::of(&[("probe", json!({"call": {}}))], &own)
            .run("probe", refused("401"))
            .and_match("document", path, predicate)
    }

    fn honest(own: &[(&str, Value)]) -> Self {
        let client = json!({"client": "public", "query": {}});
        let form = json!({"client": "public", "form": {}});
        let flow = [
            ("authorize", json!({ "authorize": client })),
            ("token", json!({ "token": form })),
        ];
        Self::of(&flow, own)
    }

    fn of(flow: &[(&str, Value)], own: &[(&str, Value)]) -> Self {
        let all: Vec<_> = flow.iter().chain(own).cloned().collect();
        let planned = planned("run", &all);
        let record = record(&planned);
        let count = record.steps.len();
        let own: Map<String, Value> = own
            .iter()
            .map(|(name, action)| ((*name).to_owned(), action.clone()))
            .collect();
        let plan = Plan {
            mcp_version: McpVersion::V20251125,
            runs: IndexMap::from([("run".to_owned(), planned)]),
            cases: vec![case(&own)],
        };
        Self(Parts {
            plan,
            recording: recording(record, count),
        })
    }

    /// Adds the control: the same flow without deviation and repetition, all accepted.
    fn with_control(mut self) -> Self {
        let Parts { plan, recording } = &mut self.0;
        let mut planned = plan.runs["run"].clone();
        planned.steps.retain(|step| match &step.action {
            PlannedAction::One(action) => action.word() != "repeat",
            PlannedAction::Flow(_) => true,
        });
        recording
            .runs
            .insert("control".to_owned(), record(&planned));
        plan.runs.insert("control".to_owned(), planned);
        self.disposition(Disposition::Run {
            run: "run".to_owned(),
            control: Some("control".to_owned()),
            rounds: Vec::new(),
        })
    }

    pub(super) fn judge(self) -> CaseResult {
        judge_case(&self.0.plan, &self.0.plan.cases[0], &self.0.recording)
    }

    pub(super) fn parts(self) -> Parts {
        self.0
    }

    fn case(&mut self) -> &mut PlannedCase {
        &mut self.0.plan.cases[0]
    }

    fn check(&mut self) -> &mut Check {
        Arc::make_mut(&mut self.case().check)
    }

    fn mutate(&mut self, step: &str) {
        let steps = &mut self.0.plan.runs["run"].steps;
        for planned in steps.iter_mut().filter(|planned| planned.name == step) {
            planned.mutation = Some(Box::new(Mutation {
                remove: vec!["code_verifier".to_owned()],
                ..Mutation::default()
            }));
        }
        set(&mut self.0.recording.runs["run"], step, |record| {
            "remove code_verifier".clone_into(&mut record.mutation);
        });
    }

    pub(super) fn refused_at(mut self, steps: &[&str]) -> Self {
        self.check().expect.refused_at = steps.iter().map(|step| (*step).to_owned()).collect();
        self
    }

    pub(super) fn may_refuse_at(mut self, steps: &[&str]) -> Self {
        self.check().expect.may_refuse_at = steps.iter().map(|&s| s.to_owned()).collect();
        self
    }

    pub(super) fn and_match(mut self, step: &str, path: &str, wanted: impl Into<Value>) -> Self {
        condition(&mut self.check().matches, step, path, wanted.into());
        self
    }

    pub(super) fn given(mut self, step: &str, path: &str, wanted: impl Into<Value>) -> Self {
        condition(&mut self.check().given, step, path, wanted.into());
        self
    }

    /// The outcome of a step of the run.
    pub(super) fn run(mut self, step: &str, outcome: Outcome) -> Self {
        set(&mut self.0.recording.runs["run"], step, |record| {
            record.outcome = outcome
        });
        self
    }

    /// The result of a step of the run.
    pub(super) fn result(mut self, step: &str, result: Value) -> Self {
        set(&mut self.0.recording.runs["run"], step, |record| {
            record.result = result.into()
        });
        self
    }

    pub(super) fn run_stops_before(mut self, step: &str) -> Self {
        stop(&mut self.0.recording.runs["run"], step);
        self
    }

    /// The run stops there, since this was not brought.
    pub(super) fn run_lacks(mut self, step: &str, lacks: &str) -> Self {
        let run = &mut self.0.recording.runs["run"];
        stop(run, step);
        if let Some(stopped) = &mut run.stopped {
            stopped.lacks = Some(lacks.to_owned());
        }
        self
    }

    /// The exchange at this position was not sent, for a cap of the target file.
    pub(super) fn capped(mut self, index: usize, message: &str) -> Self {
        self.0.recording.exchanges[index].answer = Answer::Failed {
            kind: FailureKind::CapReached,
            message: message.to_owned(),
        };
        self
    }

    /// The outcome of a step of the control's first execution.
    pub(super) fn control(mut self, step: &str, outcome: Outcome) -> Self {
        set(&mut self.0.recording.runs["control"], step, |record| {
            record.outcome = outcome
        });
        self
    }

    pub(super) fn control_result(mut self, step: &str, result: Value) -> Self {
        set(&mut self.0.recording.runs["control"], step, |record| {
            record.result = result.into()
        });
        self
    }

    pub(super) fn control_mutated(mut self, step: &str) -> Self {
        set(&mut self.0.recording.runs["control"], step, |record| {
            "remove code_verifier".clone_into(&mut record.mutation);
        });
        self
    }

    pub(super) fn control_stops_before(mut self, step: &str) -> Self {
        stop(&mut self.0.recording.runs["control"], step);
        self
    }

    /// The control once more at the end, with this outcome of one step.
    pub(super) fn last(mut self, step: &str, outcome: Outcome) -> Self {
        let mut again = self.0.recording.runs["control"].clone();
        set(&mut again, step, |record| record.outcome = outcome);
        self.0.recording.last.insert("control".to_owned(), again);
        self
    }

    /// The plan names no control.
    pub(super) fn without_control(mut self) -> Self {
        self.0.plan.runs.shift_remove("control");
        self.disposition(Disposition::Run {
            run: "run".to_owned(),
            control: None,
            rounds: Vec::new(),
        })
    }

    /// The plan names a control that was not run.
    pub(super) fn without_control_record(mut self) -> Self {
        self.0.recording.runs.shift_remove("control");
        self
    }

    pub(super) fn without_run_record(mut self) -> Self {
        self.0.recording.runs.shift_remove("run");
        self
    }

    pub(super) fn without_mutation_made(mut self) -> Self {
        set(&mut self.0.recording.runs["run"], "token", |record| {
            record.mutation.clear()
        });
        self
    }

    pub(super) fn disposition(mut self, disposition: Disposition) -> Self {
        self.case().disposition = disposition;
        self
    }

    pub(super) fn fault(mut self, run: &str) -> Self {
        self.0.recording.runs[run].fault = Some("a bug".to_owned());
        self
    }

    pub(super) fn interrupted(mut self, reason: &str) -> Self {
        self.0.recording.runs.shift_remove("run");
        self.0.recording.interrupted = Some(reason.to_owned());
        self
    }

    /// The exchange at this position was answered with this status; those before it that are new
    /// got no answer.
    pub(super) fn answered(mut self, index: usize, status: u16) -> Self {
        let all = &mut self.0.recording.exchanges;
        while all.len() <= index {
            all.push(exchange(all.len()));
        }
        all[index].answer = Answer::Response {
            status,
            headers: Vec::new(),
            body: String::new(),
            truncated: false,
        };
        self
    }

    pub(super) fn derived(mut self) -> Self {
        for cited in Arc::make_mut(&mut self.case().requirements) {
            cited.requirement.derived = true;
        }
        self
    }

    pub(super) fn uncounted(mut self) -> Self {
        for cited in Arc::make_mut(&mut self.case().requirements) {
            cited.uncounted = true;
        }
        self
    }

    pub(super) fn level(mut self, level: Option<Level>, verified: bool) -> Self {
        let case = self.case();
        case.level = level;
        for cited in Arc::make_mut(&mut case.requirements) {
            cited.requirement.level = level.unwrap_or(Level::May);
            cited.requirement.verified = verified;
        }
        self
    }
}

fn planned(id: &str, steps: &[(&str, Value)]) -> PlannedRun {
    let step = |(name, action): &(&str, Value)| PlannedStep {
        name: (*name).to_owned(),
        action: PlannedAction::One(Arc::new(
            serde_json::from_value(action.clone()).expect("an action"),
        )),
        mutation: None,
        shared: None,
        is_probe: false,
    };
    PlannedRun {
        id: id.to_owned(),
        title: id.to_owned(),
        steps: steps.iter().map(step).collect(),
        clients: Vec::new(),
        is_control: false,
        part_of: None,
        batch: None,
        notes_own_names: true,
    }
}

fn record(planned: &PlannedRun) -> RunRecord {
    let steps = planned.steps.iter().enumerate().map(|(index, planned)| {
        let PlannedAction::One(action) = &planned.action else {
            panic!("samples have no flows");
        };
        StepRecord {
            exchanges: vec![index],
            ..step(&planned.name, action.word(), accepted())
        }
    });
    RunRecord {
        id: planned.id.clone(),
        title: planned.title.clone(),
        steps: steps.collect(),
        variables: json!({}).into(),
        stopped: None,
        fault: None,
    }
}

fn exchange(index: usize) -> Exchange {
    Exchange {
        index,
        purpose: String::new(),
        request: RecordedRequest {
            method: "POST".to_owned(),
            url: "http://127.0.0.1/".to_owned(),
            headers: Vec::new(),
            body: None,
        },
        answer: Answer::Failed {
            kind: FailureKind::Timeout,
            message: String::new(),
        },
        started_ms: 100 + 10 * index as u64,
        took_ms: 10.0,
    }
}

fn recording(run: RunRecord, exchanges: usize) -> Recording {
    Recording {
        format: RECORDING_FORMAT,
        target: TargetFacts::default(),
        mcp_version: McpVersion::V20251125,
        started: String::new(),
        took_ms: 0,
        counts: Counts::default(),
        doctor: Vec::new(),
        variables: json!({}),
        runs: IndexMap::from([("run".to_owned(), run)]),
        last: IndexMap::new(),
        order: Vec::new(),
        exchanges: (0..exchanges).map(exchange).collect(),
        interrupted: None,
    }
}

fn case(own: &Map<String, Value>) -> PlannedCase {
    let check = json!({
        "id": "sample", "title": "A sample", "why": "", "mend": "", "requirements": ["R"],
        "flow": "code_grant", "steps": own
    });
    PlannedCase {
        id: "sample/sample".to_owned(),
        area: "sample".to_owned(),
        threat: None,
        endpoint: Endpoint::Token,
        check: Arc::new(serde_json::from_value(check).expect("a check")),
        row: Map::new(),
        requirements: Arc::new(vec![Cited {
            id: "R".to_owned(),
            document: "RFC 0".to_owned(),
            url: String::new(),
            requirement: Requirement {
                section: "1".to_owned(),
                level: Level::Must,
                role: Role::AuthorizationServer,
                mcp_versions: Vec::new(),
                summary: String::new(),
                severity: Severity::High,
                observable: Observable::Yes,
                derived: false,
                verified: true,
                unchecked: String::new(),
                notes: String::new(),
            },
            uncounted: false,
        }]),
        level: Some(Level::Must),
        disposition: Disposition::Run {
            run: "run".to_owned(),
            control: None,
            rounds: Vec::new(),
        },
        lacks: Vec::new(),
    }
}

fn condition(matches: &mut Matches, step: &str, path: &str, wanted: Value) {
    let predicate = serde_json::from_value(wanted).expect("a predicate");
    matches
        .entry(step.to_owned())
        .or_default()
        .insert(path.to_owned(), predicate);
}

fn set(run: &mut RunRecord, step: &str, change: impl FnOnce(&mut StepRecord)) {
    let step = run.steps.iter_mut().find(|record| record.name == step);
    change(step.expect("the run has the step"));
}

fn stop(run: &mut RunRecord, step: &str) {
    let at = run.steps.iter().position(|record| record.name == step);
    run.steps.truncate(at.expect("the run has the step"));
    run.stopped = Some(Stopped {
        step: step.to_owned(),
        reason: "an earlier step gave nothing".to_owned(),
        lacks: None,
        exchanges: Vec::new(),
    });
}
