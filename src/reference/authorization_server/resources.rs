//! Resource indicators (RFC 8707) as pure functions. Resources are compared byte for byte, but for the
//! case of scheme and host.

use crate::reference::policy::refresh::ResourceBound;
use crate::reference::policy::resource::{
    MalformedResource, OmittedResource, ResourcePolicy, SeveralResources, UnknownResource,
};

use super::answer::Refused;

/// The resources of an authorization request or a client credentials request.
pub fn decide(
    policy: &ResourcePolicy,
    known: &[String],
    requested: &[&str],
) -> Result<Vec<String>, Refused> {
    let refuse = |description: &str| Refused::new(&policy.error, description);
    if !requested.is_empty() && !policy.accepted {
        return Err(Refused::invalid_request(
            "the parameter resource is not known",
        ));
    }
    let requested: &[&str] = match (policy.several, requested) {
        (_, [] | [_]) | (SeveralResources::All, _) => requested,
        (SeveralResources::Refused, _) => return Err(refuse("only one resource is possible")),
        (SeveralResources::First, all) => &all[..1],
        (SeveralResources::Last, all) => &all[all.len() - 1..],
        (SeveralResources::ServerError, _) => return Err(Refused::server_error()),
    };
    let mut resources: Vec<String> = Vec::new();
    for &resource in requested {
        let taken = match (is_well_formed(resource), policy.malformed) {
            (true, _) => resource,
            (false, MalformedResource::Issued) => {
                resources.push(resource.to_owned());
                continue;
            }
            (false, MalformedResource::FragmentCut) if resource.contains('#') => {
                resource.split('#').next().unwrap_or_default()
            }
            (false, _) => return Err(refuse("resource is no absolute URI without fragment")),
        };
        let taken = as_known(policy, known, taken);
        let is_known = known.iter().any(|known| known == taken);
        match (is_known, policy.unknown) {
            (true, _) | (false, UnknownResource::Issued) => {
                if !resources.iter().any(|earlier| earlier == taken) {
                    resources.push(taken.to_owned());
                }
            }
            (false, UnknownResource::Dropped) => {}
            (false, UnknownResource::Refused) => return Err(refuse("the resource is not known")),
        }
    }
    if resources.is_empty() {
        return match policy.omitted {
            OmittedResource::DefaultResource => Ok(known.iter().take(1).cloned().collect()),
            OmittedResource::Refused => Err(refuse("resource is required")),
            OmittedResource::NoAudience => Ok(Vec::new()),
            OmittedResource::AllResources => Ok(known.to_vec()),
        };
    }
    Ok(resources)
}

/// The resources of a token whose grant is for `granted` (RFC 8707 section 2.2).
pub fn narrow(
    policy: &ResourcePolicy,
    bound: ResourceBound,
    known: &[String],
    granted: &[String],
    requested: &[&str],
) -> Result<Vec<String>, Refused> {
    let refuse = || Refused::new(&policy.error, "resource goes beyond the grant");
    let allowed: &[String] = match bound {
        ResourceBound::DropsAudience => return Ok(Vec::new()),
        ResourceBound::Ignored => return Ok(granted.to_vec()),
        _ if requested.is_empty() => return Ok(granted.to_vec()),
        ResourceBound::AsSent => return Ok(requested.iter().map(|r| (*r).to_owned()).collect()),
        ResourceBound::AnyKnown => known,
        ResourceBound::Narrows => granted,
    };
    requested
        .iter()
        .map(|resource| as_known(policy, known, resource))
        .map(
            |resource| match allowed.iter().any(|allowed| allowed == resource) {
                true => Ok(resource.to_owned()),
                false => Err(refuse()),
            },
        )
        .collect()
}

/// The known resource that differs from this one at most by the case of scheme and host (MCP
/// authorization "canonical server URI", RFC 3986 section 6.2.2.1).
fn as_known<'r>(policy: &ResourcePolicy, known: &'r [String], resource: &'r str) -> &'r str {
    let is_same = |known: &&String| match (by_authority(known), by_authority(resource)) {
        (Some((ours, path)), Some((theirs, other))) => {
            ours.eq_ignore_ascii_case(theirs) && path == other
        }
        _ => false,
    };
    let mut candidates = known.iter().filter(|_| policy.host_case_ignored);
    candidates
        .find(is_same)
        .map_or(resource, |found| found.as_str())
}

/// Scheme and authority, and the rest.
fn by_authority(uri: &str) -> Option<(&str, &str)> {
    let authority = uri.find("://")? + 3;
    let end = uri[authority..].find('/');
    Some(uri.split_at(end.map_or(uri.len(), |at| authority + at)))
}

/// An absolute URI without a fragment (RFC 8707 section 2).
fn is_well_formed(resource: &str) -> bool {
    let scheme_ok = resource.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    scheme_ok && !resource.contains('#') && !resource.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        vec!["http://h:1/mcp".into(), "http://h:1/second/mcp".into()]
    }

    fn decided(requested: &[&str]) -> Option<Vec<String>> {
        decide(&ResourcePolicy::default(), &known(), requested).ok()
    }

    #[test]
    fn only_known_resources_are_accepted() {
        assert_eq!(decided(&["http://h:1/second/mcp"]).unwrap(), &known()[1..]);
        for wrong in [
            "/mcp",
            "http://h:1/mcp/",
            "http://h:1/mcp#x",
            "https://x.example",
            "mcp",
        ] {
            assert_eq!(decided(&[wrong]), None, "{wrong}");
        }
    }

    #[test]
    fn without_resource_the_first_is_meant() {
        assert_eq!(decided(&[]).unwrap(), &known()[..1]);
        assert_eq!(
            decided(&["http://h:1/mcp", "http://h:1/second/mcp"]).unwrap(),
            known()
        );
    }

    #[test]
    fn a_token_request_narrows_and_never_widens() {
        let policy = ResourcePolicy::default();
        let narrow = |bound, granted: &[String], requested: &[&str]| {
            narrow(&policy, bound, &known(), granted, requested)
        };
        let both = known();
        let second = ["http://h:1/second/mcp"];
        assert_eq!(
            narrow(ResourceBound::Narrows, &both, &second).unwrap(),
            second
        );
        assert_eq!(narrow(ResourceBound::Narrows, &both, &[]).unwrap(), both);
        assert!(narrow(ResourceBound::Narrows, &both[..1], &second).is_err());
        assert_eq!(
            narrow(ResourceBound::AnyKnown, &both[..1], &second).unwrap(),
            second
        );
    }

    #[test]
    fn refusals_carry_the_error_code_of_the_standard() {
        let error = decide(&ResourcePolicy::default(), &known(), &["https://x.example"]);
        assert_eq!(error.unwrap_err().error, "invalid_target");
    }
}
