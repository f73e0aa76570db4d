//! The template names that hold for every run, from the target file and discovery.

use indexmap::IndexSet;
use serde_json::{Value, json};

use crate::run::action::Discovery;
use crate::run::jose;
use crate::run::mcp::Message;
use crate::run::session::{FOREIGN_REDIRECT, HTTPS_REDIRECT, LOOPBACK_REDIRECT, Session};
use crate::suite::McpVersion;
use crate::target::{ASSERTIONS, Live};

/// Sets `target`, `issuer`, `resource`, `metadata`, `resource_metadata`, `discovery`, `harness`.
pub fn set(session: &Session, discovery: &Discovery) {
    let metadata = discovery.server_metadata.as_ref();
    let resource_metadata = discovery.resource_metadata.as_ref();
    let document = |found: Option<&crate::run::action::Found>| {
        found.map_or_else(|| json!({}), |found| found.document.clone())
    };
    session.set_variable("metadata", document(metadata));
    session.set_variable("resource_metadata", document(resource_metadata));
    session.set_variable(
        "discovery",
        json!({
            "metadata_url": metadata.map(|found| &found.url),
            "metadata_found_by": metadata.map(|found| found.found_by),
            "resource_metadata_url": resource_metadata.map(|found| &found.url),
            "resource_metadata_found_by": resource_metadata.map(|found| found.found_by),
            "challenge": discovery.probe.get("bearer"),
            "probe_status": discovery.probe.get("status"),
        }),
    );
    session.set_variable("issuer", json!(discovery.issuer));
    session.set_variable("resource", json!(resource(session, discovery)));
    session.set_variable("harness", harness(session, &document(metadata)));
    session.set_variable("target", target(session, discovery));
}

/// The resource identifier to ask tokens for; none before RFC 8707 came to MCP (2025-06-18).
fn resource(session: &Session, discovery: &Discovery) -> Option<String> {
    if session.version < McpVersion::V20250618 {
        return None;
    }
    let published = || {
        let document = &discovery.resource_metadata.as_ref()?.document;
        document.get("resource")?.as_str().map(str::to_owned)
    };
    let file = &session.target.file;
    file.resource
        .clone()
        .or_else(published)
        .or_else(|| file.mcp_server.clone())
}

fn harness(session: &Session, metadata: &Value) -> Value {
    let chosen = session.target.file.registration.secret_authentication;
    let list = |member: &str| metadata.get(member).and_then(Value::as_array);
    let lists = |member: &str, value: &str| {
        list(member).is_none_or(|list| list.iter().any(|listed| listed.as_str() == Some(value)))
    };
    let methods = list("token_endpoint_auth_methods_supported");
    let mut user_grants = vec!["authorization_code"];
    if lists("grant_types_supported", "refresh_token") {
        user_grants.push("refresh_token");
    }
    json!({
        "loopback_redirect": LOOPBACK_REDIRECT,
        "https_redirect": HTTPS_REDIRECT,
        "foreign_redirect": FOREIGN_REDIRECT,
        // OAuth 2.1 section 2.4.1 makes the form the method that every server has. RFC 8414
        // section 2: where the member is missing, client_secret_basic is meant.
        "secret_authentication": match (chosen, methods) {
            (Some(chosen), _) => json!(chosen),
            (None, Some(_))
                if lists("token_endpoint_auth_methods_supported", "client_secret_post") =>
            {
                json!("client_secret_post")
            }
            _ => json!("client_secret_basic"),
        },
        // A server may refuse a client that wants a grant which it does not list (RFC 7591 section
        // 3.2.2).
        "user_grants": user_grants,
        "jwks": jose::Keys::shared().es256_jwks(),
    })
}

/// Most scopes that are taken from a server's list: no request could ask for many more at once.
const MOST_SCOPES: usize = 200;

fn target(session: &Session, discovery: &Discovery) -> Value {
    let file = &session.target.file;
    let documents = file.client_id_metadata.as_ref();
    let joined = |scopes: &[String]| {
        let all = file.base_scopes.iter().chain(scopes);
        let all: IndexSet<&str> = all.map(String::as_str).collect();
        let all: Vec<&str> = all.into_iter().collect();
        (!all.is_empty()).then(|| all.join(" "))
    };
    let operations: Vec<Value> = file
        .operations
        .iter()
        .map(|(name, operation)| {
            // A plain HTTP API has no messages.
            let message = Message::of_operation(&operation.call);
            let request = message.as_ref().map(|message| {
                let (method, params) = (&message.method, &message.params);
                json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
            });
            json!({
                "name": name,
                "scopes": operation.scopes,
                "scope": joined(&operation.scopes),
                "method": message.as_ref().map(|message| &message.method),
                "params": message.as_ref().map(|message| &message.params),
                "request": request.map(|request| request.to_string()),
            })
        })
        .collect();
    // A token has to be good for the operation that mints the handle too.
    let handles: Vec<Value> = file
        .handles
        .iter()
        .map(|(name, handle)| {
            let from = file.operations.get(&handle.from);
            let mut scopes = from.map_or_else(Vec::new, |from| from.scopes.clone());
            scopes.extend(handle.scopes.iter().cloned());
            json!({
                "name": name,
                "from": handle.from,
                "at": handle.at,
                "argument": handle.argument,
                "scope": joined(&scopes),
            })
        })
        .collect();
    let elicitations: Vec<Value> = file
        .elicitations
        .iter()
        .map(|(name, asked)| {
            json!({ "name": name, "answer": asked.answer, "scope": joined(&asked.scopes) })
        })
        .collect();
    let mut supported = strings(
        discovery
            .resource_metadata
            .as_ref()
            .and_then(|found| found.document.get("scopes_supported")),
    );
    supported.truncate(MOST_SCOPES);
    let scopes = if file.scopes.is_empty() {
        &supported
    } else {
        &file.scopes
    };
    let granted: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({ "name": scope, "scope": joined(std::slice::from_ref(scope)) }))
        .collect();
    // A client that did not register `openid` is refused ID tokens.
    let openid = openid(discovery);
    let registered: Vec<String> = scopes
        .iter()
        .chain(&file.authorization.scopes)
        .chain(&openid)
        .cloned()
        .collect();
    json!({
        "mcp_server": file.mcp_server,
        "mcp_version": session.version.as_str(),
        "scope": default_scope(session, discovery, scopes).or_else(|| joined(&[])),
        "scopes": granted,
        "registration_scope": file.registration.scope.clone().or_else(|| joined(&registered)),
        "operations": operations,
        "handles": handles,
        "elicitations": elicitations,
        "second_resource": file.second_resource,
        "limits": file.limits,
        "scope_wildcards": file.scope_wildcards,
        "audit": file.audit_log.as_ref().map(|log| &log.words),
        "users": users(session),
        "given_clients": session.target.clients.keys().collect::<Vec<_>>(),
        "document_url": documents.map(|place| place.url.trim_end_matches('/')),
        "private_document_url": documents
            .and_then(|place| place.private_url.as_deref())
            .map(|url| url.trim_end_matches('/')),
        "document_cache": documents.and_then(|place| place.longest_cache),
        "assertion_issuer": file.played_issuers.get(ASSERTIONS).and_then(|played| played.issuer.clone()),
    })
}

/// The scope of OpenID Connect, where the authorization server lists it.
fn openid(discovery: &Discovery) -> Option<String> {
    let metadata = &discovery.server_metadata.as_ref()?.document;
    let listed = strings(metadata.get("scopes_supported"));
    listed.into_iter().find(|scope| scope == "openid")
}

fn users(session: &Session) -> Value {
    session
        .target
        .users
        .iter()
        .map(|(name, user)| {
            let password = user.password.as_ref().map(Live::expose);
            let told = json!({ "username": user.username, "password": password });
            (name.clone(), told)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The scope that an honest client asks for (MCP 2025-11-25, authorization#scope-selection-strategy):
/// that of the challenge, else all that the resource lists. The target file's first operation goes
/// before both, so that the honest call can succeed.
fn default_scope(session: &Session, discovery: &Discovery, scopes: &[String]) -> Option<String> {
    let file = &session.target.file;
    if let Some(operation) = file.operations.values().next()
        && !operation.scopes.is_empty()
    {
        let mut all = file.base_scopes.clone();
        all.extend(
            operation
                .scopes
                .iter()
                .filter(|scope| !file.base_scopes.contains(scope))
                .cloned(),
        );
        return Some(all.join(" "));
    }
    if !file.base_scopes.is_empty() {
        return Some(file.base_scopes.join(" "));
    }
    let challenged = discovery
        .probe
        .pointer("/bearer/scope")
        .and_then(Value::as_str);
    challenged
        .map(str::to_owned)
        .or_else(|| (!scopes.is_empty()).then(|| scopes.join(" ")))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
