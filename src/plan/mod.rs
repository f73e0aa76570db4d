//! PLAN: which cases apply to a target, and the runs that they need.
//!
//! A pure function of suites and knowledge of the target. Two cases that need the same flow with
//! the same mutation share one run; the control of a mutated run is the same flow without the
//! mutation, shared by all that rest on it.

mod abilities;
mod batch;
mod binding;
mod build;
mod describe;
mod endpoint_methods;
mod estimate;
mod expand;
mod folding;
mod needs;
mod select;
mod sharing;
mod substitute;
mod trim;
mod types;
mod words;

pub(crate) use batch::touches;
pub use build::{PlanError, honest_run, plan};
pub use describe::describe;
pub use endpoint_methods::methods_member;
pub use estimate::{Setting, estimate};
pub use select::{Pattern, Selection, is_within};
pub use sharing::pays_to_share;
pub use types::{
    Batch, Disposition, Knowledge, Plan, PlannedAction, PlannedCase, PlannedRun, PlannedStep,
};
pub use words::condition;
