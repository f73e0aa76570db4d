//! Requirements: one normative statement each, and the registry that every check cites from.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cited, McpVersion};

/// How strongly a document asks (RFC 2119).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Level {
    /// Optional: a deviation is a remark.
    #[serde(rename = "MAY")]
    May,
    /// Recommended against.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// Recommended: a deviation is a warning.
    #[serde(rename = "SHOULD")]
    Should,
    /// Forbidden.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// Required: a deviation is a failure.
    #[serde(rename = "MUST")]
    Must,
}

impl Level {
    /// `MUST` and `MUST NOT`.
    pub const fn is_must(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }

    /// `SHOULD` and `SHOULD NOT`.
    pub const fn is_should(self) -> bool {
        matches!(self, Self::Should | Self::ShouldNot)
    }

    /// The word as documents print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::May => "MAY",
            Self::ShouldNot => "SHOULD NOT",
            Self::Should => "SHOULD",
            Self::MustNot => "MUST NOT",
            Self::Must => "MUST",
        }
    }
}

/// Whom a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The authorization server (AS).
    AuthorizationServer,
    /// The MCP server, as OAuth resource server (RS).
    ResourceServer,
    /// The MCP client; authspec plays it, so these bind us.
    Client,
}

/// Whether a deviation can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Observable {
    /// A black-box check decides it.
    Yes,
    /// A black-box check sees part of it.
    Partly,
    /// Only the server's operator can know.
    No,
}

/// What harm a deviation does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Inconvenience, or hardening left undone.
    Low,
    /// Interoperability lost, or a help for an attack.
    Medium,
    /// A serious weakness.
    High,
    /// Tokens or data fall to an attacker.
    Critical,
}

/// One normative statement of one document.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Where in the document: a section number, or `page#heading` for MCP.
    pub section: String,
    /// How strongly the document asks.
    pub level: Level,
    /// Whom it binds.
    pub role: Role,
    /// The MCP versions under which it binds. Empty: no MCP version pulls it in, and it binds
    /// only a server that offers the feature.
    #[serde(default)]
    pub mcp_versions: Vec<McpVersion>,
    /// Our own paraphrase.
    pub summary: String,
    /// What harm a deviation does.
    pub severity: Severity,
    /// Whether it can be seen from outside.
    pub observable: Observable,
    /// No sentence says exactly this; it follows from the section. Reports say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub derived: bool,
    /// The text has been read. An unread statement never carries a fail.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub verified: bool,
    /// Why no check tests it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unchecked: String,
    /// Legitimate behaviour that a naive check would flag, and other remarks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

const fn yes() -> bool {
    true
}

impl Requirement {
    /// Whether the statement binds a server that is judged by `version`.
    pub fn binds(&self, version: McpVersion) -> bool {
        self.mcp_versions.is_empty() || self.mcp_versions.contains(&version)
    }

    /// Why a deviation is never a fail, if it is none: nobody has read the text, or no sentence
    /// says just this.
    pub const fn at_most_warns(&self) -> Option<&'static str> {
        if !self.verified {
            Some("the text has not been read")
        } else if self.derived {
            Some("derived rule: no sentence says exactly this, it follows from the section")
        } else {
            None
        }
    }
}

/// A file of `suites/requirements/`: the statements of one document.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementFile {
    /// Title as cited, e.g. `RFC 9728` or `MCP 2026-07-28`.
    pub document: String,
    /// Where a person reads it.
    pub url: String,
    /// The statements, by id.
    pub requirements: IndexMap<String, Requirement>,
}

/// Every requirement, by id. The only source of [`Cited`], so an unknown id cannot be cited.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    by_id: IndexMap<String, Cited>,
}

impl Registry {
    /// Adds the statements of one document; returns the ids that were there already.
    pub fn add(&mut self, file: RequirementFile) -> Vec<String> {
        let mut twice = Vec::new();
        for (id, requirement) in file.requirements {
            let cited = Cited {
                id: id.clone(),
                document: file.document.clone(),
                url: file.url.clone(),
                requirement,
                uncounted: false,
            };
            if self.by_id.contains_key(&id) {
                twice.push(id);
            } else {
                self.by_id.insert(id, cited);
            }
        }
        twice
    }

    /// The requirement called `id`.
    pub fn get(&self, id: &str) -> Option<&Cited> {
        self.by_id.get(id)
    }

    /// Every requirement, in file order.
    pub fn iter(&self) -> impl Iterator<Item = &Cited> {
        self.by_id.values()
    }

    /// Every id, in file order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }
}
