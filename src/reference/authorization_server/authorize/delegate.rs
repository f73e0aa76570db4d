//! Logins at a third party (MCP security best practices, "confused deputy problem").
//!
//! The third party knows one client, whoever asks here: so each client needs its user's consent before
//! the browser is sent there, and what comes back counts only in the browser that was sent.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::Response;
use url::form_urlencoded;

use crate::reference::Site;
use crate::reference::policy::authorization::{DelegatedState, Duplicates, EmptyParameters};
use crate::reference::store::handles;

use super::super::pages;
use super::super::parameters::Parameters;
use super::request::AuthorizationRequest;
use super::session::{self, Current};
use super::{consent, login, respond};

/// This server's identifier at the third party, the same for all clients.
const CLIENT_ID: &str = "reference-authorization-server";

/// Asks for consent where it is needed, and sends the browser on.
pub fn begin(site: &Site, current: &Current, id: &str) -> Response {
    let transaction = site.store.lock().transactions.get(id).cloned();
    match transaction {
        Some(waiting) if consent::is_asked(site, current, &waiting) => {
            consent::proceed(site, current, id)
        }
        Some(waiting) => {
            site.store.lock().transactions.remove(id);
            match waiting.request {
                Ok(request) => forward(site, current, request),
                // Nobody has logged in: nothing is sent anywhere (OAuth 2.1 section 7.12.2).
                Err(error) => pages::error(site, 400, &error.error, &error.description),
            }
        }
        None => pages::over(site),
    }
}

/// Sends the browser to the third party.
pub fn forward(site: &Site, current: &Current, request: AuthorizationRequest) -> Response {
    let state = handles::random();
    let waiting = (current.id.clone(), request);
    site.store.lock().delegated.insert(state.clone(), waiting);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", CLIENT_ID)
        .append_pair("redirect_uri", &site.endpoint("/callback"))
        .append_pair("state", &state)
        .finish();
    respond::see_other(&format!("{}?{query}", site.endpoint("/third-party")))
}

/// `GET /callback`: the third party's answer.
pub async fn callback(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    let query = Parameters::parse(query, Duplicates::First, EmptyParameters::Omitted);
    let session = session::find(&site, &headers).map(|current| current.id);
    let request = waiting(&site, query.get("state"), session.as_deref());
    let code = query.get("code").unwrap_or_default();
    let user = site.store.lock().third_party.remove(code);
    match (request, user) {
        (Some(request), Some(user)) => respond::success(&site, &request, &user),
        _ => pages::over(&site),
    }
}

/// The request that the answer is for.
fn waiting(
    site: &Site,
    state: Option<&str>,
    session: Option<&str>,
) -> Option<AuthorizationRequest> {
    let policy = &site.policy.authorization.delegation;
    let mut store = site.store.lock();
    let known = state.filter(|state| store.delegated.contains_key(*state));
    let state = match (policy.state, known) {
        (DelegatedState::Unchecked, None) => {
            let mut open = store.delegated.iter();
            let own = open.find(|(_, (owner, _))| Some(owner.as_str()) == session);
            own.map(|(state, _)| state.clone())?
        }
        (_, known) => known?.to_owned(),
    };
    let (owner, request) = store.delegated.get(&state).cloned()?;
    if policy.state == DelegatedState::Bound && Some(owner.as_str()) != session {
        return None;
    }
    if policy.state_single_use {
        store.delegated.remove(&state);
    }
    Some(request)
}

/// `/third-party`: a server of somebody else, in short. It knows whoever has logged in before, and asks
/// for no consent to a client that it knows well.
pub async fn third_party(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_post = method == Method::POST;
    let form = Parameters::of_page(&method, &uri, &body);
    let state = form.get(if is_post { "transaction" } else { "state" });
    let state = state.unwrap_or_default();
    let known = session::cookie(&headers, "third_party")
        .and_then(|id| site.store.lock().third_party.get(&id).cloned());
    let name = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let (user, is_new) = match known {
        Some(user) => (user, false),
        None if is_post && login::is_right(&site, name, password) => (name.to_owned(), true),
        None => {
            let context = minijinja::context! {
                action => site.endpoint("/third-party"),
                transaction => state,
                message => is_post.then_some("Name or password is wrong."),
            };
            return pages::show(&site, 200, pages::Page::Login, context);
        }
    };
    let (code, session) = (handles::random(), handles::random());
    let mut store = site.store.lock();
    store.third_party.insert(code.clone(), user.clone());
    if is_new {
        store.third_party.insert(session.clone(), user);
    }
    drop(store);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", state)
        .finish();
    let mut answer = respond::see_other(&format!("{}?{query}", site.endpoint("/callback")));
    let cookie = format!("third_party={session}; Path=/; HttpOnly; SameSite=Lax");
    if let (true, Ok(cookie)) = (is_new, HeaderValue::from_str(&cookie)) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}
