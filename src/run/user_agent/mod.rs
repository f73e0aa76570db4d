//! The user agent: gets through login and consent as a person's browser would, to a callback, a
//! page, or a reason to give up.
//!
//! It reports effects. Whether a page was a refusal is for the judge; a callback address is
//! never requested.

mod agent;
#[cfg(feature = "browser")]
mod browser;
mod callback;
mod choose;
mod command;
mod consent;
mod factor;
mod fill;
mod hop;
mod interactive;
mod jar;
mod lockouts;
mod page;
mod progress;
mod submission;
mod survey;
#[cfg(test)]
mod tests;
mod visit;
mod walk;
mod words;

pub use agent::UserAgent;
pub use jar::CookieJar;
pub use survey::{FormSeen, Survey, survey};
pub use visit::{
    CAPTCHA, Consent, Credentials, Delegated, FormLeft, LOCKED_OUT, MAX_PAGES, Method, PageKind,
    PageSeen, SECOND_FACTOR, StopBefore, Visit, VisitOutcome, Visited,
};

/// The first words of a page's text, at most so many bytes. None is cut in two: half a secret would not
/// be known for one.
pub fn start_of(text: &str, most: usize) -> String {
    let mut start = String::new();
    page::append(&mut start, text, most);
    start
}

/// The most that is kept of a page's text.
const MAX_TEXT: usize = 4000;
