//! A request made ready for the wire: parsed where a transport needs it parsed, raw where the
//! bytes matter.

use bytes::Bytes;
use http::Method;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use super::{Failure, Origin, Request};
use crate::run::FailureKind;

/// What cannot stand in a request target at all, however raw (RFC 9112 section 3).
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');

/// A request in the terms of the transports.
pub(super) struct Wire {
    pub method: Method,
    pub url: Url,
    pub origin: Origin,
    /// Path and query as they are to be sent.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    pub fresh_connection: bool,
    pub connection: Option<String>,
}

impl Wire {
    pub fn new(request: &Request) -> Result<Self, Failure> {
        let malformed = |message: String| Failure::new(FailureKind::Malformed, message);
        let url = Url::parse(&request.url)
            .map_err(|error| malformed(format!("not sent, the URL does not parse: {error}")))?;
        let origin = Origin::of_url(&url).ok_or_else(|| {
            malformed(format!(
                "not sent, `{}:` is not http or https",
                bounded(url.scheme())
            ))
        })?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| malformed("not sent, the method is not a token".to_owned()))?;
        Ok(Self {
            method,
            target: raw_target(&request.url).unwrap_or_else(|| parsed_target(&url)),
            url,
            origin,
            headers: headers(&request.headers)?,
            body: request.body.clone().map(Bytes::from),
            fresh_connection: request.fresh_connection,
            connection: request.connection.clone(),
        })
    }

    /// Whether a client that works with parsed URLs would send other bytes.
    pub fn needs_raw(&self) -> bool {
        self.headers.get_all(HOST).iter().count() > 1 || self.target != parsed_target(&self.url)
    }

    /// Origin and path: what a limiter at the server counts by.
    pub fn endpoint(&self) -> String {
        format!("{}{}", self.origin, self.url.path())
    }
}

fn bounded(scheme: &str) -> String {
    scheme.chars().take(20).collect()
}

fn parsed_target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// The text after the authority and before the fragment, with only what would break the request
/// line encoded.
fn raw_target(url: &str) -> Option<String> {
    let after = &url[url.find("://")? + 3..];
    let rest = after
        .find(['/', '?', '#', '\\'])
        .map_or("", |at| &after[at..]);
    let rest = rest.split('#').next().unwrap_or_default();
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let target = format!("{slash}{}", utf8_percent_encode(rest, UNSENDABLE));
    target
        .parse::<http::uri::PathAndQuery>()
        .is_ok()
        .then_some(target)
}

fn headers(list: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        let malformed = || {
            Failure::new(
                FailureKind::Malformed,
                "not sent, a header has forbidden characters",
            )
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| malformed())?;
        map.try_append(name, value).map_err(|_| malformed())?;
    }
    if !map.contains_key(USER_AGENT) {
        map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    Ok(map)
}

/// How the harness names itself.
pub(super) const AGENT: &str = concat!("authspec/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(url: &str) -> Wire {
        Wire::new(&Request::get(url)).unwrap()
    }

    #[test]
    fn ordinary_urls_need_no_raw_connection() {
        for url in [
            "http://127.0.0.1:1",
            "http://127.0.0.1:1?a=b",
            "https://as.example/token?x=%2Fy&x=2#fragment",
            "https://as.example/a%20b/",
            "https://as.example/a?q=blank space",
        ] {
            assert!(!wire(url).needs_raw(), "{url}");
        }
    }

    #[test]
    fn what_parsing_would_change_is_kept() {
        for (url, target) in [
            ("https://as.example/a/../b", "/a/../b"),
            ("https://as.example/./a//b?c", "/./a//b?c"),
            ("https://as.example/a/%2e%2e/b", "/a/%2e%2e/b"),
            ("https://as.example/a\\b", "/a\\b"),
            ("https://as.example/a?x='y'", "/a?x='y'"),
        ] {
            let wire = wire(url);
            assert!(wire.needs_raw(), "{url}");
            assert_eq!(wire.target, target);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_a_failure_and_not_a_panic() {
        for url in [
            "",
            "token",
            "ftp://a/",
            "http://",
            "http://[::1",
            "javascript:alert(1)",
        ] {
            assert!(Wire::new(&Request::get(url)).is_err(), "{url}");
        }
        let split = Request::get("http://a/").header("x", "a\r\nb: c");
        assert!(Wire::new(&split).is_err());
        let method = Request {
            method: "GET /".to_owned(),
            ..Request::get("http://a/")
        };
        assert!(Wire::new(&method).is_err());
    }

    #[test]
    fn two_host_headers_need_the_raw_connection() {
        let request = Request::get("http://a/")
            .header("host", "a")
            .header("host", "b");
        assert!(Wire::new(&request).unwrap().needs_raw());
    }
}
