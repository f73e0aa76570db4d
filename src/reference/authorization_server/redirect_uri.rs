//! Redirect URI comparison as pure functions (OAuth 2.1 sections 2.3.1, 2.3.2, 4.1.1, 8.4.2).
//!
//! The right comparison looks at bytes. `url::Url` serves only the comparisons that normalize.

use url::Url;

use crate::reference::policy::redirect::{
    LoopbackPort, OmittedRedirect, RedirectMatch, RedirectPolicy,
};

/// Why there is no redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRedirect {
    /// None was sent, and the registration does not decide.
    Missing,
    /// The one that was sent is not registered.
    Unregistered,
    /// The server stumbles.
    ServerError,
}

/// The redirect URI of a request: the one that it sends if it is registered, or the only registered
/// one.
pub fn choose(
    policy: &RedirectPolicy,
    registered: &[String],
    requested: Option<&str>,
) -> Result<String, NoRedirect> {
    let Some(requested) = requested else {
        return match (policy.omitted, registered) {
            (OmittedRedirect::OnlyIfOneRegistered, [only]) => Ok(only.clone()),
            (OmittedRedirect::FirstRegistered, [first, ..]) => Ok(first.clone()),
            (OmittedRedirect::ServerError, _) => Err(NoRedirect::ServerError),
            _ => Err(NoRedirect::Missing),
        };
    };
    if registered
        .iter()
        .any(|uri| is_match(policy, uri, requested))
    {
        Ok(requested.to_owned())
    } else {
        Err(NoRedirect::Unregistered)
    }
}

/// Whether `requested` counts as the registered URI.
pub fn is_match(policy: &RedirectPolicy, registered: &str, requested: &str) -> bool {
    compares(policy.matching, registered, requested)
        || loopback_match(policy.loopback_port, registered, requested)
}

fn compares(matching: RedirectMatch, registered: &str, requested: &str) -> bool {
    use RedirectMatch as M;
    let without_slash = |uri: &str| uri.trim_end_matches('/').to_owned();
    let cut = |uri: &str, at: char| uri.split(at).next().unwrap_or_default().to_owned();
    match matching {
        M::Exact => registered == requested,
        M::IgnoreTrailingSlash => without_slash(registered) == without_slash(requested),
        M::Prefix => requested.starts_with(registered),
        M::PathPrefix => requested
            .strip_prefix(registered)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        M::IgnoreCase => registered.eq_ignore_ascii_case(requested),
        M::IgnoreQuery => cut(registered, '?') == cut(requested, '?'),
        M::IgnoreFragment => cut(registered, '#') == cut(requested, '#'),
        M::Contains => requested.contains(registered),
        M::Wildcard => registered == requested || wildcard(registered, requested),
        M::DecodePercent => decode(registered) == decode(requested),
        M::IgnoreScheme => match (registered.split_once("://"), requested.split_once("://")) {
            (Some((_, left)), Some((_, right))) => left == right,
            _ => registered == requested,
        },
        M::Any => true,
        M::IgnorePathCase
        | M::SameHost
        | M::SameOrigin
        | M::Normalized
        | M::IgnorePort
        | M::HostSuffix
        | M::HostPrefix
        | M::IgnoreUserinfo => match (Url::parse(registered), Url::parse(requested)) {
            (Ok(left), Ok(right)) => compares_parsed(matching, &left, &right),
            _ => registered == requested,
        },
    }
}

fn compares_parsed(matching: RedirectMatch, registered: &Url, requested: &Url) -> bool {
    use RedirectMatch as M;
    let hosts = || {
        (
            registered.host_str().unwrap_or(""),
            requested.host_str().unwrap_or(""),
        )
    };
    let same_but = |change: fn(&mut Url)| {
        let (mut left, mut right) = (registered.clone(), requested.clone());
        change(&mut left);
        change(&mut right);
        left == right
    };
    match matching {
        M::SameHost => hosts().0 == hosts().1,
        M::SameOrigin => registered.origin() == requested.origin(),
        M::Normalized => registered == requested,
        M::IgnorePort => same_but(|url| {
            let _ = url.set_port(None);
        }),
        M::IgnoreUserinfo => same_but(|url| {
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }),
        M::IgnorePathCase => same_but(|url| {
            let path = url.path().to_ascii_lowercase();
            url.set_path(&path);
        }),
        M::HostSuffix => hosts().1.ends_with(hosts().0) && rest(registered) == rest(requested),
        M::HostPrefix => hosts().1.starts_with(hosts().0) && rest(registered) == rest(requested),
        _ => registered == requested,
    }
}

/// Everything but the host.
fn rest(url: &Url) -> (&str, Option<u16>, &str, Option<&str>) {
    (url.scheme(), url.port(), url.path(), url.query())
}

fn decode(uri: &str) -> String {
    let bytes: Vec<u8> = url::form_urlencoded::parse(
        uri.replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D")
            .as_bytes(),
    )
    .flat_map(|(name, _)| name.into_owned().into_bytes())
    .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    text.strip_prefix(head).is_some_and(|rest| {
        (0..=rest.len())
            .filter_map(|at| rest.get(at..))
            .any(|candidate| wildcard(tail, candidate))
    })
}

/// The exception for native applications: only the port may vary (OAuth 2.1 section 8.4.2).
fn loopback_match(policy: LoopbackPort, registered: &str, requested: &str) -> bool {
    let (Some(left), Some(right)) = (split(registered), split(requested)) else {
        return false;
    };
    let is_address = |host: &str| host == "127.0.0.1" || host == "[::1]";
    let is_loopback = |host: &str| is_address(host) || host == "localhost";
    let same_rest = left.host == right.host && left.rest == right.rest;
    match policy {
        LoopbackPort::Never => false,
        LoopbackPort::LoopbackAddresses => is_address(left.host) && same_rest,
        LoopbackPort::LocalhostToo => is_loopback(left.host) && same_rest,
        LoopbackPort::AnyLoopbackUri => is_loopback(left.host) && is_loopback(right.host),
        LoopbackPort::Lookalikes => {
            is_loopback(left.host) && right.host.starts_with(left.host) && left.rest == right.rest
        }
    }
}

struct Loopback<'u> {
    host: &'u str,
    rest: &'u str,
}

/// Host and what follows the port of a plain http URI without user information.
fn split(uri: &str) -> Option<Loopback<'_>> {
    let after = uri.strip_prefix("http://")?;
    let end = after.find(['/', '?', '#', '\\']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let at = match authority.rfind(']') {
        Some(bracket) => authority
            .get(bracket..)?
            .find(':')
            .map(|colon| bracket + colon),
        None => authority.find(':'),
    };
    let (host, port) = match at {
        Some(at) => (authority.get(..at)?, Some(authority.get(at + 1..)?)),
        None => (authority, None),
    };
    // A port that nobody can listen on leads nowhere.
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|it| it > 0)
    };
    (port.is_none_or(is_port) && !authority.contains('@')).then_some(Loopback { host, rest })
}

/// The host as a person should see it, cut from the text of the URI.
pub fn shown_host(uri: &str) -> &str {
    let after = uri.split_once("://").map_or(uri, |(_, after)| after);
    let authority = after.split(['/', '?', '#', '\\']).next().unwrap_or(after);
    authority.rsplit('@').next().unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "https://client.example.com/cb";

    fn matches(matching: RedirectMatch, requested: &str) -> bool {
        let policy = RedirectPolicy {
            matching,
            ..Default::default()
        };
        is_match(&policy, REGISTERED, requested)
    }

    const MUTATIONS: [(&str, RedirectMatch); 16] = [
        (
            "https://client.example.com/cb/",
            RedirectMatch::IgnoreTrailingSlash,
        ),
        (
            "https://client.example.com/cb/evil",
            RedirectMatch::PathPrefix,
        ),
        ("https://client.example.com/cbevil", RedirectMatch::Prefix),
        (
            "https://client.example.com/CB",
            RedirectMatch::IgnorePathCase,
        ),
        ("https://CLIENT.example.com/cb", RedirectMatch::IgnoreCase),
        (
            "https://client.example.com/cb?x=1",
            RedirectMatch::IgnoreQuery,
        ),
        (
            "https://client.example.com/cb#f",
            RedirectMatch::IgnoreFragment,
        ),
        (
            "https://client.example.com/a/../cb",
            RedirectMatch::Normalized,
        ),
        (
            "https://client.example.com:8443/cb",
            RedirectMatch::IgnorePort,
        ),
        ("http://client.example.com/cb", RedirectMatch::IgnoreScheme),
        (
            "https://evil.client.example.com/cb",
            RedirectMatch::HostSuffix,
        ),
        (
            "https://client.example.com.evil.example/cb",
            RedirectMatch::HostPrefix,
        ),
        (
            "https://user@client.example.com/cb",
            RedirectMatch::IgnoreUserinfo,
        ),
        (
            "https://client.example.com/%63b",
            RedirectMatch::DecodePercent,
        ),
        (
            "https://client.example.com/other",
            RedirectMatch::SameOrigin,
        ),
        (
            "https://evil.example/https://client.example.com/cb",
            RedirectMatch::Contains,
        ),
    ];

    #[test]
    fn no_mutation_matches_exactly() {
        assert!(matches(RedirectMatch::Exact, REGISTERED));
        for (uri, _) in MUTATIONS {
            assert!(!matches(RedirectMatch::Exact, uri), "{uri}");
        }
    }

    #[test]
    fn each_mutation_has_a_comparison_that_lets_it_pass() {
        for (uri, matching) in MUTATIONS {
            assert!(matches(matching, uri), "{uri} {matching:?}");
            assert!(matches(matching, REGISTERED), "{matching:?}");
            assert!(
                matching == RedirectMatch::Contains
                    || !matches(matching, "https://evil.example/cb")
            );
        }
    }

    #[test]
    fn only_the_port_of_loopback_addresses_varies() {
        let policy = RedirectPolicy {
            loopback_port: LoopbackPort::LoopbackAddresses,
            ..Default::default()
        };
        let table = [
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:5000/cb", true),
            ("http://[::1]:1/cb", "http://[::1]:2/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/other", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb?x=1", false),
            ("http://127.0.0.1:1/cb", "https://127.0.0.1:2/cb", false),
            ("http://127.0.0.1:1/cb", "http://[::1]:1/cb", false),
            (
                "http://127.0.0.1:1/cb",
                "http://127.0.0.1:2@evil.example/cb",
                false,
            ),
            (
                "http://127.0.0.1:1/cb",
                "http://127.0.0.1.evil.example:1/cb",
                false,
            ),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2x/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:/cb", false),
            ("http://localhost:1/cb", "http://localhost:2/cb", false),
            (
                "https://client.example.com/cb",
                "https://client.example.com:1/cb",
                false,
            ),
        ];
        for (registered, requested, expected) in table {
            assert_eq!(
                is_match(&policy, registered, requested),
                expected,
                "{requested}"
            );
        }
    }

    #[test]
    fn of_localhost_the_port_alone_varies_too() {
        let policy = RedirectPolicy::default();
        let of_localhost = |requested: &str| is_match(&policy, "http://localhost:1/cb", requested);
        assert!(of_localhost("http://localhost:2/cb"));
        assert!(!of_localhost("http://localhost:2/other"));
        assert!(!of_localhost("http://127.0.0.1:1/cb"));
        assert!(!of_localhost("http://localhost.evil.example:1/cb"));
    }

    #[test]
    fn an_omitted_uri_is_taken_only_if_there_is_one() {
        let policy = RedirectPolicy::default();
        let two = [
            "https://a.example/".to_owned(),
            "https://b.example/".to_owned(),
        ];
        assert_eq!(choose(&policy, &two[..1], None), Ok(two[0].clone()));
        assert_eq!(choose(&policy, &two, None), Err(NoRedirect::Missing));
        assert_eq!(choose(&policy, &[], None), Err(NoRedirect::Missing));
        assert_eq!(
            choose(&policy, &two, Some("x")),
            Err(NoRedirect::Unregistered)
        );
    }

    #[test]
    fn a_wildcard_is_no_wildcard() {
        assert!(!is_match(
            &RedirectPolicy::default(),
            "https://*.a.example/cb",
            "https://x.a.example/cb"
        ));
        let policy = RedirectPolicy {
            matching: RedirectMatch::Wildcard,
            ..Default::default()
        };
        assert!(is_match(
            &policy,
            "https://*.a.example/cb",
            "https://x.a.example/cb"
        ));
    }

    #[test]
    fn the_shown_host_is_the_one_that_is_reached() {
        assert_eq!(
            shown_host("https://trusted.example@evil.example:1/cb"),
            "evil.example:1"
        );
        assert_eq!(shown_host("http://127.0.0.1:9/cb?x"), "127.0.0.1:9");
    }
}
