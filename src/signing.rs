//! Signatures of JWTs (RFC 7515 section 5), for the harness and the reference servers alike.
//!
//! `jsonwebtoken` signs and verifies, but for ES256, the algorithm of nearly every token in a run:
//! `ring` is several times as fast at it.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use jsonwebtoken::crypto;
use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};

/// The third part of a JWT whose first two are `message`.
///
/// # Errors
/// The key is not for this algorithm.
pub fn sign(message: &str, key: &EncodingKey, algorithm: Algorithm) -> Result<String, Error> {
    let message = message.as_bytes();
    match (algorithm == Algorithm::ES256).then(|| es256(message, key)) {
        Some(Some(signature)) => Ok(signature),
        _ => crypto::sign(message, key, algorithm),
    }
}

/// Whether `signature`, the third part of a JWT, is that of `message`, the first two.
///
/// # Errors
/// The key is not for this algorithm or is none, as a point off the curve, or `signature` is not
/// base64url.
pub fn verify(
    signature: &str,
    message: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<bool, Error> {
    let message = message.as_bytes();
    match (algorithm == Algorithm::ES256).then(|| is_es256(signature, message, key)) {
        Some(Some(is_right)) => Ok(is_right),
        _ => crypto::verify(signature, message, key, algorithm),
    }
}

/// None where the key is not one that `ring` takes: it is more particular about PKCS #8.
fn es256(message: &[u8], key: &EncodingKey) -> Option<String> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes(), &random);
    Some(BASE64URL.encode(key.ok()?.sign(&random, message).ok()?))
}

/// None where the question is for the library to refuse. `ring` would not tell a key that is none from
/// a signature that is wrong.
fn is_es256(signature: &str, message: &[u8], key: &DecodingKey) -> Option<bool> {
    let point = key.try_get_as_bytes().ok()?;
    p256::PublicKey::from_sec1_bytes(point).ok()?;
    let signature = BASE64URL.decode(signature).ok()?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    Some(key.verify(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use p256::elliptic_curve::sec1::ToEncodedPoint;
    use p256::pkcs8::EncodePrivateKey;

    use super::*;

    fn pair() -> (EncodingKey, Vec<u8>) {
        let secret = p256::SecretKey::random(&mut rand::rngs::OsRng);
        let der = secret.to_pkcs8_der().unwrap();
        let point = secret.public_key().to_encoded_point(false);
        (
            EncodingKey::from_ec_der(der.as_bytes()),
            point.as_bytes().to_vec(),
        )
    }

    #[test]
    fn both_libraries_know_the_signatures_of_each_other() {
        let (secret, point) = pair();
        let public = DecodingKey::from_ec_der(&point);
        let ours = es256(b"a.b", &secret).unwrap();
        assert!(crypto::verify(&ours, b"a.b", &public, Algorithm::ES256).unwrap());
        let theirs = crypto::sign(b"a.b", &secret, Algorithm::ES256).unwrap();
        assert_eq!(is_es256(&theirs, b"a.b", &public), Some(true));
        assert_eq!(is_es256(&theirs, b"a.c", &public), Some(false));
        assert_eq!(is_es256("AAAA", b"a.b", &public), Some(false));
    }

    #[test]
    fn a_key_that_is_none_is_an_error() {
        let (secret, mut point) = pair();
        let signature = sign("a.b", &secret, Algorithm::ES256).unwrap();
        point[64] ^= 1;
        let off_the_curve = DecodingKey::from_ec_der(&point);
        assert!(verify(&signature, "a.b", &off_the_curve, Algorithm::ES256).is_err());
        let shared = EncodingKey::from_secret(b"secret");
        assert!(sign("a.b", &shared, Algorithm::ES256).is_err());
        let shared = DecodingKey::from_secret(b"secret");
        assert!(verify(&signature, "a.b", &shared, Algorithm::ES256).is_err());
    }

    #[test]
    fn other_algorithms_are_the_librarys() {
        let signature = sign("a.b", &EncodingKey::from_secret(b"s"), Algorithm::HS256).unwrap();
        let key = DecodingKey::from_secret(b"s");
        assert!(verify(&signature, "a.b", &key, Algorithm::HS256).unwrap());
        assert!(!verify(&signature, "a.c", &key, Algorithm::HS256).unwrap());
    }
}
