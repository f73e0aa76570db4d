//! Which URLs may identify a client (draft section 3), decided over the text of the URL.

use crate::reference::policy::client_documents::ClientDocumentPolicy;
use crate::reference::policy::registration::Doubtful;

/// Whether `url` may be fetched as a client identifier.
pub fn check(policy: &ClientDocumentPolicy, url: &str) -> Result<(), String> {
    let refuse = |doubtful: Doubtful, is_so: bool, reason: &str| match doubtful {
        Doubtful::Refused if is_so => Err(reason.to_owned()),
        _ => Ok(()),
    };
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii();
    if url.contains(is_odd) || url::Url::parse(url).is_err() {
        return Err("client_id is no URL".into());
    }
    let (scheme, after) = url.split_once("://").unwrap_or_default();
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    refuse(
        policy.plain_http,
        scheme != "https",
        "client_id is not https",
    )?;
    refuse(
        policy.fragment,
        rest.contains('#'),
        "client_id has a fragment",
    )?;
    refuse(
        policy.userinfo,
        authority.contains('@'),
        "client_id has user information",
    )?;
    refuse(
        policy.without_path,
        path.is_empty() || path == "/",
        "client_id has no path",
    )?;
    refuse(
        policy.dot_segments,
        path.split('/').any(is_dot_segment),
        "client_id has dot segments",
    )
}

/// `.`, `..` and their percent-encoded spellings.
fn is_dot_segment(segment: &str) -> bool {
    matches!(
        segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
        "." | ".."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_https_url_with_a_path_may_identify_a_client() {
        let policy = ClientDocumentPolicy::default();
        for url in [
            "https://client.example.com/client.json",
            "https://client.example.com:8443/a/b",
            "https://client.example.com/c?v=1",
        ] {
            assert_eq!(check(&policy, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn other_urls_may_not() {
        let policy = ClientDocumentPolicy::default();
        for url in [
            "http://client.example.com/c",
            "https://client.example.com",
            "https://client.example.com/",
            "https://client.example.com?x",
            "https://client.example.com/a/../c",
            "https://client.example.com/a/%2e%2E/c",
            "https://client.example.com/./c",
            "https://client.example.com/c#f",
            "https://trusted.example@evil.example/c",
            "https://client.example.com\\c",
            "https:///c d",
        ] {
            assert!(check(&policy, url).is_err(), "{url}");
        }
    }
}
