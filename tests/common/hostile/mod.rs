//! Hostile servers as data: the reference servers behind a door of its own, which answers some
//! requests itself, as a file of `fixtures/hostile/` says, byte for byte.
//!
//! The door speaks HTTP/1.1 over plain sockets, one request a connection, since a proper HTTP
//! server would refuse to say most of what these files ask for.

mod answer;
mod door;
mod fixture;

pub use door::Door;
pub use fixture::{Expected, Fixture, fixtures};

/// Texts that are put into whatever a fixture says.
#[derive(Clone, Debug)]
pub struct Names {
    /// The door's own origin.
    pub origin: String,
    /// An origin that nothing may be requested from.
    pub foreign: String,
}

impl Names {
    /// `text` with `{origin}` and `{foreign}` replaced.
    pub fn put_into(&self, text: &str) -> String {
        text.replace("{origin}", &self.origin)
            .replace("{foreign}", &self.foreign)
    }
}
