//! `private_key_jwt` (RFC 7523 sections 2.2 and 3, RFC 7515 section 4.1.11).

use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::reference::Site;
use crate::reference::mcp_server::signature::spellings;
use crate::reference::policy::client_authentication::{
    AssertionAudience, AssertionPolicy, AssertionSignature,
};
use crate::reference::store::client::Client;
use crate::reference::store::now;
use crate::signing;

use super::keys;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest life of an assertion that the server remembers the `jti` of, in seconds.
const LONGEST_LIFE: u64 = 3_600;

struct Parts<'a> {
    header: Value,
    claims: Value,
    message: &'a str,
    signature: &'a str,
}

fn split(assertion: &str) -> Option<Parts<'_>> {
    let (message, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let decode = |part: &str| {
        serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    Some(Parts {
        header: decode(header)?,
        claims: decode(claims)?,
        message,
        signature,
    })
}

/// The client that an assertion claims to be of, before anything is checked.
pub fn claimed_client(assertion: &str) -> Option<String> {
    split(assertion)?
        .claims
        .get("sub")?
        .as_str()
        .map(str::to_owned)
}

/// Checks an assertion: form, signature, then claims.
pub async fn verify(
    site: &Site,
    client: &Client,
    assertion: &str,
    assertion_type: Option<&str>,
) -> Result<(), String> {
    let policy = &site.policy.client_authentication.assertion;
    if policy.type_checked && assertion_type != Some(ASSERTION_TYPE) {
        return Err("client_assertion_type is wrong".into());
    }
    let parts = split(assertion).ok_or("the assertion is no JWT")?;
    if policy.crit_checked && parts.header.get("crit").is_some() {
        return Err("the assertion has critical parameters that are not understood".into());
    }
    let keys = match policy.signature {
        AssertionSignature::Unverified => Vec::new(),
        AssertionSignature::EmbeddedKeyTrusted => {
            let mut keys = keys::of_client(site, client).await?;
            keys.extend(parts.header.get("jwk").cloned());
            keys
        }
        _ => keys::of_client(site, client).await?,
    };
    if !is_signed(policy, &parts, &keys) {
        return Err("the assertion's signature is wrong".into());
    }
    check_claims(site, policy, client, &parts.claims)
}

fn is_signed(policy: &AssertionPolicy, parts: &Parts<'_>, keys: &[Value]) -> bool {
    let alg = parts
        .header
        .get("alg")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match policy.signature {
        AssertionSignature::Unverified => return true,
        AssertionSignature::NoneAccepted if alg.eq_ignore_ascii_case("none") => return true,
        AssertionSignature::PublicKeyAsSecret if alg == "HS256" => {
            return keys.iter().flat_map(spellings).any(|secret| {
                let secret = DecodingKey::from_secret(&secret);
                is_valid(parts, &secret, Algorithm::HS256)
            });
        }
        _ => {}
    }
    if !policy.algorithms.iter().any(|known| known == alg) {
        return false;
    }
    let Ok(algorithm) = Algorithm::from_str(alg) else {
        return false;
    };
    let kid = parts.header.get("kid").and_then(Value::as_str);
    keys.iter()
        .filter(|key| {
            let own = key.get("kid").and_then(Value::as_str);
            kid.is_none() || own.is_none() || kid == own
        })
        .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
        .filter_map(|key| DecodingKey::from_jwk(&key).ok())
        .any(|key| is_valid(parts, &key, algorithm))
}

fn is_valid(parts: &Parts<'_>, key: &DecodingKey, algorithm: Algorithm) -> bool {
    key.family() == algorithm.family()
        && signing::verify(parts.signature, parts.message, key, algorithm).unwrap_or(false)
}

fn check_claims(
    site: &Site,
    policy: &AssertionPolicy,
    client: &Client,
    claims: &Value,
) -> Result<(), String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    let client_id = Some(client.client_id.as_str());
    if policy.subject_checked && (text("iss") != client_id || text("sub") != client_id) {
        return Err("iss and sub of the assertion must be the client".into());
    }
    let endpoint = site.endpoint("/token");
    let accepted = |audience: &str| match policy.audience {
        AssertionAudience::Any => true,
        AssertionAudience::IssuerOnly => audience == site.issuer,
        AssertionAudience::IssuerOrTokenEndpoint => audience == site.issuer || audience == endpoint,
    };
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => accepted(audience),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(accepted),
        _ => policy.audience == AssertionAudience::Any,
    };
    if !is_for_us {
        return Err("the assertion is for somebody else".into());
    }
    let present = now();
    let exp = number("exp");
    if policy.expiry_checked && exp.is_none_or(|exp| exp <= present as f64) {
        return Err("the assertion has expired or has no exp".into());
    }
    if policy.expiry_checked && exp.is_some_and(|exp| exp > (present + LONGEST_LIFE) as f64) {
        return Err("the assertion lives too long".into());
    }
    if policy.not_before_checked && number("nbf").is_some_and(|nbf| nbf > present as f64) {
        return Err("the assertion is not valid yet".into());
    }
    if policy.jti_single_use {
        let jti = text("jti").ok_or("the assertion has no jti")?;
        let mut state = site.store.lock();
        state.assertion_ids.retain(|_, end| *end > present);
        let key = (client.client_id.clone(), jti.to_owned());
        if state
            .assertion_ids
            .insert(key, present + LONGEST_LIFE)
            .is_some()
        {
            return Err("the assertion was used before".into());
        }
    }
    Ok(())
}
