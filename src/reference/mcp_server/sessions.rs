//! Sessions of the versions up to 2025-11-25 (MCP transports "session management").
//!
//! An ID is 32 random bytes and opens nothing by itself: each request carries its token, and a session
//! answers only the user and client that opened it (MCP security best practices "session hijacking"). It
//! is bound to names, not to the bytes of a token, so that it survives a refresh.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use http::Method;
use rand::Rng;
use tokio::sync::watch;

use super::policy::{SessionBinding, SessionIds};
use super::verify::Caller;

/// A session as its users see it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who opened it.
    pub owner: Caller,
    /// The negotiated version.
    pub version: String,
    /// Ends when the session does.
    pub closed: watch::Receiver<()>,
}

/// The open sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Mutex<HashMap<String, (Session, watch::Sender<()>)>>,
    counter: AtomicU64,
}

impl Sessions {
    /// Opens one; gives its ID.
    pub fn open(&self, owner: &Caller, version: &str, token: &str, ids: SessionIds) -> String {
        let id = self.new_id(owner, token, ids);
        self.adopt(&id, owner, version);
        id
    }

    /// Opens one under a given ID.
    pub fn adopt(&self, id: &str, owner: &Caller, version: &str) {
        let (sender, closed) = watch::channel(());
        let session = Session {
            owner: owner.clone(),
            version: version.to_owned(),
            closed,
        };
        self.lock().insert(id.to_owned(), (session, sender));
    }

    /// The session of that ID, whoever asks.
    pub fn get(&self, id: &str) -> Option<Session> {
        self.lock().get(id).map(|(session, _)| session.clone())
    }

    /// Ends one.
    pub fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Session, watch::Sender<()>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_id(&self, owner: &Caller, token: &str, ids: SessionIds) -> String {
        let random = || BASE64URL.encode(rand::thread_rng().r#gen::<[u8; 32]>());
        match ids {
            SessionIds::Random => random(),
            SessionIds::Counter => {
                format!(
                    "session-{}",
                    self.counter.fetch_add(1, Ordering::Relaxed) + 1
                )
            }
            SessionIds::UserName => format!("session-{}", owner.user),
            SessionIds::WithSpace => format!("session {}", random()),
            SessionIds::AccessToken => token.to_owned(),
            SessionIds::Short => format!("{:04}", rand::thread_rng().gen_range(0..10_000)),
        }
    }
}

/// Whether a caller may use a session.
pub fn may_use(
    session: &Session,
    caller: &Caller,
    method: &Method,
    bound_to: SessionBinding,
) -> bool {
    let owner = &session.owner;
    // A caller that was not asked for a token has no name that could differ.
    if caller.token_digest.is_empty() {
        return true;
    }
    match bound_to {
        SessionBinding::UserAndClient => {
            owner.user == caller.user && owner.client_id == caller.client_id
        }
        SessionBinding::User => owner.user == caller.user,
        SessionBinding::Nobody => true,
        SessionBinding::Token => owner.token_digest == caller.token_digest,
        SessionBinding::UserForPostOnly => method != Method::POST || owner.user == caller.user,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(user: &str, client_id: &str, token: u8) -> Caller {
        Caller {
            user: user.into(),
            client_id: client_id.into(),
            token_digest: vec![token],
            ..Caller::default()
        }
    }

    #[test]
    fn a_session_answers_its_user_and_client_with_any_token() {
        let sessions = Sessions::default();
        let id = sessions.open(
            &caller("alice", "c", 1),
            "2025-11-25",
            "t",
            SessionIds::Random,
        );
        let session = sessions.get(&id).unwrap();
        let may = |caller: &Caller, bound| may_use(&session, caller, &Method::POST, bound);
        assert!(may(&caller("alice", "c", 2), SessionBinding::UserAndClient));
        assert!(!may(&caller("bob", "c", 1), SessionBinding::UserAndClient));
        assert!(!may(
            &caller("alice", "d", 1),
            SessionBinding::UserAndClient
        ));
        assert!(!may(&caller("alice", "c", 2), SessionBinding::Token));
        assert!(may(&caller("bob", "d", 3), SessionBinding::Nobody));
    }

    #[test]
    fn ids_are_long_visible_and_different() {
        let sessions = Sessions::default();
        let open = || sessions.open(&caller("a", "c", 1), "v", "t", SessionIds::Random);
        let (first, second) = (open(), open());
        assert_ne!(first, second);
        assert!(first.len() >= 43 && first.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn a_closed_session_is_gone() {
        let sessions = Sessions::default();
        let id = sessions.open(&caller("a", "c", 1), "v", "t", SessionIds::Counter);
        let session = sessions.get(&id).unwrap();
        sessions.close(&id);
        assert!(sessions.get(&id).is_none());
        assert!(session.closed.has_changed().is_err());
    }
}
