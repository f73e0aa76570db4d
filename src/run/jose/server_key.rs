//! Keys of the server under test: which of its JWK set a token names, and that key as PEM.
//!
//! The set comes from the server, so nothing in it is taken for granted (RFC 7517, RFC 7518
//! section 6).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BigUint, RsaPublicKey};
use serde_json::{Map, Value};

/// Largest RSA modulus in bits that is worth an attempt.
const MAX_RSA_BITS: usize = 16_384;

/// The keys of a JWK set that the JOSE header may mean: those of its `kid`, or else those without
/// one; where the header has no `kid`, all. Only keys of the type that its `alg` needs, where that
/// is an asymmetric algorithm, and none for encryption.
pub(super) fn candidates<'j>(jwks: &'j Value, header: &Map<String, Value>) -> Vec<&'j Value> {
    let kty = header.get("alg").and_then(Value::as_str).and_then(key_type);
    let usable: Vec<&Value> = jwks
        .get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|key| kty.is_none_or(|kty| text(key, "kty") == Some(kty)))
        .filter(|key| text(key, "use") != Some("enc"))
        .collect();
    let Some(kid) = header.get("kid") else {
        return usable;
    };
    let of = |wanted: Option<&Value>| -> Vec<&Value> {
        let same = usable.iter().filter(|key| key.get("kid") == wanted);
        same.copied().collect()
    };
    let named = of(Some(kid));
    if named.is_empty() { of(None) } else { named }
}

/// The key type that an algorithm signs with (RFC 7518 section 3.1, RFC 8037 section 3.1).
fn key_type(algorithm: &str) -> Option<&'static str> {
    match algorithm.get(..2)? {
        "RS" | "PS" => Some("RSA"),
        "ES" => Some("EC"),
        "Ed" => Some("OKP"),
        _ => None,
    }
}

/// The key as SubjectPublicKeyInfo in PEM, as servers keep it in a file. `None` for a key of a kind
/// or size that is not supported, or that is none.
pub(super) fn to_pem(jwk: &Value) -> Option<String> {
    match (text(jwk, "kty")?, text(jwk, "crv")) {
        ("RSA", _) => {
            let number = |name| Some(BigUint::from_bytes_be(&bytes(jwk, name)?));
            RsaPublicKey::new_with_max_size(number("n")?, number("e")?, MAX_RSA_BITS)
                .ok()?
                .to_public_key_pem(LineEnding::LF)
                .ok()
        }
        ("EC", Some("P-256")) => p256::PublicKey::from_sec1_bytes(&point(jwk)?)
            .ok()?
            .to_public_key_pem(LineEnding::LF)
            .ok(),
        ("OKP", Some("Ed25519")) => {
            let x = bytes(jwk, "x")?;
            ed25519_dalek::VerifyingKey::try_from(x.as_slice())
                .ok()?
                .to_public_key_pem(LineEnding::LF)
                .ok()
        }
        _ => None,
    }
}

/// The same as DER: the bytes that PEM wraps.
pub(super) fn to_der(jwk: &Value) -> Option<Vec<u8>> {
    let pem = to_pem(jwk)?;
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::prelude::BASE64_STANDARD.decode(body).ok()
}

/// The point of an EC key, uncompressed (SEC 1 section 2.3.3).
pub(super) fn point(jwk: &Value) -> Option<Vec<u8>> {
    Some([vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat())
}

/// A member of a JWK in base64url.
pub(super) fn bytes(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text(jwk, name)?).ok()
}

/// A member of a JWK as text.
pub(super) fn text<'j>(jwk: &'j Value, name: &str) -> Option<&'j str> {
    jwk.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use p256::pkcs8::DecodePublicKey;
    use serde_json::json;

    use super::super::Keys;
    use super::*;

    fn chosen(jwks: &Value, header: Value) -> Vec<&str> {
        let names = candidates(jwks, header.as_object().unwrap());
        names.iter().filter_map(|key| text(key, "name")).collect()
    }

    #[test]
    fn a_kid_chooses_its_keys_and_keys_without_one_only_where_none_has_it() {
        let jwks = json!({ "keys": [
            { "name": "a", "kid": "1", "kty": "RSA" },
            { "name": "b", "kty": "RSA" },
            { "name": "c", "kty": "EC" },
            { "name": "d", "kid": "1", "kty": "RSA", "use": "enc" },
            "no key",
        ] });
        assert_eq!(chosen(&jwks, json!({ "alg": "RS256", "kid": "1" })), ["a"]);
        assert_eq!(chosen(&jwks, json!({ "alg": "RS256", "kid": "2" })), ["b"]);
        assert_eq!(chosen(&jwks, json!({ "alg": "PS256" })), ["a", "b"]);
        assert_eq!(chosen(&jwks, json!({ "alg": "ES256" })), ["c"]);
        assert_eq!(chosen(&jwks, json!({ "alg": "é" })), ["a", "b", "c"]);
        for jwks in [json!(null), json!([]), json!({ "keys": {} })] {
            assert!(chosen(&jwks, json!({})).is_empty());
        }
    }

    #[test]
    fn pem_gives_the_same_key_back() {
        let jwk = Keys::shared().public_jwk(Algorithm::ES256);
        let pem = to_pem(&jwk).unwrap();
        assert!(pem.ends_with("-----END PUBLIC KEY-----\n"), "{pem}");
        let key = p256::PublicKey::from_public_key_pem(&pem).unwrap();
        assert_eq!(key.to_sec1_bytes().to_vec(), point(&jwk).unwrap());

        let jwk = Keys::shared().public_jwk(Algorithm::RS256);
        let key = RsaPublicKey::from_public_key_pem(&to_pem(&jwk).unwrap()).unwrap();
        let n = rsa::traits::PublicKeyParts::n(&key).to_bytes_be();
        assert_eq!(Some(n), bytes(&jwk, "n"));
    }

    /// RFC 8037 appendix A.2.
    #[test]
    fn an_ed25519_key_becomes_pem() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let pem = to_pem(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x })).unwrap();
        assert!(
            pem.starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfV"),
            "{pem}"
        );
    }

    #[test]
    fn a_broken_key_becomes_no_pem() {
        for jwk in [
            json!({}),
            json!({ "kty": "RSA", "n": "AQAB", "e": 3 }),
            json!({ "kty": "RSA", "n": "", "e": "" }),
            json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
            json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }),
            json!({ "kty": "oct", "k": "AA" }),
        ] {
            assert_eq!(to_pem(&jwk), None, "{jwk}");
        }
    }
}
