//! Threats: what an attacker gains where a claim does not hold. Reports can be read by them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `suites/threats.yaml`: the threats that checks name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreatFile {
    /// The threats, by id.
    pub threats: IndexMap<String, ThreatEntry>,
}

/// What is said of a threat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreatEntry {
    /// What happens, in a few words.
    pub title: String,
    /// Where it is described: `RFC 9700 4.5`, `CWE-294`.
    pub sources: Vec<String>,
}

/// A threat as a case carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Threat {
    /// The registry's id, e.g. `code-injection`.
    pub id: String,
    /// What happens, in a few words.
    pub title: String,
    /// Where it is described: `RFC 9700 4.5`, `CWE-294`.
    pub sources: Vec<String>,
}

impl Threat {
    /// The entry called `id`.
    pub fn new(id: &str, entry: &ThreatEntry) -> Self {
        Self {
            id: id.to_owned(),
            title: entry.title.clone(),
            sources: entry.sources.clone(),
        }
    }
}
