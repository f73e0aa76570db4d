//! Metadata documents (RFC 8414 sections 2 and 3, OpenID Connect Discovery sections 3 and 4).
//!
//! The OpenID document exists because MCP clients look there too; this server issues no ID tokens,
//! so its OpenID-only members say what its keys and subjects would be.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::{Map, Value, json};

use crate::reference::Site;
use crate::reference::policy::Policy;
use crate::reference::policy::metadata::{
    AdvertisedIn, EndpointForm, IssuerMember, MetadataPolicy, OpenidLocation, Rfc8414Location,
    UrlSource,
};

use super::token::foreign::JWT_BEARER;
use super::{answer, cors};

/// Which of the two documents is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// `oauth-authorization-server`.
    Rfc8414,
    /// `openid-configuration`.
    Openid,
}

/// The routes of both documents at the places that the policy names.
pub fn routes(site: &Site) -> Router<Arc<Site>> {
    let mut router = Router::new();
    for (path, document) in places(&site.policy) {
        let methods: MethodRouter<Arc<Site>> = get(
            move |State(site): State<Arc<Site>>, headers: HeaderMap| async move {
                serve(&site, &headers, document)
            },
        );
        router = router.route(&path, cors::route(methods, site.policy.cors.metadata));
    }
    router
}

/// Paths and documents; each path once.
fn places(policy: &Policy) -> Vec<(String, Document)> {
    let issuer = &policy.issuer_path;
    let inserted = |name: &str| format!("/.well-known/{name}{issuer}");
    let appended = |name: &str| format!("{issuer}/.well-known/{name}");
    let root = |name: &str| format!("/.well-known/{name}");
    let (oauth, openid) = ("oauth-authorization-server", "openid-configuration");
    let mut paths = match policy.metadata.rfc8414 {
        Rfc8414Location::Inserted => vec![inserted(oauth)],
        Rfc8414Location::Appended => vec![appended(oauth)],
        Rfc8414Location::Root => vec![root(oauth)],
        Rfc8414Location::InsertedWithSlash => vec![format!("{}/", inserted(oauth))],
        Rfc8414Location::Absent => Vec::new(),
    }
    .into_iter()
    .map(|path| (path, Document::Rfc8414))
    .collect::<Vec<_>>();
    paths.extend(
        match policy.metadata.openid {
            OpenidLocation::AppendedAndInserted => vec![appended(openid), inserted(openid)],
            OpenidLocation::Appended => vec![appended(openid)],
            OpenidLocation::Inserted => vec![inserted(openid)],
            OpenidLocation::Root => vec![root(openid)],
            OpenidLocation::Absent => Vec::new(),
        }
        .into_iter()
        .map(|path| (path, Document::Openid)),
    );
    let mut seen = std::collections::HashSet::new();
    paths.retain(|(path, _)| seen.insert(path.clone()));
    paths
}

fn serve(site: &Site, headers: &HeaderMap, document: Document) -> Response {
    let policy = &site.policy.metadata;
    if policy.behind_login {
        let login = [(header::LOCATION, site.endpoint("/login"))];
        return (StatusCode::FOUND, login).into_response();
    }
    let origin = published_origin(site, headers);
    let body = build(site, &origin, document);
    answer::typed(200, &policy.content_type, Value::Object(body).to_string())
}

/// The origin that the document's URLs begin with (RFC 9700 section 4.13).
fn published_origin(site: &Site, headers: &HeaderMap) -> String {
    let name = match site.policy.metadata.urls_from {
        UrlSource::Configuration => return site.authorization_server_origin.clone(),
        UrlSource::HostHeader => "host",
        UrlSource::ForwardedHost => "x-forwarded-host",
    };
    match headers.get(name).and_then(|value| value.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => site.authorization_server_origin.clone(),
    }
}

fn build(site: &Site, origin: &str, document: Document) -> Map<String, Value> {
    let policy = &site.policy;
    let base = format!("{origin}{}", policy.issuer_path);
    let issuer = match document {
        Document::Rfc8414 => policy.metadata.issuer,
        Document::Openid if policy.metadata.openid_issuer != IssuerMember::Identical => {
            policy.metadata.openid_issuer
        }
        Document::Openid => policy.metadata.issuer,
    };
    let mut members = Map::new();
    members.insert(
        "issuer".into(),
        json!(issuer_member(issuer, origin, &policy.issuer_path)),
    );
    endpoints(policy, &base, &mut members);
    lists(policy, &mut members);
    optional(policy, document, &mut members);
    for name in &policy.metadata.omit {
        members.shift_remove(name);
    }
    members.extend(policy.metadata.set.clone());
    members
}

fn endpoints(policy: &Policy, base: &str, members: &mut Map<String, Value>) {
    let url = |path: &str| match policy.metadata.endpoints {
        EndpointForm::Absolute => format!("{base}{path}"),
        EndpointForm::Relative => format!("{}{path}", policy.issuer_path),
        EndpointForm::PlainHttpElsewhere => format!("http://auth.example.com{path}"),
    };
    let offered = [
        ("authorization_endpoint", "/authorize", true),
        ("token_endpoint", "/token", true),
        ("jwks_uri", "/jwks", true),
        (
            "registration_endpoint",
            "/register",
            policy.registration.enabled,
        ),
        ("revocation_endpoint", "/revoke", policy.revocation.enabled),
        (
            "introspection_endpoint",
            "/introspect",
            policy.introspection.enabled,
        ),
        (
            "pushed_authorization_request_endpoint",
            "/par",
            policy.pushed_requests.enabled,
        ),
    ];
    for (name, path, exists) in offered {
        if exists {
            members.insert(name.into(), json!(url(path)));
        }
    }
}

fn lists(policy: &Policy, members: &mut Map<String, Value>) {
    let MetadataPolicy {
        grant_types,
        response_types,
        token_endpoint_auth_methods,
        ..
    } = &policy.metadata;
    let secrets: Vec<&String> = token_endpoint_auth_methods
        .iter()
        .filter(|method| *method != "none")
        .collect();
    let algorithms = &policy.client_authentication.assertion.algorithms;
    let mut grant_types = grant_types.clone();
    if policy.assertion_grants.enabled && !grant_types.is_empty() {
        grant_types.push(JWT_BEARER.to_owned());
    }
    let all = [
        ("response_types_supported", json!(response_types)),
        ("response_modes_supported", json!(["query", "fragment"])),
        ("grant_types_supported", json!(grant_types)),
        ("scopes_supported", json!(policy.scopes)),
        (
            "token_endpoint_auth_methods_supported",
            json!(token_endpoint_auth_methods),
        ),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            json!(algorithms),
        ),
        (
            "revocation_endpoint_auth_methods_supported",
            json!(token_endpoint_auth_methods),
        ),
        (
            "revocation_endpoint_auth_signing_alg_values_supported",
            json!(algorithms),
        ),
        (
            "introspection_endpoint_auth_methods_supported",
            json!(secrets),
        ),
        (
            "introspection_endpoint_auth_signing_alg_values_supported",
            json!(algorithms),
        ),
    ];
    // Lists without elements are left out (RFC 8414 section 3.2).
    members.extend(
        all.into_iter()
            .filter(|(_, value)| value.as_array().is_some_and(|list| !list.is_empty()))
            .map(|(name, value)| (name.to_owned(), value)),
    );
}

/// Members that may stand in one document and not in the other.
fn optional(policy: &Policy, document: Document, members: &mut Map<String, Value>) {
    let metadata = &policy.metadata;
    if stands_in(metadata.code_challenge_methods_in, document)
        && !metadata.code_challenge_methods.is_empty()
    {
        members.insert(
            "code_challenge_methods_supported".into(),
            json!(metadata.code_challenge_methods),
        );
    }
    if stands_in(metadata.iss_parameter_in, document) {
        members.insert(
            "authorization_response_iss_parameter_supported".into(),
            json!(true),
        );
    }
    if policy.pushed_requests.enabled && policy.pushed_requests.required {
        let name = "require_pushed_authorization_requests";
        members.insert(name.into(), json!(true));
    }
    if policy.client_documents.enabled
        && stands_in(metadata.client_id_metadata_document_in, document)
    {
        members.insert("client_id_metadata_document_supported".into(), json!(true));
    }
    if document == Document::Openid {
        members.insert("subject_types_supported".into(), json!(["public"]));
        members.insert(
            "id_token_signing_alg_values_supported".into(),
            json!(["ES256", "RS256"]),
        );
    }
}

fn stands_in(advertised: AdvertisedIn, document: Document) -> bool {
    match advertised {
        AdvertisedIn::Both => true,
        AdvertisedIn::Rfc8414 => document == Document::Rfc8414,
        AdvertisedIn::Openid => document == Document::Openid,
        AdvertisedIn::Neither => false,
    }
}

fn issuer_member(form: IssuerMember, origin: &str, path: &str) -> String {
    let issuer = format!("{origin}{path}");
    match form {
        IssuerMember::Identical => issuer,
        IssuerMember::TrailingSlash => format!("{issuer}/"),
        IssuerMember::OtherPath if path.is_empty() => format!("{issuer}/backend"),
        IssuerMember::OtherPath => origin.to_owned(),
        IssuerMember::OtherHost => format!("http://internal-auth.example{path}"),
        IssuerMember::WithQuery => format!("{issuer}?tenant=1"),
        IssuerMember::WithFragment => format!("{issuer}#main"),
        IssuerMember::BareHost => issuer.trim_start_matches("http://").to_owned(),
        IssuerMember::UpperCaseScheme => issuer.replacen("http", "HTTP", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str) -> Vec<String> {
        let policy = Policy {
            issuer_path: path.into(),
            ..Policy::default()
        };
        places(&policy).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn an_issuer_without_a_path_has_two_places() {
        assert_eq!(
            paths(""),
            [
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration"
            ]
        );
    }

    #[test]
    fn an_issuer_with_a_path_has_three_places() {
        assert_eq!(
            paths("/tenant"),
            [
                "/.well-known/oauth-authorization-server/tenant",
                "/tenant/.well-known/openid-configuration",
                "/.well-known/openid-configuration/tenant",
            ]
        );
    }

    #[test]
    fn the_issuer_is_the_identifier_and_nothing_else() {
        assert_eq!(
            issuer_member(IssuerMember::Identical, "http://h:1", "/t"),
            "http://h:1/t"
        );
        assert_eq!(
            issuer_member(IssuerMember::TrailingSlash, "http://h:1", ""),
            "http://h:1/"
        );
    }
}
