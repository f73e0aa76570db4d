//! Absolute URLs, looked at as text (RFC 3986). Nothing here normalizes: identifiers are compared
//! elsewhere, byte for byte; `url` only has a veto.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An absolute URL with a host, in its parts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UrlText<'t> {
    scheme: &'t str,
    host: &'t str,
    /// With the question mark.
    query: Option<&'t str>,
    /// With the hash.
    fragment: Option<&'t str>,
}

impl<'t> UrlText<'t> {
    /// Takes an absolute URL apart; `None` if the text is none.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if !is_scheme(scheme) || !text.bytes().all(is_url_byte) {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let host = host_of(authority)?;
        let (rest, fragment) = cut(rest, '#');
        let (_, query) = cut(rest, '?');
        url::Url::parse(text).ok()?;
        Some(Self {
            scheme,
            host,
            query,
            fragment,
        })
    }

    /// `https`, or `http` on a loopback host, and no fragment.
    pub(super) fn is_secure(&self) -> bool {
        let secure = self.scheme.eq_ignore_ascii_case("https")
            || (self.scheme.eq_ignore_ascii_case("http") && is_loopback(self.host));
        secure && self.fragment.is_none()
    }

    /// Whether there is a query, be it empty.
    pub(super) const fn has_query(&self) -> bool {
        self.query.is_some()
    }
}

/// 127.0.0.0/8, `[::1]` and `localhost` (RFC 8252 section 7.3, RFC 6761 section 6.3).
pub(super) fn is_loopback(host: &str) -> bool {
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match v6 {
        Some(address) => address.parse() == Ok(Ipv6Addr::LOCALHOST),
        None => host
            .parse()
            .is_ok_and(|address: Ipv4Addr| address.is_loopback()),
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.find(at)
        .map_or((text, None), |at| (&text[..at], Some(&text[at..])))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Printable ASCII without what RFC 3986 leaves out of URLs. `{`, `}` and `|` are left in, for
/// they occur and harm nothing.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`".contains(&byte)
}

/// The host of an authority; `None` where it is empty or the port is no number.
fn host_of(authority: &str) -> Option<&str> {
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, rest)| rest);
    let end = match host_and_port.strip_prefix('[') {
        Some(_) => host_and_port.find(']')? + 1,
        None => host_and_port.find(':').unwrap_or(host_and_port.len()),
    };
    let (host, port) = host_and_port.split_at(end);
    let port_is_fine = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    (!host.is_empty() && port_is_fine).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_is_https_or_loopback_without_a_fragment() {
        let secure = |text| UrlText::parse(text).is_some_and(|url| url.is_secure());
        for yes in [
            "https://as.example",
            "HTTPS://as.example:8443/a?b",
            "http://127.0.0.1:9000/mcp",
            "http://127.8.8.8/",
            "http://[::1]:3000",
            "http://localhost:1/x",
        ] {
            assert!(secure(yes), "{yes}");
        }
        for no in [
            "http://as.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "https://as.example/#",
            "ftp://localhost/",
        ] {
            assert!(!secure(no), "{no}");
        }
    }

    #[test]
    fn what_has_no_host_is_no_absolute_url() {
        for no in [
            "",
            "as.example",
            "/path",
            "https:///path",
            "https://:80/",
            "https://a.example:x/",
            "https://a example/",
            "mailto:a@b.example",
            "https://[::1/",
            "1https://a.example",
        ] {
            assert_eq!(UrlText::parse(no), None, "{no}");
        }
    }

    #[test]
    fn an_empty_query_is_one() {
        let query = |text| UrlText::parse(text).is_some_and(|url| url.has_query());
        assert!(query("https://a.example/?"));
        assert!(!query("https://a.example/#?"));
    }
}
