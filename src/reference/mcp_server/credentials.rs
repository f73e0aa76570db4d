//! Finding the access token of a request (OAuth 2.1 section 5.1, RFC 6750 section 2).
//!
//! Only the places that the policy names are looked at; the right policy names the `Authorization`
//! header alone, because MCP forbids tokens in the URI. Nothing here says whether a token is valid.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use serde_json::Value;

use super::policy::{
    CredentialsPolicy, DuplicateHeaders, Malformed, SchemeCheck, TokenLocation, TwoLocations,
};

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// No token, or another scheme.
    Absent,
    /// Something that cannot be read.
    Malformed(&'static str),
    /// As malformed, but the policy lets the server fall over.
    Crash,
    /// As malformed, but the policy lets the request pass.
    Waved,
    /// A token.
    Token(String),
}

/// The parts of a request in which a token may lie.
pub struct Places<'r> {
    /// Request headers.
    pub headers: &'r HeaderMap,
    /// Raw query.
    pub query: Option<&'r str>,
    /// Raw body.
    pub body: &'r [u8],
}

/// Reads the token.
pub fn find(places: &Places<'_>, policy: &CredentialsPolicy) -> Credentials {
    let mut found = Vec::new();
    for location in &policy.locations {
        let token = match location {
            TokenLocation::Header => match from_authorization(places.headers, policy) {
                Ok(token) => token,
                Err(reason) => return malformed(reason, policy.malformed),
            },
            TokenLocation::Query => places.query.and_then(parameter),
            TokenLocation::QueryOverrides => match places.query.and_then(parameter) {
                Some(token) => return Credentials::Token(token),
                None => None,
            },
            TokenLocation::Body => from_body(places.body),
            TokenLocation::Cookie => from_cookie(places.headers),
            TokenLocation::OwnHeader => text(places.headers, "x-access-token"),
        };
        found.extend(token);
    }
    if found.len() > 1 && policy.two_locations == TwoLocations::Refused {
        return malformed("more than one token", policy.malformed);
    }
    match found.into_iter().next() {
        Some(token) => Credentials::Token(token),
        None => Credentials::Absent,
    }
}

fn malformed(reason: &'static str, policy: Malformed) -> Credentials {
    match policy {
        Malformed::Refused => Credentials::Malformed(reason),
        Malformed::Unauthenticated => Credentials::Absent,
        Malformed::Crash => Credentials::Crash,
        Malformed::Anonymous => Credentials::Waved,
    }
}

fn from_authorization(
    headers: &HeaderMap,
    policy: &CredentialsPolicy,
) -> Result<Option<String>, &'static str> {
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    let value = match (values.as_slice(), policy.duplicate_headers) {
        ([], _) => return Ok(None),
        ([one], _) => one,
        ([first, ..], DuplicateHeaders::First) => first,
        ([.., last], DuplicateHeaders::Last) => last,
        (_, DuplicateHeaders::Refused) => return Err("more than one Authorization header"),
    };
    let value = value.to_str().map_err(|_| "Authorization is not ASCII")?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let bearer = match policy.scheme_check {
        SchemeCheck::IgnoreCase => scheme.eq_ignore_ascii_case("Bearer"),
        SchemeCheck::ExactCase => scheme == "Bearer",
        SchemeCheck::AnyScheme => true,
        SchemeCheck::SchemeOptional if !value.contains(' ') => return Ok(Some(value.to_owned())),
        SchemeCheck::SchemeOptional => scheme.eq_ignore_ascii_case("Bearer"),
    };
    if !bearer {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() {
        return Err("the token is missing");
    }
    if !policy.syntax_check {
        return Ok(token.split(' ').next().map(str::to_owned));
    }
    if !is_b64token(token) {
        return Err("the token has characters that a token cannot have");
    }
    Ok(Some(token.to_owned()))
}

/// RFC 6750 section 2.1: letters, digits and `-._~+/`, then padding.
fn is_b64token(token: &str) -> bool {
    let stem = token.trim_end_matches('=');
    !stem.is_empty()
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

fn parameter(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == "access_token" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn from_body(body: &[u8]) -> Option<String> {
    if let Ok(Value::Object(message)) = serde_json::from_slice(body) {
        let member = message.get("access_token");
        return member.and_then(Value::as_str).map(str::to_owned);
    }
    parameter(std::str::from_utf8(body).ok()?)
}

fn from_cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(COOKIE).iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix("access_token=").map(str::to_owned))
}

/// A header's text.
pub fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The value of a Basic `Authorization` (RFC 6749 section 2.3.1: both parts form-encoded).
pub fn basic(client_id: &str, secret: &str) -> String {
    let encode =
        |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str], query: Option<&str>, policy: &CredentialsPolicy) -> Credentials {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        let places = Places {
            headers: &headers,
            query,
            body: b"",
        };
        find(&places, policy)
    }

    fn token(text: &str) -> Credentials {
        Credentials::Token(text.into())
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        let policy = CredentialsPolicy::default();
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            assert_eq!(
                read(&[&format!("{scheme} abc")], None, &policy),
                token("abc")
            );
        }
        assert_eq!(read(&["Basic abc"], None, &policy), Credentials::Absent);
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        let policy = CredentialsPolicy::default();
        for values in [
            &["Bearer"][..],
            &["Bearer "],
            &["Bearer a b"],
            &["Bearer a,b"],
            &["Bearer a", "Bearer b"],
        ] {
            assert!(
                matches!(read(values, None, &policy), Credentials::Malformed(_)),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_token_in_the_query_has_no_influence() {
        let policy = CredentialsPolicy::default();
        assert_eq!(
            read(&[], Some("access_token=abc"), &policy),
            Credentials::Absent
        );
        assert_eq!(
            read(&["Bearer x"], Some("access_token=abc"), &policy),
            token("x")
        );
    }

    #[test]
    fn the_policy_names_other_places() {
        let policy = CredentialsPolicy {
            locations: vec![TokenLocation::Query, TokenLocation::Header],
            two_locations: TwoLocations::First,
            ..Default::default()
        };
        assert_eq!(
            read(&["Bearer x"], Some("access_token=abc"), &policy),
            token("abc")
        );
    }
}
