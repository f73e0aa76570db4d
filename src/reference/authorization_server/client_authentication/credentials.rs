//! Reading credentials from header and body (OAuth 2.1 section 2.4.1, RFC 6749 appendix B).

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::reference::policy::client_authentication::BasicDecoding;
use crate::reference::policy::configuration::ClientAuthMethod;

/// The `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basic {
    /// There is none.
    Absent,
    /// There is one, or more than one, that is no Basic header.
    Malformed,
    /// Basic credentials.
    Credentials {
        /// User part.
        client_id: String,
        /// Password part.
        secret: String,
    },
}

/// Reads the `Authorization` header.
pub fn basic(headers: &HeaderMap, decoding: BasicDecoding) -> Basic {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Basic::Absent;
    };
    if values.next().is_some() {
        return Basic::Malformed;
    }
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (client_id, secret) = text.split_once(':')?;
        Some(match decoding {
            BasicDecoding::Form => (decode(client_id)?, decode(secret)?),
            BasicDecoding::Raw => (client_id.to_owned(), secret.to_owned()),
        })
    };
    match read() {
        Some((client_id, secret)) => Basic::Credentials { client_id, secret },
        None => Basic::Malformed,
    }
}

/// One form-encoded value. `&` and `=` cannot stand in one, so text with them was not encoded.
fn decode(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return Some(text.to_owned());
    }
    match url::form_urlencoded::parse(text.as_bytes()).next() {
        Some((name, _)) => Some(name.into_owned()),
        None => Some(String::new()),
    }
}

/// Everything that a request presents.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// The client that it names.
    pub client_id: Option<String>,
    /// The client that it acts as, should the policy let that be another one.
    pub acting_as: Option<String>,
    /// The secret of the header.
    pub basic_secret: Option<String>,
    /// The secret of the body.
    pub post_secret: Option<String>,
    /// `client_assertion`.
    pub assertion: Option<String>,
    /// `client_assertion_type`.
    pub assertion_type: Option<String>,
}

impl Presented {
    /// How many ways of authentication are used.
    pub fn methods(&self) -> usize {
        usize::from(self.basic_secret.is_some())
            + usize::from(self.post_secret.is_some())
            + usize::from(self.assertion.is_some())
    }

    /// The secret, from wherever it comes.
    pub fn secret(&self) -> Option<&str> {
        self.basic_secret.as_deref().or(self.post_secret.as_deref())
    }

    /// The secret and the way it came.
    pub fn secret_and_method(&self) -> Option<(&str, ClientAuthMethod)> {
        let basic = self
            .basic_secret
            .as_deref()
            .map(|s| (s, ClientAuthMethod::ClientSecretBasic));
        let post = self
            .post_secret
            .as_deref()
            .map(|s| (s, ClientAuthMethod::ClientSecretPost));
        basic.or(post)
    }

    /// Whether there are credentials that a public client cannot have. An empty password is none.
    pub fn is_surplus(&self) -> bool {
        self.assertion.is_some() || self.secret().is_some_and(|secret| !secret.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Basic {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        basic(&headers, BasicDecoding::Form)
    }

    fn encoded(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn credentials_are_form_decoded() {
        let expected = Basic::Credentials {
            client_id: "a b:c".into(),
            secret: "p%w+".into(),
        };
        assert_eq!(read(&encoded("a+b%3Ac:p%25w%2B")), expected);
    }

    #[test]
    fn other_headers_are_malformed() {
        for value in ["Bearer x", "Basic", "Basic %%%", "Basic YWJj"] {
            assert_eq!(read(value), Basic::Malformed, "{value}");
        }
        assert_eq!(basic(&HeaderMap::new(), BasicDecoding::Form), Basic::Absent);
    }
}
