//! Introspection (RFC 7662 section 2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::client_authentication::AuthenticatedAt;
use crate::reference::policy::oversight::{
    ActiveForm, InactiveAnswer, IntrospectionAccess, IntrospectionLookup,
};
use crate::reference::policy::token::Caching;
use crate::reference::store::client::Client;
use crate::reference::store::grant::AccessToken;
use crate::reference::store::{self, now};

use super::answer::{self, Refused};
use super::client_authentication::{authenticate, refuse};
use super::parameters::Parameters;
use super::token::issue::one_or_many;

/// `POST /introspect`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_get = method == Method::GET && !site.policy.introspection.post_only;
    if method != Method::POST && !is_get {
        return answer::method_not_allowed("POST");
    }
    let (query, form) = Parameters::of_request(&site.policy.token_endpoint, &uri, &body);
    let form = if is_get { query.clone() } else { form };
    match introspect(&site, &headers, &query, &form).await {
        Ok((status, document)) => {
            let mut answer = answer::json(status, &document);
            answer::cache(&mut answer, Caching::NoStore, false);
            answer
        }
        Err(refused) => refuse(&site, Event::Introspected, &headers, &form, &refused),
    }
}

async fn introspect(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<(u16, Value), Refused> {
    let policy = &site.policy.introspection;
    if !form.repeated().is_empty() {
        return Err(Refused::invalid_request("a parameter is repeated"));
    }
    let caller = caller(site, headers, query, form).await?;
    let token = form
        .get("token")
        .ok_or_else(|| Refused::invalid_request("token is missing"))?;
    let found = find(site, token).filter(|found| {
        let Some(caller) = &caller else { return true };
        policy.access == IntrospectionAccess::AllClients
            || found.token.client_id == caller.client_id
            || policy.resource_servers.contains(&caller.client_id)
    });
    let is_active = found.as_ref().is_some_and(|found| found.is_active);
    let name = caller.as_ref().map_or("", |caller| &caller.client_id);
    let entry = Entry::new(Event::Introspected)
        .client(name)
        .credential(token);
    site.audit
        .record(entry.with("active", is_active.to_string()).ok());
    let active = |value: bool| match policy.active {
        ActiveForm::Boolean => json!(value),
        ActiveForm::String => json!(value.to_string()),
    };
    match found {
        Some(found) if found.is_active => Ok((200, details(site, &found, active(true)))),
        Some(found) if policy.inactive == InactiveAnswer::WithDetails => {
            Ok((200, details(site, &found, active(false))))
        }
        _ if policy.inactive == InactiveAnswer::NotFound => {
            Ok((404, json!({ "error": "not_found" })))
        }
        _ => Ok((200, json!({ "active": active(false) }))),
    }
}

/// The authenticated caller. A public client proves nothing, so it is refused (RFC 7662 section
/// 2.1).
async fn caller(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<Option<Client>, Refused> {
    let required = site.policy.introspection.authentication_required;
    let caller = authenticate(site, headers, query, form, AuthenticatedAt::Introspection).await;
    match caller {
        Ok(client) if !client.is_public() => Ok(Some(client)),
        _ if !required => Ok(None),
        Ok(_) => Err(Refused::invalid_client("the caller must authenticate")),
        Err(refused) => Err(refused),
    }
}

struct Found {
    token: AccessToken,
    is_active: bool,
    is_refresh_token: bool,
}

fn find(site: &Site, text: &str) -> Option<Found> {
    let lookup = site.policy.introspection.lookup;
    let state = site.store.lock();
    let token = match lookup {
        IntrospectionLookup::UnverifiedClaims => {
            let by_claims = claimed_jti(text).and_then(|jti| state.tokens_by_jti.get(&jti));
            state
                .access_tokens
                .get(by_claims.map_or(text, String::as_str))?
        }
        _ => match state.access_tokens.get(text) {
            Some(token) => token,
            None => return refresh_token(&state, text),
        },
    };
    let is_expired = token.expires_at <= now() && lookup != IntrospectionLookup::IgnoringExpiry;
    Some(Found {
        is_active: !state.is_dead(token) && !is_expired,
        token: token.clone(),
        is_refresh_token: false,
    })
}

/// A refresh token may be introspected too (RFC 7662 section 2.1). It has no audience but this server,
/// and no `token_type`, since it is presented in no request to a resource.
fn refresh_token(state: &store::State, text: &str) -> Option<Found> {
    let token = state.refresh_tokens.get(text)?;
    let grant = state.grants.get(&token.grant)?;
    let is_expired = token.expires_at != 0 && token.expires_at <= now();
    Some(Found {
        is_active: !token.spent && !grant.refresh_revoked && !is_expired,
        is_refresh_token: true,
        token: AccessToken {
            jti: String::new(),
            grant: token.grant,
            client_id: token.client_id.clone(),
            subject: grant
                .user
                .clone()
                .unwrap_or_else(|| token.client_id.clone()),
            scopes: grant.scopes.clone(),
            audience: Vec::new(),
            issued_at: grant.created_at,
            expires_at: token.expires_at,
            revoked: false,
        },
    })
}

fn claimed_jti(token: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1)?)
        .ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("jti")?.as_str().map(str::to_owned)
}

fn details(site: &Site, found: &Found, active: Value) -> Value {
    let token = &found.token;
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("active", active);
    set("scope", json!(token.scopes.join(" ")));
    set("client_id", json!(token.client_id));
    if token.subject != token.client_id {
        set("username", json!(token.subject));
    }
    if !found.is_refresh_token {
        set("token_type", json!("Bearer"));
        set("jti", json!(token.jti));
    }
    if token.expires_at != 0 {
        set("exp", json!(token.expires_at));
    }
    set("iat", json!(token.issued_at));
    set("sub", json!(token.subject));
    if !token.audience.is_empty() {
        set("aud", one_or_many(&token.audience));
    }
    set("iss", json!(site.issuer));
    Value::Object(members)
}
