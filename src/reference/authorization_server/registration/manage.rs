//! Management of a registration: read, update, delete (RFC 7592 section 2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::registration::{
    DeletionEffect, ManagementAccess, UpdateEffect, UpdateIdentity,
};
use crate::reference::policy::token::Caching;
use crate::reference::store::client::{Client, ClientOrigin};
use crate::reference::store::handles;

use super::super::answer::{self, Refused};
use super::{bearer, information, metadata, read, refusal};

/// `GET`, `PUT` and `DELETE /register/{client_id}`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    Path(client_id): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if ![Method::GET, Method::PUT, Method::DELETE].contains(&method) {
        return answer::method_not_allowed("GET, PUT, DELETE");
    }
    let outcome = find(&site, &client_id, &headers).and_then(|client| match method {
        Method::PUT => update(&site, &client, &body).map(|client| shown(&site, &client)),
        Method::DELETE => {
            delete(&site, &client);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Ok(shown(&site, &client)),
    });
    let entry = Entry::new(Event::ClientManagement)
        .client(&client_id)
        .operation(method.as_str())
        .credential(bearer(&headers).unwrap_or_default());
    match outcome {
        Ok(mut answer) => {
            site.audit.record(entry.ok());
            answer::cache(&mut answer, Caching::NoStore, false);
            answer
        }
        Err(refused) => {
            site.audit.record(entry.refused(&refused.error));
            let is_denied = refused.status == 401;
            let mut answer = refusal(&site, &refused);
            if is_denied {
                // Who sent no token is told nothing about one (RFC 6750 section 3.1).
                let challenge = HeaderValue::from_static(match bearer(&headers) {
                    Some(_) => "Bearer error=\"invalid_token\"",
                    None => "Bearer",
                });
                answer
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, challenge);
            }
            answer
        }
    }
}

/// The client, if the caller holds its registration access token (RFC 7592 section 2).
fn find(site: &Site, client_id: &str, headers: &HeaderMap) -> Result<Client, Refused> {
    let denied = |status: u16| Refused {
        status,
        ..Refused::new(
            "invalid_token",
            "the registration access token is not valid",
        )
    };
    let policy = &site.policy.management;
    let state = site.store.lock();
    let client = state
        .clients
        .get(client_id)
        .filter(|client| client.origin == ClientOrigin::Registered)
        .ok_or_else(|| denied(policy.deleted_status))?;
    let opens = |client: &Client| {
        let expected = client.registration_access_token.as_deref();
        matches!((bearer(headers), expected), (Some(a), Some(b)) if handles::equal(a, b))
    };
    let is_open = match policy.access {
        ManagementAccess::OwnToken => opens(client),
        ManagementAccess::AnyClientsToken => state.clients.values().any(opens),
        ManagementAccess::Open => true,
    };
    if is_open {
        Ok(client.clone())
    } else {
        Err(denied(401))
    }
}

fn shown(site: &Site, client: &Client) -> Response {
    let mut document = information(site, client);
    if !site.policy.management.complete_read
        && let Some(members) = document.as_object_mut()
    {
        members.shift_remove("redirect_uris");
    }
    answer::json(200, &document)
}

/// An update replaces everything; what is left out falls back to its default (RFC 7592 section 2.2).
fn update(site: &Site, client: &Client, body: &[u8]) -> Result<Client, Refused> {
    let policy = &site.policy.management;
    let mut request = read(true, body)?;
    check_identity(site, client, &request)?;
    let chosen_secret = request
        .get("client_secret")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if policy.update == UpdateEffect::Nothing {
        return Ok(client.clone());
    }
    if policy.update == UpdateEffect::Merges {
        merge(client, &mut request);
    }
    let checks = policy.update != UpdateEffect::Unvalidated;
    let fresh = metadata::client(&site.policy, &request, checks)?;
    let mut updated = Client {
        client_id: client.client_id.clone(),
        secret: client.secret.clone(),
        secret_expires_at: client.secret_expires_at,
        origin: client.origin,
        registration_access_token: client.registration_access_token.clone(),
        issued_at: client.issued_at,
        known_from: client.known_from,
        ..fresh
    };
    if policy.update_identity == UpdateIdentity::SecretTakenOver && chosen_secret.is_some() {
        updated.secret = chosen_secret;
    }
    super::give_secret(site, &mut updated);
    site.store
        .lock()
        .clients
        .insert(updated.client_id.clone(), updated.clone());
    Ok(updated)
}

fn check_identity(
    site: &Site,
    client: &Client,
    request: &Map<String, Value>,
) -> Result<(), Refused> {
    let refuse = |description: &str| Err(Refused::new("invalid_client_metadata", description));
    if request.get("client_id").and_then(Value::as_str) != Some(client.client_id.as_str()) {
        return refuse("client_id must be that of the registration");
    }
    let secret = request.get("client_secret");
    let is_own = secret.is_none() || secret.and_then(Value::as_str) == client.secret.as_deref();
    if !is_own && site.policy.management.update_identity == UpdateIdentity::Refused {
        return refuse("client_secret cannot be chosen");
    }
    Ok(())
}

fn merge(client: &Client, request: &mut Map<String, Value>) {
    let mut merged = client.metadata.clone();
    for (name, value) in std::mem::take(request) {
        match (merged.get_mut(&name), value) {
            (Some(Value::Array(old)), Value::Array(new)) => {
                old.extend(
                    new.into_iter()
                        .filter(|value| !old.contains(value))
                        .collect::<Vec<_>>(),
                );
            }
            (_, value) => {
                merged.insert(name, value);
            }
        }
    }
    *request = merged;
}

/// Deletion ends the client with its grants and tokens (RFC 7592 section 2.3).
fn delete(site: &Site, client: &Client) {
    let effect = site.policy.management.deletion;
    let mut state = site.store.lock();
    if effect == DeletionEffect::Nothing {
        return;
    }
    state.clients.remove(&client.client_id);
    if effect == DeletionEffect::Complete {
        state.revoke_client(&client.client_id);
    }
}
