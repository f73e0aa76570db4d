//! A line that shows how far a run is. It consumes events, hides itself when standard error is
//! no terminal, and could be deleted without touching the run.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Verbosity;
use crate::report::text::{count, shorten, visible};
use crate::run::{DoctorState, Event};

/// The longest message; a terminal's line has to hold it.
const LONGEST: usize = 120;

/// The progress line on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line that is not drawn before the first event; never drawn when quiet.
    pub fn new(verbosity: Verbosity) -> Self {
        let target = match verbosity {
            Verbosity::Quiet => ProgressDrawTarget::hidden(),
            _ => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::default_spinner());
        Self { bar }
    }

    /// Shows what happened.
    pub fn on(&self, event: &Event) {
        if let Event::Planned { runs, .. } = event {
            self.bar
                .set_length(u64::try_from(*runs).unwrap_or(u64::MAX));
            if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {bar:30} {wide_msg}") {
                self.bar.set_style(style);
            }
        }
        if let Event::Errand { text } = event {
            // The run rests on it, so it is told even where no line is drawn.
            // The terminal may be gone, which must not end the run.
            let tell = || writeln!(std::io::stderr(), "{}", visible(text));
            let _ = self.bar.suspend(tell);
            return;
        }
        self.bar.set_message(message(event));
        match event {
            Event::RunFinished { .. } => self.bar.inc(1),
            _ => self.bar.tick(),
        }
    }

    /// Takes the line away, before the report is printed.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// What the line says. Titles and reasons may hold a server's words.
fn message(event: &Event) -> String {
    let message = match event {
        Event::Doctor(step) => {
            let state = match step.state {
                DoctorState::Ok => "ok",
                DoctorState::Notice => "notice",
                DoctorState::Broken => "broken",
                DoctorState::Skipped => "skipped",
            };
            format!("doctor: {} {state}", step.name)
        }
        Event::Planned { runs, cases } => {
            format!("{} for {}", count(*runs, "run"), count(*cases, "case"))
        }
        Event::RunFinished { title, .. } => title.clone(),
        Event::Errand { text } => text.clone(),
        Event::Waiting { reason, seconds } => format!("waiting {seconds:.0} s: {reason}"),
        Event::CleaningUp { clients } => format!("deleting {}", count(*clients, "client")),
    };
    visible(&shorten(&message, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_runs_and_escapes_what_a_server_said() {
        let progress = Progress::new(Verbosity::Quiet);
        progress.on(&Event::Planned { runs: 3, cases: 7 });
        assert_eq!(progress.bar.message(), "3 runs for 7 cases");
        progress.on(&Event::RunFinished {
            title: "authorization_code".into(),
            outcome: None,
        });
        assert_eq!(
            (progress.bar.position(), progress.bar.length()),
            (1, Some(3))
        );
        let waiting = Event::Waiting {
            reason: "429\u{1b}[2J".into(),
            seconds: 3.0,
        };
        assert_eq!(message(&waiting), "waiting 3 s: 429\\u{1b}[2J");
        progress.finish();
    }
}
