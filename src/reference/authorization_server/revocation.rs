//! Revocation (RFC 7009 section 2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::client_authentication::AuthenticatedAt;
use crate::reference::policy::oversight::{ForeignToken, TypeHint};
use crate::reference::store::client::Client;

use super::answer::{self, Refused};
use super::client_authentication::{authenticate, refuse};
use super::parameters::Parameters;

/// `POST /revoke`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_get = method == Method::GET && !site.policy.revocation.post_only;
    if method != Method::POST && !is_get {
        return answer::method_not_allowed("POST");
    }
    let (query, form) = Parameters::of_request(&site.policy.token_endpoint, &uri, &body);
    let form = if is_get { query.clone() } else { form };
    match revoke(&site, &headers, &query, &form).await {
        Ok(entry) => {
            site.audit.record(entry);
            StatusCode::OK.into_response()
        }
        Err(refused) => refuse(&site, Event::RevocationRefused, &headers, &form, &refused),
    }
}

async fn revoke(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<Entry, Refused> {
    let policy = &site.policy.revocation;
    if !form.repeated().is_empty() {
        return Err(Refused::invalid_request("a parameter is repeated"));
    }
    let client = authenticate(site, headers, query, form, AuthenticatedAt::Revocation).await?;
    let entry = Entry::new(Event::Revoked).client(&client.client_id);
    let Some(token) = form.get("token") else {
        return match policy.token_required {
            true => Err(Refused::invalid_request("token is missing")),
            false => Ok(entry.ok()),
        };
    };
    let entry = entry.credential(token);
    let hint = form.get("token_type_hint");
    let searched =
        |kind: &str| policy.hint == TypeHint::Advice || hint.is_none_or(|hint| hint == kind);
    let found = (searched("refresh_token") && revoke_refresh(site, &client, token))
        || (searched("access_token") && revoke_access(site, &client, token));
    match (found, policy.unknown_token_status) {
        (true, _) => Ok(entry.ok()),
        (false, 200) => Ok(entry.refused("the token is not known, or not this client's")),
        (false, status) => Err(Refused {
            status,
            ..Refused::invalid_request("the token is not known")
        }),
    }
}

/// Ends the grant of a refresh token. Another client's token counts as unknown, so that nobody
/// learns whether it exists (RFC 7009 section 2.1).
fn revoke_refresh(site: &Site, client: &Client, token: &str) -> bool {
    let policy = &site.policy.revocation;
    let mut state = site.store.lock();
    let Some(stored) = state.refresh_tokens.get(token) else {
        return false;
    };
    if stored.client_id != client.client_id && policy.foreign_token == ForeignToken::LeftAlone {
        return false;
    }
    let grant = stored.grant;
    if let Some(grant) = state
        .grants
        .get_mut(&grant)
        .filter(|_| policy.refresh_tokens)
    {
        grant.refresh_revoked = true;
        grant.access_revoked |= policy.cascade;
    }
    true
}

fn revoke_access(site: &Site, client: &Client, token: &str) -> bool {
    let policy = &site.policy.revocation;
    let mut state = site.store.lock();
    let Some(stored) = state.access_tokens.get_mut(token) else {
        return false;
    };
    if stored.client_id != client.client_id && policy.foreign_token == ForeignToken::LeftAlone {
        return false;
    }
    stored.revoked |= policy.access_tokens;
    true
}
