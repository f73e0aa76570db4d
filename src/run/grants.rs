//! Grants that several runs share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::StepRecord;

/// A shared token must live at least so much longer when a run begins with it.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// The shared grants of a session, by the planner's key.
#[derive(Debug, Default)]
pub struct Grants {
    allowed: AtomicBool,
    by_key: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One grant; locked while somebody makes it, so that nobody else does.
pub type Slot = tokio::sync::Mutex<Option<Grant>>;

/// What a grant brought.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The records of its steps, named without the outer step.
    pub records: Vec<StepRecord>,
    /// The live results.
    pub results: Arc<Value>,
    good_until: Option<Instant>,
}

impl Grants {
    /// The target lets earlier tokens live.
    pub fn allow(&self) {
        self.allowed.store(true, Ordering::Relaxed);
    }

    /// The place of a grant, if sharing is allowed.
    pub fn slot(&self, key: Option<&String>) -> Option<Arc<Slot>> {
        let key = key.filter(|_| self.allowed.load(Ordering::Relaxed))?;
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(by_key.entry(key.clone()).or_default()))
    }
}

impl Grant {
    /// A grant that others may share, if all went well and its token lives long enough.
    pub fn shareable(records: &[StepRecord], results: &Arc<Value>) -> Option<Self> {
        let lifetime = results
            .pointer("/token/json/expires_in")
            .and_then(Value::as_u64)
            .map(Duration::from_secs);
        let good_until = match lifetime {
            Some(lifetime) => Some(Instant::now() + lifetime.checked_sub(LONG_ENOUGH)?),
            None => None,
        };
        records
            .iter()
            .all(|step| step.outcome.is_accepted())
            .then(|| Self {
                records: records.to_vec(),
                results: Arc::clone(results),
                good_until,
            })
    }

    /// Whether its token still lives long enough.
    pub fn is_fresh(&self) -> bool {
        self.good_until.is_none_or(|until| Instant::now() < until)
    }
}
