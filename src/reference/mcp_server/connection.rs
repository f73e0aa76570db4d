//! What a connection has shown before, for policies that let it count. The right policy never asks:
//! each request stands for itself (MCP 2026-07-28 "no inherited identity").

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use super::verify::Caller;

/// The first caller of each connection.
#[derive(Debug, Default)]
pub struct Connections(Mutex<HashMap<SocketAddr, Caller>>);

impl Connections {
    /// Remembers the first caller.
    pub fn remember(&self, peer: SocketAddr, caller: &Caller) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(peer).or_insert_with(|| caller.clone());
    }

    /// The first caller.
    pub fn first(&self, peer: SocketAddr) -> Option<Caller> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&peer).cloned()
    }
}
