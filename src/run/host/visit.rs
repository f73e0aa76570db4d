//! What is kept of a request that came for a document.

use http::header::{ACCEPT, USER_AGENT};
use http::request::Parts;
use serde::Serialize;

/// Longest text that is kept of any one part of a request.
const TEXT: usize = 512;

/// A request to the document host. Query, body and the values of all but two headers are not kept:
/// a server may put credentials there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// HTTP method.
    pub method: String,
    /// Path as it came, without the query.
    pub path: String,
    /// Names of the headers, each once, in lower case.
    pub headers: Vec<String>,
    /// Value of `Accept`.
    pub accept: Option<String>,
    /// Value of `User-Agent`.
    pub user_agent: Option<String>,
}

impl Visit {
    /// Whether a person's browser came, to load what a page shows.
    pub fn is_of_a_browser(&self) -> bool {
        let agent = self.user_agent.as_deref();
        agent.is_some_and(|agent| agent.starts_with("Mozilla/"))
    }

    pub(super) fn of(request: &Parts) -> Self {
        let value = |name| {
            let value = request.headers.get(name)?;
            Some(bounded(&String::from_utf8_lossy(value.as_bytes())))
        };
        Self {
            method: bounded(request.method.as_str()),
            path: bounded(request.uri.path()),
            headers: request
                .headers
                .keys()
                .map(|name| bounded(name.as_str()))
                .collect(),
            accept: value(ACCEPT),
            user_agent: value(USER_AGENT),
        }
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_request_neither_query_nor_credentials_are_kept() {
        let (parts, ()) = http::Request::builder()
            .uri("http://127.0.0.1:1/c?token=secret")
            .header("Authorization", "Bearer secret")
            .header("Accept", "application/json")
            .header("Cookie", "a=secret")
            .header("User-Agent", "x".repeat(2000))
            .body(())
            .unwrap()
            .into_parts();
        let visit = Visit::of(&parts);
        assert!(!format!("{visit:?}").contains("secret"), "{visit:?}");
        assert_eq!((visit.method.as_str(), visit.path.as_str()), ("GET", "/c"));
        assert_eq!(
            visit.headers,
            ["authorization", "accept", "cookie", "user-agent"]
        );
        assert_eq!(visit.accept.as_deref(), Some("application/json"));
        assert_eq!(visit.user_agent.map(|agent| agent.len()), Some(TEXT));
    }
}
