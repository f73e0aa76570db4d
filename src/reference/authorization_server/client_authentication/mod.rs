//! Client authentication (OAuth 2.1 section 2.4): who asks, and is it true?

pub mod assertion;
pub mod credentials;
pub mod keys;
pub mod secret;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::client_authentication::{
    AuthenticatedAt, ConflictingIds, OmittedClientId, QueryCredentials, RegisteredMethod,
    TwoMethods, UnknownClient,
};
use crate::reference::policy::configuration::ClientAuthMethod;
use crate::reference::policy::token::{Caching, ErrorForm};
use crate::reference::store::client::{Client, ClientOrigin};
use crate::reference::store::now;

use super::answer::Refused;
use super::clients;
use super::parameters::Parameters;
use credentials::{Basic, Presented};

/// The client that a request names, proved or not; for the audit log. Empty: none.
pub fn named(site: &Site, headers: &HeaderMap, body: &Parameters) -> String {
    match credentials::basic(headers, site.policy.client_authentication.basic_decoding) {
        Basic::Credentials { client_id, .. } => client_id,
        _ => body.get("client_id").unwrap_or_default().to_owned(),
    }
}

/// A refusal of an endpoint for clients: taken down in the audit log, and answered.
pub fn refuse(
    site: &Site,
    event: Event,
    headers: &HeaderMap,
    form: &Parameters,
    refused: &Refused,
) -> Response {
    let entry = Entry::new(event).client(named(site, headers, form));
    site.audit.record(entry.refused(&refused.error));
    refused.answer(ErrorForm::Json, Caching::NoStore)
}

/// The client of a request, authenticated as its registration demands.
pub async fn authenticate(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    body: &Parameters,
    at: AuthenticatedAt,
) -> Result<Client, Refused> {
    let basic = credentials::basic(headers, site.policy.client_authentication.basic_decoding);
    let uses_header = basic != Basic::Absent;
    check(site, basic, query, body, at)
        .await
        .map_err(|mut refused| {
            let policy = &site.policy.client_authentication;
            if uses_header && refused.error == "invalid_client" {
                refused.status = policy.basic_failure_status;
                refused.challenge = policy.basic_challenge;
            }
            refused
        })
}

async fn check(
    site: &Site,
    basic: Basic,
    query: &Parameters,
    body: &Parameters,
    at: AuthenticatedAt,
) -> Result<Client, Refused> {
    let presented = gather(site, basic, query, body)?;
    let client_id = match &presented.client_id {
        Some(client_id) => client_id.clone(),
        None => inferred(site, body).ok_or_else(|| {
            Refused::invalid_client("the client is neither named nor authenticated")
        })?,
    };
    let client = match clients::find(site, &client_id).await {
        Ok(client) => client,
        Err(_)
            if site.policy.client_authentication.unknown_client
                == UnknownClient::TakenForPublic =>
        {
            taken_for_public(site, client_id)
        }
        Err(reason) => return Err(Refused::invalid_client(reason)),
    };
    prove(site, &client, &presented, body, at).await?;
    match &presented.acting_as {
        // The policy lets the body name another client than the header proves.
        Some(other) => clients::find(site, other)
            .await
            .map_err(Refused::invalid_client),
        None => Ok(client),
    }
}

/// Collects the credentials of a request; two methods in one request are an error.
fn gather(
    site: &Site,
    basic: Basic,
    query: &Parameters,
    body: &Parameters,
) -> Result<Presented, Refused> {
    let policy = &site.policy.client_authentication;
    let in_query = |name: &str| match policy.query_credentials {
        QueryCredentials::Ignored => None,
        QueryCredentials::Accepted => query.get(name),
    };
    let parameter = |name: &str| body.get(name).or_else(|| in_query(name)).map(str::to_owned);
    let mut presented = Presented {
        client_id: parameter("client_id"),
        post_secret: parameter("client_secret"),
        assertion: parameter("client_assertion"),
        assertion_type: parameter("client_assertion_type"),
        ..Presented::default()
    };
    match basic {
        Basic::Absent => {}
        Basic::Malformed => {
            return Err(Refused::invalid_client(
                "the Authorization header is malformed",
            ));
        }
        Basic::Credentials { client_id, secret } => {
            let named = presented.client_id.replace(client_id.clone());
            if let Some(named) = named.filter(|named| *named != client_id) {
                match policy.conflicting_ids {
                    ConflictingIds::Refused => {
                        return Err(Refused::invalid_client(
                            "header and body name different clients",
                        ));
                    }
                    ConflictingIds::BodyNamesClient => presented.acting_as = Some(named),
                }
            }
            presented.basic_secret = Some(secret);
        }
    }
    settle(policy.two_methods, &mut presented)?;
    if presented.client_id.is_none() {
        presented.client_id = presented
            .assertion
            .as_deref()
            .and_then(assertion::claimed_client);
    }
    Ok(presented)
}

/// Two ways of authentication in one request (OAuth 2.1 section 2.4).
fn settle(policy: TwoMethods, presented: &mut Presented) -> Result<(), Refused> {
    if presented.methods() < 2 {
        return Ok(());
    }
    match policy {
        TwoMethods::Refused => {
            return Err(Refused::invalid_request(
                "two ways of authentication at once",
            ));
        }
        TwoMethods::HeaderWins => {
            presented.post_secret = None;
            presented.assertion = None;
        }
        TwoMethods::BodyWins => presented.basic_secret = None,
    }
    Ok(())
}

fn inferred(site: &Site, body: &Parameters) -> Option<String> {
    if site.policy.client_authentication.omitted_client_id == OmittedClientId::Refused {
        return None;
    }
    let state = site.store.lock();
    let code = body.get("code").and_then(|code| state.codes.get(code));
    let refresh = body
        .get("refresh_token")
        .and_then(|token| state.refresh_tokens.get(token));
    code.map(|code| code.client_id.clone())
        .or(refresh.map(|token| token.client_id.clone()))
}

fn taken_for_public(site: &Site, client_id: String) -> Client {
    Client {
        client_id,
        grant_types: site.policy.token_endpoint.grant_types.clone(),
        scopes: site.policy.scopes.clone(),
        ..Client::default()
    }
}

/// Holds what was presented against what the client registered.
async fn prove(
    site: &Site,
    client: &Client,
    presented: &Presented,
    body: &Parameters,
    at: AuthenticatedAt,
) -> Result<(), Refused> {
    let policy = &site.policy.client_authentication;
    let is_skipped = policy.skipped_at.contains(&at);
    match client.auth_method {
        ClientAuthMethod::None => prove_public(site, client, presented),
        ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost => {
            let Some((given, method)) = presented.secret_and_method() else {
                return match is_skipped && presented.assertion.is_none() {
                    true => Ok(()),
                    false => Err(Refused::invalid_client("the client must authenticate")),
                };
            };
            if !policy.methods.contains(&method) {
                return Err(Refused::invalid_client(
                    "this way of authentication is not supported",
                ));
            }
            if policy.secret_expiry_enforced
                && client.secret_expires_at != 0
                && client.secret_expires_at <= now()
            {
                return Err(Refused::invalid_client("the secret has expired"));
            }
            match secret::is_right(site, client, given, body.get("code_verifier").is_some()) {
                true => Ok(()),
                false => Err(Refused::invalid_client("the secret is wrong")),
            }
        }
        ClientAuthMethod::PrivateKeyJwt => match &presented.assertion {
            Some(_) if !policy.methods.contains(&ClientAuthMethod::PrivateKeyJwt) => Err(
                Refused::invalid_client("this way of authentication is not supported"),
            ),
            Some(given) => {
                let given_type = presented.assertion_type.as_deref();
                assertion::verify(site, client, given, given_type)
                    .await
                    .map_err(Refused::invalid_client)
            }
            None if is_skipped && presented.secret().is_none() => Ok(()),
            None if policy.registered_method == RegisteredMethod::AssertionOptional => Ok(()),
            None if client.origin == ClientOrigin::Document
                && !site.policy.client_documents.authentication_required =>
            {
                Ok(())
            }
            None => Err(Refused::invalid_client("a client assertion is required")),
        },
    }
}

/// A public client has nothing to prove, and must not pretend to (OAuth 2.1 section 3.2.2).
fn prove_public(site: &Site, client: &Client, presented: &Presented) -> Result<(), Refused> {
    let refuses_surplus = site
        .policy
        .client_authentication
        .surplus_credentials_refused;
    match (&client.secret, presented.secret()) {
        (Some(expected), given) if given != Some(expected.as_str()) => {
            Err(Refused::invalid_client("the client must authenticate"))
        }
        (None, _) if presented.is_surplus() && refuses_surplus => Err(Refused::invalid_client(
            "a public client has no credentials",
        )),
        _ => Ok(()),
    }
}
