//! A few operations as a plain HTTP API: the same tokens, scopes and data, without MCP around them.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::endpoint::Call;
use super::incoming::{Incoming, method};
use super::verify::Caller;
use crate::reference::audit::Event;

/// The operations, each with its address behind the endpoint's and the message that it stands for.
pub(super) fn operations() -> [(&'static str, Value); 3] {
    let message =
        |method: &str, params: Value| json!({"id": 1, "method": method, "params": params});
    let tool = |name: &str, arguments: Value| {
        message("tools/call", json!({"name": name, "arguments": arguments}))
    };
    let customer = json!({"uri": "customer-data://customers/42"});
    [
        ("weather", tool("get_weather", json!({"city": "Lisbon"}))),
        ("customer", message("resources/read", customer)),
        (
            "news",
            tool("get_news_sentiment", json!({"ticker": "ACME"})),
        ),
    ]
}

/// What a request to one of them asks for, whatever its body says.
pub(super) fn incoming(message: &Value) -> Incoming {
    Incoming {
        messages: vec![message.clone()],
        readable: true,
        ..Incoming::default()
    }
}

impl Call<'_> {
    /// Carries it out for a caller whose token was good.
    pub(super) fn plain(&self, caller: &Caller) -> Response {
        if self.parts.method != Method::GET {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
        }
        let operations = match self.permit(caller) {
            Ok(operations) => operations,
            Err(response) => return *response,
        };
        let engine = &self.server.engine;
        let mut messages = self.incoming.messages.iter();
        let answer = messages
            .find_map(|message| engine.perform(method(message), &message["params"], caller));
        for operation in &operations {
            let entry = self.entry(Event::Access, Some(caller), Some(operation));
            self.server.site.audit.record(entry.ok());
        }
        match answer {
            Some(answer) => axum::Json(answer).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}
