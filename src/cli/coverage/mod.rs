//! `authspec coverage`: which requirements are checked, by which checks, proved by which defects.
//!
//! What binds clients is told, and counted nowhere: authspec tests servers.

mod markdown;
mod measure;
mod text;

pub use measure::{Coverage, Entry, Share, Standing, measure};

use std::io::Write as _;

use super::args;
use super::args::CoverageFormat;
use super::console::Console;
use super::failure::Failure;
use super::fixtures;
use crate::suite::Suites;

/// Prints the coverage.
pub(super) fn coverage(args: &args::Coverage, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.suites)?;
    let defects = fixtures::defects(&suites)?;
    let coverage = measure(&suites, &defects);
    let mut out = console.out();
    match args.format {
        CoverageFormat::Text => text::write(&coverage, console.verbosity, &mut out)?,
        CoverageFormat::Json => {
            let text = serde_json::to_string_pretty(&coverage)
                .map_err(|cause| Failure::Harness(cause.to_string()))?;
            writeln!(out, "{text}")?;
        }
        CoverageFormat::Markdown => markdown::write(&coverage, &mut out)?,
    }
    out.flush()?;
    Ok(0)
}
