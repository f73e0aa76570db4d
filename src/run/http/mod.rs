//! The hands of the harness: sends requests as a guest should and records every exchange.
//!
//! Nothing in here judges. Nothing goes to an origin that the target file does not name, nothing
//! is redirected or sent again in silence, and every limit (rate, concurrency, caps, time, size)
//! is held here.

mod body;
mod budget;
mod client;
mod entry;
mod failure;
mod message;
mod options;
mod origin;
mod patience;
mod pooled;
mod raw;
mod recorder;
mod resolve;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;
mod wire;

pub use budget::{Caps, Pace};
pub use client::Client;
pub use message::{Failure, Request, RequestKind, Response, Sent};
pub use options::{ClientError, Limits, Options};
pub use origin::{AllowedOrigins, Origin, is_loopback};
pub use recorder::Recorder;
