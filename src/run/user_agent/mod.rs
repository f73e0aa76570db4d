//! The user agent: gets through login and consent as a person's browser would, to a callback, a
//! page, or a reason to give up.
//!
//! It reports effects. Whether a page was a refusal is for the judge; a callback address is
//! never requested.

mod jar;
mod visit;

pub use jar::CookieJar;
pub use visit::{
    Consent, Credentials, Driver, MAX_PAGES, Method, PageKind, PageSeen, StopBefore, Visit,
    VisitOutcome, Visited,
};

use crate::run::http::Client;
use crate::target::Recipe;

/// Makes one visit to the authorization endpoint.
pub async fn authorize(
    _client: &Client,
    _jar: &mut CookieJar,
    _visit: Visit,
    _recipe: &Recipe,
) -> Visited {
    Visited {
        outcome: VisitOutcome::Undecided {
            reason: "not built yet".to_owned(),
        },
        pages: Vec::new(),
        exchanges: Vec::new(),
        logged_in: false,
        consented: false,
    }
}
