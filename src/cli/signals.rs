//! Ctrl-C, SIGTERM, and SIGHUP of a terminal that is closed. The first ends the run early, so that registered clients are deleted and
//! what is known is reported; the second ends the program at once.

use std::io::Write as _;
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
        // Not `eprintln!`: the terminal may be gone, and the clients are still to be deleted.
        let _ = writeln!(
            std::io::stderr(),
            "\n{first}: ending early, deleting registered clients; once more to quit at once"
        );
        let _ = cancel.send(Some(first.to_owned()));
        // A terminal that is closed says so twice: itself, and by its shell.
        while signal().await == HANGUP {}
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
    let all = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).and_then(|terminate| {
            let interrupt = signal(SignalKind::interrupt())?;
            let hangup = match ignores_hangup() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            };
            Ok((terminate, interrupt, hangup))
        })
    };
    async move {
        #[cfg(unix)]
        if let Ok((mut terminate, mut interrupt, mut hangup)) = all {
            return tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "Ctrl-C",
                Some(()) = hung_up(hangup.as_mut()) => HANGUP,
            };
        }
        interrupt().await;
        "Ctrl-C"
    }
}

/// What a closed terminal sends.
const HANGUP: &str = "SIGHUP";

/// Whether somebody, such as `nohup`, wants the program to outlive its terminal. A handler would
/// undo that. Only Linux tells.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is signal 1.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
async fn hung_up(hangup: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    }
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system's own default ends the program.
        std::future::pending::<()>().await;
    }
}
