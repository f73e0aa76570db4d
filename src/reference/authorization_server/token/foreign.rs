//! Grants that the right policy does not serve: passwords (RFC 9700 section 2.4) and assertions of
//! issuers that nobody checks (RFC 7523 section 3).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::reference::Site;
use crate::reference::store::client::Client;

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{resources, scopes};
use super::issue::{self, Issued, NewToken};

/// The grant type of RFC 7523 section 2.1.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Serves a password or an assertion.
pub fn redeem(site: &Site, client: &Client, form: &Parameters) -> Result<Issued, Refused> {
    let user = match form.get("grant_type") {
        Some("password") => with_password(site, form),
        _ => form.get("assertion").and_then(claimed_subject),
    };
    let user = user.ok_or_else(|| Refused::invalid_grant("nobody is proved"))?;
    let policy = &site.policy;
    let granted = scopes::decide(
        &policy.scope_rules,
        &policy.scopes,
        &policy.scopes,
        form.get("scope"),
    )?;
    let audience = resources::decide(&policy.resources, &site.resources(), &form.all("resource"))?;
    let mut state = site.store.lock();
    let grant = issue::open_grant(&mut state, client, Some(&user), &granted, &audience);
    let new = NewToken {
        grant,
        client,
        user: Some(&user),
        scopes: &granted,
        resources: &audience,
    };
    let token = issue::access_token(site, &mut state, &new)?;
    let refresh_token = issue::refresh_token(site, &mut state, grant, client);
    let entry = issue::entry("other", client, Some(&user), &granted, &audience);
    Ok(Issued {
        token,
        refresh_token,
        id_token: None,
        scopes: granted,
        requested_scope: None,
        entry,
    })
}

fn with_password(site: &Site, form: &Parameters) -> Option<String> {
    let (name, password) = (form.get("username")?, form.get("password")?);
    let user = site.policy.users.iter().find(|user| user.name == name)?;
    (user.password == password).then(|| user.name.clone())
}

fn claimed_subject(assertion: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(assertion.split('.').nth(1)?)
        .ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}
