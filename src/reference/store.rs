//! Clients, grants, codes, tokens and sessions of one authorization server, in memory.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The store.
#[derive(Debug, Default)]
pub struct Store {
    revoked: Mutex<HashSet<String>>,
}

impl Store {
    /// Whether the access token with this `jti` (for opaque tokens: the token itself) was revoked.
    pub fn is_revoked(&self, jti: &str) -> bool {
        self.revoked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(jti)
    }
}
