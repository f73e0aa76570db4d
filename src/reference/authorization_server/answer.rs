//! JSON answers and refusals (OAuth 2.1 sections 3.2.3 and 3.2.4).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::reference::policy::token::{Caching, ErrorForm};

/// A refusal in the terms of OAuth: status, `error`, `error_description`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// The registered error code.
    pub error: String,
    /// Text for developers, in the characters that the grammar permits.
    pub description: String,
    /// Whether a Basic challenge belongs to the answer.
    pub challenge: bool,
}

impl Refused {
    /// 400 with an error code.
    pub fn new(error: &str, description: impl Into<String>) -> Self {
        Self {
            status: 400,
            error: error.into(),
            description: description.into(),
            challenge: false,
        }
    }

    /// `invalid_request`.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// `invalid_grant`.
    pub fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// `invalid_client` with 401 (OAuth 2.1 section 3.2.4).
    pub fn invalid_client(description: impl Into<String>) -> Self {
        Self {
            status: 401,
            ..Self::new("invalid_client", description)
        }
    }

    /// `server_error` with 500.
    pub fn server_error() -> Self {
        Self {
            status: 500,
            ..Self::new("server_error", "the request could not be processed")
        }
    }

    /// The answer, in the form that the policy gives to errors.
    pub fn answer(&self, form: ErrorForm, caching: Caching) -> Response {
        let plain = json!({ "error": self.error, "error_description": self.description });
        let (status, body) = match form {
            ErrorForm::Json => (self.status, plain),
            ErrorForm::Html => {
                let page = format!("<!doctype html><title>Error</title><p>{}</p>", self.error);
                return html(self.status, page);
            }
            ErrorForm::OkStatus => (200, plain),
            ErrorForm::NestedObject => (
                self.status,
                json!({ "error": { "code": self.error, "message": self.description } }),
            ),
            ErrorForm::InternalDetail => (
                500,
                json!({ "error": "server_error", "error_description": "panicked at token/mod.rs:42",
                        "stack": "token::redeem\n  at src/token/mod.rs:42:13\ntoken::endpoint" }),
            ),
            ErrorForm::ForbiddenCharacters => (
                self.status,
                json!({ "error": self.error, "error_description": "\"ungültig\" \\ abgelehnt" }),
            ),
        };
        let mut answer = json(status, &body);
        cache(&mut answer, caching, true);
        if self.challenge {
            answer.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"authorization server\""),
            );
        }
        answer
    }
}

/// A JSON document.
pub fn json(status: u16, body: &Value) -> Response {
    typed(status, "application/json", body.to_string())
}

/// An HTML page without further headers.
pub fn html(status: u16, body: String) -> Response {
    typed(status, "text/html; charset=utf-8", body)
}

/// A body of any type. A content type that is no header value is left out.
pub fn typed(status: u16, content_type: &str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, body).into_response();
    answer.headers_mut().remove(header::CONTENT_TYPE);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    answer
}

/// Adds the caching headers (OAuth 2.1 section 3.2.3).
pub fn cache(answer: &mut Response, caching: Caching, is_error: bool) {
    let value = match caching {
        Caching::NoStore => "no-store",
        Caching::OnErrorsOnly if is_error => "no-store",
        Caching::NoCache => "no-cache",
        Caching::Absent | Caching::OnErrorsOnly => return,
    };
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
}

/// 405 with the methods that are served.
pub fn method_not_allowed(allow: &'static str) -> Response {
    let mut answer = json(
        405,
        &json!({ "error": "invalid_request",
        "error_description": "this endpoint does not serve that method" }),
    );
    answer
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    answer
}
