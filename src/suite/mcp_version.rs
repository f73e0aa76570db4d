//! The MCP versions that a server can be judged by.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A published version of the Model Context Protocol.
///
/// The order is the order of publication, so `>=` asks "this version or a newer one".
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum McpVersion {
    /// 2025-03-26: the MCP server is its own authorization server.
    #[serde(rename = "2025-03-26")]
    V20250326,
    /// 2025-06-18: protected resource metadata (RFC 9728) and resource indicators (RFC 8707).
    #[serde(rename = "2025-06-18")]
    V20250618,
    /// 2025-11-25: OpenID discovery, client ID metadata documents, step-up.
    #[serde(rename = "2025-11-25")]
    V20251125,
    /// 2026-07-28: stateless transport, `iss` in authorization responses (RFC 9207).
    #[serde(rename = "2026-07-28")]
    V20260728,
}

impl McpVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 4] = [
        Self::V20250326,
        Self::V20250618,
        Self::V20251125,
        Self::V20260728,
    ];

    /// The version's date, as MCP writes it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V20250326 => "2025-03-26",
            Self::V20250618 => "2025-06-18",
            Self::V20251125 => "2025-11-25",
            Self::V20260728 => "2026-07-28",
        }
    }

    /// The version written as `text`, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
    }

    /// Whether requests are self-contained (no `initialize`, no session): 2026-07-28.
    pub fn is_stateless(self) -> bool {
        self >= Self::V20260728
    }
}

impl fmt::Display for McpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
