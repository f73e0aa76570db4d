//! Caps and pacing for what is scarce at a server: registrations, logins, token requests.
//!
//! Official SDKs allow some twenty registrations an hour, so going over is not only rude: every
//! verdict after it would be about the limiter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::RequestKind;
use super::throttle::Interval;
use crate::run::Counts;

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

/// A cap that was reached, by its name in the target file's `limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted {
    pub what: &'static str,
    pub cap: u64,
}

/// Counts what is sent and holds it to caps and pace.
pub(super) struct Budget {
    requests: AtomicU64,
    registrations: Purse,
    logins: Purse,
    token_requests: Purse,
}

struct Purse {
    what: &'static str,
    spent: AtomicU64,
    cap: Option<u64>,
    pace: Interval<()>,
}

impl Purse {
    fn new(what: &'static str, cap: Option<u64>, pace: Duration) -> Self {
        Self {
            what,
            spent: AtomicU64::new(0),
            cap,
            pace: Interval::new(pace),
        }
    }

    fn spend(&self) -> Result<(), Exhausted> {
        let cap = self.cap.unwrap_or(u64::MAX);
        self.spent
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |spent| {
                (spent < cap).then(|| spent + 1)
            })
            .map(|_| ())
            .map_err(|_| Exhausted {
                what: self.what,
                cap,
            })
    }

    fn spent(&self) -> u64 {
        self.spent.load(Ordering::SeqCst)
    }
}

impl Budget {
    pub fn new(caps: Caps, pace: Pace) -> Self {
        Self {
            requests: AtomicU64::new(0),
            registrations: Purse::new("registrations", caps.registrations, pace.registrations),
            logins: Purse::new("logins", caps.logins, pace.logins),
            token_requests: Purse::new("token_requests", caps.token_requests, pace.token_requests),
        }
    }

    fn purse(&self, kind: RequestKind) -> Option<&Purse> {
        match kind {
            RequestKind::Plain => None,
            RequestKind::Registration => Some(&self.registrations),
            RequestKind::Login => Some(&self.logins),
            RequestKind::Token => Some(&self.token_requests),
        }
    }

    /// Takes one request of the kind from the budget.
    pub fn spend(&self, kind: RequestKind) -> Result<(), Exhausted> {
        self.purse(kind).map_or(Ok(()), Purse::spend)?;
        self.requests.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The moment at which the pace lets one more request of the kind go.
    pub fn slot(&self, kind: RequestKind) -> Option<tokio::time::Instant> {
        self.purse(kind).map(|purse| purse.pace.reserve(()))
    }

    pub fn counts(&self) -> Counts {
        Counts {
            requests: self.requests.load(Ordering::SeqCst),
            registrations: self.registrations.spent(),
            logins: self.logins.spent(),
            token_requests: self.token_requests.spent(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_held_and_only_for_its_kind() {
        let caps = Caps {
            registrations: Some(1),
            ..Caps::default()
        };
        let budget = Budget::new(caps, Pace::default());
        assert!(budget.spend(RequestKind::Registration).is_ok());
        let over = budget.spend(RequestKind::Registration);
        assert_eq!(
            over,
            Err(Exhausted {
                what: "registrations",
                cap: 1
            })
        );
        assert!(
            budget.spend(RequestKind::Token).is_ok() && budget.spend(RequestKind::Plain).is_ok()
        );
        let counts = budget.counts();
        assert_eq!(
            (counts.requests, counts.registrations, counts.token_requests),
            (3, 1, 1)
        );
    }
}
