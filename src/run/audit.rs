//! Reads the audit log of a server under test: is there an entry that says what happened, and does
//! a secret of this run stand in the log (MCP authorization, security considerations, token theft:
//! tokens are kept out of logs)?
//!
//! The log is a text file, an entry a line, of any form. What leaves this module is redacted; what
//! it means is for others to judge.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::redact::{Body, Vault};

/// Time between two looks into the file.
const POLL: Duration = Duration::from_millis(50);
/// Most bytes of a log that are read.
const MAX_BYTES: u64 = 64 << 20;
/// Most characters of an entry that are handed on.
const MAX_ENTRY: usize = 4096;

/// What the log said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditRead {
    /// Number of entries since the offset.
    pub entries: usize,
    /// Whether an entry holds all the texts.
    pub found: bool,
    /// The first such entry, redacted.
    pub entry: Option<String>,
    /// Kinds of secrets of this run that stand in the log in clear.
    pub secrets_found: Vec<String>,
}

/// The log cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// No such file, not even at the end of the wait.
    #[error("there is no audit log at {}", .0.display())]
    Missing(PathBuf),
    /// Entries were lost, or are in a file of another name.
    #[error(
        "the audit log {} is shorter than it was: it was rotated or truncated during the run",
        .0.display()
    )]
    Rotated(PathBuf),
    /// Entries beyond what is read.
    #[error("the audit log {} grew by more than {} MiB", .0.display(), MAX_BYTES >> 20)]
    TooLarge(PathBuf),
    /// The system refuses.
    #[error("the audit log {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, #[source] std::io::Error),
}

/// Reads the log from `from_byte` on until one entry holds all of `texts`, as they are or as JSON
/// escapes them, but no longer than `wait`; then looks for secrets in all that was read.
///
/// # Errors
/// The log is missing, was rotated, is too large or cannot be read.
pub async fn read(
    path: &Path,
    from_byte: u64,
    vault: &Vault,
    texts: &[String],
    wait: Duration,
) -> Result<AuditRead, AuditError> {
    let end = Instant::now() + wait;
    let wanted: Vec<Wanted> = texts.iter().map(|text| Wanted::new(text)).collect();
    let mut log = Log::new(from_byte);
    loop {
        let is_last = Instant::now() >= end;
        let grew = match log.read_on(path).await {
            Err(AuditError::Missing(_)) if !is_last => true,
            read => read?,
        };
        // An entry may still be being written while its end of line is missing.
        log.take_entries(!grew || is_last, &wanted);
        if log.found.is_some() || is_last {
            return Ok(log.finish(vault));
        }
        tokio::time::sleep(POLL.min(end.saturating_duration_since(Instant::now()))).await;
    }
}

/// What was read so far.
struct Log {
    from: u64,
    bytes: Vec<u8>,
    /// Bytes whose entries were looked at.
    seen: usize,
    entries: usize,
    found: Option<String>,
}

impl Log {
    const fn new(from: u64) -> Self {
        Self {
            from,
            bytes: Vec::new(),
            seen: 0,
            entries: 0,
            found: None,
        }
    }

    /// Reads what the file has gained; tells whether it had.
    async fn read_on(&mut self, path: &Path) -> Result<bool, AuditError> {
        let position = self.from + self.bytes.len() as u64;
        let limit = MAX_BYTES.saturating_sub(self.bytes.len() as u64);
        let file = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read_from(&file, position, limit)).await;
        let gained = read.map_err(|failed| {
            AuditError::Unreadable(path.to_owned(), std::io::Error::other(failed))
        })??;
        self.bytes.extend_from_slice(&gained);
        Ok(!gained.is_empty())
    }

    /// Looks at the entries that have come; at one without an end of line only if told.
    fn take_entries(&mut self, with_unfinished: bool, wanted: &[Wanted]) {
        let new = &self.bytes[self.seen..];
        let complete = match new.iter().rposition(|byte| *byte == b'\n') {
            _ if with_unfinished => new.len(),
            Some(last) => last + 1,
            None => return,
        };
        for line in String::from_utf8_lossy(&new[..complete]).lines() {
            if line.trim().is_empty() {
                continue;
            }
            self.entries += 1;
            if self.found.is_none() && Entry::new(line).holds(wanted) {
                self.found = Some(line.to_owned());
            }
        }
        self.seen += complete;
    }

    fn finish(self, vault: &Vault) -> AuditRead {
        let secrets = vault.kinds_in(&String::from_utf8_lossy(&self.bytes));
        AuditRead {
            entries: self.entries,
            found: self.found.is_some(),
            entry: self.found.map(|line| {
                let redacted = vault.redact_body(&Body::of(line.as_bytes()));
                redacted.chars().take(MAX_ENTRY).collect()
            }),
            secrets_found: secrets
                .iter()
                .map(|kind| kind.as_str().to_owned())
                .collect(),
        }
    }
}

fn read_from(path: &Path, position: u64, limit: u64) -> Result<Vec<u8>, AuditError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => AuditError::Missing(path.to_owned()),
        _ => AuditError::Unreadable(path.to_owned(), error),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length < position {
        return Err(AuditError::Rotated(path.to_owned()));
    }
    if length - position > limit {
        return Err(AuditError::TooLarge(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(position)).map_err(unreadable)?;
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// A text to look for, as it is and inside a JSON string.
struct Wanted {
    plain: String,
    escaped: String,
}

impl Wanted {
    fn new(text: &str) -> Self {
        let quoted = Value::from(text).to_string();
        Self {
            plain: text.to_owned(),
            escaped: quoted[1..quoted.len() - 1].to_owned(),
        }
    }
}

/// A line, and the JSON object in it written anew: loggers differ in what they escape and where
/// they put blanks.
struct Entry<'l> {
    line: &'l str,
    rewritten: Option<String>,
}

impl<'l> Entry<'l> {
    fn new(line: &'l str) -> Self {
        let rewritten = line.find('{').and_then(|start| {
            let mut values =
                serde_json::Deserializer::from_str(&line[start..]).into_iter::<Value>();
            Some(values.next()?.ok()?.to_string())
        });
        Self { line, rewritten }
    }

    fn holds(&self, wanted: &[Wanted]) -> bool {
        wanted.iter().all(|text| {
            let in_text =
                |entry: &str| entry.contains(&text.plain) || entry.contains(&text.escaped);
            in_text(self.line) || self.rewritten.as_deref().is_some_and(in_text)
        })
    }
}

#[cfg(test)]
mod tests;
