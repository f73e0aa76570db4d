//! Checking an authorization request (OAuth 2.1 sections 4.1.1 and 4.1.2.1).

use crate::reference::Site;
use crate::reference::policy::authorization::{AuthorizationPolicy, RequestObjects, ResponseTypes};
use crate::reference::policy::redirect::{RedirectDestination, RedirectOwner};
use crate::reference::store::client::{Client, RedirectRule};

use super::super::answer::Refused;
use super::super::parameters::Parameters;
use super::super::pkce::{self, Challenge};
use super::super::redirect_uri::{self, NoRedirect};
use super::super::{resources, scopes};

/// What the client wants back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// A code.
    Code,
    /// An access token in the fragment.
    Token,
    /// Both in the fragment.
    CodeAndToken,
}

/// A request that was found right.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// The client.
    pub client: Client,
    /// Where the response goes, byte for byte.
    pub redirect_uri: String,
    /// `state`.
    pub state: Option<String>,
    /// `nonce` (OpenID Connect Core 1.0 section 3.1.2.1).
    pub nonce: Option<String>,
    /// The scopes to be granted.
    pub scopes: Vec<String>,
    /// The resources to be granted.
    pub resources: Vec<String>,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// What comes back.
    pub response_type: ResponseType,
    /// Whether it asked for the response in the fragment (OAuth 2.0 Multiple Response Types).
    pub in_fragment: bool,
    /// An `iss` that the request brought along, which means nothing.
    pub foreign_iss: Option<String>,
}

/// An error that the client hears of through the browser.
#[derive(Clone, Debug)]
pub struct RedirectedError {
    /// Where it goes.
    pub redirect_uri: String,
    /// `state`.
    pub state: Option<String>,
    /// `error`.
    pub error: String,
    /// `error_description`.
    pub description: String,
    /// An `iss` that the request brought along.
    pub foreign_iss: Option<String>,
}

/// Why a request is not carried out, and who hears of it.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The person in front of the browser.
    Page {
        /// HTTP status.
        status: u16,
        /// Error code.
        error: String,
        /// Text.
        text: String,
    },
    /// The client.
    Redirected(RedirectedError),
}

impl Refusal {
    /// A page with status 400.
    pub fn page(error: &str, text: impl Into<String>) -> Self {
        Self::Page {
            status: 400,
            error: error.into(),
            text: text.into(),
        }
    }
}

/// The client identifier; repeated or missing ones are told to the person.
pub fn client_id(parameters: &Parameters) -> Result<&str, Refusal> {
    let repeated = |name: &str| {
        parameters
            .repeated()
            .iter()
            .any(|repeated| repeated == name)
    };
    if repeated("client_id") || repeated("redirect_uri") {
        return Err(Refusal::page(
            "invalid_request",
            "client_id or redirect_uri is repeated",
        ));
    }
    parameters
        .get("client_id")
        .ok_or_else(|| Refusal::page("invalid_request", "client_id is missing"))
}

/// The redirect URI of the request (OAuth 2.1 section 2.3).
pub fn redirect_uri(
    site: &Site,
    client: &Client,
    requested: Option<&str>,
) -> Result<String, Refusal> {
    let policy = &site.policy.redirect_uris;
    if let Some(requested) = requested {
        match &client.redirect_rule {
            RedirectRule::Any => return Ok(requested.to_owned()),
            RedirectRule::Origin(origin) if requested.starts_with(&format!("{origin}/")) => {
                return Ok(requested.to_owned());
            }
            _ => {}
        }
    }
    let registered: Vec<String> = match policy.owner {
        RedirectOwner::AllClients => {
            let state = site.store.lock();
            state
                .clients
                .values()
                .flat_map(|client| client.redirect_uris.clone())
                .collect()
        }
        RedirectOwner::AnyIfNoneRegistered if client.redirect_uris.is_empty() => {
            requested.map(str::to_owned).into_iter().collect()
        }
        _ => client.redirect_uris.clone(),
    };
    let chosen = redirect_uri::choose(policy, &registered, requested).map_err(|no| match no {
        NoRedirect::Missing => Refusal::page("invalid_request", "redirect_uri is missing"),
        NoRedirect::Unregistered => {
            let shown = requested.unwrap_or_default();
            let text = format!("The redirect URI {shown} is not registered for this client.");
            Refusal::page("invalid_request", text)
        }
        NoRedirect::ServerError => Refusal::Page {
            status: 500,
            error: "server_error".into(),
            text: "The request could not be processed.".into(),
        },
    })?;
    Ok(match (policy.destination, client.redirect_uris.first()) {
        (RedirectDestination::FirstRegistered, Some(first)) => first.clone(),
        _ => chosen,
    })
}

/// Whether the challenge of a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// It does.
    Checked,
    /// It is not looked at.
    Skipped,
}

/// Everything else; errors go back to the client.
pub fn check(
    site: &Site,
    client: Client,
    redirect_uri: String,
    parameters: &Parameters,
    pkce: Pkce,
) -> Result<AuthorizationRequest, Refusal> {
    let state = parameters.get("state").map(str::to_owned);
    let foreign_iss = parameters.get("iss").map(str::to_owned);
    match check_rest(site, &client, parameters, pkce) {
        Ok((response_type, challenge, scopes, resources)) => Ok(AuthorizationRequest {
            client,
            redirect_uri,
            state,
            nonce: parameters.get("nonce").map(str::to_owned),
            scopes,
            resources,
            challenge,
            response_type,
            in_fragment: parameters.get("response_mode") == Some("fragment"),
            foreign_iss,
        }),
        Err(refused) if refused.status >= 500 => Err(Refusal::Page {
            status: refused.status,
            error: refused.error,
            text: refused.description,
        }),
        Err(refused) => {
            let to_resource = site.policy.resources.errors_go_to_resource
                && refused.error == site.policy.resources.error;
            Err(Refusal::Redirected(RedirectedError {
                redirect_uri: match parameters.get("resource") {
                    Some(resource) if to_resource => resource.to_owned(),
                    _ => redirect_uri,
                },
                state,
                error: refused.error,
                description: refused.description,
                foreign_iss,
            }))
        }
    }
}

type Checked = (ResponseType, Option<Challenge>, Vec<String>, Vec<String>);

fn check_rest(
    site: &Site,
    client: &Client,
    parameters: &Parameters,
    pkce: Pkce,
) -> Result<Checked, Refused> {
    let policy = &site.policy;
    if let Some(name) = parameters.repeated().first() {
        return Err(Refused::invalid_request(format!(
            "{} is repeated",
            printable(name)
        )));
    }
    if !policy.authorization.unknown_parameters_ignored
        && parameters.names().any(|name| !KNOWN.contains(&name))
    {
        return Err(Refused::invalid_request("a parameter is not known"));
    }
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
    ] {
        if policy.authorization.request_objects == RequestObjects::Refused
            && parameters.get(name).is_some()
        {
            return Err(Refused::new(error, "request objects are not supported"));
        }
    }
    let response_type = response_type(&policy.authorization, parameters.get("response_type"))?;
    let enforced = policy.authorization.grant_types_enforced;
    if enforced && !client.may_use("authorization_code") {
        return Err(Refused::new(
            "unauthorized_client",
            "the client may not use this grant",
        ));
    }
    if policy.authorization.state_required && parameters.get("state").is_none() {
        return Err(Refused::invalid_request("state is required"));
    }
    let challenge = match pkce {
        Pkce::Skipped => None,
        Pkce::Checked => pkce::challenge(
            &policy.pkce,
            client.is_public(),
            parameters.get("code_challenge"),
            parameters.get("code_challenge_method"),
        )
        .map_err(Refused::invalid_request)?,
    };
    let scopes = scopes::decide(
        &policy.scope_rules,
        &policy.scopes,
        &client.scopes,
        parameters.get("scope"),
    )?;
    let resources = resources::decide(
        &policy.resources,
        &site.resources(),
        &parameters.all("resource"),
    )?;
    Ok((response_type, challenge, scopes, resources))
}

/// Parameters that this endpoint knows.
const KNOWN: [&str; 10] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "return_to",
];

fn response_type(
    policy: &AuthorizationPolicy,
    value: Option<&str>,
) -> Result<ResponseType, Refused> {
    let unsupported = || {
        Refused::new(
            "unsupported_response_type",
            "only the response type code is supported",
        )
    };
    let supported = policy.response_types;
    match value {
        Some("code") => Ok(ResponseType::Code),
        None if supported == ResponseTypes::MissingIsCode => Ok(ResponseType::Code),
        None => Err(Refused::invalid_request("response_type is missing")),
        Some("token") if supported == ResponseTypes::ImplicitToo => Ok(ResponseType::Token),
        Some("code token" | "token code") if supported == ResponseTypes::HybridToo => {
            Ok(ResponseType::CodeAndToken)
        }
        Some(_) if supported == ResponseTypes::UnknownIsCode => Ok(ResponseType::Code),
        Some(_) => Err(unsupported()),
    }
}

/// A name from outside in the characters that `error_description` permits.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c))
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(response_types: ResponseTypes, value: Option<&str>) -> Option<ResponseType> {
        let policy = AuthorizationPolicy {
            response_types,
            ..Default::default()
        };
        response_type(&policy, value).ok()
    }

    #[test]
    fn only_code_is_a_response_type() {
        let right = ResponseTypes::CodeOnly;
        assert_eq!(decided(right, Some("code")), Some(ResponseType::Code));
        for wrong in [
            None,
            Some("token"),
            Some("code token"),
            Some("none"),
            Some("CODE"),
        ] {
            assert_eq!(decided(right, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_policy_may_let_others_pass() {
        assert!(decided(ResponseTypes::MissingIsCode, None).is_some());
        assert_eq!(
            decided(ResponseTypes::ImplicitToo, Some("token")),
            Some(ResponseType::Token)
        );
        assert_eq!(
            decided(ResponseTypes::ImplicitToo, Some("code token")),
            None
        );
    }
}
