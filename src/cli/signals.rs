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
    // From here on, not from whenever the task is begun: a signal would end the program until then.
    let first = signal();
    tokio::spawn(async move {
        let first = first.await;
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
pub fn signal() -> impl Future<Output = &'static str> + Send {
    #[cfg(unix)]
    let both = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).and_then(|terminate| {
            let interrupt = signal(SignalKind::interrupt())?;
            Ok((terminate, interrupt))
        })
    };
    async move {
        #[cfg(unix)]
        if let Ok((mut terminate, mut interrupt)) = both {
            return tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "Ctrl-C",
            };
        }
        interrupt().await;
        "Ctrl-C"
    }
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system's own default ends the program.
        std::future::pending::<()>().await;
    }
}
