//! What the program is told and what it answers: one JSON document each way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::run::http::AllowedOrigins;
use crate::run::user_agent::{Consent, StopBefore, Visit};

/// The version of both documents.
const FORMAT: u32 = 1;

/// One visit, for the program's standard input.
#[derive(Debug, Serialize)]
pub(super) struct Task<'v> {
    format: u32,
    /// The address to open.
    authorization_url: &'v str,
    /// The addresses at which the visit ends; not to be requested.
    redirect_uris: &'v [String],
    /// The only origins that may be requested.
    allowed_origins: Vec<String>,
    username: Option<&'v str>,
    password: Option<&'v str>,
    /// What to say on a consent page.
    consent: Said,
    /// The page at which to end instead of going on; the answer has to repeat it.
    stop_before: Option<&'static str>,
    /// Cookies may be kept under this name, and must not travel to any other.
    session: &'v str,
    /// Nobody used the session before.
    session_is_new: bool,
    /// Seconds until the program is killed.
    timeout: u64,
}

impl<'v> Task<'v> {
    pub fn of(
        visit: &'v Visit,
        session: &'v str,
        session_is_new: bool,
        allowed: &AllowedOrigins,
        limit: Duration,
    ) -> Self {
        let login = visit.login.as_ref();
        let origins = allowed.list();
        Self {
            format: FORMAT,
            authorization_url: &visit.authorization_url,
            redirect_uris: &visit.redirect_uris,
            allowed_origins: origins.iter().map(ToString::to_string).collect(),
            username: login.map(|login| login.username.as_str()),
            password: login.map(|login| login.password.as_str()),
            consent: Said::of(visit.consent),
            stop_before: visit.stop_before.map(StopBefore::word),
            session,
            session_is_new,
            timeout: limit.as_secs(),
        }
    }

    /// The document in one line.
    pub fn to_line(&self) -> Vec<u8> {
        // Text and numbers always serialize.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// A word on a consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    Approve,
    Deny,
}

impl Said {
    pub const fn of(consent: Consent) -> Self {
        match consent {
            Consent::Approve | Consent::Narrow => Self::Approve,
            Consent::Deny => Self::Deny,
        }
    }
}

/// How the visit ended: one of `callback`, `page` and `gave_up`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    format: u32,
    /// The address that the browser was sent to, whole.
    #[serde(default)]
    pub callback: Option<String>,
    /// A page without a way on, or the one to stop at.
    #[serde(default)]
    pub page: Option<Page>,
    /// Why nothing can be said.
    #[serde(default)]
    pub gave_up: Option<String>,
    /// Who logged in during this visit; nobody where the session was logged in, or nobody asked.
    #[serde(default)]
    pub logged_in_as: Option<String>,
    /// What was said on a consent page; nothing where none came.
    #[serde(default)]
    pub consent: Option<Said>,
    /// `stop_before` of the visit, to show that the program knows of it.
    #[serde(default)]
    pub stop_before: Option<String>,
}

/// A page as a person sees it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    pub status: u16,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub text: String,
}

impl Answer {
    /// Reads the program's output.
    ///
    /// # Errors
    /// Why it is no answer, to be read after the program's name.
    pub fn read(output: &str) -> Result<Self, String> {
        if output.trim().is_empty() {
            return Err(
                "answered nothing: it must write one JSON document to its standard output"
                    .to_owned(),
            );
        }
        let answer: Self = serde_json::from_str(output)
            .map_err(|cause| format!("answered something that is no answer: {cause}"))?;
        match answer.format {
            FORMAT => Ok(answer),
            other => Err(format!(
                "answered in format {other}: this authspec speaks format {FORMAT}"
            )),
        }
    }
}
