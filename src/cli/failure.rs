//! Why a command could not do its work, and the exit code that says so.

use std::fmt;

use crate::suite::Problems;
use crate::target::SecretError;

/// The end of a command that has no result to show.
#[derive(Debug)]
pub enum Failure {
    /// Something on the command line; exit code 2.
    Usage {
        /// What is wrong.
        message: String,
        /// How to mend it; may be empty.
        help: String,
    },
    /// Mistakes in files; exit code 2.
    Problems(Problems),
    /// authspec failed, or the machine it runs on; exit code 4.
    Harness(String),
}

impl Failure {
    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            help: help.into(),
        }
    }

    /// The exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Problems(_) => 2,
            Self::Harness(_) => 4,
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl From<Vec<SecretError>> for Failure {
    fn from(errors: Vec<SecretError>) -> Self {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Self::usage(errors.join("\n"), "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, help } if help.is_empty() => write!(f, "error: {message}"),
            Self::Usage { message, help } => write!(f, "error: {message}\nhelp: {help}"),
            Self::Problems(problems) => problems.fmt(f),
            Self::Harness(message) => write!(f, "error: {message}"),
        }
    }
}
