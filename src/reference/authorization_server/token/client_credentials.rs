//! The client credentials grant (OAuth 2.1 section 4.2): machines, never users.

use crate::reference::Site;
use crate::reference::policy::refresh::{MachineScope, MachineSubject};
use crate::reference::scope;
use crate::reference::store::client::{Client, ClientOrigin};

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::{resources, scopes};
use super::issue::{self, Issued, NewToken};

/// Serves a request of an authenticated client.
pub fn redeem(site: &Site, client: &Client, form: &Parameters) -> Result<Issued, Refused> {
    let policy = &site.policy.client_credentials;
    if policy.confidential_only && client.is_public() {
        return Err(Refused::new(
            "unauthorized_client",
            "public clients may not use this grant",
        ));
    }
    let is_registered = client.origin != ClientOrigin::Preconfigured;
    if is_registered && !site.policy.registration.machine_registration {
        return Err(Refused::new(
            "unauthorized_client",
            "this grant needs an operator's consent",
        ));
    }
    let requested = form.get("scope");
    let granted = granted(site, client, requested)?;
    let sent = match policy.resource_honoured {
        true => form.all("resource"),
        false => Vec::new(),
    };
    let audience = resources::decide(&site.policy.resources, &site.resources(), &sent)?;
    let user = match policy.subject {
        MachineSubject::ClientId => None,
        MachineSubject::NamedUser => form
            .get("username")
            .or(site.policy.users.first().map(|user| user.name.as_str()))
            .map(str::to_owned),
    };
    let mut state = site.store.lock();
    let grant = issue::open_grant(&mut state, client, user.as_deref(), &granted, &audience);
    let new = NewToken {
        grant,
        client,
        user: user.as_deref(),
        scopes: &granted,
        resources: &audience,
    };
    let token = issue::access_token(site, &mut state, &new)?;
    let refresh_token = match policy.without_refresh_token {
        true => None,
        false => issue::refresh_token(site, &mut state, grant, client),
    };
    let entry = issue::entry(
        "client_credentials",
        client,
        user.as_deref(),
        &granted,
        &audience,
    );
    Ok(Issued {
        token,
        refresh_token,
        id_token: None,
        scopes: granted,
        requested_scope: requested.map(str::to_owned),
        entry,
    })
}

/// A machine gets what it registered, never more (OAuth 2.1 section 1.4.1).
fn granted(site: &Site, client: &Client, requested: Option<&str>) -> Result<Vec<String>, Refused> {
    let policy = &site.policy;
    let bound = match (policy.client_credentials.scope, requested) {
        (MachineScope::AsSent, Some(requested)) => return Ok(scope::parse(requested)),
        (MachineScope::AnyKnown, Some(_)) => &policy.scopes,
        _ => &client.scopes,
    };
    scopes::decide(&policy.scope_rules, &policy.scopes, bound, requested)
}
