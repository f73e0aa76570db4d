//! The client: every request of a run passes here, is held to the limits, sent, redacted and
//! recorded.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time;

use super::pooled::Pooled;
use super::raw::Raw;
use super::throttle::Throttle;
use super::wire::Wire;
use super::{
    AllowedOrigins, ClientError, Failure, Options, Recorder, Request, RequestKind, Response, Sent,
    budget, entry, is_loopback, patience, tls,
};
use crate::run::redact::Vault;
use crate::run::{Counts, Event, FailureKind};

/// Sends requests within the limits and records them. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    options: Options,
    vault: Arc<Vault>,
    recorder: Recorder,
    budget: budget::Budget,
    throttle: Throttle,
    pooled: Pooled,
    raw: Raw,
    deadline: Mutex<Option<time::Instant>>,
}

/// Waits longer than this are told as events.
const WORTH_TELLING: Duration = Duration::from_secs(1);

impl Client {
    /// A client that records into `recorder` what `vault` has redacted. The time of
    /// [`Limits::run`](super::Limits::run) starts here.
    pub fn new(
        options: Options,
        vault: Arc<Vault>,
        recorder: Recorder,
    ) -> Result<Self, ClientError> {
        let root = options.extra_root.as_deref();
        let uses_tls = options
            .allowed
            .list()
            .iter()
            .any(|origin| origin.as_str().starts_with("https:"));
        let pooled = tls::config(root, uses_tls, &["h2", "http/1.1"])?;
        let mut raw = pooled.clone();
        raw.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Shared {
            budget: budget::Budget::new(options.caps, options.pace),
            throttle: Throttle::new(options.rate, options.concurrency),
            pooled: Pooled::new(&pooled, &options.limits, &options.allowed)?,
            raw: Raw::new(raw),
            deadline: Mutex::new(
                options
                    .limits
                    .run
                    .map(|length| time::Instant::now() + length),
            ),
            options,
            vault,
            recorder,
        })))
    }

    /// The vault.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.0.vault
    }

    /// The recorder.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// The origins that it talks to.
    pub fn allowed(&self) -> &AllowedOrigins {
        &self.0.options.allowed
    }

    /// What was sent so far.
    pub fn counts(&self) -> Counts {
        self.0.budget.counts()
    }

    /// Whether the time for the whole run is over.
    pub fn is_out_of_time(&self) -> bool {
        self.deadline()
            .is_some_and(|deadline| deadline <= time::Instant::now())
    }

    /// What is left of the time for the whole run, if it is limited.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline().map(until)
    }

    /// Counts a login that somebody else makes, if the cap allows it.
    ///
    /// # Errors
    /// The cap is reached.
    pub fn count_login(&self) -> Result<(), Failure> {
        self.spend(RequestKind::Login)
    }

    fn spend(&self, kind: RequestKind) -> Result<(), Failure> {
        self.0.budget.spend(kind).map_err(|over| {
            let (member, cap) = (over.what, over.cap);
            let message = format!("the cap `limits.{member}: {cap}` was reached; raise it");
            Failure::new(FailureKind::CapReached, message)
        })
    }

    /// Tells whoever watches the run.
    pub fn say(&self, event: Event) {
        if let Some(events) = &self.0.options.events {
            // Nobody listens: nobody needs to know.
            let _ = events.send(event);
        }
    }

    /// Puts the end of the run off by time that somebody else took.
    pub fn pardon(&self, time: Duration) {
        let mut deadline = self
            .0
            .deadline
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *deadline = deadline.map(|deadline| deadline + time);
    }

    /// Gives time from now on, if less is left: what a guest leaves behind is to be put away also
    /// when the time of the run is over.
    pub fn grant(&self, time: Duration) {
        let until = time::Instant::now() + time;
        let mut deadline = self
            .0
            .deadline
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *deadline = deadline.map(|deadline| deadline.max(until));
    }

    fn deadline(&self) -> Option<time::Instant> {
        *self
            .0
            .deadline
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and records the exchange, whatever becomes of it.
    ///
    /// A 429 with a `Retry-After` within the limit is recorded, waited for, and the request is
    /// sent once more; what then comes is handed on, a second 429 too (RFC 6585 section 4).
    pub async fn send(&self, purpose: &str, request: Request) -> Sent {
        let first = self.send_once(purpose, &request).await;
        let Ok(response) = &first.answer else {
            return first;
        };
        let Some(wait) = patience::asked(response, self.0.options.limits.max_retry_after) else {
            return first;
        };
        let Ok(wire) = Wire::new(&request) else {
            return first;
        };
        self.tell(format!("{purpose}: the server answered 429"), wait);
        let until = time::Instant::now() + wait;
        self.0.throttle.hold(&wire.endpoint(), until);
        if self.wait_until(until).await.is_err() {
            return first;
        }
        let second = self.send_once(purpose, &request).await;
        match &second.answer {
            // A cap or the end of the run decides nothing that the 429 has not decided already.
            Err(failure) if failure.kind == FailureKind::CapReached => first,
            _ => second,
        }
    }

    async fn send_once(&self, purpose: &str, request: &Request) -> Sent {
        let mut started = Instant::now();
        let answer = match self.admit(purpose, request).await {
            Ok((wire, _place)) => {
                started = Instant::now();
                self.transmit(&wire).await
            }
            Err(failure) => Err(failure),
        };
        let answer = answer.map(|response| Response {
            elapsed: started.elapsed(),
            ..response
        });
        // Before the exchange is written down: that is our time, not the server's.
        let took = started.elapsed();
        let kept = self.0.options.limits.recorded_body;
        let mut exchange = entry::of(&self.0.vault, purpose, request, &answer, kept);
        exchange.started_ms = self.0.recorder.milliseconds_at(started);
        exchange.took_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        Sent {
            exchange: self.0.recorder.append(exchange),
            answer,
        }
    }

    /// Lets a request go when its origin, the budget and the pace allow it.
    async fn admit(
        &self,
        purpose: &str,
        request: &Request,
    ) -> Result<(Wire, Option<tokio::sync::OwnedSemaphorePermit>), Failure> {
        let wire = Wire::new(request)?;
        self.check_origin(&wire)?;
        if self.is_out_of_time() {
            return Err(out_of_time());
        }
        self.spend(request.kind)?;
        if let Some(slot) = self.0.budget.slot(request.kind) {
            self.tell(
                format!("{purpose}: the pace of the target file"),
                until(slot),
            );
            self.wait_until(slot).await?;
        }
        if let Some(held) = self.0.throttle.held_until(&wire.endpoint()) {
            self.wait_until(held).await?;
        }
        let place = self.0.throttle.enter(&wire.origin).await;
        self.wait_until(self.0.throttle.slot(&wire.origin)).await?;
        Ok((wire, place))
    }

    fn check_origin(&self, wire: &Wire) -> Result<(), Failure> {
        let refuse = |message| Err(Failure::new(FailureKind::NotAllowed, message));
        if !self.allowed().contains(&wire.origin) {
            return refuse(format!(
                "not sent, {} is not an allowed origin",
                wire.origin
            ));
        }
        let plain = wire.url.scheme() == "http";
        if plain && !self.0.options.insecure_http && !is_loopback(&wire.url) {
            return refuse(format!(
                "not sent, {} is plain http beyond loopback",
                wire.origin
            ));
        }
        Ok(())
    }

    async fn transmit(&self, wire: &Wire) -> Result<Response, Failure> {
        let limits = &self.0.options.limits;
        let until = time::Instant::now() + limits.answer;
        let until = self
            .deadline()
            .map_or(until, |deadline| deadline.min(until));
        let answer = if wire.needs_raw() {
            self.0.raw.send(wire, limits, self.allowed(), until).await
        } else {
            self.0.pooled.send(wire, limits, until).await
        };
        answer.map_err(|failure| match failure.kind {
            FailureKind::Timeout if self.is_out_of_time() => Failure::new(
                FailureKind::Timeout,
                "the time for the whole run was over before the answer was complete",
            ),
            _ => failure,
        })
    }

    async fn wait_until(&self, moment: time::Instant) -> Result<(), Failure> {
        match self.deadline() {
            Some(deadline) if deadline < moment => {
                time::sleep_until(deadline).await;
                Err(out_of_time())
            }
            _ => {
                // A timer is as coarse as a millisecond: do not pay for a moment that has come.
                if moment > time::Instant::now() {
                    time::sleep_until(moment).await;
                }
                Ok(())
            }
        }
    }

    fn tell(&self, reason: String, wait: Duration) {
        if wait >= WORTH_TELLING {
            self.say(Event::Waiting {
                reason,
                seconds: wait.as_secs_f64(),
            });
        }
    }
}

fn until(moment: time::Instant) -> Duration {
    moment.saturating_duration_since(time::Instant::now())
}

fn out_of_time() -> Failure {
    Failure::new(
        FailureKind::Timeout,
        "not sent, the time for the whole run is over",
    )
}
