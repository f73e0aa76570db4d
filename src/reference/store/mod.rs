//! Clients, grants, codes, tokens and sessions of one authorization server, in memory.
//!
//! Everything stands behind one lock, so that looking at a code and spending it is one act: two
//! requests at once never both win (OAuth 2.1 sections 4.1.3 and 4.3.1). The lock is never held
//! while something is awaited.

pub mod client;
pub mod grant;
pub mod handles;
pub mod session;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::authorization_server::authorize::request::AuthorizationRequest;
use super::authorization_server::pushed::Pushed;
use client::{CachedDocument, Client};
use grant::{AccessToken, Code, Grant, GrantId, RefreshToken};
use session::{Session, Transaction};

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

/// The store.
#[derive(Debug, Default)]
pub struct Store {
    state: Mutex<State>,
}

/// What the lock protects.
#[derive(Debug, Default)]
pub struct State {
    /// Clients by identifier.
    pub clients: HashMap<String, Client>,
    /// Grants.
    pub grants: HashMap<GrantId, Grant>,
    /// Authorization codes.
    pub codes: HashMap<String, Code>,
    /// Refresh tokens, spent ones included.
    pub refresh_tokens: HashMap<String, RefreshToken>,
    /// Access tokens by their whole text.
    pub access_tokens: HashMap<String, AccessToken>,
    /// The text of access tokens by `jti`.
    pub tokens_by_jti: HashMap<String, String>,
    /// Browser sessions by cookie value.
    pub sessions: HashMap<String, Session>,
    /// Authorization requests that wait for a user.
    pub transactions: HashMap<String, Transaction>,
    /// Requests that wait for a third party's answer: session and request, by `state`.
    pub delegated: HashMap<String, (String, AuthorizationRequest)>,
    /// The third party's own sessions, by cookie value, and codes: the user of each.
    pub third_party: HashMap<String, String>,
    /// Pages that wait for a user who was asked to log in there: who, and whether it was done.
    pub linking: HashMap<String, (String, bool)>,
    /// Pushed authorization requests by `request_uri`.
    pub pushed: HashMap<String, Pushed>,
    /// Users' consents: user and client.
    pub consents: HashSet<(String, String)>,
    /// `jti` of client assertions that were used, by client, with their end of life.
    pub assertion_ids: HashMap<(String, String), u64>,
    /// Client ID metadata documents by URL.
    pub documents: HashMap<String, CachedDocument>,
    /// Redemptions that found a code spent which was not when they began.
    pub lost_races: u64,
    /// The last number given to a grant or a counted handle.
    pub counter: u64,
}

impl Store {
    /// The state, locked. A panic elsewhere does not take the store down.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the access token with this `jti` (for opaque tokens: the token itself) was revoked.
    /// Tokens that this server did not issue are not revoked either.
    pub fn is_revoked(&self, jti: &str) -> bool {
        let state = self.lock();
        let token = state.tokens_by_jti.get(jti).map_or(jti, String::as_str);
        state
            .access_tokens
            .get(token)
            .is_some_and(|token| state.is_dead(token))
    }
}

impl State {
    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Whether `token` or its grant was revoked; expiry is another matter.
    pub fn is_dead(&self, token: &AccessToken) -> bool {
        token.revoked
            || self
                .grants
                .get(&token.grant)
                .is_none_or(|grant| grant.access_revoked)
    }

    /// Ends a grant with everything issued from it.
    pub fn revoke_grant(&mut self, id: GrantId) {
        if let Some(grant) = self.grants.get_mut(&id) {
            grant.access_revoked = true;
            grant.refresh_revoked = true;
        }
    }

    /// Ends every grant of a client and forgets what waits for a user (RFC 7592 section 2.3).
    pub fn revoke_client(&mut self, client_id: &str) {
        for grant in self
            .grants
            .values_mut()
            .filter(|grant| grant.client_id == client_id)
        {
            grant.access_revoked = true;
            grant.refresh_revoked = true;
        }
        self.codes.retain(|_, code| code.client_id != client_id);
        self.consents.retain(|(_, client)| client != client_id);
    }
}
