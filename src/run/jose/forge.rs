//! Rebuilds a JWT as a [`Forge`] says: other header members, other claims, another signature.
//!
//! What the description leaves alone stays byte for byte as the server wrote it, so that a token
//! is wrong in one way only. Every value of the header goes out as it is, however absurd.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use super::Keys;
use super::compact::{Compact, encode};
use super::keys::is_rsa;
use super::server_key::{candidates, to_der, to_pem};
use crate::signing;
use crate::suite::{Forge, Signature};
use crate::target::ClientKey;

/// The token cannot be forged in this way.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// An opaque token, or a broken one.
    #[error("the token is not a JWT")]
    NotAJwt,
    /// There is no byte of a signature to spoil.
    #[error("the token has no signature")]
    NoSignature,
    /// Without the server's key its confusion with an HMAC secret cannot be tried.
    #[error("the server's key set has no public key for the token")]
    NoServerKey,
    /// The server's key is neither RSA nor P-256 nor Ed25519.
    #[error("the server's public key is of a kind that cannot be written as PEM here")]
    UnsupportedServerKey,
    /// The operator has given no issuer that the harness may play.
    #[error("there is no issuer that the harness may play")]
    NotAvailable,
    /// The library refused to sign.
    #[error("the token could not be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Rebuilds `token`. `jwks` is the key set of the token's issuer, which an HMAC with its public key
/// needs; `right_key` is the key of [`Signature::RightKey`].
///
/// # Errors
/// The token is no JWT, or what the signature needs is not there.
pub fn forge(
    token: &str,
    spec: &Forge,
    keys: &Keys,
    jwks: Option<&Value>,
    right_key: Option<&ClientKey>,
) -> Result<String, ForgeError> {
    let compact = Compact::parse(token).ok_or(ForgeError::NotAJwt)?;
    let header = replaced(&compact.header.members, &spec.header);
    let claims = compact
        .claims
        .with(&replaced(&compact.claims.members, &spec.claims));
    let alg_is_set = spec.header.contains_key("alg");
    let join = |header: &Map<String, Value>| format!("{}.{claims}", compact.header.with(header));
    match spec.signature {
        Signature::Kept => Ok(format!("{}.{}", join(&header), compact.signature_text)),
        Signature::Spoiled => Ok(format!("{}.{}", join(&header), spoiled(compact.signature)?)),
        Signature::Empty => Ok(format!("{}.", join(&header))),
        Signature::Missing => Ok(join(&header)),
        Signature::OwnKey => own_key(header, alg_is_set, keys, join, None),
        Signature::OwnKeyInHeader => {
            let jwk_is_set = spec.header.contains_key("jwk");
            own_key(
                header,
                alg_is_set,
                keys,
                join,
                (!jwk_is_set).then_some("jwk"),
            )
        }
        Signature::HmacPublicKeyPem | Signature::HmacPublicKeyDer | Signature::HmacPublicKeyJwk => {
            let named = candidates(
                jwks.ok_or(ForgeError::NoServerKey)?,
                &compact.header.members,
            );
            let jwk = named.first().ok_or(ForgeError::NoServerKey)?;
            let secret = spelling(jwk, spec.signature).ok_or(ForgeError::UnsupportedServerKey)?;
            hmac(header, alg_is_set, &secret, join)
        }
        Signature::HmacEmpty => hmac(header, alg_is_set, b"", join),
        Signature::HmacWeak => hmac(header, alg_is_set, b"secret", join),
        Signature::Zeros => Ok(format!(
            "{}.{}",
            join(&header),
            BASE64_URL_SAFE_NO_PAD.encode([0; 64])
        )),
        Signature::RightKey => {
            let (key, mut header) = (right_key.ok_or(ForgeError::NotAvailable)?, header);
            if !alg_is_set {
                header_of(&mut header, key);
            }
            let message = join(&header);
            Ok(format!("{message}.{}", signature_of(&message, key)?))
        }
    }
}

/// A token of these members, signed by `key`.
///
/// # Errors
/// The library refuses to sign with it.
pub fn signed(
    key: &ClientKey,
    mut header: Map<String, Value>,
    claims: &Map<String, Value>,
) -> Result<String, ForgeError> {
    header_of(&mut header, key);
    let message = format!("{}.{}", encode(&header), encode(claims));
    Ok(format!("{message}.{}", signature_of(&message, key)?))
}

/// Names the key and its algorithm.
fn header_of(header: &mut Map<String, Value>, key: &ClientKey) {
    header.insert("alg".to_owned(), json!(key.algorithm));
    if let Some(key_id) = &key.key_id {
        header
            .entry("kid")
            .or_insert_with(|| Value::from(key_id.as_str()));
    }
}

fn signature_of(message: &str, key: &ClientKey) -> Result<String, ForgeError> {
    let signature = signing::sign(message, &key.key, key.algorithm)?;
    Ok(signature)
}

/// A public key as the bytes that a confused server takes for a secret.
fn spelling(jwk: &Value, signature: Signature) -> Option<Vec<u8>> {
    match signature {
        Signature::HmacPublicKeyJwk => Some(jwk.to_string().into_bytes()),
        Signature::HmacPublicKeyDer => to_der(jwk),
        _ => Some(to_pem(jwk)?.into_bytes()),
    }
}

/// The members with those of `changes` in their places; null takes one out, new ones come last.
fn replaced(members: &Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
    let mut members = members.clone();
    for (name, value) in changes {
        if value.is_null() {
            // `remove` would move the last member into the gap.
            members.shift_remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    members
}

/// The signature with its middle byte changed: a decoder may ignore bits at the end, never there.
fn spoiled(mut signature: Vec<u8>) -> Result<String, ForgeError> {
    let middle = signature.len() / 2;
    *signature.get_mut(middle).ok_or(ForgeError::NoSignature)? ^= 1;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// Signs with the harness's key of the header's algorithm, or with ES256 where it has none; the
/// public key goes into the header under the name `carried_as`.
fn own_key(
    mut header: Map<String, Value>,
    alg_is_set: bool,
    keys: &Keys,
    join: impl Fn(&Map<String, Value>) -> String,
    carried_as: Option<&str>,
) -> Result<String, ForgeError> {
    let named = named_algorithm(&header).filter(|alg| is_rsa(*alg) || *alg == Algorithm::ES256);
    let algorithm = named.unwrap_or(Algorithm::ES256);
    if named.is_none() && !alg_is_set {
        header.insert("alg".to_owned(), Value::from("ES256"));
    }
    if let Some(name) = carried_as {
        let mut jwk = keys.public_jwk(algorithm);
        if let Some(members) = jwk.as_object_mut() {
            // The attack is to be stopped by distrust, not by a key identifier that differs.
            match header.get("kid") {
                Some(kid) => members.insert("kid".to_owned(), kid.clone()),
                None => members.shift_remove("kid"),
            };
        }
        header.insert(name.to_owned(), jwk);
    }
    let message = join(&header);
    let signature = keys.sign(&message, algorithm)?;
    Ok(format!("{message}.{signature}"))
}

/// Signs with a shared secret (RFC 7518 section 3.2), by HS256 unless the header was told another.
fn hmac(
    mut header: Map<String, Value>,
    alg_is_set: bool,
    secret: &[u8],
    join: impl Fn(&Map<String, Value>) -> String,
) -> Result<String, ForgeError> {
    if !alg_is_set {
        header.insert("alg".to_owned(), Value::from("HS256"));
    }
    let algorithm = named_algorithm(&header)
        .filter(|algorithm| matches!(algorithm, Algorithm::HS384 | Algorithm::HS512))
        .unwrap_or(Algorithm::HS256);
    let message = join(&header);
    let key = EncodingKey::from_secret(secret);
    let signature = signing::sign(&message, &key, algorithm)?;
    Ok(format!("{message}.{signature}"))
}

fn named_algorithm(header: &Map<String, Value>) -> Option<Algorithm> {
    header.get("alg")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
