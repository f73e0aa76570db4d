//! Discovery as the client of the judged MCP version does it: from the MCP endpoint over protected
//! resource metadata (RFC 9728) to the authorization server's metadata (RFC 8414, OpenID Connect
//! Discovery). `mcp-versions` of the MCP specification differ in where they look.

use serde_json::{Map, Value, json};

use super::call::plain;
use super::{Answered, Done, answered};
use crate::run::http::{Origin, Request};
use crate::run::mcp::{self, Envelope, Message};
use crate::run::session::Session;
use crate::run::{FailureKind, Outcome};
use crate::suite::{McpVersion, origin, well_known, well_known_appended};
use crate::target::{HttpCall, TargetFile};

/// A document and where it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The URL that gave it.
    pub url: String,
    /// By which rule the URL was derived.
    pub found_by: &'static str,
    /// The document.
    pub document: Value,
}

/// What discovery came to.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Status and challenge of the request without a token; null without a resource server.
    pub probe: Value,
    /// Protected resource metadata.
    pub resource_metadata: Option<Found>,
    /// Issuer that was looked up.
    pub issuer: Option<String>,
    /// Authorization server metadata.
    pub server_metadata: Option<Found>,
    /// URLs that were tried in vain, with what came.
    pub tried: Vec<(String, String)>,
    /// Resource metadata that nobody asked for, since nothing may be sent to their origin.
    pub resource_outside: Option<String>,
    /// The same of the authorization server's metadata.
    pub server_outside: Option<String>,
    /// An answer that does not tell whether the document is there.
    pub undecided: Option<String>,
    /// Positions of the exchanges.
    pub exchanges: Vec<usize>,
}

/// The step form of [`discover`]; accepted where both documents were found, or discovery went as
/// far as the target file lets it.
pub async fn step(session: &Session) -> Done {
    let found = discover(session).await;
    let complete = (found.server_metadata.is_some() || found.server_outside.is_some())
        && (found.resource_metadata.is_some() || session.version < McpVersion::V20250618);
    let outcome = match &found.undecided {
        _ if complete => Outcome::Accepted,
        Some(reason) => Outcome::Undecided {
            reason: reason.clone(),
        },
        None => Outcome::Refused {
            reason: "discovery does not lead to an authorization server".to_owned(),
        },
    };
    Done {
        outcome,
        exchanges: found.exchanges.clone(),
        result: found.describe(),
    }
}

impl Discovery {
    /// As result document.
    pub fn describe(self) -> Map<String, Value> {
        let found = |found: Option<Found>| {
            found.map(|found| {
                json!({ "url": found.url, "found_by": found.found_by, "document": found.document })
            })
        };
        let tried: Vec<Value> = self
            .tried
            .iter()
            .map(|(url, came)| json!({ "url": url, "came": came }))
            .collect();
        Map::from_iter([
            ("probe".to_owned(), self.probe),
            ("issuer".to_owned(), json!(self.issuer)),
            (
                "resource_metadata".to_owned(),
                json!(found(self.resource_metadata)),
            ),
            (
                "server_metadata".to_owned(),
                json!(found(self.server_metadata)),
            ),
            ("tried".to_owned(), Value::Array(tried)),
        ])
    }
}

/// Looks for the documents.
pub async fn discover(session: &Session) -> Discovery {
    let mut out = Discovery::default();
    if let Some(mcp_server) = session.target.file.mcp_server.clone() {
        let probe = probe(session, &mcp_server).await;
        out.exchanges.push(probe.exchange);
        out.probe = Value::Object(probe.document);
        if session.version >= McpVersion::V20250618 {
            find_resource_metadata(session, &mut out, &mcp_server).await;
        }
    } else if let Some(api) = api(&session.target.file) {
        let probe = answered(
            session
                .http
                .send("first request", plain::request(api))
                .await,
        );
        out.exchanges.push(probe.exchange);
        out.probe = Value::Object(probe.document);
        if session.version >= McpVersion::V20250618 {
            find_api_metadata(session, &mut out, &api.url).await;
        }
    }
    out.issuer = issuer(session, &out);
    if let Some(issuer) = out.issuer.clone() {
        find_server_metadata(session, &mut out, &issuer).await;
    }
    out
}

/// The first request of a client, without a token.
async fn probe(session: &Session, url: &str) -> Answered {
    let message = if session.version.is_stateless() {
        Message::of_method("server/discover")
    } else {
        Message::initialize(session.version)
    };
    let envelope = Envelope {
        url,
        ..Envelope::default()
    };
    let request = mcp::request(session.version, &message, &envelope);
    answered(session.http.send("first request", request).await)
}

/// The first operation of a plain HTTP API.
fn api(file: &TargetFile) -> Option<&HttpCall> {
    file.http_operations().next().map(|(_, call)| call)
}

/// A plain API need not publish metadata, so they are sought only where the challenge says, or where
/// RFC 9728 section 3.1 has them for the identifier that the operator gave, on the API's own origin.
async fn find_api_metadata(session: &Session, out: &mut Discovery, url: &str) {
    let resource = session.target.file.resource.as_deref();
    let own = resource.filter(|resource| origin(resource) == origin(url));
    let derived = own.and_then(|resource| well_known(resource, "oauth-protected-resource"));
    let derived = derived.map(|url| (url, "path"));
    let places = announced(out).or(derived).into_iter().collect();
    seek_resource_metadata(session, out, places).await;
}

/// The URL that the challenge names, which is used exclusively.
fn announced(out: &Discovery) -> Option<(String, &'static str)> {
    let url = out.probe.pointer("/bearer/resource_metadata")?.as_str()?;
    Some((url.to_owned(), "challenge"))
}

async fn find_resource_metadata(session: &Session, out: &mut Discovery, mcp_server: &str) {
    let mut places: Vec<_> = announced(out).into_iter().collect();
    if places.is_empty() {
        let derive = |url: &str| well_known(url, "oauth-protected-resource");
        places.extend(derive(mcp_server).map(|url| (url, "path")));
        let root = origin(mcp_server).and_then(derive);
        places.extend(root.map(|url| (url, "root")));
        places.dedup_by(|later, earlier| later.0 == earlier.0);
    }
    seek_resource_metadata(session, out, places).await;
}

async fn seek_resource_metadata(
    session: &Session,
    out: &mut Discovery,
    places: Vec<(String, &'static str)>,
) {
    match first_document(session, out, places, "resource metadata").await {
        Sought::Found(found) => out.resource_metadata = Some(found),
        Sought::Outside(url) => out.resource_outside = Some(url),
        Sought::Nowhere => {}
    }
}

async fn find_server_metadata(session: &Session, out: &mut Discovery, issuer: &str) {
    let appended = |name| well_known_appended(issuer, name);
    let inserted = |name| well_known(issuer, name);
    let oauth = inserted("oauth-authorization-server").map(|url| (url, "rfc8414"));
    let mut places: Vec<(String, &'static str)> = oauth.into_iter().collect();
    if session.version == McpVersion::V20250326 {
        let root = origin(issuer).and_then(|root| well_known(root, "oauth-authorization-server"));
        places = root.map(|url| (url, "rfc8414")).into_iter().collect();
    }
    // Versions before 2025-11-25 know RFC 8414 only; OpenID discovery is tried all the same, so
    // that the rest of the server can be judged. Which document was found decides a check.
    places.extend(inserted("openid-configuration").map(|url| (url, "openid_inserted")));
    places.extend(appended("openid-configuration").map(|url| (url, "openid_appended")));
    let mut seen = Vec::new();
    places.retain(|(url, _)| {
        let new = !seen.contains(url);
        seen.push(url.clone());
        new
    });
    match first_document(session, out, places, "server metadata").await {
        Sought::Found(found) => out.server_metadata = Some(found),
        Sought::Outside(url) => out.server_outside = Some(url),
        Sought::Nowhere if session.version == McpVersion::V20250326 => {
            out.server_metadata = Some(default_endpoints(issuer));
        }
        Sought::Nowhere => {}
    }
}

/// MCP 2025-03-26, authorization: endpoints at the root where there are no metadata.
fn default_endpoints(issuer: &str) -> Found {
    let origin = origin(issuer).unwrap_or(issuer);
    Found {
        url: String::new(),
        found_by: "default_endpoints",
        document: json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "registration_endpoint": format!("{origin}/register"),
        }),
    }
}

/// What a search for a document came to.
enum Sought {
    Found(Found),
    /// Nothing may be sent to this URL.
    Outside(String),
    Nowhere,
}

/// The first place that answers 200 with a JSON object.
async fn first_document(
    session: &Session,
    out: &mut Discovery,
    places: Vec<(String, &'static str)>,
    purpose: &str,
) -> Sought {
    let mut outside = None;
    for (url, found_by) in places {
        let request = Request::get(url.clone()).header("Accept", "application/json");
        let sent = session.http.send(purpose, request).await;
        out.exchanges.push(sent.exchange);
        match sent.answer {
            Ok(response) if response.status == 200 => match response.json() {
                Ok(document) if document.is_object() => {
                    return Sought::Found(Found {
                        url,
                        found_by,
                        document,
                    });
                }
                _ => {
                    let came = match response.cut() {
                        Some(cut) => {
                            let undecided = format!("{purpose} at {url}: {cut}");
                            out.undecided.get_or_insert(undecided);
                            format!("200, but {cut}")
                        }
                        None => "200, but not a JSON object".to_owned(),
                    };
                    out.tried.push((url, came));
                }
            },
            Ok(response) => {
                let status = response.status;
                if matches!(status, 300..=399 | 429 | 500..) {
                    let undecided = format!("{purpose} at {url}: status {status}");
                    out.undecided.get_or_insert(undecided);
                }
                out.tried.push((url, status.to_string()));
            }
            Err(failure) => {
                if failure.kind == FailureKind::NotAllowed {
                    outside.get_or_insert(url.clone());
                }
                // What is no web address was never going to bring a document.
                if Origin::of(&url).is_some() {
                    let undecided = format!("{purpose} at {url}: {}", failure.message);
                    out.undecided.get_or_insert(undecided);
                }
                out.tried.push((url, failure.message));
            }
        }
    }
    outside.map_or(Sought::Nowhere, Sought::Outside)
}

/// The issuer to look up: of the target file, of the resource metadata, or (2025-03-26) the origin
/// of the MCP server.
fn issuer(session: &Session, out: &Discovery) -> Option<String> {
    let file = &session.target.file;
    let listed = || {
        let document = &out.resource_metadata.as_ref()?.document;
        let first = document.get("authorization_servers")?.get(0)?;
        first.as_str().map(str::to_owned)
    };
    let own = || {
        let mcp_server = file.mcp_server.as_deref()?;
        let root = origin(mcp_server).filter(|_| session.version == McpVersion::V20250326);
        root.map(str::to_owned)
    };
    file.authorization_server
        .clone()
        .or_else(listed)
        .or_else(own)
}
