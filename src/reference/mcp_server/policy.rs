//! The security decisions of the reference MCP server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The security decisions of the reference MCP server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct McpServerPolicy {}
