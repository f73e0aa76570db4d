//! The user agent: gets through login and consent as a person's browser would, to a callback, a
//! page, or a reason to give up.
//!
//! It reports effects. Whether a page was a refusal is for the judge; a callback address is
//! never requested.

mod callback;
mod choose;
mod consent;
mod fill;
mod hop;
mod jar;
mod page;
mod submission;
#[cfg(test)]
mod tests;
mod visit;
mod walk;
mod words;

pub use jar::CookieJar;
pub use visit::{
    Consent, Credentials, Driver, MAX_PAGES, Method, PageKind, PageSeen, StopBefore, Visit,
    VisitOutcome, Visited,
};

use crate::run::http::Client;
use crate::run::redact::Kind;
use crate::target::Recipe;

/// Makes one visit to the authorization endpoint. The jar keeps the session for a next visit.
pub async fn authorize(
    client: &Client,
    jar: &mut CookieJar,
    visit: Visit,
    recipe: &Recipe,
) -> Visited {
    if let Some(login) = &visit.login {
        client.vault().learn(Kind::Password, &login.password);
    }
    match visit.driver {
        Driver::Form => walk::Walk::new(client, jar, &visit, recipe).go().await,
    }
}
