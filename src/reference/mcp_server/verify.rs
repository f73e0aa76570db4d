//! From a token to a caller: local validation of a JWT, or introspection, as the policy says.
//!
//! The signature is verified before any claim is believed. Keys come over HTTP from the authorization
//! server's JWK set (RFC 9068 section 4) and are cached. Revocation of a JWT is learnt from the list
//! that the authorization server shares inside the process, because a JWT itself cannot tell.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::claims::{self, Expected, Fault};
use super::fetch;
use super::jwt::{self, Jwt};
use super::policy::{
    AudienceCheck, KeyCache, KindCheck, Revocation, SignatureCheck, TokenPolicy, TypeCheck,
    Validation,
};
use super::server::Resource;
use super::signature;
use crate::reference::{Site, scope};

/// Who calls, and what was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The resource owner; for a machine's token the client itself (RFC 9068 section 2.2).
    pub user: String,
    /// The client.
    pub client_id: String,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Whether no scope is asked for, since no token was.
    pub unrestricted: bool,
    /// SHA-256 of the token.
    pub token_digest: Vec<u8>,
}

impl Caller {
    /// A caller without a token, where the policy asks for none.
    pub fn anonymous() -> Self {
        Self {
            user: "anonymous".into(),
            unrestricted: true,
            ..Self::default()
        }
    }

    /// Whether no user stands behind the token (client credentials).
    pub fn is_machine(&self) -> bool {
        self.user == self.client_id
    }

    fn from_claims(claims: &Map<String, Value>, token: &str) -> Result<Self, Fault> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        // An ID token, where it is let in, names its client as the audience.
        let client_id = text("client_id")
            .or_else(|| text("aud"))
            .ok_or(Fault::Incomplete)?;
        Ok(Self {
            user: text("sub").ok_or(Fault::Incomplete)?.to_owned(),
            client_id: client_id.to_owned(),
            scopes: scope::parse(text("scope").unwrap_or_default()),
            unrestricted: false,
            token_digest: digest(token),
        })
    }

    /// What a token claims, believed without a check.
    pub fn unverified(token: &str) -> Self {
        Jwt::parse(token)
            .and_then(|jwt| Self::from_claims(&jwt.claims, token))
            .unwrap_or_else(|_| Self::anonymous())
    }
}

/// What the request says about the circumstances.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// It opens a session (`initialize`).
    pub opening: bool,
    /// It is one of 2026-07-28.
    pub modern: bool,
}

/// Validates tokens; keeps the published keys.
#[derive(Debug, Default)]
pub struct Verifier {
    keys: tokio::sync::Mutex<Option<Vec<Value>>>,
    accepted: Mutex<HashMap<Vec<u8>, (Caller, u64)>>,
}

impl Verifier {
    /// Validates one token for one resource.
    pub async fn verify(
        &self,
        token: &str,
        site: &Site,
        resource: &Resource,
        circumstances: Circumstances,
    ) -> Result<Caller, Fault> {
        let policy = &site.policy.mcp_server.token;
        let expected = Expected {
            issuer: &site.issuer,
            resource: &resource.identifier,
            now: now(),
            opening: circumstances.opening,
            modern: circumstances.modern,
            issuer_optional: false,
        };
        if let Some(caller) = self.remembered(token, policy, expected.now) {
            return Ok(caller);
        }
        let caller = match policy.validation {
            Validation::None => anything(token),
            Validation::LocalJwt => self.local(token, site, policy, &expected).await,
            Validation::Automatic if Jwt::parse(token).is_ok() => {
                self.local(token, site, policy, &expected).await
            }
            _ => introspected(token, site, policy, &expected).await,
        }?;
        self.remember(token, policy, &caller, expected.now);
        Ok(caller)
    }

    async fn local(
        &self,
        token: &str,
        site: &Site,
        policy: &TokenPolicy,
        expected: &Expected<'_>,
    ) -> Result<Caller, Fault> {
        let jwt = Jwt::parse(token)?;
        let keys = self.keys_for(&jwt, site, policy).await?;
        signature::check(&jwt, &keys, policy)?;
        let mut policy = policy.clone();
        // An ID token has no scope that could be asked for.
        let is_id_token = !jwt.claims.contains_key("scope");
        let as_any_jwt = policy.kind_check == KindCheck::AnyJwt && is_id_token;
        if as_any_jwt {
            policy.type_check = TypeCheck::Ignored;
            policy.audience_check = AudienceCheck::Ignored;
        }
        let mut expected = *expected;
        if let (SignatureCheck::TokenIssuerTrusted, Some(issuer)) = (
            policy.signature_check,
            jwt.claims.get("iss").and_then(Value::as_str),
        ) {
            expected.issuer = issuer;
        }
        jwt::check_header(&jwt, &policy)?;
        claims::check(&jwt.claims, &policy, &expected)?;
        match policy.revocation {
            Revocation::Ignored => (),
            Revocation::Introspection => {
                introspected(token, site, &policy, &expected).await?;
            }
            Revocation::SharedList => {
                let jti = jwt.claims.get("jti").and_then(Value::as_str);
                if jti.is_some_and(|jti| site.store.is_revoked(jti)) {
                    return Err(Fault::Inactive);
                }
            }
        }
        let caller = Caller::from_claims(&jwt.claims, token)?;
        Ok(Caller {
            unrestricted: as_any_jwt,
            ..caller
        })
    }

    /// The keys to verify with: the authorization server's, unless the policy believes the token about
    /// where its keys are.
    async fn keys_for(
        &self,
        jwt: &Jwt<'_>,
        site: &Site,
        policy: &TokenPolicy,
    ) -> Result<Vec<Value>, Fault> {
        let named = match policy.signature_check {
            SignatureCheck::JkuFetched => {
                if let Some(url) = jwt.parameter("jku") {
                    let set = site.fetcher.unguarded(url).await;
                    return Ok(members(&set.map_err(|_| Fault::Key)?));
                }
                None
            }
            SignatureCheck::AddressesFetched => {
                for url in ["jku", "x5u"].iter().filter_map(|name| jwt.parameter(name)) {
                    let _ = site.fetcher.unguarded(url).await;
                }
                None
            }
            SignatureCheck::TokenIssuerTrusted => {
                match jwt.claims.get("iss").and_then(Value::as_str) {
                    Some(issuer) if issuer != site.issuer => Some(key_set_of(issuer).await?),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(url) = named {
            let set = fetch::json(&url).await.map_err(|_| Fault::Key)?;
            return Ok(members(&set));
        }
        let mut cached = self.keys.lock().await;
        let stale = match (&*cached, policy.key_cache) {
            (None, _) | (_, KeyCache::Never) => true,
            (Some(_), KeyCache::FetchOnce) => false,
            (Some(keys), KeyCache::RefetchOnUnknownKey) => signature::key_is_unknown(jwt, keys),
        };
        if stale {
            *cached = Some(members(&fetch::json(&site.jwks_uri()).await?));
        }
        Ok(cached.clone().unwrap_or_default())
    }

    fn remembered(&self, token: &str, policy: &TokenPolicy, now: u64) -> Option<Caller> {
        if policy.accepted_cache_seconds == 0 {
            return None;
        }
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = accepted.get(&digest(token))?;
        (*until > now).then(|| caller.clone())
    }

    fn remember(&self, token: &str, policy: &TokenPolicy, caller: &Caller, now: u64) {
        if policy.accepted_cache_seconds > 0 {
            let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
            accepted.insert(
                digest(token),
                (caller.clone(), now + policy.accepted_cache_seconds),
            );
        }
    }
}

async fn introspected(
    token: &str,
    site: &Site,
    policy: &TokenPolicy,
    expected: &Expected<'_>,
) -> Result<Caller, Fault> {
    let endpoint = site.introspection_endpoint();
    let answer = fetch::introspect(&endpoint, site.introspector.as_ref(), token).await?;
    let claims = answer.as_object().ok_or(Fault::Unreachable)?;
    if claims.get("active") != Some(&Value::Bool(true)) {
        return Err(Fault::Inactive);
    }
    // RFC 7662 section 2.2: `token_type` is that of an access token; a refresh token has none.
    let kind = claims.get("token_type").and_then(Value::as_str);
    let is_access_token = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer"));
    match policy.kind_check {
        KindCheck::AnyActive if !is_access_token => return Caller::from_claims(claims, token),
        _ if !is_access_token => return Err(Fault::Type),
        // `iss` is optional, since the answer comes from the issuer itself.
        _ => {
            let issuer_optional = true;
            let expected = Expected {
                issuer_optional,
                ..*expected
            };
            claims::check(claims, policy, &expected)?;
        }
    }
    Caller::from_claims(claims, token)
}

fn anything(token: &str) -> Result<Caller, Fault> {
    let known = Caller::unverified(token);
    Ok(Caller {
        unrestricted: true,
        token_digest: digest(token),
        ..known
    })
}

/// The key set of whatever issuer, by its metadata (RFC 8414 section 3.1).
async fn key_set_of(issuer: &str) -> Result<String, Fault> {
    let authority = issuer.find("://").map_or(0, |scheme| scheme + 3);
    let end = issuer[authority..]
        .find('/')
        .map_or(issuer.len(), |path| authority + path);
    let (origin, path) = issuer.split_at(end);
    let path = path.trim_end_matches('/');
    let url = format!("{origin}/.well-known/oauth-authorization-server{path}");
    let metadata = fetch::json(&url).await.map_err(|_| Fault::Key)?;
    metadata["jwks_uri"]
        .as_str()
        .map(str::to_owned)
        .ok_or(Fault::Key)
}

fn members(set: &Value) -> Vec<Value> {
    set["keys"].as_array().cloned().unwrap_or_default()
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::store::grant::{Grant, RefreshToken};
    use crate::reference::{Options, Policy, start};
    use serde_json::json;

    async fn with_refresh_token(patch: Value) -> Result<Caller, Fault> {
        let policy = Policy::patched(patch).unwrap();
        let running = start(policy, Vec::new(), Options::default()).await.unwrap();
        let site = running.site();
        let grant = Grant {
            client_id: "client".into(),
            user: Some("alice".into()),
            scopes: vec!["news:read".into()],
            ..Grant::default()
        };
        let token = RefreshToken {
            grant: 1000,
            client_id: "client".into(),
            spent: false,
            expires_at: 0,
        };
        {
            let mut state = site.store.lock();
            state.grants.insert(1000, grant);
            state.refresh_tokens.insert("refresh".into(), token);
        }
        let resource = Resource {
            identifier: running.mcp_url.clone(),
            path: "/mcp".into(),
            sibling: running.second_mcp_url.clone(),
            first: true,
        };
        let circumstances = Circumstances::default();
        Verifier::default()
            .verify("refresh", site, &resource, circumstances)
            .await
    }

    #[tokio::test]
    async fn a_refresh_token_is_no_access_token() {
        assert_eq!(with_refresh_token(json!({})).await, Err(Fault::Type));
        let lax = json!({"mcp_server": {"token": {"kind_check": "any_active"}}});
        let caller = with_refresh_token(lax).await.unwrap();
        assert_eq!(
            (caller.user.as_str(), caller.client_id.as_str()),
            ("alice", "client")
        );
    }
}
