//! RUN: executes planned runs against a target and records what came back. Knows nothing of
//! right or wrong.

pub mod audit;
mod event;
pub mod host;
pub mod http;
pub mod jose;
mod recording;
pub mod redact;
pub mod user_agent;

pub use event::{Event, Events};
pub use recording::{
    Answer, Counts, DoctorState, DoctorStep, Exchange, FailureKind, Outcome, Presence,
    RECORDING_FORMAT, RecordedRequest, Recording, RunRecord, StepRecord, Stopped, TargetFacts,
};
