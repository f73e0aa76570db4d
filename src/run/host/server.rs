//! The server that the documents live on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use http::{Response, StatusCode};
use rand::Rng;
use rand::distributions::Alphanumeric;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, oneshot};

use super::document::{Prepared, checked_path};
use super::tls::TlsListener;
use super::{Document, DocumentError, Visit};
use crate::target::DocumentPlace;

/// Most visits that are kept for one document.
const VISITS: usize = 1000;

/// Length of the part of a path that each document has for itself.
const PREFIX: usize = 12;

/// Serves documents on loopback. Starts with the first and stops when it is dropped; share it in an
/// `Arc`.
#[derive(Debug, Default)]
pub struct DocumentHost {
    place: Option<DocumentPlace>,
    running: OnceCell<Running>,
    documents: Arc<Documents>,
}

#[derive(Debug)]
struct Running {
    /// What every URL begins with, without a slash at its end.
    base: String,
    /// Dropping it stops the server.
    _stop: oneshot::Sender<()>,
}

/// The documents by the first segment of their path.
#[derive(Debug, Default)]
struct Documents(Mutex<HashMap<String, Hosted>>);

/// What a request is answered by.
#[derive(Clone)]
struct Served {
    documents: Arc<Documents>,
    /// The path of the base URL, which a proxy may hand on or take away.
    below: Arc<str>,
}

#[derive(Debug)]
struct Hosted {
    /// The whole URL.
    url: String,
    /// As a request names it, dot segments resolved: they may be before it is sent.
    path: String,
    prepared: Prepared,
    visits: Vec<Visit>,
}

impl DocumentHost {
    /// A host that listens nowhere yet, and then on a free port, by plain http.
    pub fn new() -> Self {
        Self::default()
    }

    /// A host whose documents are found below a URL of the operator's.
    pub fn at(place: Option<DocumentPlace>) -> Self {
        Self {
            place,
            ..Self::default()
        }
    }

    /// Serves the document until the host is dropped and gives its URL. No two documents share a
    /// URL, whatever their paths, so that a server's cache cannot take one for the other.
    ///
    /// # Errors
    /// The document cannot be sent over HTTP, or loopback has no free port.
    pub async fn serve(&self, document: &Document) -> Result<String, DocumentError> {
        let path = checked_path(&document.path)?;
        let running = self.running.get_or_try_init(|| self.start()).await?;
        if let Some(url) = &document.replaces {
            let prepared = Prepared::new(document, url)?;
            let mut documents = self.documents.lock();
            let hosted = documents.values_mut().find(|hosted| hosted.url == *url);
            let hosted = hosted.ok_or_else(|| DocumentError::Unknown(url.clone()))?;
            hosted.prepared = prepared;
            return Ok(url.clone());
        }
        let base = document.base.as_deref().unwrap_or(&running.base);
        if path.is_empty() && running.base.matches('/').count() > 2 {
            return Err(DocumentError::NotOurs);
        }
        let prefix: String = match path.as_str() {
            "" => String::new(),
            _ => rand::rngs::OsRng
                .sample_iter(Alphanumeric)
                .take(PREFIX)
                .map(char::from)
                .collect(),
        };
        let path = match prefix.as_str() {
            "" => path,
            _ => format!("/{prefix}{path}"),
        };
        let url = format!("{}{path}", base.trim_end_matches('/'));
        let hosted = Hosted {
            prepared: Prepared::new(document, &url)?,
            visits: Vec::new(),
            path: resolved(&path),
            url: url.clone(),
        };
        self.documents.lock().insert(prefix, hosted);
        Ok(url)
    }

    /// The requests that came for the document of this URL, or for anything beside it: below its
    /// prefix a server may look for well-known documents. At most the first thousand.
    pub fn visits(&self, url: &str) -> Vec<Visit> {
        let documents = self.documents.lock();
        let hosted = documents.values().find(|hosted| hosted.url == url);
        hosted
            .map(|hosted| hosted.visits.clone())
            .unwrap_or_default()
    }

    async fn start(&self) -> Result<Running, DocumentError> {
        let listen = self
            .place
            .as_ref()
            .map_or("127.0.0.1:0", |place| &place.listen);
        let refused = |cause| DocumentError::Listen {
            address: listen.to_owned(),
            cause,
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let base = match &self.place {
            Some(place) => place.url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        };
        let after_scheme = base.split_once("://").map_or("", |(_, rest)| rest);
        let below = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(answer).with_state(Served {
            documents: self.documents.clone(),
            below: below.into(),
        });
        let stopped = async {
            // An error means that the host was dropped, which is the signal.
            let _ = stopped.await;
        };
        match self
            .place
            .as_ref()
            .and_then(|place| place.certificate.as_ref())
        {
            Some(certificate) => {
                let listener = TlsListener::new(listener, address, certificate)?;
                let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
                tokio::spawn(server.into_future());
            }
            None => {
                let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
                tokio::spawn(server.into_future());
            }
        }
        Ok(Running { base, _stop: stop })
    }
}

impl Documents {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Hosted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path without its query and fragment, dot segments resolved.
fn resolved(path: &str) -> String {
    let parsed = url::Url::parse(&format!("http://authspec.example{path}"));
    parsed.map_or_else(|_| path.to_owned(), |url| url.path().to_owned())
}

/// The first segment of a path.
fn prefix(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

async fn answer(State(served): State<Served>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let inner = path.strip_prefix(&*served.below);
    let path = inner.filter(|inner| inner.starts_with('/')).unwrap_or(path);
    let mut documents = served.documents.lock();
    if let Some(hosted) = documents.get_mut(prefix(path)) {
        if hosted.visits.len() < VISITS {
            hosted.visits.push(Visit::of(&parts));
        }
        if hosted.path == resolved(path) {
            return hosted.prepared.response();
        }
        if let Some(response) = hosted.prepared.redirected() {
            return response;
        }
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests;
