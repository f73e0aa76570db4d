//! MCP requests as an honest client of each version sends them, and their answers.
//!
//! MCP 2025-03-26 to 2025-11-25: transports#streamable-http, lifecycle. MCP 2026-07-28:
//! transports/streamable-http (`Mcp-Method`, `Mcp-Name`, `_meta`).

use serde_json::{Map, Value, json};

use super::http::{Request, Response};
use crate::suite::McpVersion;
use crate::target::OperationCall;

/// A JSON-RPC request before it is put into HTTP.
#[derive(Clone, Debug)]
pub struct Message {
    /// JSON-RPC method.
    pub method: String,
    /// Parameters.
    pub params: Map<String, Value>,
    /// What `Mcp-Name` holds: the tool, the prompt, or the resource's URI.
    pub name: Option<String>,
}

impl Message {
    /// A method without parameters.
    pub fn of_method(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            params: Map::new(),
            name: None,
        }
    }

    /// The request of an operation of the target file, if it is one of MCP.
    pub fn of_operation(call: &OperationCall) -> Option<Self> {
        let mut message = match call {
            OperationCall::Tool(tool) => {
                let mut message = Self::of_method("tools/call");
                message.params.insert("name".to_owned(), json!(tool.name));
                message
                    .params
                    .insert("arguments".to_owned(), json!(tool.arguments));
                message.name = Some(tool.name.clone());
                message
            }
            OperationCall::Resource(uri) => {
                let mut message = Self::of_method("resources/read");
                message.params.insert("uri".to_owned(), json!(uri));
                message.name = Some(uri.clone());
                message
            }
            OperationCall::Method(method) => Self::of_method(method),
            OperationCall::Http(_) => return None,
        };
        message.params.retain(|_, value| !value.is_null());
        Some(message)
    }

    /// Adds members to the parameters, inside `arguments` and `_meta` too.
    pub fn add(&mut self, more: &Map<String, Value>) {
        merge(&mut self.params, more);
    }

    /// `initialize` (to 2025-11-25).
    pub fn initialize(version: McpVersion) -> Self {
        let mut message = Self::of_method("initialize");
        message
            .params
            .insert("protocolVersion".to_owned(), json!(version.as_str()));
        message.params.insert("capabilities".to_owned(), json!({}));
        message
            .params
            .insert("clientInfo".to_owned(), client_info());
        message
    }
}

/// Puts members over others; where both hold an object, within it.
fn merge(params: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match (params.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => inner.extend(more.clone()),
            _ => {
                params.insert(name.clone(), value.clone());
            }
        }
    }
}

fn client_info() -> Value {
    json!({ "name": "authspec", "version": env!("CARGO_PKG_VERSION") })
}

/// How a request is sent.
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    /// URL of the MCP endpoint.
    pub url: &'a str,
    /// Bearer token in the `Authorization` header.
    pub access_token: Option<&'a str>,
    /// `Mcp-Session-Id`.
    pub session: Option<&'a str>,
    /// The version negotiated; `None` while initializing.
    pub negotiated: Option<&'a str>,
}

/// A message as an HTTP request.
pub fn request(version: McpVersion, message: &Message, envelope: &Envelope<'_>) -> Request {
    let mut params = message.params.clone();
    if version.is_stateless() {
        let mut honest = Map::new();
        honest.insert(
            "_meta".to_owned(),
            json!({
                "io.modelcontextprotocol/protocolVersion": version.as_str(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": client_info(),
            }),
        );
        merge(&mut honest, &params);
        params = honest;
    }
    let notification = message.method.starts_with("notifications/");
    let mut body = json!({ "jsonrpc": "2.0", "method": message.method });
    if !notification {
        body["id"] = json!(1);
    }
    if !params.is_empty() {
        body["params"] = Value::Object(params);
    }
    let mut request =
        Request::json(envelope.url, &body).header("Accept", "application/json, text/event-stream");
    if let Some(token) = envelope.access_token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    if let Some(session) = envelope.session {
        request = request.header("Mcp-Session-Id", session);
    }
    if version.is_stateless() {
        request = request
            .header("MCP-Protocol-Version", version.as_str())
            .header("Mcp-Method", message.method.as_str());
        if let Some(name) = &message.name {
            request = request.header("Mcp-Name", name.as_str());
        }
    } else if let Some(negotiated) = envelope.negotiated
        && version >= McpVersion::V20250618
    {
        request = request.header("MCP-Protocol-Version", negotiated);
    }
    request
}

/// The JSON-RPC response inside an answer, from a JSON body or an event stream.
pub fn message_of(response: &Response) -> Option<Value> {
    let content_type = response.header("content-type").unwrap_or_default();
    if content_type
        .to_ascii_lowercase()
        .starts_with("text/event-stream")
    {
        return events(&response.text())
            .filter_map(|data| serde_json::from_str::<Value>(&data).ok())
            .find(|message| message.get("result").is_some() || message.get("error").is_some());
    }
    response.json().ok()
}

/// The data of each event of a stream (HTML, server-sent events).
fn events(text: &str) -> impl Iterator<Item = String> + use<'_> {
    let text = text.trim_start_matches('\u{feff}');
    let mut data: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    for line in text.lines().chain([""]) {
        if line.is_empty() {
            if !data.is_empty() {
                out.push(data.join("\n"));
                data.clear();
            }
        } else if let Some(rest) = line.strip_prefix("data:") {
            data.push(rest.strip_prefix(' ').unwrap_or(rest));
        }
    }
    out.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stream_gives_its_data() {
        let text = "event: message\ndata: {\"a\":\ndata: 1}\n\n: comment\ndata: x";
        assert_eq!(
            events(text).collect::<Vec<_>>(),
            ["{\"a\":\n1}".to_owned(), "x".to_owned()]
        );
    }

    #[test]
    fn a_stateless_request_carries_its_version_twice() {
        let message = Message::of_operation(&OperationCall::Resource("a://b".to_owned()))
            .expect("an operation of MCP");
        let request = request(
            McpVersion::V20260728,
            &message,
            &Envelope {
                url: "http://127.0.0.1/mcp",
                ..Envelope::default()
            },
        );
        let body = String::from_utf8(request.body.unwrap_or_default()).unwrap_or_default();
        assert!(body.contains(r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#));
        assert!(
            request
                .headers
                .contains(&("Mcp-Name".to_owned(), "a://b".to_owned()))
        );
    }
}
