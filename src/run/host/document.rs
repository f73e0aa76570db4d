//! One document with the answer that carries it.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The text that stands for the document's own URL.
pub const SELF_URL: &str = "self_url";

/// What is to be served.
#[derive(Clone, Debug)]
pub struct Document {
    /// Path of the document's URL, below a prefix of its own; with or without a first slash. A
    /// query and a fragment belong to the URL alone. An empty one is the origin, without a prefix.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer; a list sends one line for each element.
    /// `Content-Type` is `application/json` unless it is given or null.
    pub headers: Map<String, Value>,
    /// The document, an object.
    pub json: Value,
    /// Sent instead of the document.
    pub body: Option<String>,
    /// What its URL begins with, unless it is the host's own address.
    pub base: Option<String>,
    /// The URL of an earlier document, which this one replaces.
    pub replaces: Option<String>,
}

impl Document {
    /// A document that is answered with 200.
    pub fn new(path: impl Into<String>, json: Map<String, Value>) -> Self {
        Self {
            path: path.into(),
            status: 200,
            headers: Map::new(),
            json: Value::Object(json),
            body: None,
            base: None,
            replaces: None,
        }
    }
}

/// What is said of an address that is not to be had, before it.
pub const CANNOT_LISTEN: &str = "cannot listen on";

/// The document cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The address is not to be had.
    #[error("{CANNOT_LISTEN} {address}: {cause}")]
    Listen {
        /// Where to listen.
        address: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// The operator's certificate serves nothing.
    #[error("the certificate of `client_id_metadata` cannot be used: {0}")]
    Certificate(String),
    /// The address of the target file has a path, so what is at its origin is somebody else's.
    #[error("a document at the origin alone needs a `client_id_metadata.url` without a path")]
    NotOurs,
    /// No document is at the URL that is to be replaced.
    #[error("no document is at {0:?}")]
    Unknown(String),
    /// A character that no request line carries.
    #[error("{0:?} is not the path of a URL")]
    Path(String),
    /// Not a final status code of HTTP.
    #[error("{0} is not the status of an answer (200 to 599)")]
    Status(u16),
    /// A name or value that HTTP does not allow.
    #[error("the header {0:?} cannot be sent")]
    Header(String),
}

/// A document whose answer is ready.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    status: StatusCode,
    headers: HeaderMap,
    /// Some are megabytes, so every answer shares it.
    body: Bytes,
}

impl Prepared {
    /// Renders the answer; every value that is the text `self_url` becomes `url`.
    pub fn new(document: &Document, url: &str) -> Result<Self, DocumentError> {
        let status = StatusCode::from_u16(document.status)
            .ok()
            // Interim answers are not the end of an exchange (RFC 9110 section 15.2).
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or(DocumentError::Status(document.status))?;
        let json = || text_of(&document.json, url);
        Ok(Self {
            status,
            headers: headers(&document.headers, url)?,
            body: document
                .body
                .clone()
                .unwrap_or_else(json)
                .into_boxed_str()
                .into_boxed_bytes()
                .into(),
        })
    }

    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    /// What a redirect below the document's own prefix leads to: the document itself.
    pub fn redirected(&self) -> Option<Response<Body>> {
        self.status.is_redirection().then(|| {
            let mut response = self.response();
            *response.status_mut() = StatusCode::OK;
            response.headers_mut().remove(LOCATION);
            response
        })
    }
}

/// The path, with query and fragment, as it goes into the URL.
pub(super) fn checked_path(path: &str) -> Result<String, DocumentError> {
    let fit = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    if !path.bytes().all(fit) {
        return Err(DocumentError::Path(path.to_owned()));
    }
    let slash = if path.is_empty() || path.starts_with('/') {
        ""
    } else {
        "/"
    };
    Ok(format!("{slash}{path}"))
}

fn headers(given: &Map<String, Value>, url: &str) -> Result<HeaderMap, DocumentError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in given {
        let refused = || DocumentError::Header(name.clone());
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        // The framing is the server's own: a length that is not the body's would end in a panic.
        if header == CONTENT_LENGTH || header == TRANSFER_ENCODING {
            return Err(refused());
        }
        headers.remove(&header);
        let lines = match value {
            Value::Array(lines) => lines.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        for one in lines {
            let value = HeaderValue::from_str(&line(one, url)).map_err(|_| refused())?;
            headers.append(&header, value);
        }
    }
    Ok(headers)
}

/// A header's value as it is sent.
fn line(value: &Value, url: &str) -> String {
    match value {
        Value::String(text) if text == SELF_URL => url.to_owned(),
        Value::String(text) => text.clone(),
        other => text_of(other, url),
    }
}

/// A JSON value as text, with its URL put in. It may be megabytes, so it is not copied first.
fn text_of(value: &Value, url: &str) -> String {
    serde_json::to_string(&WithUrl { value, url }).unwrap_or_default()
}

struct WithUrl<'v> {
    value: &'v Value,
    url: &'v str,
}

impl Serialize for WithUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let within = |value| Self {
            value,
            url: self.url,
        };
        match self.value {
            Value::String(text) if text == SELF_URL => serializer.serialize_str(self.url),
            Value::Array(items) => serializer.collect_seq(items.iter().map(within)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, within(value))))
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_text_self_url_becomes_the_url_wherever_it_is_a_whole_value() {
        let json = json!({ "client_id": "self_url", "a": [{ "b": "self_url" }], "c": "self_url?" });
        let document = Document::new("/c", map(json));
        let prepared = Prepared::new(&document, "http://x/c").unwrap();
        assert_eq!(
            prepared.body,
            r#"{"client_id":"http://x/c","a":[{"b":"http://x/c"}],"c":"self_url?"}"#
        );
    }

    #[test]
    fn headers_replace_the_content_type_and_repeat_for_lists() {
        let with = |given| headers(&map(given), "http://x/c").unwrap();
        assert_eq!(with(json!({}))["content-type"], "application/json");
        assert_eq!(
            with(json!({ "Content-Type": "text/html" }))["content-type"],
            "text/html"
        );
        assert!(with(json!({ "content-type": null })).is_empty());
        let twice = with(json!({ "Link": ["a", 2], "Location": "self_url" }));
        assert_eq!(twice.get_all("link").iter().collect::<Vec<_>>(), ["a", "2"]);
        assert_eq!(twice["location"], "http://x/c");
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        for path in ["a b", "/é", "/a\nb"] {
            assert!(
                matches!(checked_path(path), Err(DocumentError::Path(_))),
                "{path:?}"
            );
        }
        for status in [0, 101, 600, 9999] {
            let document = Document {
                status,
                ..Document::new("/", Map::new())
            };
            let refused = Prepared::new(&document, "http://x/");
            assert!(matches!(refused, Err(DocumentError::Status(_))), "{status}");
        }
        for header in [
            json!({ "a b": "c" }),
            json!({ "a": "b\nc" }),
            json!({ "Content-Length": 7 }),
        ] {
            let refused = headers(&map(header), "http://x/");
            assert!(matches!(refused, Err(DocumentError::Header(_))));
        }
    }

    #[test]
    fn a_path_gets_its_first_slash_and_stays_as_written() {
        assert_eq!(
            checked_path("c/../client.json").unwrap(),
            "/c/../client.json"
        );
        assert_eq!(checked_path("/%2e?a#b").unwrap(), "/%2e?a#b");
        assert_eq!(checked_path("").unwrap(), "");
    }
}
