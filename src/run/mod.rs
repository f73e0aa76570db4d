//! RUN: executes planned runs against a target and records what came back. Knows nothing of
//! right or wrong.

pub mod action;
pub mod audit;
mod batch;
mod challenge;
mod compact;
mod doctor;
mod document;
mod engine;
mod event;
mod execute;
mod grants;
pub mod host;
pub mod http;
pub mod jose;
mod logins;
mod mcp;
mod parameters;
mod recording;
pub mod redact;
mod registrar;
mod samples;
mod schedule;
mod scope;
mod seek;
mod session;
pub mod user_agent;

pub use compact::Compact;
pub use doctor::{Examined, examine, unless};
pub use engine::{Cancel, Executed, execute_plan};
pub use event::{Event, Events};
pub use execute::execute as execute_run;
pub use recording::{
    Answer, Counts, DoctorState, DoctorStep, Exchange, FailureKind, Outcome, Presence,
    RECORDING_FORMAT, RecordedRequest, Recording, RunRecord, StepRecord, Stopped, TargetFacts,
};
pub use session::{
    EndsEarly, FOREIGN_REDIRECT, HTTPS_REDIRECT, KnownClient, LOOPBACK_REDIRECT, Session,
};
