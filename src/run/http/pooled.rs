//! The ordinary transport: reqwest, with everything switched off that it would do by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use super::resolve::GuardedResolver;
use super::wire::Wire;
use super::{AllowedOrigins, ClientError, Failure, Limits, Response};
use super::{body, failure};
use crate::run::FailureKind;

/// Common servers close an idle connection after five seconds; staying well below avoids sending
/// into a connection that is being closed, which would look like a fault of the server.
const IDLE: Duration = Duration::from_secs(2);

/// Two reqwest clients: one that keeps connections and one that never does.
pub(super) struct Pooled {
    keeping: RwLock<reqwest::Client>,
    fresh: reqwest::Client,
    /// Clients with a connection of their own, by its name.
    named: Mutex<HashMap<String, reqwest::Client>>,
    build: Box<dyn Fn(usize) -> Result<reqwest::Client, ClientError> + Send + Sync>,
}

impl Pooled {
    pub fn new(
        tls: &ClientConfig,
        limits: &Limits,
        allowed: &AllowedOrigins,
    ) -> Result<Self, ClientError> {
        let tls = tls.clone();
        let limits = limits.clone();
        let allowed = allowed.clone();
        let build = move |idle: usize| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .connect_timeout(limits.connect)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(idle)
                .http1_max_headers(limits.header_count.max(1))
                .http2_max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
                .dns_resolver(Arc::new(GuardedResolver(allowed.clone())))
                .build()
                .map_err(|error| ClientError::Setup(error.without_url().to_string()))
        };
        Ok(Self {
            keeping: RwLock::new(build(usize::MAX)?),
            fresh: build(0)?,
            named: Mutex::default(),
            build: Box::new(build),
        })
    }

    fn keeping(&self) -> reqwest::Client {
        self.keeping
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The client that keeps the connection of this name, and no other.
    fn named(&self, name: &str) -> Result<reqwest::Client, Failure> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = named.get(name) {
            return Ok(client.clone());
        }
        let client = (self.build)(1)
            .map_err(|error| Failure::new(FailureKind::Unreachable, error.to_string()))?;
        named.insert(name.to_owned(), client.clone());
        Ok(client)
    }

    /// Uses none of the present connections again. A server may end the connection on which it
    /// failed after its answer (uvicorn does), and the next request, innocent, would meet that.
    fn start_over(&self) {
        // The same settings have built one before; should they not now, the old one goes on.
        if let Ok(client) = (self.build)(usize::MAX) {
            let mut keeping = self.keeping.write().unwrap_or_else(PoisonError::into_inner);
            *keeping = client;
        }
    }

    pub async fn send(
        &self,
        wire: &Wire,
        limits: &Limits,
        until: Instant,
    ) -> Result<Response, Failure> {
        let client = match (&wire.connection, wire.fresh_connection) {
            (Some(name), _) => self.named(name)?,
            (None, true) => self.fresh.clone(),
            (None, false) => self.keeping(),
        };
        let mut request = client
            .request(wire.method.clone(), wire.url.clone())
            .headers(wire.headers.clone());
        if let Some(body) = &wire.body {
            request = request.body(body.clone());
        }
        let response = timeout_at(until, request.send())
            .await
            .map_err(|_| body::timed_out(limits))?
            .map_err(failure::of_reqwest)?;
        // Before the body is read: with its last byte the connection would be free for others.
        if response.status().is_server_error() && !wire.fresh_connection {
            self.start_over();
        }
        let response: http::Response<reqwest::Body> = response.into();
        body::read(response, limits, until, failure::of_reqwest).await
    }
}
