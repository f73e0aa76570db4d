//! The consent form (OAuth 2.1 sections 4.1.1 and 7.3, RFC 6749 section 10.12).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::authorization::{Consent, Denial};
use crate::reference::store::client::ClientOrigin;
use crate::reference::store::session::Transaction;

use super::super::parameters::{Parameters, encoded};
use super::super::redirect_uri::shown_host;
use super::super::{answer, pages};
use super::request::{AuthorizationRequest, RedirectedError};
use super::session::{self, Current};
use super::{delegate, respond};

/// `GET /consent` shows the form, `POST /consent` takes the decision.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_post = method == Method::POST;
    if !is_post && method != Method::GET {
        return answer::method_not_allowed("GET, POST");
    }
    // Ticked scopes come as repeated parameters of this form.
    let ticked: Vec<String> = url::form_urlencoded::parse(encoded(&method, &uri, &body))
        .filter(|(name, _)| name == "scope")
        .map(|(_, value)| value.into_owned())
        .collect();
    let form = Parameters::of_page(&method, &uri, &body);
    let id = form.get("transaction").unwrap_or_default();
    let transaction = site.store.lock().transactions.get(id).cloned();
    let delegation = &site.policy.authorization.delegation;
    let current = match (&transaction, delegation.consent_bound) {
        (Some(transaction), false) => session::of(&site, &transaction.session),
        _ => session::find(&site, &headers),
    };
    let Some(current) = current else {
        return pages::over(&site);
    };
    let Some(transaction) = transaction.filter(|known| known.session == current.id) else {
        return pages::over(&site);
    };
    if current.session.user.is_none() && !delegation.enabled {
        return pages::over(&site);
    }
    if !is_post {
        return proceed(&site, &current, id);
    }
    if !session::is_own_form(&site, &current, form.get("csrf")) {
        return pages::error(
            &site,
            403,
            "invalid_request",
            "The form is not of this session.",
        );
    }
    let approved = form.get("decision") == Some("approve");
    let answer = decide(&site, &current, id, transaction, approved, &ticked);
    session::attach(&site, answer, &current)
}

/// Goes on with a transaction of a logged-in user: error, consent page, or code.
pub fn proceed(site: &Site, current: &Current, id: &str) -> Response {
    let transaction = site.store.lock().transactions.get(id).cloned();
    let Some(transaction) = transaction else {
        return pages::over(site);
    };
    let asked = is_asked(site, current, &transaction);
    match transaction.request {
        Err(error) => {
            site.store.lock().transactions.remove(id);
            respond::error(site, &error)
        }
        Ok(request) if asked => page(site, current, id, &request),
        Ok(request) => {
            site.store.lock().transactions.remove(id);
            respond::success(site, &request, user(current))
        }
    }
}

/// Whether the user has to be asked.
pub fn is_asked(site: &Site, current: &Current, transaction: &Transaction) -> bool {
    let Ok(request) = &transaction.request else {
        return false;
    };
    let client_id = &request.client.client_id;
    let user = user(current);
    let state = site.store.lock();
    let mut given = state.consents.iter();
    match site.policy.authorization.consent {
        Consent::Always => true,
        Consent::RememberedPerClient => {
            !given.any(|(who, client)| who == user && client == client_id)
        }
        Consent::RememberedForAllClients => !given.any(|(who, _)| who == user),
        Consent::RememberedForAllUsers => !given.any(|(_, client)| client == client_id),
        Consent::Skipped => false,
    }
}

fn user(current: &Current) -> &str {
    current.session.user.as_deref().unwrap_or_default()
}

fn decide(
    site: &Site,
    current: &Current,
    id: &str,
    transaction: Transaction,
    approved: bool,
    ticked: &[String],
) -> Response {
    // A form counts once, also when it is posted twice at the same time.
    if site.store.lock().transactions.remove(id).is_none() {
        return pages::over(site);
    }
    let mut request = match transaction.request {
        Ok(request) => request,
        Err(error) => return respond::error(site, &error),
    };
    if site.policy.authorization.consent_selection_honoured {
        request.scopes.retain(|scope| ticked.contains(scope));
    }
    let approved = approved && !request.scopes.is_empty();
    let entry = Entry::new(Event::Consent)
        .user(user(current))
        .client(&request.client.client_id)
        .scope(request.scopes.join(" "))
        .resource(request.resources.join(" "));
    site.audit.record(if approved {
        entry.ok()
    } else {
        entry.refused("access_denied")
    });
    if approved {
        let consent = (user(current).to_owned(), request.client.client_id.clone());
        site.store.lock().consents.insert(consent);
        if site.policy.authorization.delegation.enabled && current.session.user.is_none() {
            return delegate::forward(site, current, request);
        }
        return respond::success(site, &request, user(current));
    }
    match site.policy.authorization.denial {
        Denial::AccessDenied => respond::error(site, &denied(site, request)),
        Denial::IssuesCode => respond::success(site, &request, user(current)),
        Denial::Page => pages::error(site, 200, "access_denied", "You denied the request."),
    }
}

fn denied(site: &Site, request: AuthorizationRequest) -> RedirectedError {
    RedirectedError {
        redirect_uri: request.redirect_uri,
        state: request.state,
        error: site.policy.authorization.denial_error.clone(),
        description: "the user denied the request".into(),
        foreign_iss: request.foreign_iss,
    }
}

fn page(site: &Site, current: &Current, id: &str, request: &AuthorizationRequest) -> Response {
    let shown = &site.policy.authorization.consent_page;
    let text = |text: &str| match shown.escaping {
        true => minijinja::Value::from(text),
        false => minijinja::Value::from_safe_string(text.to_owned()),
    };
    let name = match request.client.client_name.as_str() {
        "" => &request.client.client_id,
        name => name,
    };
    let is_document = request.client.origin == ClientOrigin::Document;
    let context = minijinja::context! {
        action => site.endpoint("/consent"),
        transaction => id,
        csrf => &current.session.csrf,
        user => user(current),
        client_name => shown.client_name.then(|| text(name)),
        client_host => (is_document && shown.client_host)
            .then(|| shown_host(&request.client.client_id)),
        redirect_host => shown.redirect_host.then(|| text(shown_host(&request.redirect_uri))),
        scopes => &request.scopes,
        scopes_shown => shown.scopes,
        resources => &request.resources,
        third_party_script => &shown.third_party_script,
    };
    pages::show(site, 200, pages::Page::Consent, context)
}
