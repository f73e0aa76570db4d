//! REPORT: verdicts and recordings as text, JSON, JUnit and HTML.
//!
//! Every format is a pure function of a recording and its judgement: no network, no clock, no
//! file system. What a server said is hostile input here as well, so each format makes it
//! harmless at one place ([`text`] for people, one function each for XML and HTML).

pub mod conformance;
pub mod curl;
mod deciding;
mod format;
mod group;
pub mod html;
pub mod json;
pub mod junit;
#[cfg(test)]
mod sample;
pub mod summary;
pub mod terminal;
pub mod text;

pub use format::{Format, ReportError, ReportInput, write};
pub use group::GroupBy;
