//! Redeeming an authorization code (OAuth 2.1 section 4.1.3).

use std::time::Duration;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::resource::ScopeAtToken;
use crate::reference::policy::token::{CodeLookup, RedirectAtToken, Replay, SingleUse};
use crate::reference::scope;
use crate::reference::store::client::Client;
use crate::reference::store::grant::Code;
use crate::reference::store::{State, now};

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{pkce, resources};
use super::id_token;
use super::issue::{self, Issued, NewToken};

/// How long the racy policy leaves a gap between looking and spending.
const GAP: Duration = Duration::from_millis(60);

/// Redeems the code of a token request.
pub async fn redeem(site: &Site, client: &Client, form: &Parameters) -> Result<Issued, Refused> {
    let text = form
        .get("code")
        .ok_or_else(|| Refused::invalid_request("code is missing"))?;
    let policy = &site.policy.codes;
    let text = &known(site, text);
    let mut was_spent = None;
    if matches!(policy.single_use, SingleUse::Racy | SingleUse::AtTimes) {
        was_spent = site.store.lock().codes.get(text).map(|code| code.spent);
        tokio::time::sleep(GAP).await;
    }
    let mut state = site.store.lock();
    let Some(mut code) = state.codes.get(text).cloned() else {
        return Err(unknown(site, text));
    };
    code.spent = match policy.single_use {
        SingleUse::Atomic => code.spent,
        SingleUse::Racy => was_spent.unwrap_or(code.spent),
        SingleUse::AtTimes if code.spent && was_spent == Some(false) => {
            state.lost_races += 1;
            !state.lost_races.is_multiple_of(3)
        }
        SingleUse::AtTimes => code.spent,
        SingleUse::Unlimited => false,
    };
    if code.spent && policy.replay == Replay::RevokesAlways {
        replay(site, &mut state, &code);
    }
    check(site, &mut state, client, form, text, &code)?;
    if code.spent {
        replay(site, &mut state, &code);
        return Err(Refused::invalid_grant("the code was used before"));
    }
    issue(site, &mut state, client, form, text, &code)
}

/// The code that `text` is taken for.
fn known(site: &Site, text: &str) -> String {
    let beginning = text.get(..32).unwrap_or(text);
    let found = match site.policy.codes.lookup {
        CodeLookup::Whole => None,
        CodeLookup::Beginning => site
            .store
            .lock()
            .codes
            .keys()
            .find(|code| code.starts_with(beginning))
            .cloned(),
    };
    found.unwrap_or_else(|| text.to_owned())
}

fn unknown(site: &Site, text: &str) -> Refused {
    let is_garbage = !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match is_garbage && !site.policy.codes.garbage_handled {
        true => Refused::server_error(),
        false => Refused::invalid_grant("the code is not known"),
    }
}

/// Everything that must be right before a code may be spent. Another client's attempt or a wrong
/// redirect URI leaves the code alone, so that nobody can burn what is not theirs; wrong verifiers
/// are counted (OAuth 2.1 section 7.7).
fn check(
    site: &Site,
    state: &mut State,
    client: &Client,
    form: &Parameters,
    text: &str,
    code: &Code,
) -> Result<(), Refused> {
    let policy = &site.policy.codes;
    if policy.bound_to_client && code.client_id != client.client_id {
        return Err(Refused::invalid_grant("the code is not this client's"));
    }
    if policy.expiry_enforced && code.expires_at <= now() {
        return Err(Refused::invalid_grant("the code has expired"));
    }
    let sent = form.get("redirect_uri");
    let is_right = match policy.redirect_uri {
        RedirectAtToken::ComparedIfSent => sent.is_none_or(|sent| sent == code.redirect_uri),
        RedirectAtToken::Required => sent.is_some_and(|sent| sent == code.redirect_uri),
        RedirectAtToken::Ignored => true,
        RedirectAtToken::AnyRegistered => sent.is_none_or(|sent| {
            sent == code.redirect_uri || client.redirect_uris.iter().any(|uri| uri == sent)
        }),
    };
    if !is_right {
        return Err(Refused::invalid_grant(
            "redirect_uri is not that of the authorization",
        ));
    }
    let verified = pkce::verify(
        &site.policy.pkce,
        code.challenge.as_ref(),
        form.get("code_verifier"),
        form.get("code_challenge_method"),
    );
    verified.map_err(|reason| {
        if let Some(stored) = state.codes.get_mut(text) {
            stored.wrong_verifiers += 1;
            if stored.wrong_verifiers >= site.policy.pkce.verifier_attempts && !stored.spent {
                state.codes.remove(text);
            }
        }
        Refused::invalid_grant(reason)
    })
}

/// A code that comes back may have been stolen (OAuth 2.1 section 4.1.3).
fn replay(site: &Site, state: &mut State, code: &Code) {
    match site.policy.codes.replay {
        Replay::RevokesIfValid | Replay::RevokesAlways => state.revoke_grant(code.grant),
        Replay::KeepsTokens => {}
        Replay::KeepsRefreshToken => {
            if let Some(grant) = state.grants.get_mut(&code.grant) {
                grant.access_revoked = true;
            }
        }
    }
    site.audit.record(
        Entry::new(Event::ReplayDetected)
            .client(&code.client_id)
            .refused("an authorization code was used again"),
    );
}

fn issue(
    site: &Site,
    state: &mut State,
    client: &Client,
    form: &Parameters,
    text: &str,
    code: &Code,
) -> Result<Issued, Refused> {
    let grant = state.grants.get(&code.grant).cloned();
    let grant = grant
        .filter(|grant| !grant.refresh_revoked || !grant.access_revoked)
        .ok_or_else(|| Refused::invalid_grant("the grant was revoked"))?;
    let audience = resources::narrow(
        &site.policy.resources,
        site.policy.resources.at_token,
        &site.resources(),
        &grant.resources,
        &form.all("resource"),
    );
    if audience.is_err() && !site.policy.codes.spared_by_bad_resource {
        state.codes.remove(text);
    }
    let audience = audience?;
    let scopes = match (site.policy.scope_rules.at_token, form.get("scope")) {
        (ScopeAtToken::Replaces, Some(requested)) => scope::parse(requested),
        _ => grant.scopes.clone(),
    };
    if let Some(stored) = state.codes.get_mut(text) {
        stored.spent = true;
    }
    let new = NewToken {
        grant: code.grant,
        client,
        user: grant.user.as_deref(),
        scopes: &scopes,
        resources: &audience,
    };
    let token = issue::access_token(site, state, &new)?;
    let id_token = id_token::of(site, &new, code.nonce.as_deref(), &token)?;
    let refresh_token = issue::refresh_token(site, state, code.grant, client);
    let entry = issue::entry(
        "authorization_code",
        client,
        grant.user.as_deref(),
        &scopes,
        &audience,
    );
    Ok(Issued {
        token,
        refresh_token,
        id_token,
        scopes,
        requested_scope: None,
        entry,
    })
}
