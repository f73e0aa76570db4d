//! Endpoints that list methods of client authentication of their own (RFC 8414 section 2).

use super::{Disposition, Knowledge, PlannedAction, PlannedStep};
use crate::suite::{Action, Suites};

/// The member of the metadata that lists the methods of an action's endpoint, where that is not the
/// token endpoint's list.
pub const fn methods_member(action: &Action) -> Option<&'static str> {
    match action {
        Action::Revoke(_) => Some("revocation_endpoint_auth_methods_supported"),
        Action::Introspect(_) => Some("introspection_endpoint_auth_methods_supported"),
        _ => None,
    }
}

/// Why a case cannot run, where an endpoint lists no method that a confidential client of ours has.
/// A public client has none to look for: refresh tokens must be revocable for it too (RFC 7009
/// section 2.1).
pub(crate) fn obstacle(
    suites: &Suites,
    steps: &[PlannedStep],
    knowledge: &Knowledge,
) -> Option<Disposition> {
    let metadata = knowledge.variables.get("metadata")?;
    steps.iter().find_map(|step| {
        let action = match &step.action {
            PlannedAction::Flow(inner) => return obstacle(suites, inner, knowledge),
            PlannedAction::One(action) => &**action,
        };
        let (Action::Revoke(request) | Action::Introspect(request)) = action else {
            return None;
        };
        let member = methods_member(action)?;
        let listed = metadata.get(member)?.as_array()?;
        let mutation = step.mutation.as_ref();
        if mutation.is_some_and(|mutation| mutation.authentication.is_some()) {
            return None;
        }
        let named = mutation.and_then(|mutation| mutation.client.as_ref());
        let client = named.unwrap_or(&request.client);
        let profile = suites.clients.get(client)?;
        let method = profile.register.get("token_endpoint_auth_method")?;
        let usable: &[&str] = match knowledge.keyed_clients.contains(client) {
            true => &["private_key_jwt"],
            false => &["client_secret_basic", "client_secret_post"],
        };
        let lists = |name: &&str| listed.iter().any(|one| one.as_str() == Some(name));
        let has_none = *method != "none" && !usable.iter().any(lists);
        has_none.then(|| Disposition::NotApplicable {
            reason: format!("{member} lists no {}", usable.join(" and no ")),
        })
    })
}
