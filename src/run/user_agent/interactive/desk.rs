//! The listener at the redirect URI: hands the errand out and takes the callback in. It is there
//! while a visit is under way, and answers this machine alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::{Method, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use url::{Host, Url};

use super::errand::{Errand, Window};
use crate::run::http::is_loopback;
use crate::run::user_agent::Visit;

const MAX_POSTED: usize = 64 * 1024;

/// What came of an errand.
#[derive(Debug)]
pub(super) enum Came {
    /// The browser came to the redirect URI.
    Callback {
        url: String,
        posted: Vec<(String, String)>,
    },
    /// The person says so.
    CannotDo,
    /// Nobody in time.
    Nothing { waited: u64 },
}

/// The listener of one visit.
pub(super) struct Desk {
    url: String,
    came: mpsc::Receiver<Came>,
    taken: watch::Receiver<bool>,
    /// Dropping it lets the last answers out and stops the listeners.
    _stop: Vec<oneshot::Sender<()>>,
}

/// What the listener knows.
#[derive(Clone)]
struct Counter {
    /// Scheme, host and port as the redirect URI spells them.
    origin: String,
    path: String,
    errand: Errand,
    came: mpsc::Sender<Came>,
    taken: watch::Sender<bool>,
    is_done: Arc<AtomicBool>,
}

impl Desk {
    /// Listens at the redirect URI of the visit.
    ///
    /// # Errors
    /// Nobody can listen there.
    pub async fn open(visit: &Visit, errand: &Errand) -> Result<Self, String> {
        let redirect = visit.requested_redirect_uri.as_deref();
        let redirect = redirect.or(visit.redirect_uris.first().map(String::as_str));
        let redirect = redirect.unwrap_or_default();
        let place = Url::parse(redirect)
            .ok()
            .filter(|url| url.scheme() == "http" && is_loopback(url));
        let Some(place) = place else {
            return Err(format!(
                "a person's browser that is sent to {redirect} is not seen: the driver `interactive` needs a client whose redirect URI is http on loopback"
            ));
        };
        let (send, came) = mpsc::channel(4);
        let (take, taken) = watch::channel(false);
        let origin: String = redirect
            .splitn(4, '/')
            .take(3)
            .collect::<Vec<_>>()
            .join("/");
        let counter = Counter {
            origin: origin.clone(),
            path: place.path().to_owned(),
            errand: errand.clone(),
            came: send,
            taken: take,
            is_done: Arc::default(),
        };
        let mut stop = Vec::new();
        for address in addresses(&place) {
            let listener = listen(address).await.map_err(|cause| {
                format!("nobody can listen at {redirect}: {cause}; end what uses the port")
            })?;
            let counter = counter.clone();
            let app = Router::new().fallback(move |request| counter.clone().answer(request));
            let (ended, end) = oneshot::channel::<()>();
            tokio::spawn(async move {
                let served = axum::serve(listener, app).with_graceful_shutdown(async {
                    let _ = end.await;
                });
                // A browser may keep its connection for long.
                let _ = tokio::time::timeout(Duration::from_secs(900), served.into_future()).await;
            });
            stop.push(ended);
        }
        Ok(Self {
            url: format!("{origin}/authspec/{}", errand.number),
            came,
            taken,
            _stop: stop,
        })
    }

    /// Where the errand is handed out.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether an open tab comes for the errand in so short a time.
    pub async fn is_taken(&mut self, within: Duration) -> bool {
        let taken = self.taken.wait_for(|taken| *taken);
        tokio::time::timeout(within, taken).await.is_ok()
    }

    /// What comes next.
    pub async fn next(&mut self) -> Came {
        match self.came.recv().await {
            Some(came) => came,
            None => std::future::pending().await,
        }
    }
}

/// The listener of the visit before may need a moment to go.
async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    for _ in 0..20 {
        match TcpListener::bind(address).await {
            Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other,
        }
    }
    TcpListener::bind(address).await
}

/// `localhost` may mean either family.
fn addresses(place: &Url) -> Vec<SocketAddr> {
    let port = place.port_or_known_default().unwrap_or(80);
    match place.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        _ => vec![
            ([127, 0, 0, 1], port).into(),
            (std::net::Ipv6Addr::LOCALHOST, port).into(),
        ],
    }
}

impl Counter {
    async fn answer(self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if path == self.path {
            let query = parts.uri.path_and_query().map_or(path, |all| all.as_str());
            let url = format!("{}{query}", self.origin);
            let posted = match parts.method {
                Method::POST => axum::body::to_bytes(body, MAX_POSTED)
                    .await
                    .unwrap_or_default(),
                _ => Default::default(),
            };
            let posted = url::form_urlencoded::parse(&posted).into_owned().collect();
            self.is_done.store(true, Ordering::SeqCst);
            // A visit that is over needs no second callback.
            let _ = self.came.try_send(Came::Callback { url, posted });
            let page = match self.errand.window {
                Window::Everyday => include_str!("done.html"),
                Window::Private | Window::NewPrivate => include_str!("back.html"),
            };
            return Html(page).into_response();
        }
        match (path.strip_prefix("/authspec/"), &parts.method) {
            // What is done already is not handed out again.
            (Some("next"), _) if self.is_done.load(Ordering::SeqCst) => {
                StatusCode::NOT_FOUND.into_response()
            }
            (Some("next"), _) => {
                let _ = self.taken.send(true);
                format!("{}/authspec/{}", self.origin, self.errand.number).into_response()
            }
            (Some("cannot"), &Method::POST) => {
                let _ = self.came.try_send(Came::CannotDo);
                Html(include_str!("done.html")).into_response()
            }
            (Some(_), _) if self.errand.goes_by_itself() => {
                Redirect::to(&self.errand.go).into_response()
            }
            (Some(_), _) => Html(self.errand.page()).into_response(),
            (None, _) => StatusCode::NOT_FOUND.into_response(),
        }
    }
}
