//! Workflow runs: state that a handle names (MCP security best practices, state handles).
//!
//! A handle is no credential: it is random, and opens a run to the user who started it only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use rand::Rng;
use serde_json::{Value, json};

use super::policy::{RunHandles, RunOwner};

/// Runs by handle: who started which workflow.
#[derive(Debug, Default)]
pub struct Runs(Mutex<HashMap<String, (String, String)>>);

impl Runs {
    /// Starts a run; gives its handle.
    pub fn start(&self, user: &str, workflow: &str, handles: RunHandles) -> String {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = match handles {
            RunHandles::Random => BASE64URL.encode(rand::thread_rng().r#gen::<[u8; 24]>()),
            RunHandles::Counter => format!("run-{}", runs.len() + 1),
        };
        runs.insert(handle.clone(), (user.to_owned(), workflow.to_owned()));
        handle
    }

    /// What the user may know of a run.
    pub fn look(&self, handle: &str, user: &str, owner: RunOwner) -> Option<Value> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (starter, workflow) = runs.get(handle)?;
        let visible = starter == user || owner == RunOwner::Anyone;
        visible.then(|| json!({"workflow": workflow, "status": "completed", "started_by": starter}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_seen_by_its_starter() {
        let runs = Runs::default();
        let handle = runs.start("alice", "daily-report", RunHandles::Random);
        assert!(handle.len() >= 32);
        assert!(runs.look(&handle, "alice", RunOwner::Caller).is_some());
        assert!(runs.look(&handle, "bob", RunOwner::Caller).is_none());
        assert!(runs.look(&handle, "bob", RunOwner::Anyone).is_some());
        assert_eq!(runs.start("bob", "x", RunHandles::Counter), "run-2");
    }
}
