//! The list of formats, and the one door to them.

use std::fmt;
use std::io::Write;

use super::{GroupBy, html, json, junit, terminal};
use crate::judge::Judgement;
use crate::run::Recording;

/// What every report is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// What was sent and what came back.
    pub recording: &'a Recording,
    /// What it came to.
    pub judgement: &'a Judgement,
    /// By what the terminal's report and the page group the cases.
    pub group_by: GroupBy,
}

/// A format that a result can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text for a person, without colours.
    Terminal,
    /// The versioned result document.
    Json,
    /// JUnit XML for continuous integration.
    Junit,
    /// One page for a browser.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Terminal, Self::Json, Self::Junit, Self::Html];

    /// The name that selects it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Html => "html",
        }
    }

    /// The file that a run writes it to.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Terminal => "report.txt",
            Self::Json => "result.json",
            Self::Junit => "junit.xml",
            Self::Html => "report.html",
        }
    }

    /// The format called `name`, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The place it is written to refused.
    #[error("cannot write the report: {0}")]
    Write(#[from] std::io::Error),
    /// Serialization.
    #[error("cannot write the result document: {0}")]
    Json(#[from] serde_json::Error),
    /// XML writing.
    #[error("cannot write JUnit: {0}")]
    Junit(#[from] junit_report::Error),
    /// XML reading, while the counts are completed.
    #[error("cannot complete JUnit: {0}")]
    Xml(#[from] quick_xml::Error),
    /// The page's template.
    #[error("cannot fill the page: {0}")]
    Html(#[from] minijinja::Error),
}

/// Writes one report.
pub fn write(
    format: Format,
    input: &ReportInput<'_>,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    match format {
        Format::Terminal => terminal::write(input, &terminal::Options::default(), out),
        Format::Json => json::write(input, out),
        Format::Junit => junit::write(input, out),
        Format::Html => html::write(input, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn every_format_writes_the_sample_and_the_empty_result() {
        for sample in [Sample::full(), Sample::empty()] {
            for format in Format::ALL {
                let mut out = Vec::new();
                write(format, &sample.input(), &mut out).unwrap();
                assert!(!out.is_empty(), "{format}");
                assert_eq!(Format::parse(format.name()), Some(format));
            }
        }
    }
}
