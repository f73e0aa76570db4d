//! The defect file: one way in which the reference servers can be wrong, as data.
//!
//! The servers never see one. Whoever starts them turns it into a policy and rewrites; the cases
//! that it must make fail are the proof that those cases can fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Rewrite;

/// A file of `fixtures/defects/<area>/`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// What the servers do wrong, in one line.
    pub title: String,
    /// What an attacker or an honest client gets from it.
    pub why: String,
    /// A public bug of this kind: its identifier or URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Name of the file in `fixtures/policies/` that is the base; the default policy unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// JSON merge patch (RFC 7396) over the base policy.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub policy: Map<String, Value>,
    /// Changes of answers, for what no policy says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,
    /// So many cases stay open under this defect that it is never tested together with others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// The cases that must come to fail or warning; no other may. Ids or globs, in which brackets
    /// stand for themselves.
    pub kills: Vec<String>,
}
