//! What a forged token is and what it is not.

use jsonwebtoken::DecodingKey;
use serde_json::json;

use super::*;
use crate::run::jose::compact::encode;
use crate::run::jose::{client_assertion, decode, is_verified_by};

/// A token of "the server", whose keys are the harness's own here.
fn server_token() -> String {
    client_assertion(Keys::shared(), "client", "audience", 60).unwrap()
}

fn server_jwks() -> Value {
    Keys::shared().public_jwks()
}

fn token_with_header(header: Value) -> String {
    format!("{}.e30.AAECAwQ", encode(header.as_object().unwrap()))
}

fn forged(token: &str, spec: Value) -> String {
    let spec: Forge = serde_json::from_value(spec).unwrap();
    forge(token, &spec, Keys::shared(), Some(&server_jwks()), None).unwrap()
}

fn refused(token: &str, signature: &str, jwks: Option<&Value>) -> ForgeError {
    let spec: Forge = serde_json::from_value(json!({ "signature": signature })).unwrap();
    forge(token, &spec, Keys::shared(), jwks, None).unwrap_err()
}

fn third_part(token: &str) -> &str {
    token.rsplit('.').next().unwrap()
}

fn is_hmac(token: &str, secret: &[u8], algorithm: Algorithm) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = DecodingKey::from_secret(secret);
    signing::verify(signature, message, &key, algorithm).unwrap()
}

#[test]
fn nothing_changed_is_the_same_token() {
    let token = server_token();
    assert_eq!(forged(&token, json!({})), token);
    let audience = json!({ "claims": { "aud": "audience", "absent": null } });
    assert_eq!(
        forged(&token, audience),
        token,
        "the same value is no change"
    );
}

#[test]
fn an_odd_layout_survives_in_the_part_that_is_left_alone() {
    let layout = base64::Engine::encode(
        &base64::prelude::BASE64_URL_SAFE_NO_PAD,
        "{ \"alg\" : \"ES256\" }",
    );
    let changed = forged(
        &format!("{layout}.e30.AAAA"),
        json!({ "claims": { "sub": "b" } }),
    );
    assert!(changed.starts_with(&format!("{layout}.")), "{changed}");
    assert!(changed.ends_with(".AAAA"), "{changed}");
}

#[test]
fn changed_claims_keep_their_order_and_the_signature_no_longer_fits() {
    let token = server_token();
    let changed = forged(
        &token,
        json!({ "claims": { "sub": "mallory", "iat": null, "x": [1] } }),
    );
    let claims = decode(&changed).unwrap().claims;
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["iss", "sub", "aud", "exp", "jti", "x"]);
    assert_eq!(claims["sub"], "mallory");
    assert_eq!(third_part(&changed), third_part(&token));
    assert_eq!(is_verified_by(&changed, &server_jwks()), Ok(false));
}

#[test]
fn a_spoiled_signature_differs_in_one_byte_in_the_middle() {
    let token = server_token();
    let spoiled = forged(&token, json!({ "signature": "spoiled" }));
    let (before, after) = (
        Compact::parse(&token).unwrap(),
        Compact::parse(&spoiled).unwrap(),
    );
    assert_eq!(before.signed, after.signed);
    let bytes = before.signature.iter().zip(&after.signature).enumerate();
    let different: Vec<usize> = bytes
        .filter(|(_, (a, b))| a != b)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(different, [32]);
    assert_eq!(is_verified_by(&spoiled, &server_jwks()), Ok(false));
}

#[test]
fn an_unsecured_token_has_an_empty_or_no_third_part_and_alg_in_any_spelling() {
    let token = server_token();
    for alg in [
        json!("none"),
        json!("nOnE"),
        json!(7),
        json!(["none"]),
        json!({}),
    ] {
        let empty = forged(
            &token,
            json!({ "header": { "alg": alg }, "signature": "empty" }),
        );
        assert!(empty.ends_with('.'), "{empty}");
        assert_eq!(decode(&empty).unwrap().header["alg"], alg);
        let missing = forged(
            &token,
            json!({ "header": { "alg": alg }, "signature": "missing" }),
        );
        assert_eq!(format!("{missing}."), empty);
    }
}

#[test]
fn an_own_key_signs_by_the_algorithm_of_the_header_and_leaves_kid_alone() {
    let jwks = server_jwks();
    let unnamed = |header: Value| {
        let mut keys = jwks.clone();
        for key in keys["keys"].as_array_mut().unwrap() {
            key["kid"] = header["kid"].clone();
        }
        keys
    };
    for alg in [
        "ES256", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    ] {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": "server-1" });
        let token = forged(
            &token_with_header(header.clone()),
            json!({ "signature": "own_key" }),
        );
        assert_eq!(
            decode(&token).unwrap().header.to_string(),
            header.to_string()
        );
        assert_eq!(is_verified_by(&token, &unnamed(header)), Ok(true), "{alg}");
    }
}

#[test]
fn an_algorithm_without_own_key_becomes_es256_unless_the_case_sets_it() {
    for alg in ["EdDSA", "ES384", "HS256", "none", "x"] {
        let token = token_with_header(json!({ "alg": alg, "typ": "JWT" }));
        let own = forged(&token, json!({ "signature": "own_key" }));
        assert_eq!(
            decode(&own).unwrap().header,
            json!({ "alg": "ES256", "typ": "JWT" })
        );
        assert_eq!(is_verified_by(&own, &server_jwks()), Ok(true), "{alg}");
        let set = forged(
            &token,
            json!({ "header": { "alg": alg }, "signature": "own_key" }),
        );
        assert_eq!(decode(&set).unwrap().header["alg"], alg);
        assert_eq!(third_part(&set).len(), 86, "64 bytes of ES256");
    }
    let token = token_with_header(json!({ "alg": "ES256" }));
    let removed = forged(
        &token,
        json!({ "header": { "alg": null }, "signature": "own_key" }),
    );
    assert_eq!(decode(&removed).unwrap().header, json!({}));
}

#[test]
fn an_own_key_in_the_header_verifies_the_token_that_carries_it() {
    for (header, has_kid) in [
        (json!({ "alg": "ES256", "kid": "server-1" }), true),
        (json!({ "alg": "RS256" }), false),
    ] {
        let token = token_with_header(header.clone());
        let forged = forged(&token, json!({ "signature": "own_key_in_header" }));
        let carried = decode(&forged).unwrap().header["jwk"].clone();
        assert_eq!(carried.get("kid"), header.get("kid"));
        assert_eq!(carried.get("kid").is_some(), has_kid);
        assert!(carried.get("d").is_none());
        assert_eq!(
            is_verified_by(&forged, &json!({ "keys": [carried] })),
            Ok(true)
        );
    }
    let token = token_with_header(json!({ "alg": "ES256" }));
    let set = json!({ "header": { "jwk": "mine" }, "signature": "own_key_in_header" });
    assert_eq!(decode(&forged(&token, set)).unwrap().header["jwk"], "mine");
}

#[test]
fn the_public_key_as_pem_is_the_secret_of_the_hmac() {
    let jwks = server_jwks();
    for (at, alg) in [(0, "ES256"), (1, "RS256")] {
        let jwk = &jwks["keys"][at];
        let token = token_with_header(json!({ "alg": alg, "kid": jwk["kid"] }));
        let pem = to_pem(jwk).unwrap();
        let forged = forged(&token, json!({ "signature": "hmac_public_key_pem" }));
        assert_eq!(decode(&forged).unwrap().header["alg"], "HS256");
        assert!(is_hmac(&forged, pem.as_bytes(), Algorithm::HS256), "{alg}");
    }
}

#[test]
fn the_key_is_found_by_the_kid_that_the_token_came_with() {
    let jwk = &server_jwks()["keys"][0];
    let token = token_with_header(json!({ "alg": "ES256", "kid": jwk["kid"] }));
    let spec = json!({ "header": { "kid": "../x" }, "signature": "hmac_public_key_pem" });
    let forged = forged(&token, spec);
    assert!(is_hmac(
        &forged,
        to_pem(jwk).unwrap().as_bytes(),
        Algorithm::HS256
    ));
    assert_eq!(decode(&forged).unwrap().header["kid"], "../x");
}

#[test]
fn an_empty_secret_signs_by_the_hmac_that_the_case_sets() {
    let token = server_token();
    assert!(is_hmac(
        &forged(&token, json!({ "signature": "hmac_empty" })),
        b"",
        Algorithm::HS256
    ));
    for (alg, algorithm) in [("HS512", Algorithm::HS512), ("RS256", Algorithm::HS256)] {
        let forged = forged(
            &token,
            json!({ "header": { "alg": alg }, "signature": "hmac_empty" }),
        );
        assert_eq!(decode(&forged).unwrap().header["alg"], alg);
        assert!(is_hmac(&forged, b"", algorithm), "{alg}");
    }
}

#[test]
fn what_cannot_be_forged_says_why() {
    let token = server_token();
    assert!(matches!(
        refused("opaque", "kept", None),
        ForgeError::NotAJwt
    ));
    let unsecured = token.rsplit_once('.').unwrap().0.to_owned() + ".";
    assert!(matches!(
        refused(&unsecured, "spoiled", None),
        ForgeError::NoSignature
    ));
    let pem = "hmac_public_key_pem";
    assert!(matches!(
        refused(&token, pem, None),
        ForgeError::NoServerKey
    ));
    let none = json!({ "keys": [] });
    assert!(matches!(
        refused(&token, pem, Some(&none)),
        ForgeError::NoServerKey
    ));
    let other = json!({ "keys": [{ "kty": "EC", "crv": "P-521" }] });
    assert!(matches!(
        refused(&token, pem, Some(&other)),
        ForgeError::UnsupportedServerKey
    ));
    assert!(matches!(
        refused(&token, "right_key", None),
        ForgeError::NotAvailable
    ));
}
