//! The MCP endpoint: the order in which a request is looked at.
//!
//! Origin, size, credentials and token, form, session, scope, operation. What refuses first decides the
//! answer, and nothing of what comes later leaks into it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::cors;
use super::credentials::text;
use super::execute::Answer;
use super::form;
use super::incoming::{Incoming, method};
use super::plain;
use super::policy::{AnswerForm, LogContent, McpServerPolicy, OtherSpellings};
use super::server::{Resource, Server};
use super::verify::Caller;
use crate::reference::audit::{Entry, Event};

#[derive(Clone)]
struct Door {
    server: Arc<Server>,
    resource: usize,
    registered: bool,
    /// The message that a request of the plain API stands for.
    plain: Option<Value>,
}

/// The routes of both endpoints.
pub fn routes(server: &Arc<Server>) -> Router {
    let mut router = Router::new();
    for (index, resource) in server.resources.iter().enumerate() {
        let door = |registered| {
            any(handle).with_state(Door {
                server: server.clone(),
                resource: index,
                registered,
                plain: None,
            })
        };
        let path = &resource.path;
        router = router.route(path, door(true));
        if server.policy().access.plain_api {
            for (name, message) in plain::operations() {
                let door = Door {
                    server: server.clone(),
                    resource: index,
                    registered: true,
                    plain: Some(message),
                };
                router = router.route(&format!("{path}/{name}"), any(handle).with_state(door));
            }
        }
        if server.policy().access.other_spellings != OtherSpellings::NotFound {
            for spelling in [format!("{path}/"), format!("/{path}"), path.to_uppercase()] {
                router = router.route(&spelling, door(false));
            }
        }
    }
    router
}

/// One request on its way.
pub(super) struct Call<'c> {
    pub server: &'c Server,
    pub resource: &'c Resource,
    /// Whether the path is spelt as registered.
    pub registered: bool,
    /// Whether it came to the plain API.
    pub is_plain: bool,
    pub parts: Parts,
    pub body: Bytes,
    pub incoming: Incoming,
    pub peer: Option<SocketAddr>,
}

async fn handle(State(door): State<Door>, request: Request) -> Response {
    let server = &*door.server;
    let policy = &server.policy().transport;
    let (parts, body) = request.into_parts();
    let origin = parts.headers.get(ORIGIN).cloned();
    if !cors::admits(
        &parts.headers,
        &parts.method,
        &server.site.mcp_origin,
        policy,
    ) {
        let reason = "origin is not allowed";
        server
            .site
            .audit
            .record(Entry::new(Event::AccessDenied).refused(reason));
        return (
            status(policy.origin_status),
            axum::Json(json!({"error": reason})),
        )
            .into_response();
    }
    let mut response = if parts.method == Method::OPTIONS {
        let mut response = StatusCode::NO_CONTENT.into_response();
        cors::preflight(response.headers_mut());
        response
    } else {
        match to_bytes(body, policy.body_limit).await {
            Ok(body) => {
                let call = Call {
                    server,
                    resource: &server.resources[door.resource],
                    registered: door.registered,
                    incoming: match &door.plain {
                        Some(message) => plain::incoming(message),
                        None => Incoming::read(&body, &parts.headers),
                    },
                    is_plain: door.plain.is_some(),
                    peer: parts
                        .extensions
                        .get::<ConnectInfo<SocketAddr>>()
                        .map(|peer| peer.0),
                    parts,
                    body,
                };
                call.answer().await
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&policy.cache_control)
        && !policy.cache_control.is_empty()
    {
        headers.insert(CACHE_CONTROL, value);
    }
    cors::decorate(headers, origin.as_ref(), policy);
    response
}

impl Call<'_> {
    pub(super) fn policy(&self) -> &McpServerPolicy {
        self.server.policy()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        text(&self.parts.headers, name)
    }

    async fn answer(&self) -> Response {
        let caller = match self.authenticate().await {
            Ok(caller) => caller,
            Err(response) => return response,
        };
        match self.parts.method {
            _ if self.is_plain => self.plain(&caller),
            Method::POST if !self.incoming.readable => {
                self.protocol_error(StatusCode::BAD_REQUEST, -32700, "the body is no JSON", None)
            }
            Method::POST if self.incoming.modern => self.modern_post(&caller).await,
            Method::POST => self.legacy_post(&caller).await,
            Method::GET | Method::DELETE if self.incoming.modern => method_not_allowed(),
            Method::GET => self.event_stream(&caller),
            Method::DELETE => self.end_session(&caller),
            _ => method_not_allowed(),
        }
    }

    async fn modern_post(&self, caller: &Caller) -> Response {
        let [message] = &self.incoming.messages[..] else {
            return self.protocol_error(StatusCode::BAD_REQUEST, -32600, "no batches", None);
        };
        if let Some(refusal) = self.modern_session() {
            return refusal;
        }
        let policy = &self.policy().transport;
        if policy
            .unimplemented_methods
            .iter()
            .any(|name| name == method(message))
        {
            let status = status(policy.unknown_method_status);
            return self.protocol_error(status, -32601, "method not found", None);
        }
        let operations = match self.permit(caller) {
            Ok(operations) => operations,
            Err(response) => return *response,
        };
        let (headers, message) = form::modern(&self.parts.headers, message, self.policy());
        let mut answer = self.server.engine.run(&message, headers, caller).await;
        if answer.status == StatusCode::NOT_FOUND {
            answer.status = status(self.policy().transport.unknown_method_status);
        }
        self.log(caller, &operations, &answer);
        self.present(answer)
    }

    /// A log message for the client before the result (MCP logging: without credentials).
    fn log_event(&self) -> Option<String> {
        let policy = &self.policy().transport;
        if policy.answer_form != AnswerForm::EventStreamWithLog {
            return None;
        }
        let data = match policy.log_content {
            LogContent::Harmless => json!({"path": self.resource.path}),
            LogContent::Authorization => {
                json!({"path": self.resource.path, "authorization": self.header("authorization")})
            }
        };
        let params = json!({"level": "debug", "logger": "http", "data": data});
        let message =
            json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
        Some(format!("event: message\ndata: {message}\n\n"))
    }

    /// The answer in the form that the policy wants.
    pub(super) fn present(&self, answer: Answer) -> Response {
        let policy = &self.policy().transport;
        let mut response = Response::new(Body::from(answer.body.clone()));
        *response.status_mut() = answer.status;
        let is_result = answer.status == StatusCode::OK && !answer.body.is_empty();
        let kind = match (is_result, policy.answer_form) {
            (true, AnswerForm::EventStream | AnswerForm::EventStreamWithLog) => {
                let data = String::from_utf8_lossy(&answer.body);
                let log = self.log_event().unwrap_or_default();
                let events = format!("{log}event: message\ndata: {data}\n\n");
                *response.body_mut() = Body::from(events);
                Some("text/event-stream".to_owned())
            }
            (true, AnswerForm::Json) => Some(policy.json_content_type.clone()),
            (false, _) => answer.content_type,
        };
        if let Some(value) = kind.and_then(|kind| HeaderValue::from_str(&kind).ok()) {
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        response
    }
}

pub(super) fn method_not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response()
}

pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
