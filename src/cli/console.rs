//! Standard output and standard error. Results go to the one, remarks to the other.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use colored::Colorize as _;

use super::args::Look;
use super::failure::Failure;
use crate::report::terminal::{ColorChoice, Options, Verbosity};
use crate::report::text::{count, visible_block};
use crate::suite::Problems;

/// Where a command speaks.
#[derive(Debug)]
pub struct Console {
    color: ColorChoice,
    /// How much to say.
    pub verbosity: Verbosity,
}

impl Console {
    /// By the options.
    pub fn new(look: &Look) -> Self {
        let console = Self {
            color: look.color.into(),
            verbosity: match (look.quiet, look.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
        };
        // `colored` looks at standard output alone; it is told once for all.
        let _ = console.options();
        console
    }

    /// How reports on standard output look.
    pub fn options(&self) -> Options {
        Options::detect(self.color, self.verbosity)
    }

    /// How a report on standard error looks.
    pub fn error_options(&self) -> Options {
        Options {
            color: self.colors_errors(),
            ..self.options()
        }
    }

    /// Standard output. A reader that has gone away is a normal end: what comes then is dropped.
    pub fn out(&self) -> impl Write + use<> {
        BufWriter::new(Patient {
            out: io::stdout().lock(),
            gone: false,
        })
    }

    /// A remark on standard error, unless quiet.
    pub fn remark(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            let _ = writeln!(io::stderr(), "{}", visible_block(text));
        }
    }

    /// Says why the command failed.
    pub fn complain(&self, failure: &Failure) {
        let mut err = io::stderr();
        let _ = match failure {
            Failure::Problems(problems) => {
                let text = self.render(problems);
                writeln!(err, "{text}\n\n{}", tally(problems))
            }
            other => writeln!(err, "{}", visible_block(&other.to_string())),
        };
    }

    /// Problems as text for standard error.
    pub fn render(&self, problems: &Problems) -> String {
        problems.render(self.colors_errors())
    }

    fn colors_errors(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
            }
        }
    }
}

/// `2 errors, 1 warning`.
pub fn tally(problems: &Problems) -> String {
    let errors = count(problems.errors(), "error");
    match problems.warnings() {
        0 => errors,
        warnings => format!("{errors}, {}", count(warnings, "warning")),
    }
}

/// A heading on standard output.
pub fn heading(text: &str) -> String {
    text.bold().to_string()
}

/// A writer to which a broken pipe is no error.
struct Patient<W> {
    out: W,
    gone: bool,
}

impl<W: Write> Patient<W> {
    fn forgive<T>(&mut self, outcome: io::Result<T>, otherwise: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(otherwise)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let outcome = self.out.write(bytes);
        self.forgive(outcome, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let outcome = self.out.flush();
        self.forgive(outcome, ())
    }
}

/// What could not be printed is the machine's fault.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Harness(format!("cannot write: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_has_gone_away_is_no_error() {
        let mut out = Patient {
            out: Gone,
            gone: false,
        };
        assert!(out.write_all(b"a report").is_ok());
        assert!(out.gone && out.flush().is_ok());
    }
}
