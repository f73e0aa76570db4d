//! Carrying out a message that passed every check: through the SDK, one message at a time.
//!
//! The SDK runs without sessions (they are kept in front of it) and answers in JSON, so that a batch can
//! be put together and the form of the answer stays the policy's decision.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;

use super::handler::Handler;
use super::tools::{self, Data};
use super::verify::Caller;
use crate::reference::Site;

/// The SDK's answer to one message.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Content type, if there is a body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as a JSON-RPC message.
    pub fn message(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Runs operations.
pub struct Engine {
    service: StreamableHttpService<Handler, NeverSessionManager>,
    handler: Handler,
}

impl Engine {
    /// An engine over the given data.
    pub fn new(site: Arc<Site>, data: Arc<Data>) -> Self {
        let handler = Handler { site, data };
        let template = handler.clone();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(None)
            .with_sse_retry(None)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let service = StreamableHttpService::new(
            move || Ok(template.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Self { service, handler }
    }

    /// Hands one message to the SDK.
    pub async fn run(&self, message: &Value, headers: HeaderMap, caller: &Caller) -> Answer {
        let mut request = Request::new(Full::new(Bytes::from(message.to_string())));
        *request.method_mut() = http::Method::POST;
        *request.headers_mut() = headers;
        // The SDK wants one though it checks none; origins were checked before.
        let host = http::HeaderValue::from_static("localhost");
        request.headers_mut().insert(http::header::HOST, host);
        request.extensions_mut().insert(caller.clone());
        let (parts, body) = self.service.handle(request).await.into_parts();
        let body = match body.collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(never) => match never {},
        };
        let content_type = parts.headers.get(http::header::CONTENT_TYPE);
        Answer {
            status: parts.status,
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body,
        }
    }

    /// Carries out an operation without the protocol around it, for policies that do so before they
    /// check.
    pub fn perform(&self, method: &str, params: &Value, caller: &Caller) -> Option<Value> {
        let bench = self.handler.bench(caller);
        match method {
            "tools/call" => {
                tools::call(params["name"].as_str()?, &params["arguments"], &bench).ok()
            }
            "resources/read" => tools::read(params["uri"].as_str()?, &bench),
            _ => None,
        }
    }
}
