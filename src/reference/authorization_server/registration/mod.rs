//! Dynamic client registration (RFC 7591 section 3).

pub mod manage;
pub mod metadata;
pub mod redirect_rules;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::configuration::ClientAuthMethod;
use crate::reference::policy::registration::{
    ForeignUrls, InitialAccess, IssuedAt, NewClientId, NewClientSecret, RegistrationEcho,
    RegistrationErrors, SoftwareStatements,
};
use crate::reference::policy::token::{Caching, ErrorForm};
use crate::reference::store::client::{Client, ClientOrigin};
use crate::reference::store::{handles, now};

use super::answer::{self, Refused};

/// `POST /register`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST {
        return answer::method_not_allowed("POST");
    }
    match register(&site, &headers, &body) {
        Ok(client) => {
            if site.policy.registration.foreign_urls == ForeignUrls::FetchedAtOnce {
                for name in ["jwks_uri", "logo_uri"] {
                    if let Some(place) = client.metadata.get(name).and_then(Value::as_str) {
                        // What comes back does not matter; that the request was made does.
                        let _ = site.fetcher.unguarded(place).await;
                    }
                }
            }
            site.audit.record(
                Entry::new(Event::Registration)
                    .client(&client.client_id)
                    .scope(client.scopes.join(" "))
                    .with(
                        "client_name",
                        client.client_name.chars().take(80).collect::<String>(),
                    )
                    .credential(client.secret.clone().unwrap_or_default())
                    .ok(),
            );
            let status = site.policy.registration.success_status;
            let mut answer = answer::json(status, &information(&site, &client));
            if site.policy.registration.no_store {
                answer::cache(&mut answer, Caching::NoStore, false);
            }
            answer
        }
        Err(refused) => {
            site.audit
                .record(Entry::new(Event::Registration).refused(&refused.error));
            refusal(&site, &refused)
        }
    }
}

/// A refusal in the form that the policy gives to it (RFC 7591 section 3.2.2).
pub fn refusal(site: &Site, refused: &Refused) -> Response {
    match site.policy.registration.errors {
        RegistrationErrors::Json => refused.answer(ErrorForm::Json, Caching::NoStore),
        RegistrationErrors::ServerErrorPage => answer::html(
            500,
            "<!doctype html><title>Internal Server Error</title>".into(),
        ),
        RegistrationErrors::ProblemDocument => answer::json(
            refused.status,
            &json!({ "title": "Bad Request", "status": refused.status,
                     "detail": refused.description }),
        ),
        RegistrationErrors::OtherCode => Refused {
            error: "bad_request".into(),
            ..refused.clone()
        }
        .answer(ErrorForm::Json, Caching::NoStore),
    }
}

fn register(site: &Site, headers: &HeaderMap, body: &[u8]) -> Result<Client, Refused> {
    let policy = &site.policy.registration;
    check_access(site, headers)?;
    let mut request = read(policy.json_body, body)?;
    if policy.software_statements == SoftwareStatements::TrustedUnverified
        && let Some(claims) = request.get("software_statement").and_then(statement_claims)
    {
        request.extend(claims);
    }
    let wish = request
        .get("client_id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let mut client = metadata::client(&site.policy, &request, true)?;
    client.origin = ClientOrigin::Registered;
    client.issued_at = now();
    client.known_from = now() + policy.delay;
    client.client_id = match policy.client_id {
        NewClientId::Random | NewClientId::Number => handles::random(),
        NewClientId::Constant => "shared-client".into(),
        NewClientId::ChosenByClient => wish.unwrap_or_else(handles::random),
        NewClientId::HttpsUrl => format!("https://client.invalid/{}", handles::random()),
    };
    if policy.client_id == NewClientId::Number {
        client.client_id = format!("{}", 1_000_000 + site.store.lock().next_number());
    }
    give_secret(site, &mut client);
    if site.policy.management.enabled {
        client.registration_access_token = Some(handles::random());
    }
    site.store
        .lock()
        .clients
        .insert(client.client_id.clone(), client.clone());
    Ok(client)
}

/// Initial access (RFC 7591 section 3).
fn check_access(site: &Site, headers: &HeaderMap) -> Result<(), Refused> {
    let policy = &site.policy.registration;
    let presented = bearer(headers);
    let is_it = |presented: &str| {
        !policy.initial_access_token.is_empty()
            && handles::equal(presented, &policy.initial_access_token)
    };
    let is_right = match policy.initial_access {
        InitialAccess::Open => true,
        InitialAccess::AnyTokenAccepted => presented.is_some(),
        InitialAccess::TokenRequired => presented.is_some_and(is_it),
        InitialAccess::OpenOrToken => presented.is_none_or(is_it),
    };
    match is_right {
        true => Ok(()),
        false => Err(Refused {
            status: policy.wrong_token_status,
            ..Refused::new("invalid_token", "an initial access token is required")
        }),
    }
}

/// The token of a Bearer header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Reads the members of a registration request.
pub fn read(is_json: bool, body: &[u8]) -> Result<Map<String, Value>, Refused> {
    let malformed = || Refused::new("invalid_client_metadata", "the body is no JSON object");
    if is_json {
        return match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(members),
            _ => Err(malformed()),
        };
    }
    if body.starts_with(b"{") {
        return Err(malformed());
    }
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = match name.ends_with("_uris") || name.ends_with("_types") {
            true => json!(value.split(' ').collect::<Vec<_>>()),
            false => json!(value),
        };
        members.insert(name.into_owned(), value);
    }
    Ok(members)
}

fn statement_claims(statement: &Value) -> Option<Map<String, Value>> {
    let claims = statement.as_str()?.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Gives a secret to a client whose method needs one and that has none.
pub fn give_secret(site: &Site, client: &mut Client) {
    let policy = &site.policy.registration;
    let needs_secret = matches!(
        client.auth_method,
        ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost
    );
    if !needs_secret && policy.client_secret != NewClientSecret::ForPublicToo {
        client.secret = None;
        return;
    }
    if client.secret.is_some() {
        return;
    }
    client.secret = match policy.client_secret {
        NewClientSecret::Random | NewClientSecret::ForPublicToo => Some(handles::random()),
        NewClientSecret::Constant => Some("the-same-secret-for-everybody".into()),
        NewClientSecret::ClientId => Some(client.client_id.clone()),
        NewClientSecret::FourDigits => {
            Some(format!("{:04}", site.store.lock().next_number() % 10_000))
        }
        NewClientSecret::Absent => None,
    };
    client.secret_expires_at = match policy.secret_lifetime {
        0 => 0,
        lifetime => now() + lifetime,
    };
}

/// The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3).
pub fn information(site: &Site, client: &Client) -> Value {
    let policy = &site.policy.registration;
    let mut members = Map::new();
    let id = match policy.client_id {
        NewClientId::Number => client
            .client_id
            .parse::<u64>()
            .map_or(json!(client.client_id), |id| json!(id)),
        _ => json!(client.client_id),
    };
    members.insert("client_id".into(), id);
    if let Some(secret) = &client.secret {
        members.insert("client_secret".into(), json!(secret));
        if policy.secret_expiry_stated {
            members.insert(
                "client_secret_expires_at".into(),
                json!(client.secret_expires_at),
            );
        }
    }
    if policy.echo == RegistrationEcho::IdentifierOnly {
        return Value::Object(members);
    }
    members.insert(
        "client_id_issued_at".into(),
        match policy.issued_at {
            IssuedAt::Seconds => json!(client.issued_at),
            IssuedAt::Milliseconds => json!(client.issued_at * 1000),
            IssuedAt::Date => json!(jiff::Timestamp::now().to_string()),
        },
    );
    if let Some(token) = &client.registration_access_token {
        let id: String =
            url::form_urlencoded::byte_serialize(client.client_id.as_bytes()).collect();
        let place = format!("{}/{id}", site.endpoint("/register"));
        members.insert("registration_client_uri".into(), json!(place));
        if site.policy.management.token_given {
            members.insert("registration_access_token".into(), json!(token));
        }
    }
    members.extend(client.metadata.clone());
    fill_blanks(policy.echo, client, &mut members);
    Value::Object(members)
}

/// Members without a value, should the policy ask for them.
fn fill_blanks(echo: RegistrationEcho, client: &Client, members: &mut Map<String, Value>) {
    match echo {
        RegistrationEcho::Nulls => {
            for name in ["client_uri", "logo_uri", "contacts", "tos_uri"] {
                let blank = if name == "client_uri" {
                    json!("")
                } else {
                    Value::Null
                };
                members.entry(name).or_insert(blank);
            }
        }
        RegistrationEcho::NullDefaults => {
            for name in [
                "grant_types",
                "response_types",
                "token_endpoint_auth_method",
            ] {
                if !client.stated.iter().any(|stated| stated == name) {
                    members.insert(name.into(), Value::Null);
                }
            }
        }
        _ => {}
    }
}
