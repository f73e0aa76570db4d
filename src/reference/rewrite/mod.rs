//! A declarative change of one answer of the reference servers.
//!
//! What a policy cannot say (a header dropped, a member misspelt, a status changed) is said here as data:
//! which answer, and what to change in it. Requests are not touched. A body that is changed has to
//! fit a bound, else 507 is answered; a stream that stays open keeps its body.

mod fault;
mod layer;
mod pointer;

pub use fault::{Fault, Part};
pub use layer::{RewriteError, apply};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One change of one answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Which answers.
    #[serde(default)]
    pub when: When,
    /// What to change, in order.
    #[serde(default)]
    pub change: Vec<Change>,
}

/// Which answers are meant; what is left out matches everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The request's method.
    pub method: Option<String>,
    /// The request's path as a glob; `*` stays within a segment, `**` does not.
    pub path: Option<String>,
    /// The answer's status.
    pub status: Option<u16>,
}

/// One change. Texts may contain `{issuer}`, `{origin}` (of the MCP server) and `{resource}` (the first
/// resource identifier).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Another status.
    SetStatus(u16),
    /// A header with this value alone.
    SetHeader(Header),
    /// No such header.
    RemoveHeader(String),
    /// One more header of that name.
    AddHeader(Header),
    /// A member of the JSON body, by pointer (RFC 6901); missing parents are made.
    SetMember(Member),
    /// No such member.
    RemoveMember(String),
    /// Another body.
    SetBody(String),
    /// Each occurrence of a text in body and header values.
    ReplaceText(Replacement),
}

/// A header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A member of a JSON body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// JSON Pointer.
    pub pointer: String,
    /// The value.
    pub value: Value,
}

/// A text for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// What stands there.
    pub from: String,
    /// What shall stand there.
    pub to: String,
}

/// What the placeholders stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The issuer identifier.
    pub issuer: String,
    /// Scheme, host and port of the MCP server.
    pub origin: String,
    /// The first resource identifier.
    pub resource: String,
}
