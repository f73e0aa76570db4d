//! Which scopes a request is granted (OAuth 2.1 sections 1.4.1, 4.1.2.1, 4.3.1), as pure functions.

use crate::reference::policy::refresh::RefreshScope;
use crate::reference::policy::resource::{
    GrantedScope, OmittedScope, ScopePolicy, UnknownScope, UnregisteredScope,
};
use crate::reference::scope;

use super::answer::Refused;

fn invalid_scope(description: &str) -> Refused {
    Refused::new("invalid_scope", description)
}

/// The scopes that a client with `registered` scopes is granted for the `scope` parameter.
pub fn decide(
    policy: &ScopePolicy,
    known: &[String],
    registered: &[String],
    requested: Option<&str>,
) -> Result<Vec<String>, Refused> {
    let Some(requested) = requested else {
        return match policy.omitted {
            OmittedScope::Default => {
                let default: Vec<String> = policy
                    .default_scopes
                    .iter()
                    .filter(|token| scope::any_covers(registered, token))
                    .cloned()
                    .collect();
                match default.is_empty() {
                    true => Err(invalid_scope("scope is required for this client")),
                    false => Ok(default),
                }
            }
            OmittedScope::Refused => Err(invalid_scope("scope is required")),
            OmittedScope::All => Ok(registered.to_vec()),
            OmittedScope::ServerError => Err(Refused::server_error()),
        };
    };
    let mut granted = Vec::new();
    for mut token in scope::parse(requested) {
        if !policy.case_sensitive {
            token = fold(known, token);
        }
        if !scope::any_covers(known, &token) {
            match policy.unknown {
                UnknownScope::Granted if scope::is_scope_token(&token) => granted.push(token),
                UnknownScope::Dropped => {}
                _ => return Err(invalid_scope("a scope is not known")),
            }
        } else if !scope::any_covers(registered, &token) {
            match policy.unregistered {
                UnregisteredScope::Refused => {
                    return Err(invalid_scope("a scope is outside the registration"));
                }
                UnregisteredScope::Dropped => {}
                UnregisteredScope::Granted => granted.push(token),
            }
        } else {
            granted.push(token);
        }
    }
    match policy.granted {
        GrantedScope::Requested if granted.is_empty() => {
            Err(invalid_scope("no scope is left to grant"))
        }
        GrantedScope::Requested => Ok(granted),
        GrantedScope::AllOfClient => Ok(registered.to_vec()),
    }
}

fn fold(known: &[String], token: String) -> String {
    known
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&token))
        .cloned()
        .unwrap_or(token)
}

/// The scopes of the access token that a refresh gives.
pub fn refreshed(
    policy: RefreshScope,
    registered: &[String],
    granted: &[String],
    requested: Option<&str>,
) -> Result<Vec<String>, Refused> {
    let Some(requested) = requested else {
        return Ok(granted.to_vec());
    };
    let requested = scope::parse(requested);
    let bound = match policy {
        RefreshScope::Widens => return Ok(requested),
        RefreshScope::Ignored => return Ok(granted.to_vec()),
        RefreshScope::WidensToRegistration => registered,
        RefreshScope::Narrows | RefreshScope::NarrowsForGood => granted,
    };
    match requested
        .iter()
        .all(|token| scope::any_covers(bound, token))
    {
        true if requested.is_empty() => Ok(granted.to_vec()),
        true => Ok(requested),
        false => Err(invalid_scope("scope goes beyond the grant")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        scope::parse(text)
    }

    fn known() -> Vec<String> {
        crate::reference::Policy::default().scopes
    }

    #[test]
    fn what_was_asked_for_is_granted_within_the_registration() {
        let policy = ScopePolicy::default();
        let both = list("mcp:tools:weather news:read");
        assert_eq!(
            decide(&policy, &known(), &both, Some("news:read")).unwrap(),
            ["news:read"]
        );
        assert!(decide(&policy, &known(), &both[..1], Some("news:read")).is_err());
        assert!(decide(&policy, &known(), &both, Some("admin")).is_err());
        assert!(decide(&policy, &known(), &both, Some("NEWS:read")).is_err());
    }

    #[test]
    fn a_registered_wildcard_covers_a_name() {
        let policy = ScopePolicy::default();
        let star = list("mcp:exec:workflows:*");
        let name = "mcp:exec:workflows:daily-report";
        assert_eq!(
            decide(&policy, &known(), &star, Some(name)).unwrap(),
            [name]
        );
        assert!(decide(&policy, &known(), &list(name), Some("mcp:exec:workflows:*")).is_err());
    }

    #[test]
    fn without_scope_the_defaults_are_granted() {
        let policy = ScopePolicy::default();
        assert_eq!(
            decide(&policy, &known(), &known(), None).unwrap(),
            ["mcp:tools:weather"]
        );
        assert!(decide(&policy, &known(), &list("news:read"), None).is_err());
    }

    #[test]
    fn a_refresh_narrows_and_never_widens() {
        let granted = list("mcp:tools:weather news:read");
        let narrow = |policy, requested| refreshed(policy, &known(), &granted, requested);
        assert_eq!(
            narrow(RefreshScope::Narrows, Some("news:read")).unwrap(),
            ["news:read"]
        );
        assert_eq!(narrow(RefreshScope::Narrows, None).unwrap(), granted);
        let wider = Some("news:read mcp:exec:workflows:*");
        assert!(narrow(RefreshScope::Narrows, wider).is_err());
        assert!(narrow(RefreshScope::WidensToRegistration, wider).is_ok());
        assert_eq!(
            narrow(RefreshScope::Widens, Some("admin")).unwrap(),
            ["admin"]
        );
    }
}
