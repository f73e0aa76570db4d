//! What may be called at the resource server: operations, and what belongs to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::suite::Params;

/// An operation of the resource server that the harness may call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What to send: one of `tool`, `resource`, `method` to an MCP server, `http` to a plain HTTP API.
    pub call: OperationCall,
}

/// A state handle that belongs to the user for whom it was minted (MCP security best practices).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handle {
    /// The operation whose result holds a new one.
    pub from: String,
    /// Where in its result (`structuredContent/run`).
    pub at: String,
    /// The argument of `call` that takes it.
    pub argument: String,
    /// What to send: `tool`, without that argument.
    pub call: OperationCall,
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// An operation that asks the user back (MCP elicitation).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Elicitation {
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What to send: one of `tool`, `resource`.
    pub call: OperationCall,
    /// What the user fills in.
    #[serde(default)]
    pub answer: Params,
}

/// The request of an operation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationCall {
    /// `tools/call`.
    Tool(ToolCall),
    /// `resources/read` of this URI.
    Resource(String),
    /// Any method without parameters (`tools/list`).
    Method(String),
    /// A request of an HTTP API that does not speak MCP.
    Http(HttpCall),
}

impl OperationCall {
    /// The word for it in a target file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Resource(_) => "resource",
            Self::Method(_) => "method",
            Self::Http(_) => "http",
        }
    }
}

/// A tool and its arguments.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Harmless arguments.
    #[serde(default)]
    pub arguments: Params,
}

/// A request of a plain HTTP API.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCall {
    /// GET unless given.
    #[serde(default)]
    pub method: HttpMethod,
    /// The URL, without the token.
    pub url: String,
    /// A JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Params>,
    /// A text of the answer that stands there only when the operation was carried out, for whichever
    /// user: without it a status alone would have to tell.
    pub shows: String,
}

/// The method of a plain request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Reads.
    #[default]
    Get,
    /// Does anything.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl HttpMethod {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
