//! What discovery and the target file say of each capability.

use indexmap::IndexMap;
use serde_json::Value;

use super::mends;
use crate::run::Presence;
use crate::run::action::Discovery;
use crate::run::session::Session;
use crate::suite::{self, Capability, McpVersion};
use crate::target::{ACCESS_TOKENS, ASSERTIONS, Limits, TargetFile};

/// Capabilities with what is known of them.
pub type Capabilities = IndexMap<Capability, Presence>;

pub(super) fn absent(reason: impl Into<String>) -> Presence {
    Presence::Absent {
        reason: reason.into(),
    }
}

fn not_given(add: impl Into<String>) -> Presence {
    Presence::NotGiven { add: add.into() }
}

pub(super) fn broken(reason: impl Into<String>) -> Presence {
    Presence::Broken {
        reason: reason.into(),
    }
}

/// Present if `holds`, else `otherwise`.
pub(super) fn present_if(holds: bool, otherwise: impl FnOnce() -> Presence) -> Presence {
    if holds {
        Presence::Present
    } else {
        otherwise()
    }
}

/// What can be said before anybody logs in.
pub fn of_discovery(session: &Session, discovery: &Discovery) -> Capabilities {
    let mut all = Capabilities::new();
    resource_server(session, discovery, &mut all);
    authorization_server(session, discovery, &mut all);
    operator(session, &mut all);
    not_offered(discovery, &mut all);
    all
}

/// What the operator did not give and need not give, since the server says that it has no use for
/// it.
fn not_offered(discovery: &Discovery, all: &mut Capabilities) {
    let found = discovery.server_metadata.as_ref();
    let grants = found.and_then(|found| found.document.get("grant_types_supported")?.as_array());
    let lists = |wanted: &str| grants.map(|all| all.iter().any(|grant| grant == wanted));
    let is_given = all.get(&Capability::AssertionIssuer) == Some(&Presence::Present);
    if !is_given && lists(JWT_BEARER) == Some(false) {
        all.insert(
            Capability::AssertionIssuer,
            absent(format!("the metadata do not list the grant {JWT_BEARER}")),
        );
    }
}

/// The grant that takes assertions (RFC 7523 section 2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn resource_server(session: &Session, discovery: &Discovery, all: &mut Capabilities) {
    use Capability::{McpServer, Protected, ProtectedResourceMetadata, ResourceServer};
    let file = &session.target.file;
    let plain = file.is_plain_api();
    if file.mcp_server.is_none() && !plain {
        for capability in [
            ResourceServer,
            McpServer,
            Protected,
            ProtectedResourceMetadata,
        ] {
            let reason = "the target is an authorization server without an MCP server";
            all.insert(capability, absent(reason));
        }
        return;
    }
    let server = if plain { "the API" } else { "the MCP server" };
    let status = discovery.probe.get("status").and_then(Value::as_u64);
    let failure = discovery.probe.get("failure").and_then(Value::as_str);
    let nothing = nothing_there(file, discovery).map(|nothing| broken(nothing.reason(file)));
    let reachable = nothing.unwrap_or_else(|| match (status, failure) {
        (Some(status), _) if !matches!(status, 300..=399 | 429 | 500..) => Presence::Present,
        (Some(status), _) => broken(format!("{server} answers the first request with {status}")),
        (None, failure) => broken(format!(
            "{server} does not answer: {}",
            failure.unwrap_or("no answer")
        )),
    });
    let declared = file
        .operations
        .values()
        .any(|operation| !operation.scopes.is_empty());
    let protected = match &reachable {
        // Some servers ask for a token at operations only, and break no rule (MCP authorization,
        // protocol requirements): then the operator says which.
        Presence::Present if declared || status == Some(401) => Presence::Present,
        // An API refuses what it was asked for, the operation itself.
        Presence::Present if plain && status == Some(403) => Presence::Present,
        Presence::Present => match discovery.resource_metadata.is_some() {
            true => not_given(
                "`operations` with the `scopes` that each needs: the first request is answered \
                 without a token",
            ),
            false => absent(format!(
                "{server} answers without a token and publishes no resource metadata"
            )),
        },
        other => other.clone(),
    };
    let metadata = match &reachable {
        Presence::Present => present_if(discovery.resource_metadata.is_some(), || {
            if session.version < McpVersion::V20250618 {
                absent("MCP 2025-03-26 knows no protected resource metadata")
            } else if let Some(url) = &discovery.resource_outside {
                not_given(mends::permission(session, url))
            } else if plain {
                absent("the API publishes no protected resource metadata, and need not")
            } else {
                broken("no protected resource metadata were found where this MCP version looks")
            }
        }),
        other => other.clone(),
    };
    all.insert(ResourceServer, reachable.clone());
    let mcp = match plain {
        true => absent(PLAIN_API),
        false => reachable,
    };
    all.insert(McpServer, mcp);
    all.insert(Protected, protected);
    all.insert(ProtectedResourceMetadata, metadata);
}

const PLAIN_API: &str = "the resource server is a plain HTTP API, and no MCP server";

/// An MCP server's address at which nothing is.
pub struct NothingThere {
    /// The address that the resource metadata name, on the same origin.
    pub meant: Option<String>,
}

impl NothingThere {
    fn reason(&self, file: &TargetFile) -> String {
        let address = file.mcp_server.as_deref().unwrap_or_default();
        match &self.meant {
            Some(meant) => format!("{address} answers 404; did you mean {meant}?"),
            None => format!("{address} answers 404: nothing is there"),
        }
    }
}

/// Whether the address is wrong: it answers 404 with neither a challenge nor a JSON-RPC message,
/// and no resource metadata are about it. Nothing that rests on it can be judged then.
pub fn nothing_there(file: &TargetFile, discovery: &Discovery) -> Option<NothingThere> {
    let probe = &discovery.probe;
    let is_speaking =
        probe.pointer("/challenges/0").is_some() || probe.pointer("/json/jsonrpc").is_some();
    if probe.get("status") != Some(&Value::from(404)) || is_speaking {
        return None;
    }
    let address = file.mcp_server.as_deref()?;
    let found = discovery.resource_metadata.as_ref();
    let named = found.and_then(|found| found.document.get("resource")?.as_str());
    if named == Some(address) {
        return None;
    }
    let beside = |named: &&str| suite::origin(named) == suite::origin(address);
    Some(NothingThere {
        meant: named.filter(beside).map(str::to_owned),
    })
}

fn authorization_server(session: &Session, discovery: &Discovery, all: &mut Capabilities) {
    use Capability::{AuthorizationServer, AuthorizationServerMetadata};
    let found = discovery.server_metadata.as_ref();
    let outside = discovery
        .server_outside
        .as_ref()
        .or_else(|| {
            discovery
                .resource_outside
                .as_ref()
                .filter(|_| discovery.issuer.is_none())
        })
        .map(|url| not_given(mends::permission(session, url)));
    let unknown = || not_given("`authorization_server`, the issuer: discovery names none");
    all.insert(
        AuthorizationServer,
        present_if(discovery.issuer.is_some() && outside.is_none(), || {
            outside.clone().unwrap_or_else(unknown)
        }),
    );
    all.insert(
        AuthorizationServerMetadata,
        present_if(
            found.is_some_and(|found| found.found_by != "default_endpoints"),
            || match (&outside, &discovery.issuer) {
                (Some(outside), _) => outside.clone(),
                (None, Some(issuer)) => broken(no_metadata(issuer, discovery)),
                (None, None) => unknown(),
            },
        ),
    );
    let empty = Value::Null;
    let metadata = found.map_or(&empty, |found| &found.document);
    if found.is_none() {
        let reason = all
            .get(&AuthorizationServerMetadata)
            .cloned()
            .unwrap_or(Presence::Present);
        for capability in OF_METADATA {
            all.insert(capability, reason.clone());
        }
    } else {
        features(session, metadata, all);
    }
    if let Some(meant) = meant_issuer(&session.target.file, discovery) {
        let written = session.target.file.authorization_server.as_deref();
        let reason = mistaken(written.unwrap_or_default(), &meant);
        for capability in OF_IDENTITY {
            if all
                .get(&capability)
                .is_none_or(|known| *known == Presence::Present)
            {
                all.insert(capability, broken(reason.clone()));
            }
        }
    }
}

/// How a wrong issuer in the target file is told.
pub fn mistaken(written: &str, meant: &str) -> String {
    format!("the target file says {written}, the server calls itself {meant}")
}

/// What is compared with the issuer, or sent to it by name.
const OF_IDENTITY: [Capability; 4] = [
    Capability::AuthorizationServer,
    Capability::AuthorizationServerMetadata,
    Capability::IssParameter,
    Capability::PrivateKeyJwt,
];

const OF_METADATA: [Capability; 10] = [
    Capability::AuthorizationCode,
    Capability::DynamicRegistration,
    Capability::ClientIdMetadataDocuments,
    Capability::ConfidentialClient,
    Capability::ClientCredentials,
    Capability::PrivateKeyJwt,
    Capability::Revocation,
    Capability::Introspection,
    Capability::PushedAuthorizationRequests,
    Capability::IssParameter,
];

fn no_metadata(issuer: &str, discovery: &Discovery) -> String {
    let tried: Vec<String> = discovery
        .tried
        .iter()
        .map(|(url, came)| format!("{url}: {came}"))
        .collect();
    format!(
        "no metadata were found for the issuer {issuer} ({})",
        tried.join("; ")
    )
}

fn features(session: &Session, metadata: &Value, all: &mut Capabilities) {
    use Capability as C;
    let file = &session.target.file;
    let has = |member: &str| metadata.get(member).is_some_and(|value| value.is_string());
    let lists = |member: &str, wanted: &str| {
        metadata
            .get(member)
            .and_then(Value::as_array)
            .map(|list| list.iter().any(|item| item.as_str() == Some(wanted)))
    };
    let no = |member: &str| absent(format!("the metadata name no {member}"));
    let grant = |name: &str| lists("grant_types_supported", name);
    let method = |name: &str| lists("token_endpoint_auth_methods_supported", name);
    all.insert(
        C::AuthorizationCode,
        // A list of grants that leaves the code grant out takes nobody's word for it: the honest
        // flow is tried, and every hostile one then.
        present_if(has("authorization_endpoint"), || {
            no("authorization_endpoint")
        }),
    );
    let registration = match (has("registration_endpoint"), file.registration.allowed) {
        (true, true) => Presence::Present,
        (true, false) => {
            not_given("`registration: { allowed: true }`, so that clients may be registered")
        }
        (false, _) => no("registration_endpoint"),
    };
    let client = |profile: &str| file.clients.contains_key(profile);
    let registers = registration == Presence::Present;
    let takes_documents = session.version >= McpVersion::V20251125
        && metadata.get("client_id_metadata_document_supported") == Some(&Value::Bool(true));
    let documents = takes_documents && file.client_id_metadata.is_some();
    let needs_client = |profile: &str| match &registration {
        Presence::NotGiven { add } => not_given(add.clone()),
        _ if takes_documents && profile == "public" => {
            not_given("`clients.public`, or `client_id_metadata`: the server registers no clients")
        }
        _ => not_given(format!(
            "`clients.{profile}`: the server registers no clients"
        )),
    };
    let secret =
        method("client_secret_basic") != Some(false) || method("client_secret_post") == Some(true);
    all.insert(
        C::ConfidentialClient,
        if client("confidential") || (secret && registers) {
            Presence::Present
        } else if secret {
            needs_client("confidential")
        } else {
            absent("the metadata list no authentication with a client secret")
        },
    );
    all.insert(
        C::ClientCredentials,
        if client("machine") || (grant("client_credentials") == Some(true) && registers) {
            Presence::Present
        } else if grant("client_credentials") == Some(true) {
            needs_client("machine")
        } else {
            absent("the metadata do not list the client credentials grant")
        },
    );
    all.insert(
        C::PublicClient,
        present_if(client("public") || registers || documents, || {
            needs_client("public")
        }),
    );
    all.insert(
        C::PrivateKeyJwt,
        present_if(method("private_key_jwt") == Some(true), || {
            absent("the metadata do not list private_key_jwt")
        }),
    );
    all.insert(C::DynamicRegistration, registration);
    for (capability, member) in [
        (C::Revocation, "revocation_endpoint"),
        (C::Introspection, "introspection_endpoint"),
        (
            C::PushedAuthorizationRequests,
            "pushed_authorization_request_endpoint",
        ),
    ] {
        all.insert(capability, present_if(has(member), || no(member)));
    }
    for (capability, member) in [
        (
            C::ClientIdMetadataDocuments,
            "client_id_metadata_document_supported",
        ),
        (
            C::IssParameter,
            "authorization_response_iss_parameter_supported",
        ),
    ] {
        let set = metadata.get(member) == Some(&Value::Bool(true));
        all.insert(
            capability,
            present_if(set, || {
                absent(format!("the metadata do not say {member}: true"))
            }),
        );
    }
}

/// What only the operator can give.
fn operator(session: &Session, all: &mut Capabilities) {
    use Capability as C;
    let file = &session.target.file;
    all.insert(
        C::DocumentHost,
        present_if(session.version >= McpVersion::V20251125, || {
            absent("MCP before 2025-11-25 knows no client ID metadata documents")
        }),
    );
    if all[&C::DocumentHost] == Presence::Present && file.client_id_metadata.is_none() {
        let add = "`client_id_metadata`, an https URL that leads to documents of authspec";
        all.insert(C::DocumentHost, not_given(add));
    }
    let place = file.client_id_metadata.as_ref();
    for (capability, holds, add) in [
        (
            C::PrivateDocumentHost,
            place.is_some_and(|place| place.private_url.is_some()),
            "`client_id_metadata.private_url`, a private address of authspec where the server must \
             not fetch",
        ),
        (
            C::DocumentCache,
            place.is_some_and(|place| place.longest_cache.is_some()),
            "`client_id_metadata.longest_cache`, the seconds that the server keeps a document",
        ),
    ] {
        let host = match all[&C::DocumentHost] {
            Presence::Present => present_if(holds, || not_given(add)),
            ref other => other.clone(),
        };
        all.insert(capability, host);
    }
    let given = |holds: bool, add: &str| present_if(holds, || not_given(add));
    let login = given(
        file.users.contains_key("first"),
        "`users.first` (username and password), so that somebody can log in",
    );
    let token = match (&login, file.access_tokens.contains_key("first")) {
        (_, true) => Presence::Present,
        (login, false) => login.clone(),
    };
    all.insert(C::Login, login);
    all.insert(C::AccessToken, token);
    let second = file.second_resource.as_ref();
    let scoped = file
        .operations
        .values()
        .any(|operation| !operation.scopes.is_empty());
    for (capability, holds, add) in [
        (
            C::SecondUser,
            file.users.contains_key("second"),
            "`users.second`, another user",
        ),
        (
            C::Operations,
            scoped,
            "`operations` with the `scopes` that each needs",
        ),
        (
            C::Handles,
            !file.handles.is_empty(),
            "`handles`, what one operation mints and another takes",
        ),
        (
            C::Elicitations,
            !file.elicitations.is_empty(),
            "`elicitations`, operations that ask the user back",
        ),
        (
            C::SecondResource,
            second.is_some(),
            "`second_resource`, another resource of the same authorization server",
        ),
        (
            C::SecondMcpServer,
            second.is_some_and(|second| second.mcp_server.is_some()),
            "`second_resource.mcp_server`, the endpoint of another resource",
        ),
        (
            C::AuditLog,
            file.audit_log.is_some(),
            "`audit_log.file`, so that entries can be read",
        ),
        (
            C::ShortLivedTokens,
            file.clients.contains_key("short_lived"),
            "`clients.short_lived`, a client whose access tokens end within `limits.longest_wait`",
        ),
        (
            C::ShortLivedCodes,
            file.clients.contains_key("short_lived") && file.limits.code_lifetime.is_some(),
            "`clients.short_lived`, and as `limits.code_lifetime` how long its authorization codes live",
        ),
        (
            C::TrustedIssuer,
            file.played_issuers.contains_key(ACCESS_TOKENS),
            "`played_issuers.access_tokens`, the key that signs access tokens",
        ),
        (
            C::AssertionIssuer,
            file.played_issuers.contains_key(ASSERTIONS),
            "`played_issuers.assertions`, the key of an identity provider that is trusted",
        ),
    ] {
        all.insert(capability, given(holds, add));
    }
    if file.clients.contains_key("short_lived") && !can_wait(&file.limits) {
        let add = "`limits.longest_wait` above `limits.token_leeway`, which every wait for the \
                   end of a token includes (10 and 180 seconds unless given)";
        all.insert(C::ShortLivedTokens, not_given(add));
    }
    if file.is_plain_api() {
        for capability in [C::Handles, C::Elicitations, C::SecondMcpServer] {
            all.insert(capability, absent(PLAIN_API));
        }
    }
    all.insert(
        C::ScopeWildcards,
        present_if(file.scope_wildcards, || {
            absent("the target file declares no wildcards in scopes (`scope_wildcards`)")
        }),
    );
}

/// What the server calls itself, where that is not what the target file says and the target file is
/// to blame: the resource names that other issuer, or nobody names either and they differ in a
/// final slash. Where the resource names what the target file says, the metadata are wrong (RFC
/// 8414 section 3.3).
pub fn meant_issuer(file: &TargetFile, discovery: &Discovery) -> Option<String> {
    let written = file.authorization_server.as_deref()?;
    let own = discovery.server_metadata.as_ref()?.document.get("issuer")?;
    let own = own.as_str().filter(|own| *own != written)?;
    let document = discovery.resource_metadata.as_ref();
    let named = document.and_then(|found| found.document.get("authorization_servers")?.as_array());
    let names = |issuer: &str| named.is_some_and(|all| all.iter().any(|named| named == issuer));
    let without_slash = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let is_slip = names(own) || without_slash(own) == without_slash(written);
    (is_slip && !names(written)).then(|| own.to_owned())
}

/// Whether a wait for the end of the shortest token is within what the target file allows.
fn can_wait(limits: &Limits) -> bool {
    limits.longest_wait > limits.token_leeway
}

/// Whoever ran the test ended it before anything was known.
pub fn of_nothing(reason: &str) -> Capabilities {
    Capability::ALL
        .into_iter()
        .map(|capability| (capability, broken(format!("not run: {reason}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::action::Found;

    fn assertions(metadata: Value, given: Presence) -> Presence {
        let found = Found {
            url: String::new(),
            found_by: "rfc8414",
            document: metadata,
        };
        let discovery = Discovery {
            server_metadata: Some(found),
            ..Discovery::default()
        };
        let mut all = Capabilities::from([(Capability::AssertionIssuer, given)]);
        not_offered(&discovery, &mut all);
        all[&Capability::AssertionIssuer].clone()
    }

    #[test]
    fn a_slip_of_the_target_file_is_told_from_metadata_of_another() {
        let meant = |written: &str, own: &str, named: &[&str]| {
            let found = |document| Found {
                url: String::new(),
                found_by: "rfc8414",
                document,
            };
            let discovery = Discovery {
                server_metadata: Some(found(json!({ "issuer": own }))),
                resource_metadata: Some(found(json!({ "authorization_servers": named }))),
                ..Discovery::default()
            };
            let file = TargetFile {
                authorization_server: Some(written.to_owned()),
                ..TargetFile::default()
            };
            meant_issuer(&file, &discovery)
        };
        let (issuer, slash) = ("https://as.example", "https://as.example/");
        let other = "https://other.example";
        assert_eq!(meant(issuer, issuer, &[issuer]), None);
        // The resource settles it, or nothing but the slash differs.
        assert_eq!(meant(slash, issuer, &[issuer]).as_deref(), Some(issuer));
        assert_eq!(meant(other, issuer, &[issuer]).as_deref(), Some(issuer));
        assert_eq!(meant(slash, issuer, &[]).as_deref(), Some(issuer));
        // The metadata are wrong, by a slash or altogether.
        assert_eq!(meant(issuer, slash, &[issuer]), None);
        assert_eq!(meant(issuer, other, &[issuer]), None);
        assert_eq!(meant(issuer, other, &[]), None);
    }

    #[test]
    fn a_server_whose_grants_lack_assertions_takes_none() {
        let asked = || not_given("a key");
        let without = json!({ "grant_types_supported": ["authorization_code"] });
        let with = json!({ "grant_types_supported": ["authorization_code", JWT_BEARER] });
        let took = assertions(without.clone(), asked());
        assert!(matches!(took, Presence::Absent { .. }), "{took:?}");
        // What is listed, and what nobody says, is asked of the operator.
        assert_eq!(assertions(with, asked()), asked());
        assert_eq!(assertions(json!({}), asked()), asked());
        // Whoever gives the key wants to know.
        assert_eq!(assertions(without, Presence::Present), Presence::Present);
    }
}
