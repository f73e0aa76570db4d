//! Refreshing (OAuth 2.1 section 4.3): rotation, reuse detection, never more than was granted.

use std::time::Duration;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::refresh::{RefreshRace, RefreshReuse, RefreshScope, Rotation};
use crate::reference::store::client::Client;
use crate::reference::store::grant::{Grant, RefreshToken};
use crate::reference::store::{State, now};

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{resources, scopes};
use super::issue::{self, Issued, NewToken};

/// How long the racy policy leaves a gap between looking and spending.
const GAP: Duration = Duration::from_millis(60);

/// Redeems the refresh token of a token request.
pub async fn redeem(site: &Site, client: &Client, form: &Parameters) -> Result<Issued, Refused> {
    let text = form
        .get("refresh_token")
        .ok_or_else(|| Refused::invalid_request("refresh_token is missing"))?;
    let policy = &site.policy.refresh_tokens;
    if !policy.served {
        return Err(Refused::new(
            "unsupported_grant_type",
            "this grant type is not supported",
        ));
    }
    let mut was_spent = None;
    if policy.race == RefreshRace::Racy {
        was_spent = site
            .store
            .lock()
            .refresh_tokens
            .get(text)
            .map(|token| token.spent);
        tokio::time::sleep(GAP).await;
    }
    let mut state = site.store.lock();
    let mut token = find(site, &state, text)?;
    token.spent = was_spent.unwrap_or(token.spent);
    let grant = check(site, &mut state, client, &token)?;
    let outcome = decide(site, client, form, &grant);
    let (scopes, audience) = match outcome {
        Ok(decided) => decided,
        Err(refused) => {
            if !policy.refusal_keeps_token
                && let Some(stored) = state.refresh_tokens.get_mut(text)
            {
                stored.spent = true;
            }
            return Err(refused);
        }
    };
    let refresh_token = rotate(site, &mut state, client, text, &token);
    if policy.scope == RefreshScope::NarrowsForGood
        && let Some(stored) = state.grants.get_mut(&token.grant)
    {
        stored.scopes.clone_from(&scopes);
    }
    let user = grant.user.as_deref();
    let new = NewToken {
        grant: token.grant,
        client,
        user,
        scopes: &scopes,
        resources: &audience,
    };
    let minted = issue::access_token(site, &mut state, &new)?;
    let entry = issue::entry("refresh_token", client, user, &scopes, &audience);
    let requested_scope = form.get("scope").map(str::to_owned);
    Ok(Issued {
        token: minted,
        refresh_token,
        id_token: None,
        scopes,
        requested_scope,
        entry,
    })
}

/// Replaces the refresh token (OAuth 2.1 section 4.3.1).
fn rotate(
    site: &Site,
    state: &mut State,
    client: &Client,
    text: &str,
    token: &RefreshToken,
) -> Option<String> {
    let policy = &site.policy.refresh_tokens;
    let rotation = match client.is_public() {
        true => policy.rotation_public,
        false => policy.rotation_confidential,
    };
    match rotation {
        Rotation::Same => Some(text.to_owned()),
        Rotation::OldLivesOn => issue::refresh_token(site, state, token.grant, client),
        Rotation::Rotated => {
            if let Some(stored) = state.refresh_tokens.get_mut(text) {
                stored.spent = true;
            }
            issue::refresh_token(site, state, token.grant, client)
        }
    }
}

fn find(site: &Site, state: &State, text: &str) -> Result<RefreshToken, Refused> {
    if let Some(token) = state.refresh_tokens.get(text) {
        return Ok(token.clone());
    }
    match state.access_tokens.get(text) {
        Some(access) if site.policy.refresh_tokens.access_token_accepted => Ok(RefreshToken {
            grant: access.grant,
            client_id: access.client_id.clone(),
            spent: false,
            expires_at: 0,
        }),
        _ => Err(Refused::invalid_grant("the refresh token is not known")),
    }
}

/// Client, grant, life and reuse; another client's attempt changes nothing.
fn check(
    site: &Site,
    state: &mut State,
    client: &Client,
    token: &RefreshToken,
) -> Result<Grant, Refused> {
    let policy = &site.policy.refresh_tokens;
    if policy.bound_to_client && token.client_id != client.client_id {
        return Err(Refused::invalid_grant(
            "the refresh token is not this client's",
        ));
    }
    let grant = state.grants.get(&token.grant).cloned();
    let grant = grant
        .filter(|grant| !policy.grant_checked || !grant.refresh_revoked)
        .ok_or_else(|| Refused::invalid_grant("the grant was revoked"))?;
    if token.expires_at != 0 && token.expires_at <= now() {
        return Err(Refused::invalid_grant("the refresh token has expired"));
    }
    if token.spent {
        if policy.reuse == RefreshReuse::RevokesFamily {
            state.revoke_grant(token.grant);
        }
        site.audit.record(
            Entry::new(Event::ReplayDetected)
                .client(&token.client_id)
                .user(grant.user.as_deref().unwrap_or_default())
                .refused("a refresh token was used again"),
        );
        return Err(Refused::invalid_grant("the refresh token was used before"));
    }
    Ok(grant)
}

type Decided = (Vec<String>, Vec<String>);

fn decide(
    site: &Site,
    client: &Client,
    form: &Parameters,
    grant: &Grant,
) -> Result<Decided, Refused> {
    let policy = &site.policy.refresh_tokens;
    let requested = form.get("scope");
    let scopes = scopes::refreshed(policy.scope, &client.scopes, &grant.scopes, requested)?;
    let audience = resources::narrow(
        &site.policy.resources,
        policy.resource,
        &site.resources(),
        &grant.resources,
        &form.all("resource"),
    )?;
    Ok((scopes, audience))
}
