//! The client.

use std::sync::Arc;
use std::time::Duration;

use super::{AllowedOrigins, Caps, Failure, Pace, Recorder, Request, Sent};
use crate::run::redact::Vault;
use crate::run::{Answer, Counts, Events, Exchange, FailureKind, RecordedRequest};

/// Limits of time and size.
#[derive(Clone, Debug)]
pub struct Limits {
    /// To make a connection.
    pub connect: Duration,
    /// From sending to the last byte of the answer.
    pub answer: Duration,
    /// Bytes of a body that are read; the rest is cut.
    pub body: usize,
    /// Bytes of a body that are kept in the recording.
    pub recorded_body: usize,
    /// Header lines of an answer.
    pub header_count: usize,
    /// Bytes of all header lines of an answer.
    pub header_bytes: usize,
    /// The longest `Retry-After` that is waited for.
    pub max_retry_after: Duration,
    /// The whole run, from the making of the client.
    pub run: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            body: 1024 * 1024,
            recorded_body: 64 * 1024,
            header_count: 100,
            header_bytes: 64 * 1024,
            max_retry_after: Duration::from_secs(60),
            run: None,
        }
    }
}

/// How a client behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The only origins that it talks to.
    pub allowed: AllowedOrigins,
    /// Whether plain http is accepted beyond loopback.
    pub insecure_http: bool,
    /// Requests a second to one origin; `None` is as fast as it goes.
    pub rate: Option<f64>,
    /// Requests at once to one origin; 0 is taken as 1.
    pub concurrency: usize,
    /// Time and size.
    pub limits: Limits,
    /// Caps of scarce requests.
    pub caps: Caps,
    /// Pacing of scarce requests.
    pub pace: Pace,
    /// One more root certificate (PEM; several may follow each other).
    pub extra_root: Option<Vec<u8>>,
    /// Where waiting is told.
    pub events: Option<Events>,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The extra root certificate does not parse.
    #[error("cannot read the extra root certificate: {0}")]
    Root(String),
    /// TLS or the HTTP stack does not start.
    #[error("cannot set up HTTP: {0}")]
    Setup(String),
}

/// Sends requests within the limits and records them. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    options: Options,
    vault: Arc<Vault>,
    recorder: Recorder,
}

impl Client {
    /// A client that records into `recorder` what `vault` has redacted.
    pub fn new(
        options: Options,
        vault: Arc<Vault>,
        recorder: Recorder,
    ) -> Result<Self, ClientError> {
        Ok(Self(Arc::new(Shared {
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
        Counts::default()
    }

    /// Sends a request and records the exchange, whatever becomes of it.
    pub async fn send(&self, purpose: &str, request: Request) -> Sent {
        let exchange = self.0.recorder.append(Exchange {
            index: 0,
            purpose: purpose.to_owned(),
            request: RecordedRequest {
                method: request.method,
                url: self.0.vault.redact_text(&request.url),
                headers: Vec::new(),
                body: None,
            },
            answer: Answer::Failed {
                kind: FailureKind::Unreachable,
                message: "not built yet".to_owned(),
            },
            started_ms: 0,
            took_ms: 0,
        });
        Sent {
            exchange,
            answer: Err(Failure::new(FailureKind::Unreachable, "not built yet")),
        }
    }
}
