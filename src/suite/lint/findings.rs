//! Where rules put what they find.

use crate::suite::problem::{Problem, Problems};
use crate::suite::source::{Source, Spot};

/// The findings in one file.
pub(super) struct Findings<'a> {
    source: &'a Source,
    problems: &'a mut Problems,
}

impl<'a> Findings<'a> {
    pub(super) const fn new(source: &'a Source, problems: &'a mut Problems) -> Self {
        Self { source, problems }
    }

    /// Loading fails.
    pub(super) fn error(
        &mut self,
        spot: &Spot,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.problem(spot, message, help);
        self.problems.push(problem);
    }

    /// Worth mending.
    pub(super) fn warning(
        &mut self,
        spot: &Spot,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = self.problem(spot, message, help);
        self.problems.push(problem.warning());
    }

    fn problem(&self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) -> Problem {
        self.source
            .problem(spot, message)
            .with_help(Some(help.into()))
    }
}

/// `FILE:LINE` of a spot.
pub(super) fn place(source: &Source, spot: &Spot) -> String {
    format!("{}:{}", source.name(), source.line(spot))
}
