//! A child process that gets one document, answers with one, and leaves nothing behind.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// The most that is read of an answer.
const MAX_OUTPUT: usize = 1 << 20;
/// The most that is kept of what it complains of.
const MAX_COMPLAINT: usize = 64 * 1024;

/// How the process ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With exit status 0.
    Well { output: String },
    /// With another status; the last line of its standard error.
    Badly { status: String, complaint: String },
    /// It had to be killed.
    TooLate { limit: Duration, complaint: String },
    /// Its answer is beyond all bounds.
    TooMuch,
    /// It is not there, or may not be run.
    NotStarted { cause: String },
}

/// Runs the program in `folder` with `input` on its standard input. The process and its children
/// are dead when this returns, or is dropped.
pub(super) async fn run(program: &[String], folder: &Path, input: &[u8], limit: Duration) -> Ended {
    let mut command = Command::new(located(program, folder));
    command
        .args(program.iter().skip(1))
        .current_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(cause) => {
            return Ended::NotStarted {
                cause: cause.to_string(),
            };
        }
    };
    let family = Family::of(&child);
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let mut complaint = Vec::new();
    let work = async {
        let wait = async {
            let status = child.wait().await;
            // Whoever holds the pipes open now is a child of its own: nobody waits for it.
            family.kill();
            status
        };
        tokio::join!(
            feed(stdin, input),
            read(stdout, MAX_OUTPUT),
            wait,
            read_into(stderr, MAX_COMPLAINT, &mut complaint)
        )
    };
    let ended = tokio::time::timeout(limit, work).await;
    family.kill();
    let complaint = last_line(&complaint);
    match ended {
        Err(_) => Ended::TooLate { limit, complaint },
        Ok(((), output, Ok(status), ())) if status.success() => {
            if output.len() > MAX_OUTPUT {
                return Ended::TooMuch;
            }
            Ended::Well {
                output: String::from_utf8_lossy(&output).into_owned(),
            }
        }
        Ok(((), _, Ok(status), ())) => Ended::Badly {
            status: status.to_string(),
            complaint,
        },
        Ok(((), _, Err(cause), ())) => Ended::Badly {
            status: cause.to_string(),
            complaint,
        },
    }
}

/// The program's path: one with a folder in it starts at `folder`.
fn located(program: &[String], folder: &Path) -> OsString {
    let name = program.first().map(String::as_str).unwrap_or_default();
    if !name.contains(std::path::is_separator) {
        return name.into();
    }
    let path = folder.join(name);
    // Where the child looks for it must not depend on the folder that it starts in.
    std::path::absolute(&path).unwrap_or(path).into()
}

async fn feed(stdin: Option<tokio::process::ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        // A program that does not read its input has its reasons.
        let _ = stdin.write_all(input).await;
    }
}

async fn read(from: Option<impl AsyncRead + Unpin>, most: usize) -> Vec<u8> {
    let mut all = Vec::new();
    read_into(from, most, &mut all).await;
    all
}

/// Reads to the end, so that nobody blocks on a full pipe, and keeps little more than `most`.
async fn read_into(from: Option<impl AsyncRead + Unpin>, most: usize, all: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let mut piece = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if all.len() <= most {
            all.extend_from_slice(&piece[..length]);
        }
    }
}

fn last_line(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().chars().take(200).collect()
}

/// A process with all that it started.
struct Family {
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Family {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            group: id.and_then(rustix::process::Pid::from_raw),
        }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// Ends them all; the group may be gone already.
    fn kill(&self) {
        #[cfg(unix)]
        if let Some(group) = self.group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    async fn sh(script: &str, limit: Duration) -> Ended {
        let program = ["sh", "-c", script].map(str::to_owned);
        run(&program, Path::new(""), b"in\n", limit).await
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn input_goes_in_and_output_comes_out() {
        match sh("read x; echo $x and out; echo aside >&2", LONG).await {
            Ended::Well { output } => assert_eq!(output, "in and out\n"),
            other => panic!("{other:?}"),
        }
        match sh("echo first >&2; echo why >&2; exit 3", LONG).await {
            Ended::Badly { status, complaint } => {
                assert!(
                    status.contains('3') && complaint == "why",
                    "{status} {complaint}"
                );
            }
            other => panic!("{other:?}"),
        }
        let large = sh("head -c 3000000 /dev/zero", LONG).await;
        assert!(matches!(large, Ended::TooMuch), "{large:?}");
        let missing = run(&["./no-such".to_owned()], Path::new(""), b"", LONG).await;
        assert!(matches!(missing, Ended::NotStarted { .. }), "{missing:?}");
    }

    #[tokio::test]
    async fn a_child_that_stays_is_killed_and_so_are_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("alive");
        let stay = format!("(sleep 2; touch {}) & sleep 30", mark.display());
        let start = Instant::now();
        let ended = sh(&stay, Duration::from_millis(300)).await;
        assert!(matches!(ended, Ended::TooLate { .. }), "{ended:?}");
        // One that left a child behind which holds its output open is not waited for either.
        let orphan = format!("(sleep 2; touch {}) & echo done", mark.display());
        match sh(&orphan, LONG).await {
            Ended::Well { output } => assert_eq!(output, "done\n"),
            other => panic!("{other:?}"),
        }
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(2300)).await;
        assert!(!mark.exists(), "a grandchild went on");
    }
}
