//! The form of a request as the transport wants it, era by era, and what of it the SDK gets to see.
//!
//! The SDK enforces the header rules of 2026-07-28 itself; a policy that does not is served by setting
//! right what the client sent before the SDK looks. For the versions up to 2025-11-25 the SDK gets the
//! negotiated version, which the session knows.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::incoming::{META_VERSION, MODERN, meta_version, method};
use super::policy::{
    HeaderMismatch, McpServerPolicy, OperationFrom, RequestMeta, UnsupportedVersion,
};

/// The version header.
pub const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const KEPT: [HeaderName; 2] = [http::header::ACCEPT, http::header::CONTENT_TYPE];

/// Headers for a message of a version up to 2025-11-25.
pub fn legacy_headers(sent: &HeaderMap, version: Option<&str>) -> HeaderMap {
    let mut headers = kept(sent);
    if let Some(value) = version.and_then(|version| HeaderValue::from_str(version).ok()) {
        headers.insert(VERSION, value);
    }
    headers
}

/// Headers and message of 2026-07-28.
pub fn modern(sent: &HeaderMap, message: &Value, policy: &McpServerPolicy) -> (HeaderMap, Value) {
    let mut headers = kept(sent);
    for (name, value) in sent {
        if name.as_str().starts_with("mcp-") && name != "mcp-session-id" {
            headers.append(name.clone(), value.clone());
        }
    }
    let mut message = message.clone();
    if !message.is_object() {
        return (headers, message);
    }
    let transport = &policy.transport;
    if transport.unsupported_version == UnsupportedVersion::Ignored
        && !transport
            .mcp_versions
            .iter()
            .any(|one| Some(one.as_str()) == meta_version(&message))
        && meta_version(&message).is_some()
    {
        message["params"]["_meta"][META_VERSION] = json!(MODERN);
        headers.insert(VERSION, HeaderValue::from_static(MODERN));
    }
    if transport.request_meta == RequestMeta::Assumed {
        complete_meta(&mut message);
    }
    let headers_decide = policy.access.operation_from == OperationFrom::Headers;
    if transport.header_mismatch == HeaderMismatch::Ignored || headers_decide {
        agree(&mut headers, &message);
    }
    (headers, message)
}

fn kept(sent: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in KEPT {
        for value in sent.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// Fills in `_meta`.
fn complete_meta(message: &mut Value) {
    if !message["params"].is_object() {
        message["params"] = json!({});
    }
    let meta = &mut message["params"]["_meta"];
    if !meta.is_object() {
        *meta = json!({});
    }
    for (name, value) in [
        (META_VERSION, json!(MODERN)),
        ("io.modelcontextprotocol/clientCapabilities", json!({})),
    ] {
        if meta.get(name).is_none() {
            meta[name] = value;
        }
    }
}

/// Makes the headers say what the body says.
fn agree(headers: &mut HeaderMap, message: &Value) {
    let params = &message["params"];
    let target = params["name"].as_str().or_else(|| params["uri"].as_str());
    for (name, value) in [
        (VERSION, meta_version(message)),
        (METHOD, Some(method(message))),
        (NAME, target),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(METHOD, HeaderValue::from_static("tools/list"));
        headers.insert("mcp-session-id", HeaderValue::from_static("x"));
        headers.insert("authorization", HeaderValue::from_static("Bearer t"));
        headers
    }

    #[test]
    fn the_right_policy_passes_on_what_was_sent() {
        let message = json!({"method": "tools/call", "params": {"name": "whoami"}});
        let (headers, same) = modern(&sent(), &message, &McpServerPolicy::default());
        assert_eq!(same, message);
        assert_eq!(headers[METHOD], "tools/list");
        assert!(!headers.contains_key("authorization") && !headers.contains_key("mcp-session-id"));
    }

    #[test]
    fn a_lax_policy_sets_it_right() {
        let mut policy = McpServerPolicy::default();
        policy.transport.header_mismatch = HeaderMismatch::Ignored;
        policy.transport.request_meta = RequestMeta::Assumed;
        let message = json!({"method": "tools/call", "params": {"name": "whoami"}});
        let (headers, message) = modern(&sent(), &message, &policy);
        assert_eq!(headers[METHOD], "tools/call");
        assert_eq!(headers[NAME], "whoami");
        assert_eq!(meta_version(&message), Some(MODERN));
    }

    #[test]
    fn a_session_decides_the_version_of_the_older_eras() {
        let headers = legacy_headers(&sent(), Some("2025-06-18"));
        assert_eq!(headers[VERSION], "2025-06-18");
        assert!(!headers.contains_key(METHOD));
    }
}
