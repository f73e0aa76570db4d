//! The command line: one file for each subcommand.

mod conduct;
pub mod schema;

pub use conduct::{Conduct, ConductError, DEFAULT_VERSION, Prepared, conduct, prepare, verdicts};
