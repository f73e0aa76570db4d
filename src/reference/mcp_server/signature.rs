//! Who signed a token (RFC 7515 section 5.2, RFC 8725 section 3, RFC 9068 section 4).
//!
//! The right way: the algorithm is on the accepted list, `kid` names a key that the authorization
//! server publishes, that key is for that algorithm, and the signature verifies. What the header says
//! about keys (`jku`, `jwk`, `x5u`, `x5c`) is not looked at. The policy knows other ways.

use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use jsonwebtoken::{Algorithm, DecodingKey};
use p256::pkcs8::EncodePublicKey;
use serde_json::Value;

use super::claims::Fault;
use super::jwt::Jwt;
use super::policy::{SignatureCheck, TokenPolicy};
use crate::signing;

/// Verifies the signature with the published keys.
pub fn check(jwt: &Jwt<'_>, published: &[Value], policy: &TokenPolicy) -> Result<(), Fault> {
    if passes_without_key(jwt, published, policy.signature_check)
        || secrets(jwt, published, policy.signature_check)
            .iter()
            .any(|secret| verifies(jwt, &DecodingKey::from_secret(secret), Algorithm::HS256))
    {
        return Ok(());
    }
    if let (SignatureCheck::EmbeddedJwkTrusted, Some(key)) =
        (policy.signature_check, jwt.header.get("jwk"))
    {
        return with_keys(jwt, std::slice::from_ref(key), policy, true);
    }
    let any_key = policy.signature_check == SignatureCheck::AnyPublishedKey;
    with_keys(jwt, published, policy, any_key)
}

/// Whether no published key has the token's `kid`, so that a fresh look at the key set may help.
pub fn key_is_unknown(jwt: &Jwt<'_>, published: &[Value]) -> bool {
    jwt.parameter("kid")
        .is_some_and(|kid| !published.iter().any(|key| key["kid"] == kid))
}

fn with_keys(
    jwt: &Jwt<'_>,
    keys: &[Value],
    policy: &TokenPolicy,
    any_key: bool,
) -> Result<(), Fault> {
    let name = jwt.algorithm();
    let accepted = policy.algorithms.iter().any(|algorithm| algorithm == name);
    let algorithm = Algorithm::from_str(name)
        .ok()
        .filter(|_| accepted)
        .ok_or(Fault::Algorithm)?;
    let kid = jwt.parameter("kid").filter(|_| !any_key);
    let mut candidates = keys
        .iter()
        .filter(|key| kid.is_none_or(|kid| key["kid"] == kid))
        .filter(|key| key.get("alg").is_none_or(|alg| alg == name))
        .filter_map(verifying_key)
        .peekable();
    if candidates.peek().is_none() {
        return Err(Fault::Key);
    }
    match candidates.any(|key| verifies(jwt, &key, algorithm)) {
        true => Ok(()),
        false => Err(Fault::Signature),
    }
}

fn verifying_key(jwk: &Value) -> Option<DecodingKey> {
    DecodingKey::from_jwk(&serde_json::from_value(jwk.clone()).ok()?).ok()
}

/// The point of an EC key, uncompressed (SEC 1 section 2.3.3).
fn point(jwk: &Value) -> Option<Vec<u8>> {
    let number = |name: &str| BASE64URL.decode(jwk[name].as_str()?).ok();
    let (x, y) = (number("x")?, number("y")?);
    Some([&[4][..], &x, &y].concat())
}

fn verifies(jwt: &Jwt<'_>, key: &DecodingKey, algorithm: Algorithm) -> bool {
    signing::verify(jwt.signature, jwt.signed, key, algorithm).unwrap_or(false)
}

fn passes_without_key(jwt: &Jwt<'_>, published: &[Value], check: SignatureCheck) -> bool {
    match check {
        SignatureCheck::Skipped => true,
        SignatureCheck::AlgNoneAccepted => jwt.algorithm() == "none",
        SignatureCheck::AlgNoneAnyCase => jwt.algorithm().eq_ignore_ascii_case("none"),
        SignatureCheck::EmptySignatureAccepted => jwt.signature.is_empty(),
        SignatureCheck::ZeroSignatureAccepted => BASE64URL
            .decode(jwt.signature)
            .is_ok_and(|bytes| bytes.len() == 64 && bytes.iter().all(|byte| *byte == 0)),
        SignatureCheck::UnknownKidSkipped => key_is_unknown(jwt, published),
        _ => false,
    }
}

/// Keys for HS256, where the policy lets the header choose a symmetric algorithm.
fn secrets(jwt: &Jwt<'_>, published: &[Value], check: SignatureCheck) -> Vec<Vec<u8>> {
    if jwt.algorithm() != "HS256" {
        return Vec::new();
    }
    match check {
        SignatureCheck::Hs256WithPublicKey => published.iter().flat_map(spellings).collect(),
        SignatureCheck::WeakSecretAccepted => vec![b"secret".to_vec()],
        SignatureCheck::KidAsPath => {
            // No file is read: the empty device is the one that attackers name.
            let empty = jwt
                .parameter("kid")
                .is_some_and(|kid| kid.ends_with("/dev/null"));
            if empty { vec![Vec::new()] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// A public key as the byte strings that a confused server might take for a secret: DER, PEM with and
/// without the last line feed, and the JWK's text.
pub(in crate::reference) fn spellings(key: &Value) -> Vec<Vec<u8>> {
    let mut all = vec![key.to_string().into_bytes()];
    if let Some(der) = public_key_der(key) {
        let text = BASE64_STANDARD.encode(&der);
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----");
        all.push(pem.clone().into_bytes());
        pem.push('\n');
        all.push(pem.into_bytes());
        all.push(der);
    }
    all
}

fn public_key_der(key: &Value) -> Option<Vec<u8>> {
    let number = |name: &str| BASE64URL.decode(key[name].as_str()?).ok();
    if key["kty"] == "EC" {
        let key = p256::PublicKey::from_sec1_bytes(&point(key)?).ok()?;
        return Some(key.to_public_key_der().ok()?.as_bytes().to_vec());
    }
    let modulus = rsa::BigUint::from_bytes_be(&number("n")?);
    let exponent = rsa::BigUint::from_bytes_be(&number("e")?);
    let key = rsa::RsaPublicKey::new(modulus, exponent).ok()?;
    Some(key.to_public_key_der().ok()?.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::keys::Keys;
    use crate::reference::policy::access_token::SigningAlgorithm;
    use serde_json::json;

    fn own_key() -> &'static crate::reference::keys::KeyPair {
        Keys::shared().pair(SigningAlgorithm::Es256)
    }

    fn published() -> Vec<Value> {
        vec![own_key().public_jwk().clone()]
    }

    fn honest(header: Value) -> String {
        own_key().sign(&header, &json!({"sub": "alice"})).unwrap()
    }

    fn unsigned(header: Value, signature: &str) -> String {
        let part = |value: Value| BASE64URL.encode(value.to_string());
        format!(
            "{}.{}.{signature}",
            part(header),
            part(json!({"sub": "alice"}))
        )
    }

    fn hs256(header: Value, secret: &[u8]) -> String {
        let signed = unsigned(header, "");
        let signed = signed.trim_end_matches('.');
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let mac = signing::sign(signed, &key, Algorithm::HS256).unwrap();
        format!("{signed}.{mac}")
    }

    fn judge(token: &str, check_: SignatureCheck) -> Result<(), Fault> {
        let policy = TokenPolicy {
            signature_check: check_,
            ..Default::default()
        };
        check(&Jwt::parse(token).unwrap(), &published(), &policy)
    }

    #[test]
    fn the_published_key_verifies() {
        let kid = &own_key().kid;
        let checked = SignatureCheck::Checked;
        assert_eq!(
            judge(&honest(json!({"alg": "ES256", "kid": kid})), checked),
            Ok(())
        );
        assert_eq!(judge(&honest(json!({"alg": "ES256"})), checked), Ok(()));
        let other = honest(json!({"alg": "ES256", "kid": "other"}));
        assert_eq!(judge(&other, checked), Err(Fault::Key));
        assert_eq!(judge(&other, SignatureCheck::AnyPublishedKey), Ok(()));
    }

    #[test]
    fn the_right_policy_refuses_each_forgery_and_one_other_takes_it() {
        use SignatureCheck as Check;
        let kid = &own_key().kid;
        let pem = spellings(own_key().public_jwk()).swap_remove(2);
        let zeros = BASE64URL.encode([0u8; 64]);
        let table = [
            (unsigned(json!({"alg": "none"}), ""), Check::AlgNoneAccepted),
            (unsigned(json!({"alg": "NoNe"}), ""), Check::AlgNoneAnyCase),
            (
                unsigned(json!({"alg": "ES256", "kid": kid}), ""),
                Check::EmptySignatureAccepted,
            ),
            (
                unsigned(json!({"alg": "ES256", "kid": kid}), &zeros),
                Check::ZeroSignatureAccepted,
            ),
            (
                unsigned(json!({"alg": "ES256", "kid": kid}), "AAAA"),
                Check::Skipped,
            ),
            (
                unsigned(json!({"alg": "ES256", "kid": "x"}), "AAAA"),
                Check::UnknownKidSkipped,
            ),
            (
                hs256(json!({"alg": "HS256", "kid": kid}), &pem),
                Check::Hs256WithPublicKey,
            ),
            (
                hs256(json!({"alg": "HS256"}), b"secret"),
                Check::WeakSecretAccepted,
            ),
            (
                hs256(json!({"alg": "HS256", "kid": "../../dev/null"}), b""),
                Check::KidAsPath,
            ),
        ];
        for (token, other) in table {
            assert!(judge(&token, Check::Checked).is_err(), "{other:?}");
            assert_eq!(judge(&token, other), Ok(()), "{other:?}");
        }
    }

    #[test]
    fn a_key_in_the_header_counts_for_nothing() {
        let key = p256::SecretKey::random(&mut rand::rngs::OsRng);
        let jwk: Value = serde_json::from_str(&key.public_key().to_jwk_string()).unwrap();
        let signed = unsigned(json!({"alg": "ES256", "jwk": jwk}), "");
        let signed = signed.trim_end_matches('.');
        let der = p256::pkcs8::EncodePrivateKey::to_pkcs8_der(&key).unwrap();
        let signer = jsonwebtoken::EncodingKey::from_ec_der(der.as_bytes());
        let mac = signing::sign(signed, &signer, Algorithm::ES256).unwrap();
        let token = format!("{signed}.{mac}");
        assert_eq!(
            judge(&token, SignatureCheck::Checked),
            Err(Fault::Signature)
        );
        assert_eq!(judge(&token, SignatureCheck::EmbeddedJwkTrusted), Ok(()));
    }
}
