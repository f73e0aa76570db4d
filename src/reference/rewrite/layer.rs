//! Applying rewrites: a middleware around a router, which holds an answer and changes it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use globset::GlobMatcher;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use super::fault::glob;
use super::pointer::{remove, set};
use super::{Change, Header, Names, Replacement, Rewrite, When};

/// Largest body that is rewritten.
const LIMIT: usize = 256 * 1024;
const EVENT_STREAM: &str = "text/event-stream";

/// A rewrite that cannot be applied.
#[derive(Debug, thiserror::Error)]
#[error("a rewrite cannot be applied: {0}")]
pub struct RewriteError(String);

/// A rewrite, checked.
struct Ready {
    method: Option<String>,
    path: Option<GlobMatcher>,
    status: Option<u16>,
    change: Vec<Change>,
}

/// Wraps `router` so that every rewrite is applied to its answers, unknown paths included.
pub fn apply(router: Router, rewrites: &[Rewrite], names: &Names) -> Result<Router, RewriteError> {
    if rewrites.is_empty() {
        return Ok(router);
    }
    let ready: Result<Vec<Ready>, RewriteError> = rewrites.iter().map(prepare).collect();
    let shared = Arc::new((ready?, names.clone()));
    Ok(router.layer(from_fn(move |request: Request, next: Next| {
        let shared = shared.clone();
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let mut response = next.run(request).await;
            let (rewrites, names) = &*shared;
            for rewrite in rewrites {
                if rewrite.concerns(&method, &path, response.status()) {
                    response = rewrite.change(response, names).await;
                }
            }
            response
        }
    })))
}

fn prepare(rewrite: &Rewrite) -> Result<Ready, RewriteError> {
    if let Some(fault) = rewrite.faults().into_iter().next() {
        return Err(RewriteError(fault.message));
    }
    let When {
        method,
        path,
        status,
    } = rewrite.when.clone();
    let path = path.map(|text| glob(&text)).transpose();
    Ok(Ready {
        method,
        path: path.map_err(|cause| RewriteError(cause.to_string()))?,
        status,
        change: rewrite.change.clone(),
    })
}

impl Ready {
    fn concerns(&self, method: &Method, path: &str, status: StatusCode) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| method == wanted.as_str())
            && self.path.as_ref().is_none_or(|glob| glob.is_match(path))
            && self.status.is_none_or(|wanted| status == wanted)
    }

    async fn change(&self, response: Response, names: &Names) -> Response {
        let (mut parts, body) = response.into_parts();
        let endless = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == EVENT_STREAM)
            && HttpBody::size_hint(&body).exact().is_none();
        let needs_body = !endless && self.change.iter().any(Change::needs_body);
        let mut text = None;
        let mut rest = Some(body);
        if needs_body && let Some(body) = rest.take() {
            match Limited::new(body, LIMIT).collect().await {
                Ok(collected) => text = Some(collected.to_bytes()),
                // Too large to hold: the answer breaks off rather than passing unnoticed.
                Err(error) if error.is::<LengthLimitError>() => {
                    parts.status = StatusCode::INSUFFICIENT_STORAGE
                }
                Err(_) => parts.status = StatusCode::BAD_GATEWAY,
            }
        }
        for change in &self.change {
            change.apply(&mut parts, &mut text, names);
        }
        if needs_body {
            parts.headers.remove(CONTENT_LENGTH);
        }
        let body = rest.unwrap_or_else(|| text.map_or_else(Body::empty, Body::from));
        Response::from_parts(parts, body)
    }
}

impl Change {
    fn needs_body(&self) -> bool {
        matches!(
            self,
            Self::SetMember(_) | Self::RemoveMember(_) | Self::SetBody(_) | Self::ReplaceText(_)
        )
    }

    fn apply(&self, parts: &mut http::response::Parts, body: &mut Option<Bytes>, names: &Names) {
        match self {
            Self::SetStatus(code) => {
                parts.status = StatusCode::from_u16(*code).unwrap_or(parts.status);
            }
            Self::SetHeader(header) => {
                if let Some((name, value)) = header.parse(names) {
                    parts.headers.insert(name, value);
                }
            }
            Self::AddHeader(header) => {
                if let Some((name, value)) = header.parse(names) {
                    parts.headers.append(name, value);
                }
            }
            Self::RemoveHeader(name) => {
                parts.headers.remove(name);
            }
            Self::SetMember(member) => edit(body, |document| {
                set(document, &member.pointer, names.fill_value(&member.value));
            }),
            Self::RemoveMember(pointer) => edit(body, |document| remove(document, pointer)),
            Self::SetBody(text) => *body = Some(names.fill(text).into()),
            Self::ReplaceText(replacement) => replace(parts, body, replacement, names),
        }
    }
}

impl Header {
    fn parse(&self, names: &Names) -> Option<(HeaderName, HeaderValue)> {
        let name = HeaderName::try_from(self.name.as_str()).ok()?;
        let value = HeaderValue::from_bytes(names.fill(&self.value).as_bytes()).ok()?;
        Some((name, value))
    }
}

impl Names {
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{issuer}", &self.issuer)
            .replace("{origin}", &self.origin)
            .replace("{resource}", &self.resource)
    }

    pub(super) fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(elements) => elements.iter().map(|one| self.fill_value(one)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.fill_value(value)))
                .collect(),
            other => other.clone(),
        }
    }
}

fn replace(
    parts: &mut http::response::Parts,
    body: &mut Option<Bytes>,
    replacement: &Replacement,
    names: &Names,
) {
    let (from, to) = (names.fill(&replacement.from), names.fill(&replacement.to));
    if from.is_empty() {
        return;
    }
    if let Some(text) = body
        .as_deref()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
    {
        *body = Some(text.replace(&from, &to).into());
    }
    for (name, value) in &mut parts.headers {
        let changed = value
            .to_str()
            .ok()
            .filter(|text| text.contains(&from) && name != CONTENT_TYPE);
        if let Some(text) = changed
            && let Ok(other) = HeaderValue::from_bytes(text.replace(&from, &to).as_bytes())
        {
            *value = other;
        }
    }
}

/// Changes a JSON body; any other body stays as it is.
fn edit(body: &mut Option<Bytes>, change: impl FnOnce(&mut Value)) {
    let parsed = body
        .as_deref()
        .and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    if let Some(mut document) = parsed {
        change(&mut document);
        *body = Some(document.to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Json;
    use axum::routing::get;
    use serde_json::json;
    use tower::ServiceExt;

    async fn through(rewrites: Value, path: &str) -> (StatusCode, http::HeaderMap, String) {
        let answer = || async {
            (
                [("x-old", "old http://as")],
                Json(json!({"a": {"b": [1, 2]}, "c": "http://as/x"})),
            )
        };
        let router = Router::new()
            .route("/one", get(answer))
            .route("/dir/two", get(answer));
        let rewrites: Vec<Rewrite> = serde_json::from_value(rewrites).unwrap();
        let names = Names {
            issuer: "http://as".into(),
            ..Names::default()
        };
        let router = apply(router, &rewrites, &names).unwrap();
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn members_are_set_and_removed_by_pointer() {
        let change = json!([{"change": [
            {"set_member": {"pointer": "/a/b/0", "value": "{issuer}/evil"}},
            {"set_member": {"pointer": "/new/deep", "value": true}},
            {"remove_member": "/c"},
        ]}]);
        let (_, headers, body) = through(change, "/one").await;
        assert_eq!(
            body,
            r#"{"a":{"b":["http://as/evil",2]},"new":{"deep":true}}"#
        );
        assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
    }

    #[tokio::test]
    async fn headers_status_and_text_are_changed() {
        let change = json!([{"change": [
            {"set_status": 203},
            {"replace_text": {"from": "{issuer}", "to": "http://other"}},
            {"add_header": {"name": "x-new", "value": "{issuer}"}},
        ]}]);
        let (status, headers, body) = through(change, "/one").await;
        assert_eq!(status.as_u16(), 203);
        assert_eq!(headers["x-old"], "old http://other");
        assert_eq!(headers["x-new"], "http://as");
        assert!(body.contains("http://other/x"));
    }

    #[tokio::test]
    async fn only_the_answers_that_are_meant_change() {
        let when = |when: Value| json!([{"when": when, "change": [{"set_body": "x"}]}]);
        for (rule, path, changed) in [
            (json!({"path": "/one"}), "/one", true),
            (json!({"path": "/*"}), "/dir/two", false),
            (json!({"path": "/**"}), "/dir/two", true),
            (json!({"method": "POST"}), "/one", false),
            (json!({"status": 404}), "/one", false),
            (json!({"status": 404}), "/nowhere", true),
        ] {
            let (_, _, body) = through(when(rule.clone()), path).await;
            assert_eq!(body == "x", changed, "{rule} {path}");
        }
    }

    #[test]
    fn a_rewrite_that_cannot_be_applied_is_refused() {
        let rewrite = json!({"change": [{"remove_header": "a b"}]});
        let rewrite: Rewrite = serde_json::from_value(rewrite).unwrap();
        assert!(apply(Router::new(), &[rewrite], &Names::default()).is_err());
        assert!(serde_json::from_value::<Rewrite>(json!({"chnge": []})).is_err());
    }
}
