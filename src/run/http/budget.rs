//! Caps and pacing for what is scarce at a server: registrations, logins, token requests.

use std::time::Duration;

/// How many of each kind may be sent in a run; `None` is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Dynamic client registrations.
    pub registrations: Option<u64>,
    /// Logins (password submitted).
    pub logins: Option<u64>,
    /// Token endpoint requests.
    pub token_requests: Option<u64>,
}

/// The least time between two requests of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Between registrations.
    pub registrations: Duration,
    /// Between logins.
    pub logins: Duration,
    /// Between token requests.
    pub token_requests: Duration,
}
