//! What the runner tells while it works. Progress displays consume these; a run needs none.

use super::{DoctorStep, Outcome};

/// One thing that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// A step of the doctor ended.
    Doctor(DoctorStep),
    /// The plan is made.
    Planned {
        /// Runs to execute, repeated controls included.
        runs: usize,
        /// Cases that they serve.
        cases: usize,
    },
    /// A run ended.
    RunFinished {
        /// Its readable name.
        title: String,
        /// What its last executed step came to.
        outcome: Option<Outcome>,
    },
    /// The server asked for patience (429, Retry-After) or a pace of the target file holds us.
    Waiting {
        /// For whom and why.
        reason: String,
        /// How long.
        seconds: f64,
    },
    /// A person is asked to do something, at an address of this machine.
    Errand {
        /// What, and where.
        text: String,
    },
    /// The clients that the run registered are being deleted.
    CleaningUp {
        /// How many.
        clients: usize,
    },
}

/// Where a run sends its events.
pub type Events = tokio::sync::mpsc::UnboundedSender<Event>;
