//! The signing keys of the reference authorization server: one ES256 and one RS256 key.
//!
//! Keys live as long as the process and are shared by every server in it: making an RSA key takes
//! longer than a whole test run. The RSA key is made on a thread of its own from the first use of
//! [`Keys::shared`] on; only who needs it waits. Never written anywhere (RFC 7517 section 9.2).

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::errors::Error as SigningError;
use jsonwebtoken::{Algorithm, EncodingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::{Value, json};

use super::policy::access_token::SigningAlgorithm;
use crate::signing;

/// One key pair, ready to sign, with its public JWK.
#[derive(Debug)]
pub struct KeyPair {
    /// The key identifier (RFC 7517 section 4.5).
    pub kid: String,
    algorithm: Algorithm,
    secret: EncodingKey,
    public: Value,
    private_members: Value,
}

impl KeyPair {
    /// Signs header and claims as they come; the caller is answerable for `alg` and `kid`.
    ///
    /// # Errors
    /// The key is broken.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, SigningError> {
        let message = format!(
            "{}.{}",
            BASE64URL.encode(header.to_string()),
            BASE64URL.encode(claims.to_string())
        );
        let signature = signing::sign(&message, &self.secret, self.algorithm)?;
        Ok(format!("{message}.{signature}"))
    }

    /// The public key as a JWK with `kid`, `use` and `alg`.
    pub fn public_jwk(&self) -> &Value {
        &self.public
    }

    /// The private members of the JWK (`d`, and for RSA `p`, `q`).
    pub fn private_members(&self) -> &Value {
        &self.private_members
    }

    /// The whole key as a JWK, for a harness that plays this server's issuer.
    pub fn private_jwk(&self) -> Value {
        let mut jwk = self.public.as_object().cloned().unwrap_or_default();
        jwk.extend(
            self.private_members
                .as_object()
                .cloned()
                .unwrap_or_default(),
        );
        Value::Object(jwk)
    }

    fn es256(kid: &str) -> Self {
        let secret = p256::SecretKey::random(&mut rand::rngs::OsRng);
        let point = secret.public_key().to_encoded_point(false);
        let der = secret
            .to_pkcs8_der()
            .map(|der| der.as_bytes().to_vec())
            .unwrap_or_default();
        let kid = kid.to_owned();
        Self {
            algorithm: Algorithm::ES256,
            secret: EncodingKey::from_ec_der(&der),
            public: json!({
                "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                "x": BASE64URL.encode(point.x().map(|x| x.to_vec()).unwrap_or_default()),
                "y": BASE64URL.encode(point.y().map(|y| y.to_vec()).unwrap_or_default()),
            }),
            private_members: json!({ "d": BASE64URL.encode(secret.to_bytes()) }),
            kid,
        }
    }

    fn rs256(bits: usize) -> Self {
        let secret = loop {
            // Generation fails only for absurd sizes.
            if let Ok(secret) = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, bits) {
                break secret;
            }
        };
        let der = secret
            .to_pkcs1_der()
            .map(|der| der.as_bytes().to_vec())
            .unwrap_or_default();
        let kid = "rs256-1".to_owned();
        Self {
            algorithm: Algorithm::RS256,
            secret: EncodingKey::from_rsa_der(&der),
            public: json!({
                "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256",
                "n": BASE64URL.encode(secret.n().to_bytes_be()),
                "e": BASE64URL.encode(secret.e().to_bytes_be()),
            }),
            private_members: json!({ "d": BASE64URL.encode(secret.d().to_bytes_be()) }),
            kid,
        }
    }
}

/// The key set of this process.
#[derive(Debug)]
pub struct Keys {
    es256: KeyPair,
    identity_provider: KeyPair,
    rs256: OnceLock<KeyPair>,
    weak_rs256: OnceLock<KeyPair>,
}

impl Keys {
    /// The keys of this process; the first call starts making the RSA key in the background.
    pub fn shared() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        static BACKGROUND: OnceLock<()> = OnceLock::new();
        let keys = KEYS.get_or_init(|| Keys {
            es256: KeyPair::es256("es256-1"),
            identity_provider: KeyPair::es256("identity-provider-1"),
            rs256: OnceLock::new(),
            weak_rs256: OnceLock::new(),
        });
        BACKGROUND.get_or_init(|| {
            std::thread::spawn(|| {
                keys.rs256(2048);
            });
        });
        keys
    }

    /// The key pair for `algorithm`; blocks while the RSA key is still being made, so await
    /// [`Keys::ready`] first where blocking is not allowed.
    pub fn pair(&self, algorithm: SigningAlgorithm) -> &KeyPair {
        self.pair_of_size(algorithm, 2048)
    }

    /// As [`Keys::pair`], with the size of the RSA key.
    pub fn pair_of_size(&self, algorithm: SigningAlgorithm, rsa_bits: u16) -> &KeyPair {
        match algorithm {
            SigningAlgorithm::Es256 => &self.es256,
            SigningAlgorithm::Rs256 => self.rs256(rsa_bits),
        }
    }

    /// The key pair of the identity provider whose assertions the authorization server takes. There is
    /// no such server: whoever holds the key plays it.
    pub fn identity_provider(&self) -> &KeyPair {
        &self.identity_provider
    }

    /// Waits without blocking the runtime until both keys exist.
    pub async fn ready(&'static self) {
        self.ready_of_size(2048).await;
    }

    /// As [`Keys::ready`], with the size of the RSA key.
    pub async fn ready_of_size(&'static self, rsa_bits: u16) {
        if self.slot(rsa_bits).get().is_none() {
            // A failed join means that the runtime is shutting down; nobody reads the result then.
            let _ = tokio::task::spawn_blocking(move || {
                self.rs256(rsa_bits);
            })
            .await;
        }
    }

    fn slot(&self, rsa_bits: u16) -> &OnceLock<KeyPair> {
        if rsa_bits < 2048 {
            &self.weak_rs256
        } else {
            &self.rs256
        }
    }

    fn rs256(&self, rsa_bits: u16) -> &KeyPair {
        let bits = if rsa_bits < 2048 { 1024 } else { 2048 };
        self.slot(rsa_bits).get_or_init(|| KeyPair::rs256(bits))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    #[test]
    fn both_keys_sign_what_their_public_key_verifies() {
        for (algorithm, name) in [
            (SigningAlgorithm::Es256, Algorithm::ES256),
            (SigningAlgorithm::Rs256, Algorithm::RS256),
        ] {
            let pair = Keys::shared().pair(algorithm);
            let token = pair
                .sign(
                    &json!({ "alg": algorithm.as_str(), "kid": pair.kid }),
                    &json!({ "sub": "a" }),
                )
                .unwrap();
            let jwk = serde_json::from_value(pair.public_jwk().clone()).unwrap();
            let mut validation = Validation::new(name);
            validation.required_spec_claims.clear();
            validation.validate_exp = false;
            let key = DecodingKey::from_jwk(&jwk).unwrap();
            let claims = decode::<Value>(&token, &key, &validation).unwrap().claims;
            assert_eq!(claims["sub"], "a");
        }
    }

    #[test]
    fn the_public_key_has_no_private_member() {
        assert!(
            Keys::shared()
                .pair(SigningAlgorithm::Es256)
                .public_jwk()
                .get("d")
                .is_none()
        );
    }
}
