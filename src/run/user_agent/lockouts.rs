//! Users whose password a server takes no more. Typing it again would only make the lock last.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What the server said first, by user.
#[derive(Debug, Default)]
pub(super) struct Lockouts(Mutex<HashMap<String, String>>);

impl Lockouts {
    /// Why the user's password is not to be sent any more.
    pub fn of(&self, user: &str) -> Option<String> {
        self.lock().get(user).cloned()
    }

    /// Notes why.
    pub fn note(&self, user: &str, reason: &str) {
        self.lock()
            .entry(user.to_owned())
            .or_insert_with(|| reason.to_owned());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
