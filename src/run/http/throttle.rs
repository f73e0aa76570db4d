//! Rate, concurrency and patience, for each origin by itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Origin;

/// Hands out moments that lie at least `every` apart, for each key by itself.
pub(super) struct Interval<Key> {
    every: Duration,
    next: Mutex<HashMap<Key, Instant>>,
}

impl<Key: Eq + Hash> Interval<Key> {
    pub fn new(every: Duration) -> Self {
        Self {
            every,
            next: Mutex::new(HashMap::new()),
        }
    }

    /// The moment at which the caller may go; it is the caller's own.
    pub fn reserve(&self, key: Key) -> Instant {
        let now = Instant::now();
        if self.every.is_zero() {
            return now;
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.get(&key).map_or(now, |slot| (*slot).max(now));
        next.insert(key, slot + self.every);
        slot
    }
}

/// Longer than any run, and short enough to be added to the clock many times.
const AN_AGE: Duration = Duration::from_secs(1_000_000_000);

/// Holds requests to rate and concurrency, and back after a 429.
pub(super) struct Throttle {
    rate: Interval<Origin>,
    concurrency: usize,
    permits: Mutex<HashMap<Origin, Arc<Semaphore>>>,
    holds: Mutex<HashMap<String, Instant>>,
}

impl Throttle {
    /// `rate` in requests a second; nonsense (zero, negative, not a number) is no limit, and next to
    /// nothing is an age between two.
    pub fn new(rate: Option<f64>, concurrency: usize) -> Self {
        let every = rate
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .map(|rate| Duration::try_from_secs_f64(1.0 / rate).unwrap_or(AN_AGE))
            .map_or(Duration::ZERO, |every| every.min(AN_AGE));
        Self {
            rate: Interval::new(every),
            concurrency: concurrency.clamp(1, Semaphore::MAX_PERMITS),
            permits: Mutex::default(),
            holds: Mutex::default(),
        }
    }

    /// A place among the requests that are under way at the origin.
    pub async fn enter(&self, origin: &Origin) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.concurrency));
            Arc::clone(permits.entry(origin.clone()).or_insert_with(new))
        };
        // Never closed, so never an error.
        semaphore.acquire_owned().await.ok()
    }

    /// The moment at which the rate lets one more request to the origin go.
    pub fn slot(&self, origin: &Origin) -> Instant {
        self.rate.reserve(origin.clone())
    }

    /// Holds back everything that goes to the endpoint until then.
    pub fn hold(&self, endpoint: &str, until: Instant) {
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        let held = holds.entry(endpoint.to_owned()).or_insert(until);
        *held = (*held).max(until);
    }

    /// Until when the endpoint asked for patience.
    pub fn held_until(&self, endpoint: &str) -> Option<Instant> {
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.retain(|_, until| *until > Instant::now());
        holds.get(endpoint).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slots_lie_apart_for_each_origin() {
        let throttle = Throttle::new(Some(10.0), 0);
        let here = Origin::of("http://127.0.0.1:1").unwrap();
        let there = Origin::of("http://127.0.0.1:2").unwrap();
        let first = throttle.slot(&here);
        assert_eq!(throttle.slot(&here) - first, Duration::from_millis(100));
        assert_eq!(throttle.slot(&here) - first, Duration::from_millis(200));
        assert!(throttle.slot(&there) - first < Duration::from_millis(50));
    }

    #[tokio::test]
    async fn next_to_no_rate_is_not_no_limit() {
        let origin = Origin::of("http://127.0.0.1:1").unwrap();
        for rate in [1e-20, 1e-18, 1e-9] {
            let throttle = Throttle::new(Some(rate), 1);
            let first = throttle.slot(&origin);
            throttle.slot(&origin);
            assert!(throttle.slot(&origin) - first > Duration::from_secs(86_400));
        }
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_under_way() {
        let throttle = Throttle::new(None, 1);
        let origin = Origin::of("http://127.0.0.1:1").unwrap();
        let held = throttle.enter(&origin).await;
        let second = tokio::time::timeout(Duration::from_millis(20), throttle.enter(&origin)).await;
        assert!(second.is_err());
        drop(held);
        assert!(throttle.enter(&origin).await.is_some());
    }
}
