//! Origins, and the set of those that a run may talk to.
//!
//! An [`Origin`] is the ASCII serialization of RFC 6454 section 6.2. It serves to keep requests
//! inside the target; it never serves to compare identifiers.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use url::{Host, Url};

/// Scheme, host and port of an `http` or `https` URL, e.g. `https://as.example:8443`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The origin of a URL; `None` when it is no `http` or `https` URL.
    pub fn of(url: &str) -> Option<Self> {
        Self::of_url(&Url::parse(url).ok()?)
    }

    /// The same of a parsed URL.
    pub fn of_url(url: &Url) -> Option<Self> {
        matches!(url.scheme(), "http" | "https").then(|| Self(url.origin().ascii_serialization()))
    }

    /// The serialization.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether the URL's host is this machine (RFC 8252 section 7.3, RFC 6761 section 6.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// The origins that a run may talk to. Clones share the same set.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(Arc<RwLock<BTreeSet<Origin>>>);

impl AllowedOrigins {
    /// A set of these origins.
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self(Arc::new(RwLock::new(origins.into_iter().collect())))
    }

    /// Adds an origin, for every clone of the set.
    pub fn allow(&self, origin: Origin) {
        self.0
            .write()
            .unwrap_or_else(|poison| poison.into_inner())
            .insert(origin);
    }

    /// Whether the origin is in the set.
    pub fn contains(&self, origin: &Origin) -> bool {
        self.0
            .read()
            .unwrap_or_else(|poison| poison.into_inner())
            .contains(origin)
    }

    /// Whether any origin of the set has this host.
    pub fn contains_host(&self, host: &str) -> bool {
        let set = self.0.read().unwrap_or_else(|poison| poison.into_inner());
        set.iter().any(|origin| {
            Url::parse(origin.as_str())
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                == Some(host.to_ascii_lowercase())
        })
    }

    /// The origins in alphabetical order.
    pub fn list(&self) -> Vec<Origin> {
        let set = self.0.read().unwrap_or_else(|poison| poison.into_inner());
        set.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let of = |url| Origin::of(url).map(|origin| origin.to_string());
        assert_eq!(
            of("HTTPS://AS.example:443/a?b#c").as_deref(),
            Some("https://as.example")
        );
        assert_eq!(
            of("http://[::1]:8080/").as_deref(),
            Some("http://[::1]:8080")
        );
        for none in [
            "com.example:/cb",
            "javascript:alert(1)",
            "/relative",
            "",
            "data:,x",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn clones_share_the_set() {
        let set = AllowedOrigins::default();
        let clone = set.clone();
        let origin = Origin::of("https://as.example/x").unwrap();
        assert!(!clone.contains(&origin));
        set.allow(origin.clone());
        assert!(clone.contains(&origin) && clone.contains_host("as.example"));
        assert!(!clone.contains_host("example"));
    }

    #[test]
    fn loopback_is_by_address_or_by_localhost() {
        for (url, is) in [
            ("http://127.0.0.1:1/", true),
            ("http://127.8.9.10/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://a.localhost/", true),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), is, "{url}");
        }
    }
}
