//! Refusals: status, `WWW-Authenticate` and body (RFC 6750 section 3, RFC 9728 section 5.1).
//!
//! A request without credentials gets no error code; a bad token gets `invalid_token` with 401; a token
//! that lacks scope gets `insufficient_scope` with 403 and the scopes to ask for (MCP 2025-11-25 "runtime
//! insufficient scope errors": what is granted already and what is needed).

mod parameters;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::claims::Fault;
use super::credentials::text;
use super::policy::{ChallengeHeader, ChallengePolicy, McpServerPolicy, RefusalBody};
use super::server::Resource;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No credentials.
    Unauthenticated,
    /// Credentials that cannot be read.
    InvalidRequest(&'static str),
    /// A token that is not valid.
    InvalidToken(Fault),
    /// A token that lacks a scope.
    InsufficientScope {
        /// What was granted.
        granted: Vec<String>,
        /// What is needed.
        needed: String,
    },
}

impl Refusal {
    /// A sentence for the audit log and for `error_description`; it quotes nothing of the request.
    pub fn reason(&self) -> String {
        match self {
            Self::Unauthenticated => "no access token".into(),
            Self::InvalidRequest(reason) => (*reason).into(),
            Self::InvalidToken(fault) => fault.to_string(),
            Self::InsufficientScope { needed, .. } => {
                format!("the operation needs the scope {needed}")
            }
        }
    }
}

/// What a challenge is made from.
pub struct Setting<'s> {
    /// The MCP server's decisions.
    pub policy: &'s McpServerPolicy,
    /// The resource that was asked for.
    pub resource: &'s Resource,
    /// Scheme, host and port of the server.
    pub origin: &'s str,
    /// The issuer identifier.
    pub issuer: &'s str,
    /// Every scope that a client can ask for.
    pub scopes: &'s [String],
    /// The request's headers.
    pub headers: &'s HeaderMap,
    /// The scope that the operation needs.
    pub needed: Option<&'s str>,
    /// The presented token.
    pub token: Option<&'s str>,
    /// The result of the operation, where the policy lets it run all the same.
    pub result: Option<Value>,
}

/// The answer to a refused request.
pub fn respond(refusal: &Refusal, setting: &Setting<'_>) -> Response {
    let policy = &setting.policy.challenge;
    let status = match refusal {
        Refusal::Unauthenticated => policy.unauthenticated_status,
        Refusal::InvalidRequest(_) => policy.invalid_request_status,
        Refusal::InvalidToken(_) => policy.invalid_token_status,
        Refusal::InsufficientScope { .. } => policy.insufficient_scope_status,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = body(refusal, setting, status);
    *response.status_mut() = status;
    if is_sent(policy.header, refusal)
        && let Ok(value) = HeaderValue::from_bytes(challenge(refusal, setting).as_bytes())
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn is_sent(header: ChallengeHeader, refusal: &Refusal) -> bool {
    match header {
        ChallengeHeader::Always | ChallengeHeader::Bare => true,
        ChallengeHeader::Never => false,
        ChallengeHeader::NotOnInvalidToken => !matches!(refusal, Refusal::InvalidToken(_)),
        ChallengeHeader::NotOnInsufficientScope => {
            !matches!(refusal, Refusal::InsufficientScope { .. })
        }
    }
}

/// The value of `WWW-Authenticate`.
fn challenge(refusal: &Refusal, setting: &Setting<'_>) -> String {
    let policy = &setting.policy.challenge;
    if policy.header == ChallengeHeader::Bare {
        return policy.scheme.clone();
    }
    let mut parts = Vec::new();
    let error = error_code(refusal, policy);
    if !error.is_empty() {
        parts.push(format!("error=\"{error}\""));
        if !policy.parameters_once {
            parts.push(format!("error=\"{error}\""));
        }
        parts.extend(
            parameters::description(refusal, setting)
                .map(|text| format!("error_description=\"{text}\"")),
        );
    }
    if let Some(scope) = parameters::scope(refusal, setting) {
        parts.push(format!("scope=\"{scope}\""));
    }
    if let Some(url) = parameters::metadata_url(refusal, setting) {
        parts.push(format!("resource_metadata=\"{url}\""));
    }
    format!("{} {}", policy.scheme, parts.join(", "))
        .trim_end()
        .to_owned()
}

fn error_code<'p>(refusal: &Refusal, policy: &'p ChallengePolicy) -> &'p str {
    match refusal {
        Refusal::Unauthenticated => &policy.unauthenticated_error,
        Refusal::InvalidRequest(_) => "invalid_request",
        Refusal::InvalidToken(_) => &policy.invalid_token_error,
        Refusal::InsufficientScope { .. } => &policy.insufficient_scope_error,
    }
}

fn body(refusal: &Refusal, setting: &Setting<'_>, status: StatusCode) -> Response {
    let error = match error_code(refusal, &setting.policy.challenge) {
        "" => "unauthorized",
        code => code,
    };
    let object = json!({"error": error, "error_description": refusal.reason()});
    let json_rpc = json!({
        "jsonrpc": "2.0", "id": null, "error": {"code": -32001, "message": refusal.reason()},
    });
    match setting.policy.challenge.body {
        RefusalBody::Error if status.is_success() => axum::Json(json_rpc).into_response(),
        RefusalBody::Error => axum::Json(object).into_response(),
        RefusalBody::JsonRpc => axum::Json(json_rpc).into_response(),
        RefusalBody::Empty => StatusCode::OK.into_response(),
        RefusalBody::EchoesAuthorization => {
            let sent = text(setting.headers, "authorization").unwrap_or_default();
            axum::Json(json!({"error": error, "received": {"authorization": sent}})).into_response()
        }
        RefusalBody::Result => match &setting.result {
            Some(result) => axum::Json(json!({"error": error, "result": result})).into_response(),
            None => axum::Json(object).into_response(),
        },
        RefusalBody::Html => {
            let page = format!("<html><body><h1>{}</h1></body></html>", status.as_u16());
            ([(CONTENT_TYPE, "text/html")], page).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::mcp_server::policy::MetadataReference;

    fn header(refusal: &Refusal, change: impl FnOnce(&mut ChallengePolicy)) -> Option<String> {
        let mut policy = McpServerPolicy::default();
        change(&mut policy.challenge);
        let resource = Resource {
            identifier: "http://h/mcp".into(),
            path: "/mcp".into(),
            sibling: "http://h/second/mcp".into(),
            first: true,
        };
        let setting = Setting {
            policy: &policy,
            resource: &resource,
            origin: "http://h",
            issuer: "http://as",
            scopes: &[],
            headers: &HeaderMap::new(),
            needed: None,
            token: None,
            result: None,
        };
        let response = respond(refusal, &setting);
        Some(
            response
                .headers()
                .get(WWW_AUTHENTICATE)?
                .to_str()
                .ok()?
                .to_owned(),
        )
    }

    fn lacking() -> Refusal {
        Refusal::InsufficientScope {
            granted: vec!["mcp:tools:weather".into()],
            needed: "news:read".into(),
        }
    }

    #[test]
    fn the_first_challenge_has_no_error() {
        assert_eq!(
            header(&Refusal::Unauthenticated, |_| ()).unwrap(),
            "Bearer scope=\"mcp:tools:weather\", \
             resource_metadata=\"http://h/.well-known/oauth-protected-resource/mcp\""
        );
    }

    #[test]
    fn a_bad_token_is_called_so() {
        let text = header(&Refusal::InvalidToken(Fault::Expired), |_| ()).unwrap();
        assert!(
            text.starts_with("Bearer error=\"invalid_token\", error_description=\"the token has")
        );
    }

    #[test]
    fn missing_scope_names_granted_and_needed() {
        let text = header(&lacking(), |_| ()).unwrap();
        assert!(text.contains("error=\"insufficient_scope\""));
        assert!(text.contains("scope=\"mcp:tools:weather news:read\""));
        assert!(text.contains("resource_metadata="));
    }

    #[test]
    fn the_policy_shapes_the_header() {
        let absent = header(&lacking(), |policy| {
            policy.header = ChallengeHeader::NotOnInsufficientScope
        });
        assert_eq!(absent, None);
        let bare = header(&lacking(), |policy| policy.header = ChallengeHeader::Bare);
        assert_eq!(bare.as_deref(), Some("Bearer"));
        let dead = header(&Refusal::Unauthenticated, |policy| {
            policy.resource_metadata = MetadataReference::SlashesLost;
        });
        assert!(dead.unwrap().contains("\"http:h/.well-known"));
    }
}
