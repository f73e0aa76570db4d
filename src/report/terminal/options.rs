//! How the terminal report is to look. Looking at the terminal happens in here alone, so that
//! the report itself stays a pure function.

use std::path::PathBuf;

use terminal_size::{Width, terminal_size};

/// How much to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `-q`: failures and the last line.
    Quiet,
    /// Passes are counts.
    #[default]
    Normal,
    /// `-v`: every case and every step of the doctor.
    Verbose,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The look of one report.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much to print.
    pub verbosity: Verbosity,
    /// Whether to colour.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Files that were written, to be named at the end.
    pub files: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            verbosity: Verbosity::Normal,
            color: false,
            width: 100,
            files: Vec::new(),
        }
    }
}

impl Options {
    /// Options for standard output: its width, and colours by `choice`.
    pub fn detect(choice: ColorChoice, verbosity: Verbosity) -> Self {
        match choice {
            ColorChoice::Auto => colored::control::unset_override(),
            ColorChoice::Always => colored::control::set_override(true),
            ColorChoice::Never => colored::control::set_override(false),
        }
        let default = Self::default();
        Self {
            verbosity,
            color: colored::control::SHOULD_COLORIZE.should_colorize(),
            width: terminal_size().map_or(default.width, |(Width(columns), _)| columns.into()),
            ..default
        }
    }
}
