//! Reading a request's JSON-RPC messages, and telling which era of MCP it belongs to.
//!
//! Reading never refuses; whether what was read is acceptable is decided after the token check, so that
//! a request without a token learns nothing.

use http::HeaderMap;
use serde_json::Value;

use super::credentials::text;

/// The first version without handshake and sessions.
pub const MODERN: &str = "2026-07-28";
/// The only version with batches.
pub const BATCH_VERSION: &str = "2025-03-26";
/// Member of `_meta` that names the version of one request.
pub const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The messages of one POST.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// One message, or the elements of a batch.
    pub messages: Vec<Value>,
    /// Whether the body was an array.
    pub batch: bool,
    /// Whether the body was JSON.
    pub readable: bool,
    /// Whether the request follows 2026-07-28.
    pub modern: bool,
}

impl Incoming {
    /// Reads a body.
    pub fn read(body: &[u8], headers: &HeaderMap) -> Self {
        let parsed = serde_json::from_slice::<Value>(body);
        let readable = parsed.is_ok();
        let (messages, batch) = match parsed {
            Ok(Value::Array(elements)) => (elements, true),
            Ok(message) => (vec![message], false),
            Err(_) => (Vec::new(), false),
        };
        let handshake = messages
            .iter()
            .any(|message| method(message) == "initialize");
        let modern = !handshake
            && (messages.iter().any(|message| {
                method(message) == "server/discover" || meta_version(message).is_some()
            }) || text(headers, "mcp-protocol-version").as_deref() == Some(MODERN));
        Self {
            messages,
            batch,
            readable,
            modern,
        }
    }

    /// Whether the request opens a session.
    pub fn opens_session(&self) -> bool {
        !self.batch
            && self
                .messages
                .first()
                .is_some_and(|message| method(message) == "initialize")
    }

    /// Whether one of the messages has this method.
    pub fn has(&self, name: &str) -> bool {
        self.messages.iter().any(|message| method(message) == name)
    }

    /// Whether no message asks for an answer.
    pub fn only_notifications(&self) -> bool {
        !self.messages.is_empty()
            && self
                .messages
                .iter()
                .all(|message| message.get("id").is_none())
    }

    /// The name in `clientInfo`, of the handshake or of `_meta`.
    pub fn client_info(&self) -> Option<&str> {
        let params = &self.messages.first()?["params"];
        let modern = params["_meta"].get("io.modelcontextprotocol/clientInfo");
        modern.or(params.get("clientInfo"))?["name"].as_str()
    }
}

/// The method of a message.
pub fn method(message: &Value) -> &str {
    message["method"].as_str().unwrap_or_default()
}

/// The version that `_meta` names.
pub fn meta_version(message: &Value) -> Option<&str> {
    message["params"]["_meta"][META_VERSION].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value, version: Option<&str>) -> Incoming {
        let mut headers = HeaderMap::new();
        if let Some(version) = version {
            headers.insert("mcp-protocol-version", version.parse().unwrap());
        }
        Incoming::read(body.to_string().as_bytes(), &headers)
    }

    #[test]
    fn the_opening_decides_the_era() {
        let initialize = json!({"id": 1, "method": "initialize", "params": {}});
        assert!(!read(initialize.clone(), Some(MODERN)).modern);
        assert!(read(initialize, None).opens_session());
        assert!(read(json!({"id": 1, "method": "server/discover"}), None).modern);
        assert!(read(json!({"id": 1, "method": "tools/list"}), Some(MODERN)).modern);
        let meta =
            json!({"id": 1, "method": "tools/list", "params": {"_meta": {META_VERSION: "x"}}});
        assert!(read(meta, None).modern);
        assert!(!read(json!({"id": 1, "method": "tools/list"}), Some("2025-11-25")).modern);
    }

    #[test]
    fn what_is_no_json_is_unreadable() {
        let incoming = Incoming::read(b"{", &HeaderMap::new());
        assert!(!incoming.readable && incoming.messages.is_empty());
        let batch = read(json!([{"method": "a"}, {"id": 1, "method": "b"}]), None);
        assert!(batch.batch && batch.has("b") && !batch.only_notifications());
    }
}
