//! The audit log of both reference servers: one JSON object a line.
//!
//! An entry says who did what with which outcome and why; it never holds a token, a code, a verifier
//! or a secret. Entries go to a file where one is configured, and are always kept in memory so that
//! a test can read them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::policy::audit::{AuditPolicy, CredentialsInAudit};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A client was registered (RFC 7591).
    Registration,
    /// A registration was read, changed or deleted (RFC 7592), or refused.
    ClientManagement,
    /// A user logged in or failed to.
    Login,
    /// A user approved or denied a request.
    Consent,
    /// An authorization code was issued.
    CodeIssued,
    /// An authorization request was refused.
    AuthorizationRefused,
    /// The token endpoint issued a token.
    TokenIssued,
    /// The token endpoint refused.
    TokenRefused,
    /// A token or a grant was revoked.
    Revoked,
    /// A revocation request was refused.
    RevocationRefused,
    /// A token was introspected.
    Introspected,
    /// A spent code or refresh token came back.
    ReplayDetected,
    /// An operation of the MCP server was carried out.
    Access,
    /// An operation of the MCP server was refused.
    AccessDenied,
}

/// One entry, built step by step: `Entry::new(Event::Login).user("alice").ok()`.
#[derive(Clone, Debug)]
pub struct Entry {
    event: Event,
    members: Map<String, Value>,
    credential: Option<String>,
}

impl Entry {
    /// An entry without particulars.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            members: Map::new(),
            credential: None,
        }
    }

    /// Any particular by name; empty values are left out.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.members.insert(name.to_owned(), Value::String(value));
        }
        self
    }

    /// The client concerned.
    pub fn client(self, client_id: impl Into<String>) -> Self {
        self.with("client_id", client_id)
    }

    /// The user concerned.
    pub fn user(self, user: impl Into<String>) -> Self {
        self.with("user", user)
    }

    /// The scopes concerned, joined by blanks.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.with("scope", scope)
    }

    /// The resource concerned.
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.with("resource", resource)
    }

    /// The operation of the MCP server (`tools/call get_weather`).
    pub fn operation(self, operation: impl Into<String>) -> Self {
        self.with("operation", operation)
    }

    /// The token, code or secret that the event concerns. It reaches the log only if the policy
    /// says so, and the right policy never does.
    pub fn credential(mut self, credential: impl Into<String>) -> Self {
        self.credential = Some(credential.into());
        self
    }

    /// Marks the event as carried out.
    pub fn ok(self) -> Self {
        self.with("outcome", "success")
    }

    /// Marks the event as refused, with the reason.
    pub fn refused(self, reason: impl Into<String>) -> Self {
        self.with("outcome", "refused").with("reason", reason)
    }
}

/// The log itself.
#[derive(Debug)]
pub struct Audit {
    policy: AuditPolicy,
    path: Option<PathBuf>,
    sink: Mutex<Sink>,
}

#[derive(Debug, Default)]
struct Sink {
    lines: Vec<String>,
    file: Option<File>,
}

impl Audit {
    /// Opens the log; with a path, entries are appended to that file too.
    pub fn open(policy: AuditPolicy, path: Option<&Path>) -> io::Result<Self> {
        let file = match path {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path)?),
            None => None,
        };
        let sink = Mutex::new(Sink {
            lines: Vec::new(),
            file,
        });
        Ok(Self {
            policy,
            path: path.map(Path::to_owned),
            sink,
        })
    }

    /// Writes one entry, stamped with the present time.
    pub fn record(&self, entry: Entry) {
        if self.policy.omit.contains(&entry.event) {
            return;
        }
        let mut object = Map::new();
        object.insert("time".into(), json!(jiff::Timestamp::now().to_string()));
        object.insert("event".into(), json!(entry.event));
        object.extend(entry.members);
        if let (CredentialsInAudit::Written, Some(credential)) =
            (self.policy.credentials, entry.credential)
        {
            object.insert("credential".into(), Value::String(credential));
        }
        for name in &self.policy.omit_members {
            object.shift_remove(name);
        }
        let mut line = Value::Object(object).to_string();
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // In one piece, so that nobody reads half a line.
        line.push('\n');
        if let Some(file) = &mut sink.file
            && let Err(error) = file.write_all(line.as_bytes())
        {
            tracing::warn!(%error, "the audit log cannot be written");
        }
        line.pop();
        sink.lines.push(line);
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.sink
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .lines
            .clone()
    }

    /// The file, if one is written.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry::new(Event::TokenIssued)
            .client("c1")
            .user("alice")
            .credential("s3cret")
            .ok()
    }

    #[test]
    fn an_entry_names_what_happened_and_no_credential() {
        let audit = Audit::open(AuditPolicy::default(), None).unwrap();
        audit.record(entry());
        let line: Value = serde_json::from_str(&audit.lines()[0]).unwrap();
        assert_eq!(line["event"], "token_issued");
        assert_eq!(line["user"], "alice");
        assert!(line["time"].as_str().unwrap().ends_with('Z'));
        assert!(!audit.lines()[0].contains("s3cret"));
    }

    #[test]
    fn the_policy_decides_what_is_left_out() {
        let policy = AuditPolicy {
            omit: vec![Event::TokenIssued],
            ..Default::default()
        };
        let audit = Audit::open(policy, None).unwrap();
        audit.record(entry());
        audit.record(Entry::new(Event::Access).ok());
        assert_eq!(audit.lines().len(), 1);
    }

    #[test]
    fn lines_are_appended_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        Audit::open(AuditPolicy::default(), Some(&path))
            .unwrap()
            .record(entry());
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 1);
    }
}
