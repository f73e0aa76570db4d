//! One request and what became of it, live (not redacted): for the engine's eyes only.

use std::time::{Duration, SystemTime};

use crate::run::FailureKind;

/// What a request counts as, for caps and pacing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// Nothing scarce.
    #[default]
    Plain,
    /// Dynamic client registration (RFC 7591 section 3).
    Registration,
    /// Submission of a password.
    Login,
    /// Token endpoint request (RFC 6749 section 3.2).
    Token,
}

/// A request, byte for byte as it is to reach the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Method; any token.
    pub method: String,
    /// Absolute URL as raw text: neither path nor query is normalized.
    pub url: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Vec<u8>>,
    /// What it counts as.
    pub kind: RequestKind,
    /// Whether it must have a connection of its own.
    pub fresh_connection: bool,
    /// The name of a connection that no other request uses.
    pub connection: Option<String>,
}

impl Request {
    /// A GET without headers.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.into(),
            ..Self::default()
        }
    }

    /// A POST of a form in `application/x-www-form-urlencoded`; members may repeat.
    pub fn form(url: impl Into<String>, members: &[(String, String)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(members)
            .finish()
            .into_bytes();
        let content_type = "application/x-www-form-urlencoded".to_owned();
        Self {
            method: "POST".to_owned(),
            url: url.into(),
            headers: vec![("content-type".to_owned(), content_type)],
            body: Some(body),
            ..Self::default()
        }
    }

    /// A POST of a JSON value.
    pub fn json(url: impl Into<String>, value: &serde_json::Value) -> Self {
        Self {
            method: "POST".to_owned(),
            url: url.into(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some(value.to_string().into_bytes()),
            ..Self::default()
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same, counted as `kind`.
    #[must_use]
    pub fn counted_as(mut self, kind: RequestKind) -> Self {
        self.kind = kind;
        self
    }
}

/// A response, live.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers in the order received, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, at most as long as the limit.
    pub body: Vec<u8>,
    /// The body was longer than the limit and was cut.
    pub truncated: bool,
    /// From sending to the last byte.
    pub elapsed: Duration,
    /// When the last byte came.
    pub received_at: SystemTime,
}

impl Response {
    /// The first header of this name (lower case) as text; bytes that are not UTF-8 are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.header_all(name).into_iter().next()
    }

    /// Every header line of this name, in order.
    pub fn header_all(&self, name: &str) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What to say of a body of which only the beginning was read. Of a stream that is enough.
    pub fn cut(&self) -> Option<String> {
        let content_type = self.header("content-type").unwrap_or_default();
        let is_stream = content_type
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("text/event-stream");
        (self.truncated && !is_stream).then(|| {
            let read = self.body.len();
            format!("only the first {read} bytes were read; raise `limits.answer_bytes`")
        })
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// Why no response came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind of failure.
    pub kind: FailureKind,
    /// What the transport said, without URLs.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Position of the exchange in the recording.
    pub exchange: usize,
    /// The answer.
    pub answer: Result<Response, Failure>,
}
