//! The authorization endpoint (OAuth 2.1 sections 3.1 and 4.1.1).
//!
//! Errors before client and redirect URI are known are pages of this server; later ones go back to
//! the client. Nothing goes anywhere before the user has logged in (OAuth 2.1 section 7.12.2).

pub mod consent;
pub mod delegate;
pub mod link;
pub mod login;
pub mod request;
pub mod respond;
pub mod session;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::authorization::{
    EarlyError, ErrorRedirect, PostRequests, RequestObjects,
};
use crate::reference::policy::extension::PushCheck;
use crate::reference::store::session::Transaction;
use crate::reference::store::{handles, now};

use super::parameters::{Parameters, encoded};
use super::{answer, clients, pages, pushed};
use request::{AuthorizationRequest, Pkce, RedirectedError, Refusal};

/// Seconds that a person has for login and consent.
const TRANSACTION_LIFETIME: u64 = 600;

/// `GET /authorize` and `POST /authorize`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let policy = &site.policy.authorization;
    let is_post = method == Method::POST;
    let served = match method {
        Method::GET => policy.get,
        Method::POST => policy.post != PostRequests::Refused,
        _ => false,
    };
    if !served {
        return answer::method_not_allowed("GET, POST");
    }
    let encoded = encoded(&method, &uri, &body);
    let parameters = Parameters::parse(encoded, policy.duplicates, policy.empty_parameters);
    let lax = is_post.then_some(policy.post);
    if policy.request_objects == RequestObjects::Fetched
        && let Some(place) = parameters.get("request_uri")
    {
        // What comes back does not matter; that the request was made does.
        let _ = site.fetcher.unguarded(place).await;
    }
    let is_pushed = parameters.get("request_uri").is_some();
    let (parameters, outcome) = match pushed::resolve(&site, parameters.clone()) {
        Ok(parameters) => {
            let lax = match site.policy.pushed_requests.check {
                PushCheck::TrustsRedirect if is_pushed => Some(PostRequests::WithoutRedirectCheck),
                _ => lax,
            };
            let outcome = check(&site, &parameters, lax).await;
            (parameters, outcome)
        }
        Err(refusal) => (parameters, Err(refusal)),
    };
    let answer = match outcome {
        Ok(request) => begin(&site, &headers, &parameters, Ok(request)),
        Err(Refusal::Redirected(error)) => {
            record_refusal(&site, &parameters, &error.error);
            if policy.error_redirect == ErrorRedirect::Immediately {
                respond::error(&site, &error)
            } else {
                begin(&site, &headers, &parameters, Err(error))
            }
        }
        Err(Refusal::Page {
            status,
            error,
            text,
        }) => {
            record_refusal(&site, &parameters, &error);
            pages::error(&site, status, &error, &text)
        }
    };
    respond::with_cors(&site, &headers, answer)
}

fn record_refusal(site: &Site, parameters: &Parameters, reason: &str) {
    site.audit.record(
        Entry::new(Event::AuthorizationRefused)
            .client(parameters.get("client_id").unwrap_or_default())
            .scope(parameters.get("scope").unwrap_or_default())
            .resource(parameters.all("resource").join(" "))
            .refused(reason),
    );
}

/// Checks a request in the order that decides where its errors go.
pub(super) async fn check(
    site: &Site,
    parameters: &Parameters,
    post: Option<PostRequests>,
) -> Result<AuthorizationRequest, Refusal> {
    let trusts_redirect = post == Some(PostRequests::WithoutRedirectCheck);
    let client_id = request::client_id(parameters)?;
    let requested = parameters.get("redirect_uri");
    let client = match clients::find(site, client_id).await {
        Ok(client) => client,
        Err(reason) => {
            let early = site.policy.authorization.unknown_client;
            return Err(early_error(
                early,
                requested,
                parameters,
                "invalid_client",
                &reason,
            ));
        }
    };
    let redirect_uri = if trusts_redirect && let Some(requested) = requested {
        requested.to_owned()
    } else {
        request::redirect_uri(site, &client, requested).map_err(|refusal| match refusal {
            Refusal::Page { text, .. } if requested.is_some() => early_error(
                site.policy.authorization.invalid_redirect_uri,
                requested,
                parameters,
                "invalid_request",
                &text,
            ),
            other => other,
        })?
    };
    let pkce = match post {
        Some(PostRequests::WithoutChallenge) => Pkce::Skipped,
        _ => Pkce::Checked,
    };
    request::check(site, client, redirect_uri, parameters, pkce)
}

fn early_error(
    early: EarlyError,
    requested: Option<&str>,
    parameters: &Parameters,
    error: &str,
    text: &str,
) -> Refusal {
    match (early, requested) {
        (EarlyError::Redirected, Some(redirect_uri)) => Refusal::Redirected(RedirectedError {
            redirect_uri: redirect_uri.to_owned(),
            state: parameters.get("state").map(str::to_owned),
            error: error.to_owned(),
            description: text.to_owned(),
            foreign_iss: None,
        }),
        _ => Refusal::page(error, text),
    }
}

/// Remembers the request and asks the user, or goes on if there is nothing to ask.
fn begin(
    site: &Site,
    headers: &HeaderMap,
    parameters: &Parameters,
    request: Result<AuthorizationRequest, RedirectedError>,
) -> Response {
    let current = session::open(site, headers);
    let id = handles::random();
    let transaction = Transaction {
        session: current.id.clone(),
        request,
        return_to: parameters.get("return_to").map(str::to_owned),
        expires_at: now() + TRANSACTION_LIFETIME,
    };
    let mut state = site.store.lock();
    state
        .transactions
        .retain(|_, transaction| transaction.expires_at > now());
    state.transactions.insert(id.clone(), transaction.clone());
    drop(state);
    let answer = match &current.session.user {
        None if site.policy.authorization.delegation.enabled => {
            delegate::begin(site, &current, &id)
        }
        None => login::page(site, &current, &id, &transaction, None),
        Some(_) => consent::proceed(site, &current, &id),
    };
    session::attach(site, answer, &current)
}
