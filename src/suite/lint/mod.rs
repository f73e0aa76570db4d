//! The rules that types cannot hold: names that must exist, templates that must resolve, checks
//! that must be able to fail. A rule names a spot, says what is wrong, and how to mend it.

mod citations;
mod findings;
mod registry;

pub(super) use registry::names;

use super::load::{Files, Suites};
use super::problem::Problems;
use super::source::Spot;
use findings::Findings;

/// Lints what the files say, once all names are known.
pub(super) fn contents(files: &Files, suites: &Suites, problems: &mut Problems) {
    for read in &files.checks {
        let mut found = Findings::new(&read.source, problems);
        for (index, check) in read.value.checks.iter().enumerate() {
            let at = Spot::root().key("checks").item(index);
            citations::check(check, &at, &suites.registry, &mut found);
        }
    }
}
