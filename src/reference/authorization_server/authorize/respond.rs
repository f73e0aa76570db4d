//! Authorization responses (OAuth 2.1 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::authorization::{
    AuthorizationCors, IssValue, RedirectStatus, RegisteredQuery, ResponseMode, StateEcho,
};
use crate::reference::store::grant::Code;
use crate::reference::store::{handles, now};

use super::super::pages;
use super::super::redirect_uri::shown_host;
use super::super::token::issue;
use super::request::{AuthorizationRequest, RedirectedError, ResponseType};

/// Grants the request and sends the browser back with what was asked for.
pub fn success(site: &Site, request: &AuthorizationRequest, user: &str) -> Response {
    let policy = &site.policy.authorization;
    let mut parameters = grant(site, request, user);
    let entry = Entry::new(Event::CodeIssued)
        .user(user)
        .client(&request.client.client_id)
        .scope(request.scopes.join(" "))
        .resource(request.resources.join(" "))
        .with("redirect_host", shown_host(&request.redirect_uri));
    let credential = parameters.first().map(|(_, value)| value.clone());
    site.audit
        .record(entry.credential(credential.unwrap_or_default()).ok());
    if let Some(value) = echo(policy.state, request.state.as_deref()) {
        parameters.push(("state", value));
    }
    if policy.iss_on_success && (policy.iss_in_fragment || !request.in_fragment) {
        parameters.extend(iss(site, request.foreign_iss.as_deref()));
    }
    let in_fragment = request.in_fragment
        || request.response_type != ResponseType::Code
        || policy.response_mode == ResponseMode::Fragment;
    let place = location(site, &request.redirect_uri, &parameters, in_fragment);
    redirect(site, &place)
}

/// Makes the code, the token, or both.
fn grant(site: &Site, request: &AuthorizationRequest, user: &str) -> Vec<(&'static str, String)> {
    let AuthorizationRequest {
        client,
        scopes,
        resources,
        ..
    } = request;
    let mut state = site.store.lock();
    let grant = issue::open_grant(&mut state, client, Some(user), scopes, resources);
    let mut parameters = Vec::new();
    if request.response_type != ResponseType::Token {
        let readable = request
            .challenge
            .as_ref()
            .map_or("", |challenge| &challenge.value);
        let code = handles::of_form(site.policy.codes.form, grant, readable);
        state
            .codes
            .insert(code.clone(), new_code(site, request, grant));
        parameters.push(("code", code));
    }
    if request.response_type != ResponseType::Code {
        let new = issue::NewToken {
            grant,
            client,
            user: Some(user),
            scopes,
            resources,
        };
        if let Ok(token) = issue::access_token(site, &mut state, &new) {
            parameters.push(("access_token", token.text));
            parameters.push(("token_type", "Bearer".into()));
            parameters.push(("expires_in", token.lifetime.to_string()));
        }
    }
    parameters
}

fn new_code(site: &Site, request: &AuthorizationRequest, grant: u64) -> Code {
    let lifetime = request.client.code_lifetime;
    let lifetime = lifetime.unwrap_or(site.policy.codes.lifetime);
    Code {
        grant,
        client_id: request.client.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        // In whole seconds, as of access tokens: rounded up, so that none lives shorter.
        expires_at: now() + lifetime + 1,
        spent: false,
        wrong_verifiers: 0,
    }
}

/// Sends the browser back with an error.
pub fn error(site: &Site, error: &RedirectedError) -> Response {
    let policy = &site.policy.authorization;
    let description = match policy.plain_error_descriptions {
        true => error.description.clone(),
        false => "\"ungültig\" \\ abgelehnt".to_owned(),
    };
    let mut parameters = vec![
        ("error", error.error.clone()),
        ("error_description", description),
    ];
    if let Some(value) = echo(policy.error_state, error.state.as_deref()) {
        parameters.push(("state", value));
    }
    if policy.iss_on_error {
        parameters.extend(iss(site, error.foreign_iss.as_deref()));
    }
    let in_fragment = policy.response_mode == ResponseMode::Fragment;
    redirect(
        site,
        &location(site, &error.redirect_uri, &parameters, in_fragment),
    )
}

fn iss(site: &Site, foreign: Option<&str>) -> Vec<(&'static str, String)> {
    let issuer = &site.issuer;
    let value = match site.policy.authorization.iss {
        IssValue::Issuer => issuer.clone(),
        IssValue::TrailingSlash => format!("{issuer}/"),
        IssValue::AuthorizationEndpoint => site.endpoint("/authorize"),
        IssValue::WithQuery => format!("{issuer}?v=1"),
        IssValue::Twice => return vec![("iss", issuer.clone()), ("iss", issuer.clone())],
        IssValue::FromRequest => foreign.unwrap_or(issuer).to_owned(),
    };
    vec![("iss", value)]
}

fn echo(policy: StateEcho, state: Option<&str>) -> Option<String> {
    let state = state?;
    match policy {
        StateEcho::Exact => Some(state.to_owned()),
        StateEcho::Trimmed => Some(state.trim().to_owned()),
        StateEcho::Truncated => Some(state.chars().take(16).collect()),
        StateEcho::EncodedTwice => {
            Some(form_urlencoded::byte_serialize(state.as_bytes()).collect())
        }
        StateEcho::Dropped => None,
    }
}

/// The redirect URI with the response behind it; its own query stays (OAuth 2.1 section 2.3).
fn location(
    site: &Site,
    redirect_uri: &str,
    parameters: &[(&str, String)],
    in_fragment: bool,
) -> String {
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    if in_fragment {
        return format!("{redirect_uri}#{encoded}");
    }
    match (
        redirect_uri.split_once('?'),
        site.policy.authorization.registered_query,
    ) {
        (None, _) | (Some(_), RegisteredQuery::SecondQuestionMark) => {
            format!("{redirect_uri}?{encoded}")
        }
        (Some((base, _)), RegisteredQuery::Overwritten) => format!("{base}?{encoded}"),
        (Some((_, "")), RegisteredQuery::Retained) => format!("{redirect_uri}{encoded}"),
        (Some(_), RegisteredQuery::Retained) => format!("{redirect_uri}&{encoded}"),
    }
}

/// A redirect to `place` with the status that the policy names.
pub fn redirect(site: &Site, place: &str) -> Response {
    let status = match site.policy.authorization.redirect_status {
        RedirectStatus::SeeOther => StatusCode::SEE_OTHER,
        RedirectStatus::Found => StatusCode::FOUND,
        RedirectStatus::TemporaryRedirect => StatusCode::TEMPORARY_REDIRECT,
    };
    match HeaderValue::from_str(place) {
        Ok(location) => {
            let mut answer = (status, [(header::LOCATION, location)]).into_response();
            pages::guard(site, &mut answer, true);
            answer
        }
        Err(_) => pages::error(
            site,
            400,
            "invalid_request",
            "The redirect URI is not usable.",
        ),
    }
}

/// 303 to a page of this server.
pub fn see_other(place: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, place.to_owned())],
    )
        .into_response()
}

/// CORS headers where the policy has them; the right policy has none.
pub fn with_cors(site: &Site, headers: &HeaderMap, mut answer: Response) -> Response {
    let origin = match site.policy.authorization.cors {
        AuthorizationCors::Absent => return answer,
        AuthorizationCors::AnyOrigin => Some(HeaderValue::from_static("*")),
        AuthorizationCors::ReflectedWithCredentials => headers.get(header::ORIGIN).cloned(),
    };
    if let Some(origin) = origin {
        answer
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if site.policy.authorization.cors == AuthorizationCors::ReflectedWithCredentials {
        answer.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_comes_back_as_it_came() {
        let odd = " a+b%20c\r\n";
        assert_eq!(echo(StateEcho::Exact, Some(odd)).as_deref(), Some(odd));
        assert_eq!(echo(StateEcho::Dropped, Some(odd)), None);
        assert_eq!(echo(StateEcho::Exact, None), None);
    }
}
