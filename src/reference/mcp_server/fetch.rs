//! The MCP server as an HTTP client of its authorization server: key sets and introspection.
//!
//! Loopback only, whatever a policy says: the reference servers never reach into a network. No proxy,
//! no redirect, no connection kept, bounded time and size.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use url::Url;

use super::claims::Fault;
use super::credentials::basic;

const LIMIT: usize = 64 * 1024;

/// GETs a JSON document.
pub async fn json(url: &str) -> Result<Value, Fault> {
    read(send(client()?.get(loopback(url)?)).await?).await
}

/// Asks the introspection endpoint about a token (RFC 7662 section 2.1).
pub async fn introspect(
    endpoint: &str,
    credentials: Option<&(String, String)>,
    token: &str,
) -> Result<Value, Fault> {
    // Nobody to ask: then no token that needs asking is good.
    let (client_id, secret) = credentials.ok_or(Fault::Inactive)?;
    let request = client()?
        .post(loopback(endpoint)?)
        .header("Authorization", basic(client_id, secret))
        .form(&[("token", token), ("token_type_hint", "access_token")]);
    read(send(request).await?).await
}

fn client() -> Result<Client, Fault> {
    static CLIENT: OnceLock<Option<Client>> = OnceLock::new();
    let build = || {
        // A provider may be installed already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(3))
            .tls_certs_only([])
            .build()
            .ok()
    };
    CLIENT.get_or_init(build).clone().ok_or(Fault::Unreachable)
}

fn loopback(url: &str) -> Result<Url, Fault> {
    let url = Url::parse(url).map_err(|_| Fault::Unreachable)?;
    match url.host() {
        Some(url::Host::Ipv4(address)) if address.is_loopback() => Ok(url),
        Some(url::Host::Ipv6(address)) if address.is_loopback() => Ok(url),
        _ => Err(Fault::Unreachable),
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Fault> {
    let answer = request.send().await.map_err(|_| Fault::Unreachable)?;
    match answer.status() {
        StatusCode::OK => Ok(answer),
        _ => Err(Fault::Unreachable),
    }
}

async fn read(mut answer: Response) -> Result<Value, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Fault::Unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > LIMIT {
            return Err(Fault::Unreachable);
        }
    }
    serde_json::from_slice(&body).map_err(|_| Fault::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_reached() {
        assert!(loopback("http://127.0.0.1:1/jwks").is_ok());
        assert!(loopback("http://[::1]:1/jwks").is_ok());
        for url in [
            "http://example.org/",
            "http://10.0.0.1/",
            "http://localhost/",
            "x",
        ] {
            assert_eq!(loopback(url), Err(Fault::Unreachable), "{url}");
        }
    }
}
