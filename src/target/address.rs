//! Addresses in a target file: absolute, and safe to send secrets to.
//!
//! They are parsed to be looked at, never to be changed: identifiers stay as written.

use url::{Host, Url};

/// What is wrong with an address, and the mend.
pub type Fault = (String, String);

/// What is said of plain http on hosts other than this machine, which an option can accept.
pub const PLAIN_HTTP: &str = "plain http to another machine shows every token to the network";

/// Whether a host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an address, as written, is of this machine.
pub(super) fn names_loopback(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_loopback(&url))
}

/// An address that requests go to.
pub(super) fn endpoint(text: &str, insecure_http: bool) -> Result<(), Fault> {
    let url = absolute(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "an address holds no user name and no password".to_owned(),
            "remove what stands before `@`; users are given under `users`".to_owned(),
        ));
    }
    if url.scheme() == "http" && !insecure_http && !is_loopback(&url) {
        return Err((
            PLAIN_HTTP.to_owned(),
            "write https, or accept it with `insecure_http: true` (`--insecure-http`)".to_owned(),
        ));
    }
    Ok(())
}

/// An absolute http or https URL without a fragment (RFC 8414 section 2, RFC 8707 section 2).
pub(super) fn absolute(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
    });
    let Some(url) = url else {
        return Err((
            "this is not an absolute http or https URL".to_owned(),
            "write scheme and host, such as `https://mcp.example.com/mcp`".to_owned(),
        ));
    };
    if url.fragment().is_some() {
        return Err((
            "this URL has a fragment, which never reaches a server".to_owned(),
            "remove `#` and what follows".to_owned(),
        ));
    }
    Ok(url)
}

/// An origin and nothing more.
pub(super) fn origin(text: &str, insecure_http: bool) -> Result<(), Fault> {
    endpoint(text, insecure_http)?;
    let url = absolute(text)?;
    if url.path() != "/" || url.query().is_some() {
        return Err((
            "an origin has no path and no query".to_owned(),
            format!("write `{}`", url.origin().ascii_serialization()),
        ));
    }
    Ok(())
}

/// Looks at an origin that somebody typed. Whether plain http is accepted, another option says.
///
/// # Errors
/// What is wrong, and the mend.
pub fn typed_origin(text: &str) -> Result<(), Fault> {
    if Url::parse(text).is_err() {
        return Err((
            "this is not an origin".to_owned(),
            "write scheme, host and port, such as `https://login.example:8443`".to_owned(),
        ));
    }
    origin(text, true)
}

/// A URL that a person typed, its scheme and host in small letters, in which they mean the same.
pub(super) fn typed_url(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    format!("{}{}", url[..end].to_ascii_lowercase(), &url[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        assert!(endpoint("http://127.0.0.1:8080/mcp", false).is_ok());
        assert!(endpoint("http://localhost:8080/mcp", false).is_ok());
        assert!(endpoint("http://mcp.example/mcp", false).is_err());
        assert!(endpoint("http://mcp.example/mcp", true).is_ok());
    }

    #[test]
    fn only_what_has_no_case_is_made_small() {
        for (typed, meant) in [
            ("HTTP://LocalHost:1/MCP?A=B", "http://localhost:1/MCP?A=B"),
            ("https://as.example", "https://as.example"),
            ("HTTPS://AS.example#X", "https://as.example#X"),
        ] {
            assert_eq!(typed_url(typed), meant);
        }
    }

    #[test]
    fn an_origin_ends_after_the_port() {
        assert!(origin("https://as.example:8443", false).is_ok());
        assert!(origin("https://as.example/login", false).is_err());
    }
}
