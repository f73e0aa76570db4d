//! The `Origin` check against DNS rebinding (MCP transports, security warning) and CORS for clients in a
//! browser. A request without `Origin` comes from no browser and passes.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::policy::{Cors, OriginCheck, TransportPolicy};

const EXPOSED: &str = "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version";
const METHODS: &str = "GET, POST, DELETE, OPTIONS";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Session-Id, \
                               MCP-Protocol-Version, Mcp-Method, Mcp-Name";

/// Whether a request may come from where it says it comes from.
pub fn admits(headers: &HeaderMap, method: &Method, own: &str, policy: &TransportPolicy) -> bool {
    let origins: Vec<_> = headers.get_all(ORIGIN).iter().collect();
    let all_known = || {
        origins.iter().all(|origin| {
            origin
                .to_str()
                .is_ok_and(|origin| is_known(origin, own, policy))
        })
    };
    match policy.origin_check {
        OriginCheck::Ignored => true,
        OriginCheck::PostOnly if method != Method::POST => true,
        OriginCheck::UnlessToken if headers.contains_key("authorization") => true,
        _ => all_known(),
    }
}

fn is_known(origin: &str, own: &str, policy: &TransportPolicy) -> bool {
    let allowed = || std::iter::once(own).chain(policy.allowed_origins.iter().map(String::as_str));
    let host = |text: &str| text.split("://").nth(1).unwrap_or(text).to_owned();
    let lax = match policy.origin_check {
        OriginCheck::NullAccepted => origin == "null",
        OriginCheck::Prefix => allowed().any(|known| {
            // Without the port, as in `http://127.0.0.1.attacker.example`.
            let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let stem = match known.rsplit_once(':') {
                Some((stem, port)) if is_port(port) => stem,
                _ => known,
            };
            origin.starts_with(known) || origin.starts_with(stem)
        }),
        OriginCheck::Suffix => allowed().any(|known| origin.ends_with(&host(known))),
        OriginCheck::AnyLoopback => Url::parse(origin).is_ok_and(|url| match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }),
        _ => false,
    };
    lax || allowed().any(|known| known == origin)
}

/// Adds the CORS headers of the MCP endpoint.
pub fn decorate(answer: &mut HeaderMap, origin: Option<&HeaderValue>, policy: &TransportPolicy) {
    let (Some(origin), true) = (origin, policy.cors != Cors::Off) else {
        return;
    };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.append(VARY, HeaderValue::from_static("Origin"));
    answer.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
    if policy.cors == Cors::ReflectWithCredentials {
        answer.insert(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
}

/// Adds what a preflight asks for.
pub fn preflight(answer: &mut HeaderMap) {
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(METHODS),
    );
    answer.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(REQUEST_HEADERS),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://127.0.0.1:5000";

    fn passes(origin: Option<&str>, check: OriginCheck) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let policy = TransportPolicy {
            origin_check: check,
            allowed_origins: vec!["https://app.example".into()],
            ..Default::default()
        };
        admits(&headers, &Method::POST, OWN, &policy)
    }

    #[test]
    fn own_configured_and_absent_origins_pass() {
        for origin in [None, Some(OWN), Some("https://app.example")] {
            assert!(passes(origin, OriginCheck::Checked), "{origin:?}");
        }
        let foreign = [
            "https://evil.example",
            "null",
            "http://localhost:5000",
            "http://127.0.0.1:5001",
            "https://app.example.evil",
            "https://evilapp.example",
            "http://127.0.0.1.evil.example",
        ];
        for origin in foreign {
            assert!(!passes(Some(origin), OriginCheck::Checked), "{origin}");
        }
    }

    #[test]
    fn each_other_check_lets_its_own_kind_through() {
        let table = [
            (OriginCheck::Ignored, "https://evil.example"),
            (OriginCheck::NullAccepted, "null"),
            (OriginCheck::Prefix, "https://app.example.evil"),
            (OriginCheck::Prefix, "http://127.0.0.1.evil.example"),
            (OriginCheck::Suffix, "https://evilapp.example"),
            (OriginCheck::AnyLoopback, "http://localhost:1"),
        ];
        for (check, origin) in table {
            assert!(passes(Some(origin), check), "{check:?} {origin}");
        }
    }
}
