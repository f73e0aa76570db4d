//! The login form (OAuth 2.1 section 3.1: the user is authenticated first).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::authorization::{Duplicates, EmptyParameters, Login};
use crate::reference::store::handles;
use crate::reference::store::session::Transaction;

use super::super::pages;
use super::super::parameters::Parameters;
use super::super::redirect_uri::shown_host;
use super::session::{self, Current};
use super::{consent, respond};

/// `POST /login`.
pub async fn endpoint(
    State(site): State<Arc<Site>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST {
        return pages::error(&site, 400, "invalid_request", "Start at the application.");
    }
    let form = Parameters::parse(&body, Duplicates::Refused, EmptyParameters::Omitted);
    let id = form.get("transaction").unwrap_or_default();
    let Some(current) = session::find(&site, &headers) else {
        return pages::error(&site, 400, "invalid_request", "The session is over.");
    };
    let transaction = site.store.lock().transactions.get(id).cloned();
    let Some(transaction) = transaction.filter(|known| known.session == current.id) else {
        return pages::over(&site);
    };
    if !session::is_own_form(&site, &current, form.get("csrf")) {
        return pages::error(
            &site,
            403,
            "invalid_request",
            "The form is not of this session.",
        );
    }
    let name = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    if !is_right(&site, name, password) {
        site.audit.record(
            Entry::new(Event::Login)
                .user(known_name(&site, name))
                .refused("wrong name or password"),
        );
        return page(
            &site,
            &current,
            id,
            &transaction,
            Some("Name or password is wrong."),
        );
    }
    site.audit.record(
        Entry::new(Event::Login)
            .user(name)
            .credential(password)
            .ok(),
    );
    let fresh = session::start(&site, Some(name.to_owned()));
    session::end(&site, &current.id);
    if let Some(transaction) = site.store.lock().transactions.get_mut(id) {
        transaction.session.clone_from(&fresh.id);
    }
    let answer = go_on(&site, &fresh, id, &transaction, &form);
    session::attach(&site, answer, &fresh)
}

fn go_on(
    site: &Site,
    current: &Current,
    id: &str,
    transaction: &Transaction,
    form: &Parameters,
) -> Response {
    let return_to = form.get("return_to").or(transaction.return_to.as_deref());
    if site.policy.authorization.follows_return_to
        && let Some(place) = return_to
    {
        return respond::redirect(site, place);
    }
    if transaction.request.is_err() || !consent::is_asked(site, current, transaction) {
        return consent::proceed(site, current, id);
    }
    // Reloading the consent page must not post the password again.
    respond::see_other(&format!("{}?transaction={id}", site.endpoint("/consent")))
}

/// Users are few and passwords short-lived; the comparison still takes the same time for all.
pub fn is_right(site: &Site, name: &str, password: &str) -> bool {
    let any_password = site.policy.authorization.login == Login::AnyPassword;
    site.policy.users.iter().fold(false, |found, user| {
        let is_right = handles::equal(&user.password, password) || any_password;
        found | (handles::equal(&user.name, name) & is_right)
    })
}

/// The name if it is one of ours: a password typed into the wrong field must not reach the log.
fn known_name<'n>(site: &Site, name: &'n str) -> &'n str {
    if site.policy.users.iter().any(|user| user.name == name) {
        name
    } else {
        ""
    }
}

/// The page with the form.
pub fn page(
    site: &Site,
    current: &Current,
    id: &str,
    transaction: &Transaction,
    message: Option<&str>,
) -> Response {
    let (client, host) = match &transaction.request {
        Ok(request) => (request.client.client_name.as_str(), &request.redirect_uri),
        Err(error) => ("", &error.redirect_uri),
    };
    let context = minijinja::context! {
        action => site.endpoint("/login"),
        transaction => id,
        csrf => &current.session.csrf,
        return_to => &transaction.return_to,
        client_name => client,
        redirect_host => shown_host(host),
        message,
    };
    pages::show(site, 200, pages::Page::Login, context)
}
