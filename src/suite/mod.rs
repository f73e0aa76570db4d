//! LOAD: requirements, flows, client profiles and checks from YAML.

mod capability;
mod check;
mod mcp_version;
mod mutation;
mod predicate;
mod requirement;
mod step;
mod template;

pub use capability::Capability;
pub use check::{
    Check, CheckFile, ClientFile, ClientProfile, Each, Expect, Flow, FlowFile, Matches,
};
pub use mcp_version::McpVersion;
pub use mutation::{Authentication, Forge, Mutation, Place, Signature};
pub use predicate::{Conditions, Kind, Predicate};
pub use requirement::{
    Cited, Level, Observable, Registry, Requirement, RequirementFile, Role, Severity,
};
pub use step::{
    Action, Audit, Authorize, Call, ClientRequest, Fetch, Host, Params, Register, Repeat, Steps,
    SubFlow, Wait,
};
pub use template::{Templates, covers, random_verifier, s256, whole_expression};
