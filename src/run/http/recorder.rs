//! Collects the exchanges of a run.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::run::Exchange;

/// The growing list of exchanges. Clones share it.
#[derive(Clone, Debug)]
pub struct Recorder {
    started: Instant,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// An empty recording that starts now.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            exchanges: Arc::default(),
        }
    }

    /// Appends an exchange, which must be redacted, and gives it its index.
    pub(super) fn append(&self, mut exchange: Exchange) -> usize {
        let mut list = self
            .exchanges
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        exchange.index = list.len();
        list.push(exchange);
        list.len() - 1
    }

    /// Milliseconds from the start of the recording to this moment.
    pub fn milliseconds_at(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.started);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// How many exchanges there are.
    pub fn len(&self) -> usize {
        self.exchanges
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .len()
    }

    /// Whether nothing was recorded yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of one exchange.
    pub fn get(&self, index: usize) -> Option<Exchange> {
        let list = self
            .exchanges
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        list.get(index).cloned()
    }

    /// Takes the exchanges out, for the final recording.
    pub fn take(&self) -> Vec<Exchange> {
        let mut list = self
            .exchanges
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        std::mem::take(&mut list)
    }
}
