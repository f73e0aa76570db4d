//! The token endpoint (OAuth 2.1 section 3.2).

pub mod assertion;
pub mod client_credentials;
pub mod code;
pub mod foreign;
mod id_token;
pub mod issue;
pub mod refresh;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use serde_json::json;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::access_token::SigningAlgorithm;
use crate::reference::policy::client_authentication::AuthenticatedAt;
use crate::reference::policy::token::{
    ForeignGrants, MissingGrantType, QueryParameters, TokenEndpointPolicy, UnknownGrantType,
};
use crate::reference::store::client::Client;

use super::answer::{self, Refused};
use super::client_authentication::{authenticate, named};
use super::parameters::Parameters;
use issue::Issued;

/// `POST /token`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let policy = &site.policy.token_endpoint;
    let is_get = method == Method::GET;
    if method != Method::POST && (policy.post_only || !is_get) {
        return answer::method_not_allowed("POST");
    }
    let (query, mut form) = Parameters::of_request(policy, &uri, &body);
    if is_get || policy.query_parameters == QueryParameters::Merged {
        form.extend(query.clone());
    }
    let algorithm = site.policy.access_tokens.signing_algorithm;
    if algorithm == SigningAlgorithm::Rs256 {
        site.keys.ready_of_size(site.policy.jwks.rsa_bits).await;
    }
    let outcome = match check_form(policy, is_get, &headers, &form) {
        Ok(()) => grant(&site, &headers, &query, &form).await,
        Err(refused) => Err(refused),
    };
    match outcome {
        Ok(issued) => issue::answer(&site, &issued),
        Err(refused) => {
            record_refusal(&site, &headers, &form, &refused);
            if policy.unknown_grant_type == UnknownGrantType::OkWithError
                && refused.error == "unsupported_grant_type"
            {
                return answer::json(200, &json!({ "error": refused.error }));
            }
            refused.answer(policy.errors, policy.caching)
        }
    }
}

fn record_refusal(site: &Site, headers: &HeaderMap, form: &Parameters, refused: &Refused) {
    let credential = ["code", "refresh_token", "assertion", "client_secret"]
        .iter()
        .find_map(|n| form.get(n));
    site.audit.record(
        Entry::new(Event::TokenRefused)
            .client(named(site, headers, form))
            .with(
                "grant_type",
                printable(form.get("grant_type").unwrap_or_default()),
            )
            .credential(credential.unwrap_or_default())
            .refused(format!("{}: {}", refused.error, refused.description)),
    );
}

/// A parameter may hold anything, a secret put into the wrong field included.
fn printable(grant_type: &str) -> &str {
    match grant_type {
        "" | "authorization_code" | "refresh_token" | "client_credentials" | "password" => {
            grant_type
        }
        _ => "other",
    }
}

fn check_form(
    policy: &TokenEndpointPolicy,
    is_get: bool,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<(), Refused> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (media_type, rest) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !is_get
        && !media_type
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Err(Refused::invalid_request("the body must be a form"));
    }
    if !policy.charset_tolerated && !rest.is_empty() {
        return Err(Refused {
            status: 415,
            ..Refused::invalid_request("unknown content type")
        });
    }
    if !form.repeated().is_empty() {
        return Err(Refused::invalid_request("a parameter is repeated"));
    }
    let is_known = |name: &str| KNOWN.contains(&name);
    if !policy.unknown_parameters_ignored && !form.names().all(is_known) {
        return Err(Refused::invalid_request("a parameter is not known"));
    }
    if !policy.resource_accepted && form.get("resource").is_some() {
        return Err(Refused::invalid_request(
            "the parameter resource is not known",
        ));
    }
    Ok(())
}

/// Parameters that this endpoint knows.
const KNOWN: [&str; 13] = [
    "assertion",
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
    "scope",
    "resource",
    "code_challenge_method",
];

async fn grant(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<Issued, Refused> {
    let policy = &site.policy.token_endpoint;
    let grant_type = match (form.get("grant_type"), policy.missing_grant_type) {
        (Some(grant_type), _) => grant_type,
        (None, MissingGrantType::Guessed) if form.get("code").is_some() => "authorization_code",
        (None, _) => return Err(Refused::invalid_request("grant_type is missing")),
    };
    let is_foreign = match policy.foreign_grants {
        ForeignGrants::Refused => false,
        ForeignGrants::Password => grant_type == "password",
        ForeignGrants::AnyJwtBearer => grant_type == foreign::JWT_BEARER,
    };
    let at = match grant_type {
        "authorization_code" => AuthenticatedAt::AuthorizationCode,
        "refresh_token" => AuthenticatedAt::RefreshToken,
        "client_credentials" => AuthenticatedAt::ClientCredentials,
        _ if is_foreign => AuthenticatedAt::AuthorizationCode,
        foreign::JWT_BEARER if site.policy.assertion_grants.enabled => AuthenticatedAt::Assertion,
        _ => return Err(unsupported(policy)),
    };
    let is_served = at == AuthenticatedAt::Assertion
        || policy.grant_types.iter().any(|known| known == grant_type);
    if !is_foreign && !is_served {
        return Err(unsupported(policy));
    }
    let client = authenticate(site, headers, query, form, at).await?;
    if is_foreign {
        return foreign::redeem(site, &client, form);
    }
    check_grant_type(site, &client, grant_type)?;
    match at {
        AuthenticatedAt::RefreshToken => refresh::redeem(site, &client, form).await,
        AuthenticatedAt::ClientCredentials => client_credentials::redeem(site, &client, form),
        AuthenticatedAt::Assertion => assertion::redeem(site, &client, form),
        _ => code::redeem(site, &client, form).await,
    }
}

fn unsupported(policy: &TokenEndpointPolicy) -> Refused {
    match policy.unknown_grant_type {
        UnknownGrantType::ServerError => Refused::server_error(),
        _ => Refused::new("unsupported_grant_type", "this grant type is not supported"),
    }
}

/// The registration binds (OAuth 2.1 section 3.2.4). A refresh token in hand was given under the
/// policy for issuing them, which may be wider.
fn check_grant_type(site: &Site, client: &Client, grant_type: &str) -> Result<(), Refused> {
    let enforced = site.policy.token_endpoint.grant_types_enforced;
    match enforced && !client.may_use(grant_type) {
        true => Err(Refused::new(
            "unauthorized_client",
            "the client may not use this grant",
        )),
        false => Ok(()),
    }
}
