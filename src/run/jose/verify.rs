//! Whether a JWT was signed by a key of a JWK set (RFC 7515 section 5.2).
//!
//! The signature alone: no claim is looked at, no time, no `crit`. Token and key set both come from
//! servers. Symmetric algorithms are not verified, since no key set publishes their keys.

use jsonwebtoken::{Algorithm, DecodingKey};
use rsa::{BigUint, RsaPublicKey};
use serde_json::Value;

use super::compact::Compact;
use super::keys::is_rsa;
use super::server_key::{bytes, candidates, point, text};
use crate::signing;

/// Smallest RSA modulus in bits that is verified with: paddings need room. The largest, 4096, is the
/// library's.
const MIN_RSA_BITS: usize = 1024;

/// The question cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not a JWT in compact serialization.
    #[error("the token is not a JWT")]
    NotAJwt,
    /// `alg` is missing, `none`, symmetric or unknown.
    #[error("no signature is verified for the algorithm {0}")]
    Algorithm(String),
    /// The set has no key for this `kid` and `alg` that can be used.
    #[error("the key set has no usable key for the token's kid and alg")]
    NoKey,
}

/// Whether a key of the set verifies the token's signature. Of several keys that the header may
/// mean, one suffices.
///
/// # Errors
/// Why it cannot be told.
pub fn is_verified_by(token: &str, jwks: &Value) -> Result<bool, VerifyError> {
    let compact = Compact::parse(token).ok_or(VerifyError::NotAJwt)?;
    let alg = compact.header.members.get("alg");
    let algorithm = alg
        .and_then(Value::as_str)
        .and_then(|name| name.parse().ok())
        .filter(|algorithm| {
            use Algorithm::{HS256, HS384, HS512};
            !matches!(algorithm, HS256 | HS384 | HS512)
        })
        .ok_or_else(|| {
            let shown = alg.map_or_else(|| "(missing)".to_owned(), Value::to_string);
            VerifyError::Algorithm(shown.chars().take(40).collect())
        })?;
    let mut answer = Err(VerifyError::NoKey);
    for jwk in candidates(jwks, &compact.header.members) {
        // A key that names an algorithm is for that one alone (RFC 7517 section 4.4).
        if jwk.get("alg").is_some_and(|named| Some(named) != alg) {
            continue;
        }
        let Some(key) = verifying_key(jwk, algorithm) else {
            continue;
        };
        match signing::verify(compact.signature_text, compact.signed, &key, algorithm) {
            Ok(true) => return Ok(true),
            Ok(false) => answer = Ok(false),
            // A key that the library does not take, such as a point off the curve.
            Err(_) => {}
        }
    }
    answer
}

/// The key, if it has the right type and size: the library trusts its callers with sizes.
fn verifying_key(jwk: &Value, algorithm: Algorithm) -> Option<DecodingKey> {
    if is_rsa(algorithm) {
        let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
        let (modulus, exponent) = (BigUint::from_bytes_be(&n), BigUint::from_bytes_be(&e));
        // The library would call a signature wrong where it is the key that it does not take.
        let fits = modulus.bits() >= MIN_RSA_BITS && RsaPublicKey::new(modulus, exponent).is_ok();
        return fits.then(|| DecodingKey::from_rsa_raw_components(&n, &e));
    }
    match (algorithm, text(jwk, "crv")?) {
        (Algorithm::ES256, "P-256") | (Algorithm::ES384, "P-384") => {
            Some(DecodingKey::from_ec_der(&point(jwk)?))
        }
        (Algorithm::EdDSA, "Ed25519") => {
            let x = bytes(jwk, "x").filter(|x| x.len() == 32)?;
            Some(DecodingKey::from_ed_der(&x))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::Keys;
    use super::super::compact::encode;
    use super::*;

    fn token(alg: &str, algorithm: Algorithm) -> String {
        let part = |value: Value| encode(value.as_object().unwrap());
        let message = format!(
            "{}.{}",
            part(json!({ "alg": alg })),
            part(json!({ "sub": "a" }))
        );
        let signature = Keys::shared().sign(&message, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn what_the_keys_sign_their_public_set_verifies() {
        use Algorithm::{ES256, PS256, PS384, PS512, RS256, RS384, RS512};
        let jwks = Keys::shared().public_jwks();
        for algorithm in [ES256, RS256, RS384, RS512, PS256, PS384, PS512] {
            let token = token(&format!("{algorithm:?}"), algorithm);
            assert_eq!(is_verified_by(&token, &jwks), Ok(true), "{algorithm:?}");
        }
    }

    #[test]
    fn a_signature_by_another_algorithm_is_not_verified() {
        let jwks = Keys::shared().public_jwks();
        let token = token("PS256", Algorithm::RS256);
        assert_eq!(is_verified_by(&token, &jwks), Ok(false));
    }

    #[test]
    fn an_eddsa_signature_is_verified() {
        use ed25519_dalek::Signer;
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let header = json!({ "alg": "EdDSA" });
        let message = format!("{}.e30", encode(header.as_object().unwrap()));
        let base64 =
            |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes);
        let signature = base64(&key.sign(message.as_bytes()).to_bytes());
        let x = base64(key.verifying_key().as_bytes());
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] });
        assert_eq!(
            is_verified_by(&format!("{message}.{signature}"), &jwks),
            Ok(true)
        );
        assert_eq!(is_verified_by(&format!("{message}.AAAA"), &jwks), Ok(false));
        let short = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA" }] });
        let token = format!("{message}.{signature}");
        assert_eq!(is_verified_by(&token, &short), Err(VerifyError::NoKey));
    }

    #[test]
    fn an_rsa_key_beyond_the_librarys_sizes_is_no_key_rather_than_a_wrong_signature() {
        let signed = token("RS256", Algorithm::RS256);
        for length in [64, 1024] {
            let n = base64::Engine::encode(
                &base64::prelude::BASE64_URL_SAFE_NO_PAD,
                vec![0xff_u8; length],
            );
            let jwks = json!({ "keys": [{ "kty": "RSA", "n": n, "e": "AQAB" }] });
            assert_eq!(
                is_verified_by(&signed, &jwks),
                Err(VerifyError::NoKey),
                "{length}"
            );
        }
    }

    #[test]
    fn what_cannot_be_answered_is_an_error() {
        let jwks = Keys::shared().public_jwks();
        let signed = token("ES256", Algorithm::ES256);
        assert_eq!(is_verified_by("opaque", &jwks), Err(VerifyError::NotAJwt));
        let none = VerifyError::Algorithm("\"none\"".to_owned());
        assert_eq!(
            is_verified_by(&token("none", Algorithm::ES256), &jwks),
            Err(none)
        );
        let keyless = json!({ "keys": [] });
        assert_eq!(is_verified_by(&signed, &keyless), Err(VerifyError::NoKey));
        let encryption = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }] });
        assert_eq!(
            is_verified_by(&signed, &encryption),
            Err(VerifyError::NoKey)
        );
    }

    proptest! {
        #[test]
        fn no_key_set_makes_it_panic(
            n in proptest::collection::vec(any::<u8>(), 0..140),
            e in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let base64 = |bytes: &[u8]| {
                base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes)
            };
            let (n, e) = (base64(&n), base64(&e));
            let jwks = json!({ "keys": [
                { "kty": "RSA", "n": n, "e": e },
                { "kty": "EC", "crv": "P-256", "x": n, "y": e },
                { "kty": "EC", "crv": "P-384", "x": n, "y": e },
                { "kty": "OKP", "crv": "Ed25519", "x": n },
            ] });
            for alg in ["RS256", "PS512", "ES256", "ES384", "EdDSA"] {
                let header = json!({ "alg": alg });
                let token = format!("{}.e30.{e}", encode(header.as_object().unwrap()));
                let _ = is_verified_by(&token, &jwks);
            }
        }
    }
}
