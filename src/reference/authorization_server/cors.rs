//! Cross-origin access for browser-based clients (OAuth 2.1 section 3.2, Fetch standard).

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use crate::reference::policy::oversight::Cors;

/// Wraps the handlers of a route.
pub fn route<S: Clone + Send + Sync + 'static>(
    methods: MethodRouter<S>,
    cors: Cors,
) -> MethodRouter<S> {
    methods.layer(from_fn(move |request: Request, next: Next| {
        share(cors, request, next)
    }))
}

async fn share(cors: Cors, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_preflight = request.method() == Method::OPTIONS;
    let mut answer = match (is_preflight, cors) {
        (true, Cors::Absent | Cors::NoPreflight) => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        (true, _) => StatusCode::NO_CONTENT.into_response(),
        (false, _) => next.run(request).await,
    };
    let failed = !answer.status().is_success();
    let allowed = match cors {
        Cors::Absent => None,
        Cors::NotOnErrors if failed => None,
        Cors::ReflectedWithCredentials => origin,
        Cors::AnyOrigin | Cors::NoPreflight | Cors::NotOnErrors => {
            Some(HeaderValue::from_static("*"))
        }
    };
    let Some(allowed) = allowed else {
        return answer;
    };
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if cors == Cors::ReflectedWithCredentials {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if is_preflight {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Authorization, Content-Type, MCP-Protocol-Version"),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    }
    answer
}
