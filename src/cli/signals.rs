//! Ctrl-C and SIGTERM. The first ends the run early, so that registered clients are deleted and
//! what is known is reported; the second ends the program at once.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::run::Cancel;

/// The exit code of a program that a signal has ended, as shells know it (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// Waits for signals in the background; the receiver tells the run.
pub fn listen() -> Cancel {
    let (cancel, cancelled) = watch::channel(None);
    tokio::spawn(async move {
        let first = signal().await;
        eprintln!(
            "\n{first}: ending early, deleting registered clients; once more to quit at once"
        );
        let _ = cancel.send(Some(first.to_owned()));
        signal().await;
        for path in leftovers().iter() {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(INTERRUPTED);
    });
    cancelled
}

/// Has a temporary file removed when the program is ended at once, too.
pub fn remove_when_ended(path: &Path) {
    leftovers().push(path.to_owned());
}

fn leftovers() -> MutexGuard<'static, Vec<PathBuf>> {
    static LEFTOVERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the next signal that asks for the end.
pub async fn signal() -> &'static str {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt() => "Ctrl-C",
            };
        }
    }
    interrupt().await;
    "Ctrl-C"
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system's own default ends the program.
        std::future::pending::<()>().await;
    }
}
