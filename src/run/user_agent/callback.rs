//! Tells a callback from a step on the way, by the address alone.
//!
//! Addresses are compared as raw text first (RFC 9700 section 2.1, RFC 6749 section 3.1.2.3); the
//! one exception is the port on loopback (RFC 8252 section 7.3).

use url::Url;

use super::{Visit, VisitOutcome};
use crate::run::http::{AllowedOrigins, Origin, is_loopback};

/// Where the user agent is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A callback: not to be requested.
    Callback(Arrival),
    /// A step on the way.
    Onward,
    /// Neither: the reason to give up.
    Strange(String),
}

/// What kind of callback it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// A registered redirect URI.
    pub registered: bool,
    /// The one that the request named.
    pub as_requested: bool,
    /// Neither registered nor on an allowed origin.
    pub foreign: bool,
}

/// The end of a visit at a callback; `posted` are the members of a form that goes there.
pub(super) fn outcome(
    url: String,
    posted: Vec<(String, String)>,
    arrival: Arrival,
) -> VisitOutcome {
    let (query, fragment) = query_and_fragment(&url);
    VisitOutcome::Callback {
        params: parameters(query),
        fragment: parameters(fragment),
        form_post: posted,
        registered: arrival.registered,
        as_requested: arrival.as_requested,
        foreign: arrival.foreign,
        url,
    }
}

/// Parameters by which an address gives itself away as a callback (RFC 6749 sections 4.1.2 and
/// 4.2.2, OpenID Connect Core section 3.2.2.5).
const TELLING: &[&str] = &[
    "code",
    "error",
    "access_token",
    "id_token",
    "state",
    "response",
];
/// Parameters of a request to yet another server, which may well have a `state` of its own.
const ONWARD: &[&str] = &["response_type", "client_id", "SAMLRequest", "request_uri"];

/// Classifies an absolute address. `posted` are the members of a form that goes there.
pub(super) fn classify(
    address: &str,
    posted: &[(String, String)],
    visit: &Visit,
    allowed: &AllowedOrigins,
) -> Destination {
    let registered = visit
        .redirect_uris
        .iter()
        .any(|uri| same_but_for_loopback_port(address, uri));
    let requested = visit.requested_redirect_uri.as_deref();
    let as_requested = requested.is_some_and(|uri| is_prefix(address, uri));
    let parsed = Url::parse(address).ok();
    let origin = parsed.as_ref().and_then(Origin::of_url);
    let on_allowed = origin
        .as_ref()
        .is_some_and(|origin| allowed.contains(origin));
    let callback = Destination::Callback(Arrival {
        registered,
        as_requested,
        foreign: !registered && !on_allowed,
    });
    let exactly = visit
        .redirect_uris
        .iter()
        .any(|uri| is_prefix(address, uri))
        || as_requested;
    if exactly {
        return callback;
    }
    if on_allowed {
        return Destination::Onward;
    }
    let parsed_alike = || {
        visit
            .redirect_uris
            .iter()
            .map(String::as_str)
            .chain(requested)
            .any(|uri| {
                parsed
                    .as_ref()
                    .zip(Url::parse(uri).ok())
                    .is_some_and(|(ours, theirs)| same_place(ours, &theirs))
            })
    };
    let of_requested_origin = || origin.is_some() && origin == requested.and_then(Origin::of);
    if registered || tells(address, posted) || parsed_alike() || of_requested_origin() {
        return callback;
    }
    Destination::Strange(match origin {
        Some(origin) => format!(
            "the login goes to {origin}, which the target file does not name: add it to allow_origins"
        ),
        None => format!(
            "the login goes to {}, which is no web address",
            scheme_of(address)
        ),
    })
}

/// The parameters of a query or fragment.
pub(super) fn parameters(text: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// Query and fragment of a raw address.
pub(super) fn query_and_fragment(address: &str) -> (Option<&str>, Option<&str>) {
    let (rest, fragment) = match address.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (address, None),
    };
    (rest.split_once('?').map(|(_, query)| query), fragment)
}

fn tells(address: &str, posted: &[(String, String)]) -> bool {
    let (query, fragment) = query_and_fragment(address);
    let mut all = parameters(query);
    all.extend(parameters(fragment));
    all.extend_from_slice(posted);
    let has = |names: &[&str]| all.iter().any(|(name, _)| names.contains(&name.as_str()));
    has(TELLING) && !has(ONWARD)
}

fn scheme_of(address: &str) -> String {
    let scheme: String = address
        .split(':')
        .next()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    format!("`{scheme}:`")
}

/// Whether the address is the redirect URI with parameters added at most.
fn is_prefix(address: &str, uri: &str) -> bool {
    let uri = uri.split('#').next().unwrap_or_default();
    !uri.is_empty()
        && address.strip_prefix(uri).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with('#')
                || if uri.contains('?') {
                    rest.starts_with('&') || uri.ends_with(['?', '&'])
                } else {
                    rest.starts_with('?')
                }
        })
}

fn same_but_for_loopback_port(address: &str, uri: &str) -> bool {
    if is_prefix(address, uri) {
        return true;
    }
    let loopback = |text: &str| Url::parse(text).is_ok_and(|url| is_loopback(&url));
    match (without_port(address), without_port(uri)) {
        (Some(ours), Some(theirs)) => {
            is_prefix(&ours, &theirs) && loopback(address) && loopback(uri)
        }
        _ => false,
    }
}

/// The `http` address without its port, as raw text.
fn without_port(address: &str) -> Option<String> {
    let rest = address.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return None;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(format!("http://{host}{path}"))
}

/// Scheme, host, port and path alike after parsing.
fn same_place(ours: &Url, theirs: &Url) -> bool {
    ours.scheme() == theirs.scheme()
        && ours.host_str() == theirs.host_str()
        && (ours.port_or_known_default() == theirs.port_or_known_default()
            || (is_loopback(ours) && is_loopback(theirs)))
        && ours.path() == theirs.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "http://127.0.0.1:33418/callback";

    fn visit(requested: &str) -> Visit {
        Visit {
            redirect_uris: vec![REGISTERED.to_owned(), "com.example.app:/cb".to_owned()],
            requested_redirect_uri: Some(requested.to_owned()),
            ..Visit::new("http://127.0.0.1:9000/authorize")
        }
    }

    fn classified(address: &str, requested: &str) -> Destination {
        let allowed = AllowedOrigins::new(Origin::of("http://127.0.0.1:9000"));
        classify(address, &[], &visit(requested), &allowed)
    }

    fn callback(registered: bool, as_requested: bool, foreign: bool) -> Destination {
        Destination::Callback(Arrival {
            registered,
            as_requested,
            foreign,
        })
    }

    #[test]
    fn registered_and_requested_addresses_are_callbacks() {
        for (address, requested, wanted) in [
            (REGISTERED, REGISTERED, callback(true, true, false)),
            (
                "http://127.0.0.1:33418/callback?code=1",
                REGISTERED,
                callback(true, true, false),
            ),
            (
                "http://127.0.0.1:1/callback?error=x",
                REGISTERED,
                callback(true, false, false),
            ),
            (
                "com.example.app:/cb#code=1",
                REGISTERED,
                callback(true, false, false),
            ),
            // Mutated requests that the server obeys.
            (
                "http://127.0.0.1:33418/callback/?code=1",
                "http://127.0.0.1:33418/callback/",
                callback(false, true, true),
            ),
            (
                "HTTP://127.0.0.1:33418/callback?code=1",
                "HTTP://127.0.0.1:33418/callback",
                callback(false, true, true),
            ),
            (
                "http://evil.example/cb?code=1",
                "http://evil.example/cb",
                callback(false, true, true),
            ),
            (
                "http://127.0.0.1:9000/other?code=1",
                "http://127.0.0.1:9000/other",
                callback(false, true, false),
            ),
        ] {
            assert_eq!(classified(address, requested), wanted, "{address}");
        }
    }

    #[test]
    fn what_carries_a_code_is_a_callback_and_foreign() {
        for address in [
            "https://evil.example/?code=1&state=2",
            "https://evil.example/#access_token=1",
            "javascript:alert(1)?code=1",
            "http://127.0.0.1:33418/callback/evil?code=1",
            "http://127.0.0.1:33418/callbackevil?error=1",
            "http://127.0.0.1:33418@evil.example/callback?code=1",
        ] {
            assert_eq!(
                classified(address, REGISTERED),
                callback(false, false, true),
                "{address}"
            );
        }
    }

    #[test]
    fn the_way_goes_on_or_ends_at_strangers() {
        assert_eq!(
            classified("http://127.0.0.1:9000/login?code=x", REGISTERED),
            Destination::Onward
        );
        // A route of the server itself, as proxies have one, is not the client's callback.
        assert_eq!(
            classified("http://127.0.0.1:9000/callback?code=1", REGISTERED),
            Destination::Onward
        );
        for address in [
            "https://idp.example/authorize?client_id=1&state=2&response_type=code",
            "https://idp.example/login",
        ] {
            let Destination::Strange(reason) = classified(address, REGISTERED) else {
                panic!()
            };
            assert!(
                reason.contains("https://idp.example, which the target file"),
                "{reason}"
            );
        }
        assert!(matches!(
            classified("mailto:x", REGISTERED),
            Destination::Strange(_)
        ));
    }

    #[test]
    fn the_requested_origin_without_parameters_is_a_callback() {
        let wanted = callback(false, false, true);
        assert_eq!(
            classified("http://evil.example/else", "http://evil.example/cb"),
            wanted
        );
    }
}
