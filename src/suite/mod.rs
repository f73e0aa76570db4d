//! LOAD: requirements, flows, client profiles and checks from YAML.

mod capability;
mod check;
mod cited;
mod endpoint;
mod files;
mod lint;
mod load;
mod mcp_version;
mod mutation;
mod names;
mod predicate;
mod problem;
mod requirement;
mod source;
mod step;
mod template;
mod threat;

pub use capability::Capability;
pub use check::{
    Check, CheckFile, ClientFile, ClientProfile, Each, Expect, Flow, FlowFile, Matches,
};
pub use cited::Cited;
pub use endpoint::Endpoint;
pub use files::SuiteFile;
pub use load::{FrozenSet, LoadedCheck, RequirementSets, Suites};
pub use mcp_version::McpVersion;
pub use mutation::{Authentication, Forge, Mutation, Place, Serve, Signature, Stage};
pub use names::{near, suggest};
pub use predicate::{Conditions, Kind, Predicate};
pub use problem::{Gravity, Problem, Problems};
pub use requirement::{Level, Observable, Registry, Requirement, RequirementFile, Role, Severity};
pub use source::{Source, Spot};
pub use step::{
    Action, Audit, Authorize, Call, ClientRequest, Discover, Fetch, Host, MAIN_BROWSER,
    OBTAIN_FLOW, OWN_FLOWS, Obtain, Params, Register, Repeat, Sample, Sampled, Steps, SubFlow,
    Visits, Wait,
};
pub use template::{
    Templates, context, context_over, covers, document, origin, random_verifier, s256, well_known,
    well_known_appended, whole_expression,
};
pub use threat::{Threat, ThreatEntry, ThreatFile};
