//! LOAD: requirements, flows, client profiles and checks from YAML.

mod mcp_version;
mod requirement;

pub use mcp_version::McpVersion;
pub use requirement::{
    Cited, Level, Observable, Registry, Requirement, RequirementFile, Role, Severity,
};
