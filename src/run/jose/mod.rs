//! JSON Web Tokens as the harness needs them: taken apart without trust, put together again
//! deliberately wrong, and checked against a key set (RFC 7515, RFC 7517, RFC 7519).
//!
//! A JOSE library refuses to make a wrong token, and rightly so; here header and claims are plain
//! JSON and only the signature comes from the library. Nothing in here decides whether a server is
//! right, and none of the keys protects anything: they live as long as the process.

mod assertion;
mod compact;
mod forge;
mod keys;
mod server_key;
mod verify;

pub use assertion::{client_assertion, given_client_assertion, proof};
pub use compact::{Decoded, decode};
pub use forge::{ForgeError, forge, signed};
pub use keys::Keys;
pub use verify::{VerifyError, is_verified_by};
