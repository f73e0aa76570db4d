//! What a plan consists of.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::suite::{Action, Check, Cited, Endpoint, Level, McpVersion, Mutation, Params, Threat};

/// Everything that will be sent, and every case with what decides it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The MCP version that is judged.
    pub mcp_version: McpVersion,
    /// The runs by id, controls first. Equal work is one run, however many cases it serves.
    pub runs: IndexMap<String, PlannedRun>,
    /// The cases in suite order, also those that will not run.
    pub cases: Vec<PlannedCase>,
}

/// One execution of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedRun {
    /// Digest of what is sent.
    #[serde(skip)]
    pub id: String,
    /// Readable name: the flow, then the mutation.
    #[serde(skip)]
    pub title: String,
    /// The steps in order.
    pub steps: Vec<PlannedStep>,
    /// Client profiles that must exist before the first step.
    #[serde(skip)]
    pub clients: Vec<String>,
    /// Some refusal rests on this run.
    #[serde(skip)]
    pub is_control: bool,
    /// The run that begins with the steps of this one and so stands for it, by its id.
    #[serde(skip)]
    pub part_of: Option<String>,
    /// The runs that try the same grant.
    #[serde(skip)]
    pub batch: Option<Batch>,
    /// Its fresh values and its clients are recorded: some condition reads `run`, `client` or
    /// `clients`.
    #[serde(skip)]
    pub notes_own_names: bool,
}

/// Runs that try the same grant, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What the grant is; equal for batches that get theirs in the same way.
    pub grant: String,
    /// The first of the runs, by its id.
    pub first: String,
}

/// One step, with the flow's parameters and the row's templates put in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedStep {
    /// The step's name; unique in its flow.
    pub name: String,
    /// What is done.
    pub action: PlannedAction,
    /// The deviation, if the case makes one here; few do.
    pub mutation: Option<Box<Mutation>>,
    /// Equal keys may share one execution of this inner flow.
    pub shared: Option<String>,
    /// It deviates, comes after a deviation, or is the check's own: where the server fails at it, it
    /// is sent once more. Says nothing of what is sent, so it makes no other run.
    #[serde(skip)]
    pub is_probe: bool,
}

impl PlannedStep {
    /// The action, unless it is a whole flow.
    pub fn one(&self) -> Option<&Action> {
        match &self.action {
            PlannedAction::One(action) => Some(action),
            PlannedAction::Flow(_) => None,
        }
    }
}

/// An action, or a whole flow under one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum PlannedAction {
    /// One request. Many runs make the same.
    One(#[serde(serialize_with = "action")] Arc<Action>),
    /// Steps of their own, with fresh `run` values.
    Flow(Vec<PlannedStep>),
}

fn action<S: Serializer>(action: &Arc<Action>, serializer: S) -> Result<S::Ok, S::Error> {
    action.serialize(serializer)
}

/// One case: a row of a check.
#[derive(Clone, Debug)]
pub struct PlannedCase {
    /// `authorization/pkce/verifier-wrong[truncated]`.
    pub id: String,
    /// `authorization/pkce`.
    pub area: String,
    /// The threat that it stands against.
    pub threat: Option<Threat>,
    /// The endpoint that it is about.
    pub endpoint: Endpoint,
    /// The check, with this case's row and the flow's parameters put into its conditions.
    pub check: Arc<Check>,
    /// The row.
    pub row: Params,
    /// The requirements, binding ones first.
    pub requirements: Arc<Vec<Cited>>,
    /// The strongest level that binds under the judged version.
    pub level: Option<Level>,
    /// What happens to it.
    pub disposition: Disposition,
    /// Everything that the operator did not give of what it needs; the disposition names the first.
    pub lacks: Vec<String>,
}

/// Whether a case runs, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It is decided by a run, and by a control if it has a mutation.
    Run {
        /// Id of the run to judge.
        run: String,
        /// Id of the control.
        control: Option<String>,
        /// Ids of further rounds of the same run.
        rounds: Vec<String>,
    },
    /// The server lacks an optional feature, or the version lacks the requirement.
    NotApplicable {
        /// Which.
        reason: String,
    },
    /// The operator did not give what it needs.
    Untested {
        /// What to add to the target file.
        add: String,
    },
    /// The honest way to what it needs failed.
    Inconclusive {
        /// What failed.
        reason: String,
    },
}

impl Disposition {
    /// The ids of the runs that decide the case: one, and its further rounds.
    pub fn runs(&self) -> impl Iterator<Item = &String> {
        let (run, rounds) = match self {
            Self::Run { run, rounds, .. } => (Some(run), rounds.as_slice()),
            _ => (None, &[] as &[String]),
        };
        run.into_iter().chain(rounds)
    }
}

impl PlannedRun {
    /// The names of all steps, those of inner flows as `outer/inner`.
    pub fn step_names(&self) -> Vec<String> {
        fn walk(steps: &[PlannedStep], prefix: &str, names: &mut Vec<String>) {
            for step in steps {
                let name = format!("{prefix}{}", step.name);
                if let PlannedAction::Flow(inner) = &step.action {
                    walk(inner, &format!("{name}/"), names);
                }
                names.push(name);
            }
        }
        let mut names = Vec::new();
        walk(&self.steps, "", &mut names);
        names
    }

    /// The step called `name` (`outer/inner` for one of an inner flow).
    pub fn step(&self, name: &str) -> Option<&PlannedStep> {
        let mut steps = &self.steps;
        let mut parts = name.split('/').peekable();
        loop {
            let part = parts.next()?;
            let step = steps.iter().find(|step| step.name == part)?;
            match (&step.action, parts.peek()) {
                (_, None) => return Some(step),
                (PlannedAction::Flow(inner), Some(_)) => steps = inner,
                (PlannedAction::One(_), Some(_)) => return None,
            }
        }
    }
}

/// What is known of a target before planning.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// What is known of each capability.
    pub capabilities: IndexMap<crate::suite::Capability, crate::run::Presence>,
    /// The global template names: `target`, `metadata`, `resource_metadata`, `discovery`,
    /// `harness`, `issuer`, `resource`.
    pub variables: Map<String, Value>,
    /// Client profiles that the target file gives.
    pub given_clients: Vec<String>,
    /// Those of them that authenticate by a key and have no secret.
    pub keyed_clients: Vec<String>,
    /// Who drives the user agent.
    pub driver: crate::target::Driver,
}

impl Knowledge {
    /// Whether the target has `capability`, or nothing is known to the contrary.
    pub fn has(&self, capability: crate::suite::Capability) -> bool {
        matches!(
            self.capabilities.get(&capability),
            None | Some(crate::run::Presence::Present)
        )
    }
}
