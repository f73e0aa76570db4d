//! Checks: claims about a server that can be true or false.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::{Capability, Mutation, Params, Predicate, Steps};

/// A file of `suites/<area>/`: checks of one topic.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// What the topic is, for `authspec list`.
    pub title: String,
    /// The threat (`suites/threats.yaml`) that the checks stand against, unless one names another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat: Option<String>,
    /// The checks.
    pub checks: Vec<Check>,
}

/// Conditions by step and by path in the step's result (`json/expires_in`).
pub type Matches = IndexMap<String, IndexMap<String, Predicate>>;

/// One claim.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Unique in the file; part of the case's path.
    pub id: String,
    /// The claim, in one line.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// How to mend a server that fails.
    pub mend: String,
    /// The threat that it stands against, where it is not that of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat: Option<String>,
    /// The requirements tested.
    pub requirements: Vec<String>,
    /// What the target must offer, or the operator must give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Capability>,
    /// Expressions over `metadata`, `resource`, `resource_metadata` and `target`; where one is false the
    /// check is not applicable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// Where it applies, in words after "it applies only"; for `when` and `given` that do not say it
    /// themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<String>,
    /// The honest flow.
    pub flow: String,
    /// The flow's parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub with: Params,
    /// Further steps after those of the flow.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub steps: Steps,
    /// One case for each row. `case` names it; `requirements` and `needs` of a row are added to
    /// the check's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Params>,
    /// One case for each combination of the target's own lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// The deviation, by step.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub mutate: IndexMap<String, Mutation>,
    /// How often a race is run, each time afresh: it holds where it holds in every round.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub rounds: u32,
    /// Where this does not hold, the check is not applicable.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub given: Matches,
    /// The outcome.
    #[serde(default)]
    pub expect: Expect,
    /// Conditions on results.
    #[serde(default, rename = "match", skip_serializing_if = "IndexMap::is_empty")]
    pub matches: Matches,
}

impl Check {
    /// A check that demands nothing of `flow`: a way to lay out the flow alone.
    pub fn of_flow(flow: &str) -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            why: String::new(),
            mend: String::new(),
            threat: None,
            requirements: Vec::new(),
            needs: Vec::new(),
            when: Vec::new(),
            applies: None,
            flow: flow.to_owned(),
            with: Map::new(),
            steps: Steps::new(),
            cases: Vec::new(),
            each: None,
            mutate: IndexMap::new(),
            rounds: once(),
            given: Matches::new(),
            expect: Expect::default(),
            matches: Matches::new(),
        }
    }
}

const fn once() -> u32 {
    1
}

// The signature is serde's.
#[expect(clippy::trivially_copy_pass_by_ref)]
const fn is_once(rounds: &u32) -> bool {
    *rounds == 1
}

/// Rows made from lists of the target file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Row member to the expression that gives its list (`target.operations`).
    pub of: IndexMap<String, String>,
    /// Keep only rows for which this expression is true.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The row's name, a template.
    pub case: String,
    /// What to add to the target file where its lists make no row, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<String>,
}

impl Each {
    /// What the lists that the rows are made of take.
    pub fn lists(&self) -> impl Iterator<Item = Capability> {
        let of = |list: &str| self.of.values().any(|of| of.starts_with(list));
        [
            ("target.operations", Capability::Operations),
            ("target.handles", Capability::Handles),
            ("target.elicitations", Capability::Elicitations),
        ]
        .into_iter()
        .filter_map(move |(list, capability)| of(list).then_some(capability))
    }
}

/// The outcome that a check demands.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Each of these steps has its effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// One of these steps refuses, and none after it succeeds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_at: Vec<String>,
    /// Each of these deviating steps may refuse, and then the check holds; where none does,
    /// everything else is judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_refuse_at: Vec<String>,
    /// Of the `repeat` steps' attempts, together with the step they repeat, at most one has its
    /// effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_most_one: Vec<String>,
}

/// A file of `suites/flows/`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowFile {
    /// The flows, by id.
    pub flows: IndexMap<String, Flow>,
}

/// A named sequence of honest steps.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What it reaches.
    pub title: String,
    /// Its parameters with their defaults; steps read them as `with.NAME`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub with: Params,
    /// The flow whose steps (and parameters) come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What the target must offer, or the operator must give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Capability>,
    /// The steps.
    pub steps: Steps,
}

/// `suites/clients.yaml`: the identities that authspec registers or is given.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientFile {
    /// The profiles, by name.
    pub clients: IndexMap<String, ClientProfile>,
}

/// A kind of client.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientProfile {
    /// What it stands for.
    pub title: String,
    /// What the target must offer beyond dynamic registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Capability>,
    /// Never registered: only the target file can give it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_given: bool,
    /// Registration metadata (RFC 7591 section 2).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub register: Params,
}

impl ClientProfile {
    /// Whether such a client has no credentials (OAuth 2.1 section 2.1).
    pub fn is_public(&self) -> bool {
        let method = self.register.get("token_endpoint_auth_method");
        method.is_some_and(|method| method == "none")
    }
}
