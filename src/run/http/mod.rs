//! The hands of the harness: sends requests as a guest should and records every exchange.
//!
//! Nothing in here judges. Nothing goes to an origin that the target file does not name, nothing
//! is redirected or sent again in silence, and every limit (rate, concurrency, caps, time, size)
//! is held here.

mod budget;
mod client;
mod message;
mod origin;
mod recorder;

pub use budget::{Caps, Pace};
pub use client::{Client, ClientError, Limits, Options};
pub use message::{Failure, Request, RequestKind, Response, Sent};
pub use origin::{AllowedOrigins, Origin, is_loopback};
pub use recorder::Recorder;
