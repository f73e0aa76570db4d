//! The compact serialization of a signed JWT (RFC 7515 section 7.1), taken apart.
//!
//! Reads what a server sent, so everything is hostile: either the text is exactly three parts in
//! base64url without padding, the first two JSON objects, or it is no JWT. Verifies nothing.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Serialize;
use serde_json::{Map, Value};

/// Header and claims of a JWT that nobody has verified.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decoded {
    /// The JOSE header (RFC 7519 section 5).
    pub header: Value,
    /// The claims set (RFC 7519 section 4).
    pub claims: Value,
}

/// Reads a JWT without verifying it. `None` when the text is not a JWT in compact serialization.
pub fn decode(token: &str) -> Option<Decoded> {
    let Compact { header, claims, .. } = Compact::parse(token)?;
    Some(Decoded {
        header: Value::Object(header.members),
        claims: Value::Object(claims.members),
    })
}

/// A JWT with its parts as they were written and as they were read.
pub(super) struct Compact<'t> {
    pub header: Part<'t>,
    pub claims: Part<'t>,
    /// What the signature covers: header, dot, claims (RFC 7515 section 5.1).
    pub signed: &'t str,
    /// The third part as written.
    pub signature_text: &'t str,
    pub signature: Vec<u8>,
}

/// The first or second part.
pub(super) struct Part<'t> {
    text: &'t str,
    pub members: Map<String, Value>,
}

impl<'t> Compact<'t> {
    pub fn parse(token: &'t str) -> Option<Self> {
        let (signed, signature_text) = token.rsplit_once('.')?;
        // A third dot would stand in the claims part, where base64url does not allow it.
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: Part::parse(header)?,
            claims: Part::parse(claims)?,
            signed,
            signature_text,
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature_text).ok()?,
        })
    }
}

impl<'t> Part<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let members = serde_json::from_slice(&json).ok()?;
        Some(Self { text, members })
    }

    /// The part with these members: byte for byte the original where they are the same, since a
    /// signature covers bytes and not JSON.
    pub fn with(&self, members: &Map<String, Value>) -> String {
        if *members == self.members {
            self.text.to_owned()
        } else {
            encode(members)
        }
    }
}

/// A JSON object as a part of a JWT.
pub(super) fn encode(members: &Map<String, Value>) -> String {
    let json = serde_json::to_vec(members).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn part(json: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn header_and_claims_are_read_in_their_order_whatever_the_signature() {
        let token = format!("{}.{}.AAAA", part(r#"{"b":1,"a":2}"#), part("{}"));
        let decoded = decode(&token).unwrap();
        assert_eq!(decoded.header.to_string(), r#"{"b":1,"a":2}"#);
        assert_eq!(decoded.claims, json!({}));
    }

    #[test]
    fn an_unsecured_jwt_has_an_empty_third_part() {
        let token = format!("{}.{}.", part(r#"{"alg":"none"}"#), part("{}"));
        assert_eq!(decode(&token).unwrap().header["alg"], "none");
    }

    #[test]
    fn anything_else_is_no_jwt() {
        let (header, claims) = (part(r#"{"alg":"none"}"#), part("{}"));
        for text in [
            String::new(),
            "..".to_owned(),
            "opaque-token".to_owned(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}..x"),
            format!("{header}.{claims}.A"),
            format!("{header}.{claims}.AB"),
            format!("{header}.{claims}.AAA="),
            format!("{header}.{claims}.AA+/"),
            format!(" {header}.{claims}.AAAA"),
            format!("{header}.{claims}.AAAA\n"),
            format!("{header}.{}.AAAA", part("[]")),
            format!("{header}.{}.AAAA", part("{} {}")),
            format!("{header}.{}.AAAA", part(&"[".repeat(100_000))),
            format!("{}.{claims}.AAAA", part("\"none\"")),
            format!(
                "{}.{claims}.AAAA",
                BASE64_URL_SAFE_NO_PAD.encode([0xff, 0xfe])
            ),
        ] {
            assert_eq!(decode(&text), None, "{text:.80}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            decode(&text);
        }

        #[test]
        fn no_bytes_in_the_parts_make_it_panic(
            header in proptest::collection::vec(any::<u8>(), 0..40),
            claims in r#"[\[\]{}":,a0\\u.eE+-]{0,40}"#,
        ) {
            let header = BASE64_URL_SAFE_NO_PAD.encode(header);
            decode(&format!("{header}.{}.", part(&claims)));
            decode(&format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims)));
        }

        #[test]
        fn what_was_put_together_is_read_again(
            name in ".{1,12}", text in ".{0,30}", number in any::<i64>(),
        ) {
            let claims = json!({ "n": number, name: text });
            let token = format!("{}.{}.AAAA", part("{}"), part(&claims.to_string()));
            prop_assert_eq!(decode(&token).map(|decoded| decoded.claims), Some(claims));
        }
    }
}
