//! PLAN: which cases apply to a target, and the runs that they need.

mod types;

pub use types::{
    Disposition, Knowledge, Plan, PlannedAction, PlannedCase, PlannedRun, PlannedStep,
};
