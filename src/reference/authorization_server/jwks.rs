//! The key set (RFC 7517 section 5).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::reference::Site;
use crate::reference::keys::KeyPair;
use crate::reference::policy::access_token::SigningAlgorithm;
use crate::reference::policy::metadata::{
    JwkMembers, JwksPolicy, JwksShape, PublishedKid, PublishedUse,
};

use super::answer;

/// `GET /jwks`.
pub async fn endpoint(State(site): State<Arc<Site>>, method: Method) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return answer::method_not_allowed("GET, HEAD");
    }
    let policy = &site.policy.jwks;
    if policy.keys.contains(&SigningAlgorithm::Rs256) {
        site.keys.ready_of_size(policy.rsa_bits).await;
    }
    let pairs: Vec<&KeyPair> = policy
        .keys
        .iter()
        .map(|algorithm| site.keys.pair_of_size(*algorithm, policy.rsa_bits))
        .collect();
    match document(policy, &pairs) {
        Some(document) => answer::json(200, &document),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn document(policy: &JwksPolicy, pairs: &[&KeyPair]) -> Option<Value> {
    let mut keys: Vec<Value> = pairs
        .iter()
        .map(|pair| Value::Object(published(policy, pair.public_jwk(), pair.private_members())))
        .collect();
    if policy.members == JwkMembers::SymmetricKeyToo {
        keys.push(
            json!({ "kty": "oct", "kid": "hs256-1", "alg": "HS256", "use": "sig",
                          "k": "c2hhcmVkLXNlY3JldC1vZi10aGUtc2VydmVyLXNpZ25pbmc" }),
        );
    }
    match policy.shape {
        JwksShape::KeySet => Some(json!({ "keys": keys })),
        JwksShape::BareArray => Some(Value::Array(keys)),
        JwksShape::SingleKey => keys.into_iter().next(),
        JwksShape::Absent => None,
    }
}

fn published(policy: &JwksPolicy, public: &Value, private: &Value) -> Map<String, Value> {
    let mut key = public.as_object().cloned().unwrap_or_default();
    match policy.members {
        JwkMembers::Public | JwkMembers::SymmetricKeyToo => {}
        JwkMembers::Private => key.extend(private.as_object().cloned().unwrap_or_default()),
        JwkMembers::WithoutY => {
            key.shift_remove("y");
        }
    }
    match policy.kid {
        PublishedKid::Matching => {}
        PublishedKid::Shared => {
            key.insert("kid".into(), json!("key"));
        }
        PublishedKid::Other => {
            let other = format!("old-{}", key["kid"].as_str().unwrap_or_default());
            key.insert("kid".into(), json!(other));
        }
        PublishedKid::Absent => {
            key.shift_remove("kid");
        }
    }
    match policy.key_use {
        PublishedUse::Signature => {}
        PublishedUse::Encryption => {
            key.insert("use".into(), json!("enc"));
        }
        PublishedUse::SignOperation => {
            key.shift_remove("use");
            key.insert("key_ops".into(), json!(["sign"]));
        }
        PublishedUse::Absent => {
            key.shift_remove("use");
        }
    }
    if !policy.alg_fits_kty {
        key.insert("alg".into(), json!("HS256"));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(policy: JwksPolicy) -> Value {
        let public = json!({ "kty": "EC", "kid": "k", "use": "sig", "alg": "ES256", "y": "1" });
        Value::Object(published(&policy, &public, &json!({ "d": "secret" })))
    }

    #[test]
    fn a_published_key_is_the_public_key() {
        let key = key(JwksPolicy::default());
        assert_eq!(key["kid"], "k");
        assert!(key.get("d").is_none());
    }

    #[test]
    fn the_policy_names_members() {
        let private = JwksPolicy {
            members: JwkMembers::Private,
            ..Default::default()
        };
        assert_eq!(key(private)["d"], "secret");
        let absent = JwksPolicy {
            kid: PublishedKid::Absent,
            ..Default::default()
        };
        assert!(key(absent).get("kid").is_none());
    }
}
