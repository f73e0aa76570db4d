//! Public JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Members that only a private or a symmetric key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The smallest RSA modulus (RFC 7518 section 3.3).
const RSA_BITS: usize = 2048;

/// Whether a key shows private or symmetric members, in words; `Ok` if not.
pub(super) fn check_public(key: &Value) -> Result<(), String> {
    let key = key.as_object().ok_or("it is not an object")?;
    if let Some(member) = PRIVATE.iter().find(|member| key.contains_key(**member)) {
        return Err(format!("it has the private member {member}"));
    }
    match key.get("kty").and_then(Value::as_str) {
        Some("oct") => Err("it is a symmetric key".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a key lacks a member of its kind. Kinds that are not known are to be ignored (RFC 7517
/// section 5).
pub(super) fn check_complete(key: &Value) -> Result<(), String> {
    let key = key.as_object().ok_or("it is not an object")?;
    match key.get("kty").and_then(Value::as_str) {
        Some("RSA") => decoded(key, "n").and_then(|_| decoded(key, "e")).map(drop),
        Some("EC") => named(key, "crv")
            .and_then(|()| decoded(key, "x"))
            .and_then(|_| decoded(key, "y"))
            .map(drop),
        Some("OKP") => named(key, "crv").and_then(|()| decoded(key, "x")).map(drop),
        Some(_) => Ok(()),
        None => Err("it has no kty".to_owned()),
    }
}

/// Whether an RSA key is too short.
pub(super) fn check_strong(key: &Value) -> Result<(), String> {
    let key = key.as_object().ok_or("it is not an object")?;
    if key.get("kty").and_then(Value::as_str) != Some("RSA") {
        return Ok(());
    }
    match bits(&decoded(key, "n")?) {
        bits if bits < RSA_BITS => Err(format!("its RSA modulus has {bits} bits")),
        _ => Ok(()),
    }
}

fn named(key: &Map<String, Value>, member: &str) -> Result<(), String> {
    match key.get(member).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err(format!("it has no {member}")),
    }
}

fn decoded(key: &Map<String, Value>, member: &str) -> Result<Vec<u8>, String> {
    let text = key.get(member).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(format!("it has no {member}"));
    }
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| format!("its {member} is not base64url"))
}

fn bits(number: &[u8]) -> usize {
    let leading = number.iter().take_while(|byte| **byte == 0).count();
    let rest = &number[leading..];
    rest.first()
        .map_or(0, |first| rest.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rsa(bytes: usize) -> Value {
        json!({"kty": "RSA", "e": "AQAB", "n": BASE64_URL_SAFE_NO_PAD.encode(vec![0x80; bytes])})
    }

    fn all(key: &Value) -> Result<(), String> {
        check_public(key)?;
        check_complete(key)?;
        check_strong(key)
    }

    #[test]
    fn public_keys_pass_and_so_do_kinds_that_are_not_known() {
        for key in [
            rsa(256),
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
            json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        ] {
            assert_eq!(all(&key), Ok(()), "{key}");
        }
    }

    #[test]
    fn private_symmetric_weak_and_broken_keys_do_not() {
        let mut private = rsa(256);
        private["d"] = json!("[private_key:10:0123456789ab]");
        for key in [
            private,
            rsa(128),
            json!({"kty": "oct", "k": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "x": "A+/=", "y": "AA"}),
            json!({}),
            json!("key"),
        ] {
            assert!(all(&key).is_err(), "{key}");
        }
    }
}
