//! Protected resource metadata (RFC 9728 sections 2 and 3) and its well-known URLs.
//!
//! Each resource has a document at the well-known URL with its path inserted; the root URL describes the
//! first resource, for clients that look there last (MCP 2025-11-25). No token is asked, and any origin
//! may read.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::cors;
use super::credentials::text;
use super::fetch;
use super::policy::{Cors, IdentifierHost, MetadataPlace, MetadataPolicy};
use super::server::{Resource, Server};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// One document at one place.
#[derive(Clone)]
struct Place {
    server: Arc<Server>,
    resource: usize,
    root: bool,
}

/// The routes of the documents.
pub fn routes(server: Arc<Server>) -> Router {
    let policy = &server.policy().metadata;
    let mut router = Router::new();
    for (path, resource, root) in places(policy, &server.resources) {
        let server = server.clone();
        let place = Place {
            server,
            resource,
            root,
        };
        router = router.route(&path, any(document).with_state(place));
    }
    if policy.authorization_server_metadata && !server.site.policy.shared_origin {
        let route = get(authorization_server).with_state(server.clone());
        router = router.route("/.well-known/oauth-authorization-server", route);
    }
    router
}

/// Path, index of the resource, and whether the root document is meant.
fn places(policy: &MetadataPolicy, resources: &[Resource]) -> Vec<(String, usize, bool)> {
    let each = |form: &dyn Fn(&str) -> String| {
        let paths = resources.iter().map(|resource| form(&resource.path));
        let paths = paths.enumerate().map(|(index, path)| (path, index, false));
        paths.collect::<Vec<_>>()
    };
    let any_suffix = policy.places.contains(&MetadataPlace::AnySuffix);
    let places = policy.places.iter().flat_map(|place| match place {
        MetadataPlace::PathInserted if any_suffix => Vec::new(),
        MetadataPlace::PathInserted => each(&|path| format!("{WELL_KNOWN}{path}")),
        MetadataPlace::PathAppended => each(&|path| format!("{path}{WELL_KNOWN}")),
        MetadataPlace::Root => vec![(WELL_KNOWN.to_owned(), 0, true)],
        MetadataPlace::RootWithSlash => vec![(format!("{WELL_KNOWN}/"), 0, true)],
        MetadataPlace::AnySuffix => vec![(format!("{WELL_KNOWN}/{{*rest}}"), 0, false)],
    });
    let mut known = Vec::new();
    places
        .filter(|(path, ..)| {
            let first = !known.contains(path);
            known.push(path.clone());
            first
        })
        .collect()
}

async fn document(State(place): State<Place>, request: Request) -> Response {
    let (server, headers) = (&place.server, request.headers());
    let policy = &server.policy().metadata;
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ if policy.token_required && !headers.contains_key("authorization") => {
            StatusCode::UNAUTHORIZED.into_response()
        }
        Method::GET | Method::HEAD => {
            let resource = &server.resources[place.resource];
            let own = &server.site.mcp_origin;
            let origin = seen_origin(headers, policy.host, own);
            let issuer = &server.site.issuer;
            let document = build(policy, resource, place.root, issuer, (own, &origin));
            let status = StatusCode::from_u16(policy.status).unwrap_or(StatusCode::OK);
            let form = [(CONTENT_TYPE, policy.content_type.clone())];
            (status, form, document.to_string()).into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&policy.cache_control)
        && !policy.cache_control.is_empty()
    {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    if server.policy().transport.cors != Cors::Off {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        cors::preflight(headers);
    }
    response
}

fn seen_origin(headers: &HeaderMap, host: IdentifierHost, own: &str) -> String {
    let named = match host {
        IdentifierHost::Configured => None,
        IdentifierHost::RequestHost => text(headers, HOST.as_str()),
        IdentifierHost::ForwardedHost => text(headers, "x-forwarded-host"),
    };
    named.map_or_else(|| own.to_owned(), |host| format!("http://{host}"))
}

/// The document. Members without values are left out (RFC 9728 section 3.2).
fn build(
    policy: &MetadataPolicy,
    resource: &Resource,
    root: bool,
    issuer: &str,
    (own, origin): (&str, &str),
) -> Value {
    let identifier = resource.identifier.replacen(own, origin, 1);
    let fill = |text: &String| {
        text.replace("{resource}", &identifier)
            .replace("{issuer}", issuer)
            .replace("{origin}", origin)
    };
    let list = |values: &[String]| json!(values.iter().map(fill).collect::<Vec<_>>());
    let named = policy.root_resource.as_ref().filter(|_| root);
    let servers = policy.root_authorization_servers.as_ref().filter(|_| root);
    let mut document = Map::new();
    document.insert(
        "resource".into(),
        json!(fill(named.unwrap_or(&policy.resource))),
    );
    let members = [
        (
            "authorization_servers",
            servers.unwrap_or(&policy.authorization_servers),
        ),
        ("scopes_supported", &policy.scopes_supported),
        ("bearer_methods_supported", &policy.bearer_methods_supported),
    ];
    for (name, values) in members {
        if !values.is_empty() {
            document.insert(name.into(), list(values));
        }
    }
    if !policy.resource_name.is_empty() {
        document.insert("resource_name".into(), json!(policy.resource_name));
    }
    document.extend(policy.set.clone());
    Value::Object(document)
}

/// The authorization server's own metadata, fetched from it.
async fn authorization_server(State(server): State<Arc<Server>>) -> Response {
    let site = &server.site;
    let path = &site.policy.issuer_path;
    let origin = &site.authorization_server_origin;
    let url = format!("{origin}/.well-known/oauth-authorization-server{path}");
    match fetch::json(&url).await {
        Ok(document) => axum::Json(document).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(policy: &MetadataPolicy, root: bool, origin: &str) -> Value {
        let resource = Resource {
            identifier: "http://h/mcp".into(),
            path: "/mcp".into(),
            sibling: "http://h/second/mcp".into(),
            first: true,
        };
        build(
            policy,
            &resource,
            root,
            "http://as/tenant",
            ("http://h", origin),
        )
    }

    #[test]
    fn the_document_names_the_resource_and_its_authorization_server() {
        let document = document(&MetadataPolicy::default(), false, "http://h");
        assert_eq!(document["resource"], "http://h/mcp");
        assert_eq!(
            document["authorization_servers"],
            json!(["http://as/tenant"])
        );
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    }

    #[test]
    fn the_policy_changes_members() {
        let policy = MetadataPolicy {
            resource: "{origin}/".into(),
            root_resource: Some("http://elsewhere/mcp".into()),
            authorization_servers: Vec::new(),
            ..Default::default()
        };
        let other = document(&policy, false, "http://forwarded");
        assert_eq!(other["resource"], "http://forwarded/");
        assert!(other.get("authorization_servers").is_none());
        assert_eq!(
            document(&policy, true, "http://h")["resource"],
            "http://elsewhere/mcp"
        );
    }
}
