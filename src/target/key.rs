//! The private key of a client that authenticates by signed assertions (RFC 7523): as PEM in any of
//! its three usual forms, or as a JWK (RFC 7517).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::{BigUint, RsaPrivateKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// A key that signs. Its `Debug` says nothing of it.
#[derive(Clone)]
pub struct ClientKey {
    /// The key, as the signing library takes it.
    pub key: EncodingKey,
    /// The algorithm that follows from its kind: ES256, RS256 or EdDSA.
    pub algorithm: Algorithm,
    /// `kid` of the JWK.
    pub key_id: Option<String>,
}

impl ClientKey {
    /// Reads PEM or a JWK.
    ///
    /// # Errors
    /// It is neither, or of a kind that none of the three algorithms signs with.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str::<Value>(text) {
            Ok(jwk) => Self::of_jwk(&jwk),
            Err(_) => Self::of_pem(text),
        }
    }

    fn of_pem(text: &str) -> Result<Self, String> {
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| "it is neither a private key in PEM nor a JWK".to_owned())?;
        match der {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                p256::SecretKey::from_pkcs8_der(der)
                    .ok()
                    .map(|key| Self::of_p256(&key))
                    .or_else(|| Some(Self::of_rsa(&RsaPrivateKey::from_pkcs8_der(der).ok()?)))
                    .or_else(|| {
                        let key = ed25519_dalek::SigningKey::from_pkcs8_der(der).ok()?;
                        Some(Self::of_ed25519(&key))
                    })
                    .ok_or_else(unfit)?
            }
            PrivateKeyDer::Sec1(der) => {
                let key = p256::SecretKey::from_sec1_der(der.secret_sec1_der());
                Self::of_p256(&key.map_err(|_| unfit())?)
            }
            PrivateKeyDer::Pkcs1(der) => {
                let key = RsaPrivateKey::from_pkcs1_der(der.secret_pkcs1_der());
                Self::of_rsa(&key.map_err(|_| unfit())?)
            }
            _ => Err(unfit()),
        }
    }

    /// RFC 7518 section 6, RFC 8037 section 2.
    fn of_jwk(jwk: &Value) -> Result<Self, String> {
        let member = |name: &str| {
            let text = jwk.get(name).and_then(Value::as_str)?;
            BASE64_URL_SAFE_NO_PAD.decode(text).ok()
        };
        let number = |name: &str| member(name).map(|bytes| BigUint::from_bytes_be(&bytes));
        let kind = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        if jwk.get("d").is_none() {
            return Err("this JWK has no `d`: it is not a private key".to_owned());
        }
        let key = match (kind("kty"), kind("crv")) {
            ("EC", "P-256") => {
                // The library takes no members beside those of the key.
                let own = ["kty", "crv", "x", "y", "d"].into_iter();
                let own: serde_json::Map<String, Value> = own
                    .filter_map(|name| Some((name.to_owned(), jwk.get(name)?.clone())))
                    .collect();
                let key = p256::SecretKey::from_jwk_str(&Value::Object(own).to_string());
                Self::of_p256(&key.map_err(|_| broken())?)
            }
            ("RSA", _) => {
                let (Some(n), Some(e), Some(d)) = (number("n"), number("e"), number("d")) else {
                    return Err(broken());
                };
                let primes = [number("p"), number("q")].into_iter().flatten().collect();
                let key = RsaPrivateKey::from_components(n, e, d, primes);
                Self::of_rsa(&key.map_err(|_| broken())?)
            }
            ("OKP", "Ed25519") => {
                let seed = member("d").and_then(|seed| <[u8; 32]>::try_from(seed).ok());
                let key = ed25519_dalek::SigningKey::from_bytes(&seed.ok_or_else(broken)?);
                Self::of_ed25519(&key)
            }
            _ => Err(unfit()),
        }?;
        let key_id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { key_id, ..key })
    }

    fn of_p256(key: &p256::SecretKey) -> Result<Self, String> {
        let der = key.to_pkcs8_der().map_err(|_| broken())?;
        Ok(Self::new(
            EncodingKey::from_ec_der(der.as_bytes()),
            Algorithm::ES256,
        ))
    }

    fn of_rsa(key: &RsaPrivateKey) -> Result<Self, String> {
        let der = key.to_pkcs1_der().map_err(|_| broken())?;
        Ok(Self::new(
            EncodingKey::from_rsa_der(der.as_bytes()),
            Algorithm::RS256,
        ))
    }

    fn of_ed25519(key: &ed25519_dalek::SigningKey) -> Result<Self, String> {
        let der = key.to_pkcs8_der().map_err(|_| broken())?;
        Ok(Self::new(
            EncodingKey::from_ed_der(der.as_bytes()),
            Algorithm::EdDSA,
        ))
    }

    const fn new(key: EncodingKey, algorithm: Algorithm) -> Self {
        Self {
            key,
            algorithm,
            key_id: None,
        }
    }
}

fn unfit() -> String {
    "a private key is of P-256, RSA or Ed25519, and not encrypted".to_owned()
}

fn broken() -> String {
    "the key is damaged".to_owned()
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({:?})", self.algorithm)
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;
    use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
    use serde_json::json;

    use super::*;

    fn algorithm(text: &str) -> Result<Algorithm, String> {
        ClientKey::parse(text).map(|key| key.algorithm)
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let body = base64::prelude::BASE64_STANDARD.encode(der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn p256_is_read_from_every_form() {
        let key = p256::SecretKey::random(&mut OsRng);
        let pkcs8 = key.to_pkcs8_der().expect("a key");
        let sec1 = key.to_sec1_der().expect("a key");
        for text in [
            pem("PRIVATE KEY", pkcs8.as_bytes()),
            pem("EC PRIVATE KEY", &sec1),
            key.to_jwk_string().to_string(),
        ] {
            assert_eq!(algorithm(&text), Ok(Algorithm::ES256));
        }
    }

    #[test]
    fn a_jwk_may_say_what_it_is_for() {
        let key = p256::SecretKey::random(&mut OsRng);
        let mut jwk: Value = serde_json::from_str(&key.to_jwk_string()).expect("a key");
        for (name, value) in [("kid", "k1"), ("use", "sig"), ("alg", "ES256")] {
            jwk[name] = json!(value);
        }
        let read = ClientKey::parse(&jwk.to_string()).expect("a key");
        assert_eq!(read.key_id.as_deref(), Some("k1"));
    }

    #[test]
    fn rsa_is_read_from_every_form() {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).expect("a key");
        let pkcs1 = key.to_pkcs1_der().expect("a key");
        let pkcs8 = rsa::pkcs8::EncodePrivateKey::to_pkcs8_der(&key).expect("a key");
        let text = |number: &BigUint| BASE64_URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        let jwk =
            json!({ "kty": "RSA", "n": text(key.n()), "e": text(key.e()), "d": text(key.d()) });
        for text in [
            pem("RSA PRIVATE KEY", pkcs1.as_bytes()),
            pem("PRIVATE KEY", pkcs8.as_bytes()),
            jwk.to_string(),
        ] {
            assert_eq!(algorithm(&text), Ok(Algorithm::RS256));
        }
    }

    #[test]
    fn ed25519_is_read_from_every_form_and_a_jwk_names_its_key() {
        let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
        let der = key.to_pkcs8_der().expect("a key");
        let text = pem("PRIVATE KEY", der.as_bytes());
        assert_eq!(algorithm(&text), Ok(Algorithm::EdDSA));
        let seed = BASE64_URL_SAFE_NO_PAD.encode(key.to_bytes());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "d": seed });
        let read = ClientKey::parse(&jwk.to_string()).expect("a key");
        assert_eq!(read.algorithm, Algorithm::EdDSA);
        assert_eq!(read.key_id.as_deref(), Some("k1"));
        assert_eq!(format!("{read:?}"), "ClientKey(EdDSA)");
    }

    #[test]
    fn what_cannot_sign_is_told_apart() {
        for (text, said) in [
            ("nonsense", "neither"),
            (r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#, "no `d`"),
            (r#"{"kty":"oct","k":"","d":""}"#, "P-256"),
            (r#"{"kty":"RSA","n":"AQ","e":"AQ","d":"!"}"#, "damaged"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "P-256",
            ),
        ] {
            let error = ClientKey::parse(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
