//! Dynamic registrations to their end: a client that came to be at the server is known here and is
//! deleted when the session ends (RFC 7592 section 2.3), even where the run that wanted it was
//! dropped in the middle of its request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout_at};

use super::http::{Client, Request, Sent};
use crate::target::Live;

/// Sends registrations and remembers what can be deleted.
#[derive(Default)]
pub(super) struct Registrar {
    managed: Arc<Mutex<Vec<Managed>>>,
    /// Every registration that is under way reads; whoever may write knows that there is none.
    under_way: Arc<RwLock<()>>,
}

/// A registered client that is to be deleted.
struct Managed {
    uri: String,
    token: Live,
}

impl Registrar {
    /// Sends a registration request. It goes on to its end in a task of its own, so that whoever
    /// stops waiting for it leaves no client behind.
    pub async fn send(&self, http: &Client, purpose: &str, request: Request) -> Sent {
        let guard = Arc::clone(&self.under_way).read_owned().await;
        let (http, managed) = (http.clone(), Arc::clone(&self.managed));
        let purpose = purpose.to_owned();
        let task = tokio::spawn(async move {
            let sent = http.send(&purpose, request).await;
            if let Ok(response) = &sent.answer
                && let Some(client) = response.json().ok().as_ref().and_then(Managed::of)
            {
                lock(&managed).push(client);
            }
            drop(guard);
            sent
        });
        match task.await {
            Ok(sent) => sent,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// How many registered clients are still to be deleted.
    pub fn managed(&self) -> usize {
        lock(&self.managed).len()
    }

    /// Deletes every registered client, those of registrations that are still under way too, as
    /// far as `patience` lasts.
    pub async fn clean_up(&self, http: &Client, patience: Duration) {
        let until = Instant::now() + patience;
        // Whoever hangs longer than that is left behind; the others are deleted all the same.
        let _ = timeout_at(Instant::now() + patience / 2, self.under_way.write()).await;
        let managed = std::mem::take(&mut *lock(&self.managed));
        let deletions = managed.into_iter().map(|client| async move {
            let mut request = Request::get(client.uri)
                .header("Authorization", format!("Bearer {}", client.token.expose()));
            request.method = "DELETE".to_owned();
            http.send("delete client", request).await;
        });
        let _ = timeout_at(until, futures_util::future::join_all(deletions)).await;
    }
}

impl Managed {
    /// Where and by what a client may be deleted, from its registration (RFC 7592 section 3).
    fn of(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        Some(Self {
            uri: text("registration_client_uri")?.to_owned(),
            token: Live::new(text("registration_access_token")?),
        })
    }
}

fn lock(managed: &Mutex<Vec<Managed>>) -> MutexGuard<'_, Vec<Managed>> {
    managed.lock().unwrap_or_else(PoisonError::into_inner)
}
