//! The raw transport: one HTTP/1.1 connection of its own, on which the request target and the
//! headers are sent as they were written.

use std::io;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::Host;

use super::wire::Wire;
use super::{AllowedOrigins, Failure, Limits, Response};
use super::{body, failure, resolve};
use crate::run::FailureKind;

/// Sends requests whose bytes a client of parsed URLs would change.
pub(super) struct Raw {
    tls: Arc<ClientConfig>,
}

impl Raw {
    pub fn new(tls: ClientConfig) -> Self {
        Self { tls: Arc::new(tls) }
    }

    pub async fn send(
        &self,
        wire: &Wire,
        limits: &Limits,
        allowed: &AllowedOrigins,
        until: Instant,
    ) -> Result<Response, Failure> {
        let unreachable = |error: io::Error| failure::of_chain(&error, FailureKind::Unreachable);
        let stream = timeout(limits.connect, connect(wire, allowed))
            .await
            .map_err(|_| Failure::new(FailureKind::Unreachable, "no connection in time"))?
            .map_err(unreachable)?;
        if wire.url.scheme() == "https" {
            let name = server_name(wire).ok_or_else(|| {
                Failure::new(
                    FailureKind::Tls,
                    "the host is no name that TLS could verify",
                )
            })?;
            let connector = TlsConnector::from(Arc::clone(&self.tls));
            let stream = timeout(limits.connect, connector.connect(name, stream))
                .await
                .map_err(|_| Failure::new(FailureKind::Tls, "no TLS handshake in time"))?
                .map_err(|error| failure::of_chain(&error, FailureKind::Tls))?;
            exchange(stream, wire, limits, until).await
        } else {
            exchange(stream, wire, limits, until).await
        }
    }
}

async fn connect(wire: &Wire, allowed: &AllowedOrigins) -> io::Result<TcpStream> {
    let host = wire.url.host_str().unwrap_or_default();
    let port = wire.url.port_or_known_default().unwrap_or_default();
    let mut last = io::Error::other("the name has no address");
    for address in resolve::lookup(allowed, host, port).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn server_name(wire: &Wire) -> Option<ServerName<'static>> {
    match wire.url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(std::net::IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(std::net::IpAddr::V6(address))),
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    wire: &Wire,
    limits: &Limits,
    until: Instant,
) -> Result<Response, Failure> {
    let malformed = |error: hyper::Error| failure::of_chain(&error, FailureKind::Malformed);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(limits.header_count.max(1))
        .max_buf_size(limits.header_bytes.max(8192))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(malformed)?;
    let _driver = Driver(tokio::spawn(async move {
        // What goes wrong on the connection is told by the request's own future.
        let _ = connection.await;
    }));
    let request = request(wire)?;
    let response = timeout_at(until, sender.send_request(request))
        .await
        .map_err(|_| body::timed_out(limits))?
        .map_err(malformed)?;
    body::read(response, limits, until, malformed).await
}

/// Ends the connection's task with the exchange, however that ends.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(wire: &Wire) -> Result<http::Request<Full<bytes::Bytes>>, Failure> {
    let malformed = |_| Failure::new(FailureKind::Malformed, "not sent, the request is not HTTP");
    let target: Uri = Uri::builder()
        .path_and_query(wire.target.as_str())
        .build()
        .map_err(malformed)?;
    let mut request = http::Request::builder()
        .method(wire.method.clone())
        .uri(target)
        .body(Full::new(wire.body.clone().unwrap_or_default()))
        .map_err(malformed)?;
    *request.headers_mut() = wire.headers.clone();
    if !request.headers().contains_key(HOST) {
        let authority = match wire.url.port() {
            Some(port) => format!("{}:{port}", wire.url.host_str().unwrap_or_default()),
            None => wire.url.host_str().unwrap_or_default().to_owned(),
        };
        let value = HeaderValue::from_str(&authority)
            .map_err(|_| Failure::new(FailureKind::Malformed, "not sent, the host is not HTTP"))?;
        request.headers_mut().insert(HOST, value);
    }
    Ok(request)
}
