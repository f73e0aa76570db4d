//! The harness's own keys: one for ES256 and one for RSA (RFC 7518 sections 3.3 to 3.5).
//!
//! They are made once a process and never written anywhere. The RSA key takes a good part of a
//! second to make, so it comes into being only when something asks for it. Key identifiers are
//! thumbprints (RFC 7638): a server that cached the keys of an earlier run cannot confuse them.

use std::sync::OnceLock;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jsonwebtoken::{Algorithm, EncodingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use rand::rngs::OsRng;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ForgeError;
use crate::signing;

/// Size of the RSA modulus in bits.
const RSA_BITS: usize = 2048;

/// The harness's throw-away keys.
pub struct Keys {
    es256: (EncodingKey, Value),
    rsa: OnceLock<(EncodingKey, Value)>,
}

impl Keys {
    /// The keys of this process.
    pub fn shared() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| {
            let secret = p256::SecretKey::random(&mut OsRng);
            let public = es256_jwk(&secret.public_key());
            let der = secret.to_pkcs8_der().map(|der| der.as_bytes().to_vec());
            Self {
                es256: (EncodingKey::from_ec_der(&der.unwrap_or_default()), public),
                rsa: OnceLock::new(),
            }
        })
    }

    /// Makes the RSA key on a thread that may block, so that nothing later waits for it.
    pub async fn ready(&'static self) {
        if self.rsa.get().is_none() {
            // A failed join means that the runtime is shutting down: nobody needs the key.
            let _ = tokio::task::spawn_blocking(|| {
                self.rsa();
            })
            .await;
        }
    }

    /// Both public keys as a JWK set (RFC 7517 section 5). Makes the RSA key if need be; where
    /// only assertions are to be verified, [`Keys::es256_jwks`] suffices.
    pub fn public_jwks(&self) -> Value {
        json!({ "keys": [self.public_jwk(Algorithm::ES256), self.public_jwk(Algorithm::RS256)] })
    }

    /// The public ES256 key alone as a JWK set, without waiting for the RSA key.
    pub fn es256_jwks(&self) -> Value {
        json!({ "keys": [self.public_jwk(Algorithm::ES256)] })
    }

    /// The public key that verifies what [`Keys::sign`] signs by `algorithm`.
    pub(super) fn public_jwk(&self, algorithm: Algorithm) -> Value {
        match is_rsa(algorithm) {
            true => self.rsa().1.clone(),
            false => self.es256.1.clone(),
        }
    }

    /// The third part of a JWT whose first two are `message`: by the RSA key where `algorithm` is
    /// one of RSA's, by the ES256 key otherwise.
    pub(super) fn sign(&self, message: &str, algorithm: Algorithm) -> Result<String, ForgeError> {
        Ok(match is_rsa(algorithm) {
            true => signing::sign(message, &self.rsa().0, algorithm)?,
            false => signing::sign(message, &self.es256.0, Algorithm::ES256)?,
        })
    }

    fn rsa(&self) -> &(EncodingKey, Value) {
        self.rsa.get_or_init(|| {
            let secret = loop {
                // Generation fails only for absurd sizes.
                if let Ok(secret) = rsa::RsaPrivateKey::new(&mut OsRng, RSA_BITS) {
                    break secret;
                }
            };
            let der = secret.to_pkcs1_der().map(|der| der.as_bytes().to_vec());
            let n = BASE64_URL_SAFE_NO_PAD.encode(secret.n().to_bytes_be());
            let e = BASE64_URL_SAFE_NO_PAD.encode(secret.e().to_bytes_be());
            let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
            // No `alg`: the key signs by all six algorithms of RSA (RFC 7517 section 4.4).
            let public = json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": n, "e": e });
            (EncodingKey::from_rsa_der(&der.unwrap_or_default()), public)
        })
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keys")
    }
}

fn es256_jwk(key: &p256::PublicKey) -> Value {
    let point = key.to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| {
        BASE64_URL_SAFE_NO_PAD.encode(bytes.map(|bytes| bytes.to_vec()).unwrap_or_default())
    };
    let (x, y) = (coordinate(point.x()), coordinate(point.y()));
    let kid = thumbprint(&format!(
        r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
    ));
    json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256", "x": x, "y": y
    })
}

/// Whether the RSA key signs by this algorithm.
pub(super) fn is_rsa(algorithm: Algorithm) -> bool {
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512)
}

/// RFC 7638 section 3, of the required members in their order.
fn thumbprint(members: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_two_public_keys_of_different_identifiers_and_no_private_member() {
        let jwks = Keys::shared().public_jwks();
        let keys = jwks["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
        for key in keys {
            assert_eq!(key["kid"].as_str().unwrap().len(), 43);
            for private in ["d", "p", "q", "dp", "dq", "qi"] {
                assert!(key.get(private).is_none(), "{private}");
            }
        }
    }

    #[test]
    fn the_keys_are_the_same_all_through_the_process() {
        assert_eq!(Keys::shared().public_jwks(), Keys::shared().public_jwks());
        assert_eq!(
            Keys::shared().es256_jwks()["keys"][0],
            Keys::shared().public_jwks()["keys"][0]
        );
    }

    #[test]
    fn debug_output_has_no_key() {
        assert_eq!(format!("{:?}", Keys::shared()), "Keys");
    }
}
