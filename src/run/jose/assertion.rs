//! Client assertions (RFC 7523 sections 2.2 and 3).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::Algorithm;
use rand::RngCore;
use rand::rngs::OsRng;
use serde_json::{Map, Value, json};

use super::compact::encode;
use super::{ForgeError, Keys};
use crate::signing;
use crate::target::ClientKey;

/// An honest assertion by which the client authenticates: signed with the harness's ES256 key, good
/// from now on for `lifetime_seconds` (a negative number gives one that has expired), with a `jti`
/// of its own. Wrong ones are made of it by [`forge`](super::forge()).
///
/// # Errors
/// The harness's key is broken.
pub fn client_assertion(
    keys: &Keys,
    client_id: &str,
    audience: &str,
    lifetime_seconds: i64,
) -> Result<String, ForgeError> {
    let kid = &keys.public_jwk(Algorithm::ES256)["kid"];
    let header = members(json!({ "alg": "ES256", "typ": "JWT", "kid": kid }));
    let claims = claims(client_id, audience, lifetime_seconds);
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = keys.sign(&message, Algorithm::ES256)?;
    Ok(format!("{message}.{signature}"))
}

/// The same by a key of the operator's.
///
/// # Errors
/// The library refuses to sign with it.
pub fn given_client_assertion(
    key: &ClientKey,
    client_id: &str,
    audience: &str,
    lifetime_seconds: i64,
) -> Result<String, ForgeError> {
    let mut header = members(json!({ "alg": key.algorithm, "typ": "JWT" }));
    if let Some(key_id) = &key.key_id {
        header.insert("kid".to_owned(), json!(key_id));
    }
    let claims = claims(client_id, audience, lifetime_seconds);
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = signing::sign(&message, &key.key, key.algorithm)?;
    Ok(format!("{message}.{signature}"))
}

/// A proof of possession of the harness's ES256 key (RFC 9449 section 4.2): new, and otherwise as
/// `header` and `claims` say.
///
/// # Errors
/// The harness's key is broken.
pub fn proof(
    keys: &Keys,
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
) -> Result<String, ForgeError> {
    let jwk = keys.public_jwk(Algorithm::ES256);
    let public = json!({ "kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"] });
    let mut all = members(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": public }));
    all.extend(header.clone());
    let mut said = self::claims("", "", 0);
    said.retain(|name, _| name == "iat" || name == "jti");
    said.extend(claims.clone());
    let message = format!("{}.{}", encode(&all), encode(&said));
    let signature = keys.sign(&message, Algorithm::ES256)?;
    Ok(format!("{message}.{signature}"))
}

/// The claims of RFC 7523 section 3.
fn claims(client_id: &str, audience: &str, lifetime_seconds: i64) -> Map<String, Value> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default();
    let mut jti = [0; 16];
    OsRng.fill_bytes(&mut jti);
    members(json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now.saturating_add(lifetime_seconds),
        "jti": BASE64_URL_SAFE_NO_PAD.encode(jti),
    }))
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{decode, is_verified_by};
    use super::*;

    #[test]
    fn an_assertion_has_the_claims_of_section_3_and_verifies() {
        let keys = Keys::shared();
        let assertion = client_assertion(keys, "c 1", "https://as.example/token", 60).unwrap();
        assert_eq!(is_verified_by(&assertion, &keys.es256_jwks()), Ok(true));
        let claims = decode(&assertion).unwrap().claims;
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!("c 1"), &json!("c 1"))
        );
        assert_eq!(claims["aud"], "https://as.example/token");
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            60
        );
    }

    #[test]
    fn a_proof_says_what_it_is_for_and_carries_its_key() {
        let claims = members(json!({ "htm": "POST", "htu": "https://as.example/token" }));
        let proof = proof(Keys::shared(), &Map::new(), &claims).unwrap();
        let read = decode(&proof).unwrap();
        assert_eq!(read.header["typ"], "dpop+jwt");
        assert!(read.header["jwk"].get("kid").is_none());
        assert_eq!(read.claims["htm"], "POST");
        assert!(read.claims["jti"].is_string() && read.claims["iat"].is_u64());
        assert!(read.claims.get("sub").is_none());
        assert_eq!(
            is_verified_by(&proof, &Keys::shared().es256_jwks()),
            Ok(true)
        );
    }

    #[test]
    fn no_two_assertions_have_the_same_jti() {
        let jti = || {
            let assertion = client_assertion(Keys::shared(), "c", "a", 60).unwrap();
            decode(&assertion).unwrap().claims["jti"].clone()
        };
        assert_ne!(jti(), jti());
    }

    #[test]
    fn a_negative_lifetime_gives_an_expired_assertion() {
        let expired = client_assertion(Keys::shared(), "c", "a", -60).unwrap();
        let claims = decode(&expired).unwrap().claims;
        assert!(claims["exp"].as_i64() < claims["iat"].as_i64());
    }
}
