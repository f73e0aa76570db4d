//! Redaction at the moment of recording: live secrets go in, markers come out.
//!
//! A [`Vault`] knows every live secret of a run and replaces each by a marker that can be
//! compared but not used. It must run before anything is stored; nothing downstream may rely on
//! redacting later.

mod encoding;
mod header;
mod json;
mod kind;
mod matcher;
mod search;
mod signs;
#[cfg(test)]
mod tests;
mod text;
mod vault;

pub use kind::Kind;
pub use vault::{Body, Vault};
