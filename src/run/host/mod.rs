//! Documents that the harness serves on loopback while a run lasts: client ID metadata documents
//! (CIMD section 4), key sets, and whatever a hostile client would point a server at.
//!
//! Plain HTTP on 127.0.0.1, behind a proxy or tunnel of the operator's where the target file names its
//! URL, or https by a certificate that the file names. The server starts with the first document and stops when the
//! [`DocumentHost`] is dropped. It notes who came for what and keeps no credential: of a request's
//! headers only the names, and of two harmless ones the values.

mod document;
mod server;
mod tls;
mod visit;

pub use document::{CANNOT_LISTEN, Document, DocumentError, SELF_URL};
pub use server::DocumentHost;
pub use visit::Visit;
