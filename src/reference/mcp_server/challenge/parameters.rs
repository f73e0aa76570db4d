//! The parameters of a challenge: `error_description`, `scope` (RFC 6750 section 3) and
//! `resource_metadata` (RFC 9728 section 5.1).

use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::HOST;

use super::{Refusal, Setting};
use crate::reference::mcp_server::credentials::text;
use crate::reference::mcp_server::operations::to_ask_for;
use crate::reference::mcp_server::policy::{
    ErrorDescription, InsufficientScope, MetadataReference, UnauthenticatedScope,
};

/// `error_description`.
pub(super) fn description(refusal: &Refusal, setting: &Setting<'_>) -> Option<String> {
    let reason = refusal.reason();
    Some(match setting.policy.challenge.error_description {
        ErrorDescription::Present => reason,
        ErrorDescription::Absent => return None,
        ErrorDescription::UnescapedQuote => format!("\"{reason}\" says the server"),
        ErrorDescription::NonAscii => format!("{reason} \u{2014} désolé"),
        ErrorDescription::EchoesToken => format!("{reason}: {}", setting.token.unwrap_or_default()),
        ErrorDescription::StackTrace => {
            format!("{reason} at verify (src/reference/mcp_server/verify.rs:97)")
        }
    })
}

/// `scope`.
pub(super) fn scope(refusal: &Refusal, setting: &Setting<'_>) -> Option<String> {
    let supported = setting.scopes;
    let scopes = match refusal {
        Refusal::InvalidRequest(_) => return None,
        Refusal::InsufficientScope { granted, needed } => missing_scopes(
            granted,
            needed,
            supported,
            setting.policy.challenge.insufficient_scope,
        )?,
        _ => initial_scopes(setting, supported)?,
    };
    let commas = setting.policy.challenge.unauthenticated_scope == UnauthenticatedScope::Commas;
    Some(scopes.join(if commas { "," } else { " " }))
}

fn initial_scopes(setting: &Setting<'_>, supported: &[String]) -> Option<Vec<String>> {
    static ANSWERS: AtomicUsize = AtomicUsize::new(0);
    let policy = &setting.policy.challenge;
    let operation = || match setting.needed {
        Some(needed) => vec![to_ask_for(needed, supported)],
        None => policy.default_scopes.clone(),
    };
    Some(match policy.unauthenticated_scope {
        UnauthenticatedScope::Absent => return None,
        UnauthenticatedScope::Operation => operation(),
        UnauthenticatedScope::All | UnauthenticatedScope::Commas => supported.to_vec(),
        UnauthenticatedScope::Empty => Vec::new(),
        UnauthenticatedScope::Unrelated => vec!["unrelated:scope".into()],
        UnauthenticatedScope::WithOfflineAccess => {
            let mut scopes = operation();
            scopes.push("offline_access".into());
            scopes
        }
        UnauthenticatedScope::Alternating => {
            let turn = ANSWERS.fetch_add(1, Ordering::Relaxed) % supported.len().max(1);
            supported.get(turn).cloned().into_iter().collect()
        }
    })
}

fn missing_scopes(
    granted: &[String],
    needed: &str,
    supported: &[String],
    policy: InsufficientScope,
) -> Option<Vec<String>> {
    let needed = to_ask_for(needed, supported);
    let others = || supported.iter().filter(|scope| **scope != needed).cloned();
    Some(match policy {
        InsufficientScope::Absent => return None,
        InsufficientScope::GrantedAndNeeded => {
            let mut scopes: Vec<String> = granted.to_vec();
            scopes.push(needed);
            scopes
        }
        InsufficientScope::Needed => vec![needed],
        InsufficientScope::GrantedOnly => granted.to_vec(),
        InsufficientScope::AllButNeeded => others().collect(),
        InsufficientScope::All => supported.to_vec(),
        InsufficientScope::Unrelated => vec!["unrelated:scope".into()],
    })
}

/// `resource_metadata`.
pub(super) fn metadata_url(refusal: &Refusal, setting: &Setting<'_>) -> Option<String> {
    use MetadataReference as Reference;
    let (origin, path) = (setting.origin, &setting.resource.path);
    let well_known = "/.well-known/oauth-protected-resource";
    let at = |host: Option<String>| match host {
        Some(host) => format!("http://{host}{well_known}{path}"),
        None => format!("{origin}{well_known}{path}"),
    };
    Some(match setting.policy.challenge.resource_metadata {
        Reference::Absent => return None,
        Reference::AbsentOnInvalidToken if matches!(refusal, Refusal::InvalidToken(_)) => {
            return None;
        }
        Reference::AbsentOnInsufficientScope
            if matches!(refusal, Refusal::InsufficientScope { .. }) =>
        {
            return None;
        }
        Reference::Root => format!("{origin}{well_known}"),
        Reference::Relative => format!("{well_known}{path}"),
        Reference::Dead => format!("{origin}{well_known}/nowhere"),
        Reference::OtherResource => {
            let sibling = setting
                .resource
                .sibling
                .strip_prefix(origin)
                .unwrap_or_default();
            format!("{origin}{well_known}{sibling}")
        }
        Reference::SlashesLost => at(None).replacen("://", ":", 1),
        Reference::PathDoubled => format!("{}{path}", at(None)),
        Reference::SlashDoubled => format!("{origin}{well_known}/{path}"),
        Reference::RequestHost => at(text(setting.headers, HOST.as_str())),
        Reference::ForwardedHost => at(text(setting.headers, "x-forwarded-host")),
        Reference::ResourceItself => setting.resource.identifier.clone(),
        Reference::AuthorizationServerMetadata => {
            format!("{}/.well-known/oauth-authorization-server", setting.issuer)
        }
        _ => at(None),
    })
}
