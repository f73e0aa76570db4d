//! How a client behaves: whom it may talk to, how fast, how long, how much.

use std::time::Duration;

use super::{AllowedOrigins, Caps, Pace};
use crate::run::Events;

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
