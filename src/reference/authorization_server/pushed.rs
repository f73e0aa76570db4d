//! Pushed authorization requests (RFC 9126).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde_json::json;

use crate::reference::Site;
use crate::reference::audit::Event;
use crate::reference::policy::client_authentication::AuthenticatedAt;
use crate::reference::policy::extension::{BesideRequestUri, PushCheck};
use crate::reference::policy::token::Caching;
use crate::reference::store::{handles, now};

use super::answer::{self, Refused};
use super::authorize::request::Refusal;
use super::client_authentication::{authenticate, refuse};
use super::parameters::Parameters;

/// What a `request_uri` of this server begins with (RFC 9126 section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Parameters of the push that are about the client and not about the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request that was pushed.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The client that pushed it.
    pub client_id: String,
    /// Its parameters.
    pub parameters: Parameters,
    /// End of life.
    pub expires_at: u64,
}

/// `POST /par`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST {
        return answer::method_not_allowed("POST");
    }
    let (query, form) = Parameters::of_request(&site.policy.token_endpoint, &uri, &body);
    match push(&site, &headers, &query, &form).await {
        Ok(request_uri) => {
            let policy = &site.policy.pushed_requests;
            let document = json!({ "request_uri": request_uri, "expires_in": policy.lifetime });
            let mut answer = answer::json(policy.success_status, &document);
            answer::cache(&mut answer, Caching::NoStore, false);
            answer
        }
        Err(refused) => refuse(
            &site,
            Event::AuthorizationRefused,
            &headers,
            &form,
            &refused,
        ),
    }
}

async fn push(
    site: &Site,
    headers: &HeaderMap,
    query: &Parameters,
    form: &Parameters,
) -> Result<String, Refused> {
    let policy = &site.policy.pushed_requests;
    if !form.repeated().is_empty() {
        return Err(Refused::invalid_request("a parameter is repeated"));
    }
    let client = authenticate(site, headers, query, form, AuthenticatedAt::PushedRequest).await?;
    let mut parameters = form.clone();
    if parameters.get("request_uri").is_some() {
        if policy.request_uri_refused {
            return Err(Refused::invalid_request("a push has no request_uri"));
        }
        parameters.remove(&["request_uri"]);
    }
    parameters.remove(&CREDENTIALS);
    parameters.set("client_id", &client.client_id);
    if policy.check == PushCheck::AtPush {
        let checked = super::authorize::check(site, &parameters, None).await;
        checked.map_err(|refusal| match refusal {
            Refusal::Page {
                status,
                error,
                text,
            } => Refused {
                status,
                ..Refused::new(&error, text)
            },
            Refusal::Redirected(error) => Refused::new(&error.error, error.description),
        })?;
    }
    let request_uri = format!("{PREFIX}{}", handles::random());
    let pushed = Pushed {
        client_id: client.client_id,
        parameters,
        expires_at: now() + policy.lifetime,
    };
    let mut state = site.store.lock();
    state
        .pushed
        .retain(|_, pushed| pushed.expires_at + 600 > now());
    state.pushed.insert(request_uri.clone(), pushed);
    Ok(request_uri)
}

/// Puts the pushed parameters in the place of those of an authorization request (RFC 9126 section 4).
pub fn resolve(site: &Site, sent: Parameters) -> Result<Parameters, Refusal> {
    let policy = &site.policy.pushed_requests;
    let refuse = |text: &str| Err(Refusal::page("invalid_request_uri", text));
    let Some(request_uri) = sent
        .get("request_uri")
        .filter(|uri| uri.starts_with(PREFIX))
    else {
        return match policy.required {
            true => Err(Refusal::page(
                "invalid_request",
                "the request was not pushed",
            )),
            false => Ok(sent),
        };
    };
    if !policy.enabled {
        return Ok(sent);
    }
    let mut state = site.store.lock();
    let Some(pushed) = state.pushed.get(request_uri).cloned() else {
        return refuse("the request_uri is not known");
    };
    if policy.expiry_enforced && pushed.expires_at <= now() {
        return refuse("the request_uri has expired");
    }
    let client_id = sent.get("client_id");
    if policy.bound_to_client && client_id != Some(&pushed.client_id) {
        return refuse("the request was pushed by another client");
    }
    if policy.single_use {
        state.pushed.remove(request_uri);
    }
    let mut parameters = pushed.parameters;
    if !policy.bound_to_client
        && let Some(client_id) = client_id
    {
        parameters.set("client_id", client_id);
    }
    if policy.beside == BesideRequestUri::Override {
        let beside: Vec<String> = sent.names().map(str::to_owned).collect();
        for name in beside.iter().filter(|name| *name != "request_uri") {
            parameters.set(name, sent.get(name).unwrap_or_default());
        }
    }
    Ok(parameters)
}
