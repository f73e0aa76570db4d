//! Assertions of an identity provider as grants (RFC 7523 sections 2.1 and 3, MCP enterprise-managed
//! authorization section 5).

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use crate::reference::Site;
use crate::reference::mcp_server::jwt::Jwt;
use crate::reference::scope;
use crate::reference::store::client::Client;
use crate::reference::store::now;
use crate::signing;

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{resources, scopes};
use super::issue::{self, Issued, NewToken};

/// `typ` of an assertion (enterprise-managed authorization section 4.3).
const TYPE: &str = "oauth-id-jag+jwt";

/// Serves a request of an authenticated client.
pub fn redeem(site: &Site, client: &Client, form: &Parameters) -> Result<Issued, Refused> {
    if client.is_public() {
        return Err(Refused::new(
            "unauthorized_client",
            "public clients may not use this grant",
        ));
    }
    let assertion = form
        .get("assertion")
        .ok_or_else(|| Refused::invalid_request("assertion is missing"))?;
    let claims = verified(site, client, assertion).map_err(Refused::invalid_grant)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let policy = &site.policy;
    let user = text("sub").ok_or_else(|| Refused::invalid_grant("the assertion has no sub"))?;
    let requested = form.get("scope").or(text("scope"));
    let mut granted = scopes::decide(
        &policy.scope_rules,
        &policy.scopes,
        &client.scopes,
        requested,
    )?;
    if policy.assertion_grants.scope_bound {
        let bound = scope::parse(text("scope").unwrap_or_default());
        granted.retain(|token| scope::any_covers(&bound, token));
    }
    let sent = match (policy.assertion_grants.resource_bound, text("resource")) {
        (true, Some(resource)) => vec![resource],
        (true, None) => return Err(Refused::invalid_grant("the assertion has no resource")),
        (false, _) => form.all("resource"),
    };
    if policy.assertion_grants.resource_bound && form.all("resource").iter().any(|r| *r != sent[0])
    {
        let error = &policy.resources.error;
        return Err(Refused::new(error, "the assertion is for another resource"));
    }
    let audience = resources::decide(&policy.resources, &site.resources(), &sent)?;
    let mut state = site.store.lock();
    let grant = issue::open_grant(&mut state, client, Some(user), &granted, &audience);
    let new = NewToken {
        grant,
        client,
        user: Some(user),
        scopes: &granted,
        resources: &audience,
    };
    let token = issue::access_token(site, &mut state, &new)?;
    let entry = issue::entry("jwt-bearer", client, Some(user), &granted, &audience);
    Ok(Issued {
        token,
        refresh_token: None,
        id_token: None,
        scopes: granted,
        requested_scope: form.get("scope").map(str::to_owned),
        entry,
    })
}

/// The claims of an assertion that holds.
fn verified(site: &Site, client: &Client, assertion: &str) -> Result<Map<String, Value>, String> {
    let policy = &site.policy.assertion_grants;
    let jwt = Jwt::parse(assertion).map_err(|_| "the assertion is no JWT")?;
    if policy.type_checked && jwt.parameter("typ") != Some(TYPE) {
        return Err("the assertion is of another type".into());
    }
    if policy.signature_checked && !is_signed(site, &jwt) {
        return Err("the assertion's signature is wrong".into());
    }
    let text = |name: &str| jwt.claims.get(name).and_then(Value::as_str);
    if policy.issuer_checked && text("iss") != Some(&policy.issuer) {
        return Err("the assertion's issuer is not trusted".into());
    }
    if policy.audience_checked && text("aud") != Some(&site.issuer) {
        return Err("the assertion is for somebody else".into());
    }
    if policy.client_checked && text("client_id") != Some(&client.client_id) {
        return Err("the assertion is another client's".into());
    }
    let exp = jwt.claims.get("exp").and_then(Value::as_f64);
    if policy.expiry_checked && exp.is_none_or(|exp| exp <= now() as f64) {
        return Err("the assertion has expired or has no exp".into());
    }
    Ok(jwt.claims)
}

fn is_signed(site: &Site, jwt: &Jwt<'_>) -> bool {
    let jwk = site.keys.identity_provider().public_jwk().clone();
    let key = serde_json::from_value(jwk)
        .ok()
        .and_then(|jwk| DecodingKey::from_jwk(&jwk).ok());
    jwt.algorithm() == "ES256"
        && key.is_some_and(|key| {
            signing::verify(jwt.signature, jwt.signed, &key, Algorithm::ES256).unwrap_or(false)
        })
}
