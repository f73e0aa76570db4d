//! The product of a run: what was sent, what came back, and what each step came to.
//!
//! Everything in here is redacted already; the types have no room for a live secret. The judge
//! works on this alone, so a saved recording can be judged again.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Compact;
use crate::plan::PlannedRun;
use crate::suite::McpVersion;

/// One HTTP request with its answer, redacted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// Position in [`Recording::exchanges`].
    pub index: usize,
    /// What the request was for, e.g. `token` or `login page`.
    pub purpose: String,
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back, or why nothing did.
    pub answer: Answer,
    /// Milliseconds since the start of the recording.
    pub started_ms: u64,
    /// Milliseconds from sending to the last byte, with three decimals.
    pub took_ms: f64,
}

/// The request of an [`Exchange`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecordedRequest {
    /// HTTP method.
    pub method: String,
    /// URL as sent, secrets replaced by fingerprints.
    pub url: String,
    /// Headers in the order sent.
    pub headers: Vec<(String, String)>,
    /// Body, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What became of a request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An HTTP response.
    Response {
        /// Status code.
        status: u16,
        /// Headers in the order received.
        headers: Vec<(String, String)>,
        /// Body as text; bytes that are not UTF-8 are replaced.
        body: String,
        /// The body was longer than the limit and was cut.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// No response: refused connection, TLS failure, time-out, broken framing.
    Failed {
        /// Which kind of failure.
        kind: FailureKind,
        /// What the transport said, without URLs.
        message: String,
    },
}

/// Why no response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Name resolution or connection failed.
    Unreachable,
    /// The TLS handshake or the certificate.
    Tls,
    /// No answer, or not the whole of it, in time.
    Timeout,
    /// Not HTTP, or headers beyond the limit.
    Malformed,
    /// The harness did not send it: the origin is not one that the target file names.
    NotAllowed,
    /// A cap of the target file (registrations, logins, token requests) was reached.
    CapReached,
}

/// What a step came to, by its effect rather than by a status alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The effect happened: a code, a token, a client, a result came out.
    Accepted,
    /// It did not, and the server said so.
    Refused {
        /// What it said, in a few words.
        reason: String,
    },
    /// It did not, and of two equal requests each met the same failure of the server (500, 501).
    Broke {
        /// In a few words.
        reason: String,
    },
    /// The answer does not tell (429, 5xx, captcha, no answer, a login that never ends).
    Undecided {
        /// Why not.
        reason: String,
    },
}

impl Outcome {
    /// Whether the effect happened.
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

/// One step of a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// The step's name in its flow.
    pub name: String,
    /// The action, e.g. `token`.
    pub action: String,
    /// The mutation that was applied, in one line; empty for an honest step.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mutation: String,
    /// What the step came to.
    pub outcome: Outcome,
    /// The step's result document, redacted: `status`, `headers`, `json`, `callback`, ...
    /// (`suites/README.md` has the members of each action). That of an inner flow is in the records
    /// of its steps; [`RunRecord::result`] puts it together.
    pub result: Compact,
    /// Positions of its exchanges.
    pub exchanges: Vec<usize>,
}

/// [`StepRecord::action`] of an inner flow.
pub(super) const FLOW: &str = "flow";

impl StepRecord {
    /// Whether it is the record of an inner flow.
    pub fn is_flow(&self) -> bool {
        self.action == FLOW
    }

    /// Whether it sent an earlier step's request again.
    pub fn is_repeat(&self) -> bool {
        self.action == "repeat"
    }
}

/// One execution of a flow, honest or mutated.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Digest of the flow, its parameters and its mutation: equal work has equal ids.
    pub id: String,
    /// Readable name: flow and mutation.
    pub title: String,
    /// The steps that were executed, in order.
    pub steps: Vec<StepRecord>,
    /// Template names of this run, redacted (`run`, `case`, `clients`, and `client` of the last
    /// step). Step results are in [`Self::steps`].
    pub variables: Compact,
    /// The step that could not be sent since an earlier one brought nothing, with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The harness failed (a bug or a limit of ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Why a run ended before its last step.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Stopped {
    /// The step that was not sent.
    pub step: String,
    /// Why.
    pub reason: String,
    /// What it needed of an earlier step that did not bring it, as a template writes it:
    /// `token.json`, or the step alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// Positions of the exchanges that show it, where they belong to no step of this run: a client
    /// is registered once for all runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<usize>,
}

impl RunRecord {
    /// The record of a run that has not begun.
    pub fn of(planned: &PlannedRun) -> Self {
        Self {
            id: planned.id.clone(),
            title: planned.title.clone(),
            steps: Vec::new(),
            variables: Compact::default(),
            stopped: None,
            fault: None,
        }
    }

    /// The record of the step called `name`.
    pub fn step(&self, name: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The record of a run that this one begins with.
    pub fn beginning(&self, planned: &PlannedRun) -> Self {
        let names = planned.step_names();
        let is_in = |name: &String| names.contains(name);
        Self {
            id: planned.id.clone(),
            title: planned.title.clone(),
            steps: self
                .steps
                .iter()
                .filter(|step| is_in(&step.name))
                .cloned()
                .collect(),
            variables: self.variables.clone(),
            stopped: self.stopped.clone().filter(|stopped| is_in(&stopped.step)),
            fault: self.fault.clone(),
        }
    }

    /// A step's result document; that of an inner flow has the results of its own steps by name.
    pub fn result(&self, step: &StepRecord) -> Value {
        if !step.is_flow() {
            return step.result.read();
        }
        let own = self.steps.iter().filter_map(|inner| {
            let name = inner.name.strip_prefix(&step.name)?.strip_prefix('/')?;
            // Flows inside it have records of their own.
            (!name.contains('/')).then(|| (name.to_owned(), self.result(inner)))
        });
        Value::Object(own.collect())
    }

    /// Whether the run stopped before the step called `name`.
    pub fn stops_at(&self, name: &str) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stopped| stopped.step == name)
    }

    /// The exchanges that show why the run went no further: those of the step that was not sent,
    /// else of the last one that was.
    pub fn stopped_by(&self) -> &[usize] {
        match (&self.stopped, self.steps.last()) {
            (Some(stopped), _) if !stopped.exchanges.is_empty() => &stopped.exchanges,
            (_, Some(step)) => &step.exchanges,
            (_, None) => &[],
        }
    }
}

/// One step of the doctor: the honest way in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoctorStep {
    /// `reachable`, `tls`, `clock`, `discovery`, `registration`, `login`, `token`, `call`.
    pub name: String,
    /// How it went.
    pub state: DoctorState,
    /// What was found, in one line.
    pub found: String,
    /// What to do about it; empty when all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
    /// Positions of its exchanges.
    #[serde(default)]
    pub exchanges: Vec<usize>,
}

/// How a doctor's step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoctorState {
    /// As it should be.
    Ok,
    /// Works, but look at it.
    Notice,
    /// Does not work; what hangs on it is inconclusive.
    Broken,
    /// Nothing to look at (no login given, no authorization server).
    Skipped,
}

/// What a run sent, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// HTTP requests of all kinds.
    pub requests: u64,
    /// Dynamic client registrations.
    pub registrations: u64,
    /// Logins (password submitted).
    pub logins: u64,
    /// Token endpoint requests.
    pub token_requests: u64,
}

/// Facts about the target that hold for a whole recording.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TargetFacts {
    /// The target file's name for it.
    pub name: String,
    /// URL of the MCP endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_server: Option<String>,
    /// Issuer identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Resource identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Capabilities: name to what is known of it.
    #[serde(default)]
    pub capabilities: IndexMap<String, Presence>,
}

/// What is known of a capability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The target has it.
    Present,
    /// The server does not offer it: what needs it is not applicable.
    Absent {
        /// How we know.
        reason: String,
    },
    /// The operator did not give it: what needs it is untested.
    NotGiven {
        /// What to add to the target file.
        add: String,
    },
    /// The honest way to it failed: what needs it is inconclusive.
    Broken {
        /// What failed.
        reason: String,
    },
}

/// Everything that a run of authspec against one target has recorded.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// Version of this format.
    pub format: u32,
    /// The target.
    pub target: TargetFacts,
    /// The version by which requests were shaped.
    pub mcp_version: McpVersion,
    /// Start, RFC 3339.
    pub started: String,
    /// Length of the run in milliseconds.
    pub took_ms: u64,
    /// What was sent.
    pub counts: Counts,
    /// The way in.
    pub doctor: Vec<DoctorStep>,
    /// Template names that hold for every run (`target`, `metadata`, `issuer`, ...), redacted.
    pub variables: Value,
    /// Every run, by id. Controls that ran a second time at the end stand under `last`.
    pub runs: IndexMap<String, RunRecord>,
    /// The controls' second execution, by the same id.
    pub last: IndexMap<String, RunRecord>,
    /// Run ids in the order in which they finished.
    pub order: Vec<String>,
    /// Every exchange.
    pub exchanges: Vec<Exchange>,
    /// The run was stopped early (Ctrl-C, time limit); what is missing was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
}

/// The current [`Recording::format`].
pub const RECORDING_FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_result_of_an_inner_flow_has_those_of_its_steps() {
        let step = |name: &str, action: &str, result: Value| StepRecord {
            name: name.to_owned(),
            action: action.to_owned(),
            mutation: String::new(),
            outcome: Outcome::Accepted,
            result: result.into(),
            exchanges: Vec::new(),
        };
        let run = RunRecord {
            id: String::new(),
            title: String::new(),
            steps: vec![
                step("grant/way/found", "discover", json!({"status": 200})),
                step("grant/way", FLOW, Value::Null),
                step("grant/token", "token", json!({"status": 201})),
                step("grant", FLOW, Value::Null),
                step("granted/token", "token", json!({"status": 400})),
            ],
            variables: Compact::default(),
            stopped: None,
            fault: None,
        };
        let result = |name: &str| {
            let step = run.step(name).expect("a step");
            run.result(step)
        };
        assert_eq!(result("grant/token"), json!({"status": 201}));
        assert_eq!(
            result("grant"),
            json!({"way": {"found": {"status": 200}}, "token": {"status": 201}})
        );
    }
}
