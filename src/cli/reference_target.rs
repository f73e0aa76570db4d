//! The reference servers as a target, written as an operator would describe them.

use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use crate::reference::keys::KeyPair;
use crate::reference::mcp_server::policy::{Revocation, Validation};
use crate::reference::policy::access_token::TokenFormat;
use crate::reference::policy::configuration::PreconfiguredClient;
use crate::reference::{Policy, Running};
use crate::target::{
    ACCESS_TOKENS, ASSERTIONS, AuditLog, AuditWords, Elicitation, GivenClient, Handle, HttpCall,
    HttpMethod, Operation, OperationCall, PlayedIssuer, SecondResource, Secret, TargetFile,
    ToolCall, User,
};

/// Their name in reports.
pub const NAME: &str = "the reference servers";

/// Longest time to wait for a token of the short-lived client to end, in seconds.
const LONGEST_WAIT: f64 = 5.0;

/// The target file of running reference servers, whose audit log is at `audit_log`.
pub fn reference_target(running: &Running, audit_log: Option<&Path>) -> TargetFile {
    let policy = &running.site().policy;
    let names = ["first", "second"].into_iter();
    let users = names.zip(&running.users).map(|(name, user)| {
        let user = User {
            username: user.name.clone(),
            password: Some(Secret::Value(user.password.clone())),
        };
        (name.to_owned(), user)
    });
    let mut target = TargetFile {
        name: Some(NAME.to_owned()),
        mcp_server: Some(running.mcp_url.clone()),
        authorization_server: Some(running.issuer.clone()),
        users: users.collect(),
        clients: clients(running),
        played_issuers: played_issuers(running),
        scopes: scopes(policy),
        scope_wildcards: true,
        operations: operations(),
        handles: handles(),
        elicitations: elicitations(policy),
        second_resource: Some(SecondResource {
            resource: running.second_mcp_url.clone(),
            mcp_server: Some(running.second_mcp_url.clone()),
        }),
        audit_log: audit_log.map(|path| AuditLog {
            file: path.display().to_string(),
            wait: 0.3,
            words: log_words(),
        }),
        ..TargetFile::default()
    };
    if policy.mcp_server.access.plain_api {
        as_plain_api(&mut target, running);
    }
    target.limits.longest_wait = LONGEST_WAIT;
    target.limits.token_leeway = seconds(policy.mcp_server.token.leeway);
    let mut given = policy.clients.iter();
    let code_lifetime = given.find_map(|client| client.code_lifetime);
    target.limits.code_lifetime = code_lifetime.map(seconds);
    target
}

/// The plain API of the reference servers in place of their MCP endpoint.
fn as_plain_api(target: &mut TargetFile, running: &Running) {
    let url = &running.mcp_url;
    target.resource = Some(url.clone());
    target.mcp_server = None;
    target.handles.clear();
    target.elicitations.clear();
    if let Some(second) = &mut target.second_resource {
        second.mcp_server = None;
    }
    let operations = [
        ("weather", "mcp:tools:weather", "Lisbon"),
        ("customer", "mcp:resources:customer-data:read", "notes"),
        ("news", "news:read", "ACME"),
    ];
    target.operations = operations
        .into_iter()
        .map(|(name, scope, shows)| {
            let call = HttpCall {
                method: HttpMethod::Get,
                url: format!("{url}/{name}"),
                json: None,
                shows: shows.to_owned(),
            };
            let operation = Operation {
                scopes: vec![scope.to_owned()],
                call: OperationCall::Http(call),
            };
            (name.to_owned(), operation)
        })
        .collect();
}

fn seconds(whole: u64) -> f64 {
    Duration::from_secs(whole).as_secs_f64()
}

/// A target file as text: what differs from the default, one line for each member or entry.
pub fn target_text(target: &TargetFile) -> Result<String, Failure> {
    let members = |file: &TargetFile| match serde_json::to_value(file) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Ok(Map::new()),
        Err(cause) => Err(Failure::Harness(cause.to_string())),
    };
    let usual = members(&TargetFile::default())?;
    let mut text = String::new();
    for (name, value) in members(target)? {
        let usual = usual.get(&name);
        match &value {
            same if Some(same) == usual => {}
            Value::Object(entries) => {
                text.push_str(&format!("{name}:\n"));
                let differs = |entry: &(&String, &Value)| {
                    usual.and_then(|usual| usual.get(entry.0)) != Some(entry.1)
                };
                for (name, entry) in entries.iter().filter(differs) {
                    text.push_str(&format!("  {name}: {entry}\n"));
                }
            }
            other => text.push_str(&format!("{name}: {other}\n")),
        }
    }
    Ok(text)
}

/// The scopes that open something; `openid` only brings an ID token.
fn scopes(policy: &Policy) -> Vec<String> {
    let mut scopes = policy.scopes.clone();
    scopes.retain(|scope| scope != "openid");
    // An operator believes what the resource publishes.
    for scope in &policy.mcp_server.metadata.scopes_supported {
        if *scope != "offline_access" && !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

/// The events of the reference servers' log.
fn log_words() -> AuditWords {
    AuditWords {
        grant: "token_issued".to_owned(),
        grant_refused: "token_refused".to_owned(),
        access: r#""event":"access""#.to_owned(),
        access_denied: r#""event":"access_denied""#.to_owned(),
    }
}

/// The clients that exist from the start: one whose tokens end at once, and one that may ask the
/// introspection endpoint.
fn clients(running: &Running) -> IndexMap<String, GivenClient> {
    let policy = &running.site().policy;
    let mut clients = IndexMap::new();
    let short = |client: &&PreconfiguredClient| client.access_token_lifetime.is_some();
    if let Some(client) = policy.clients.iter().find(short) {
        let given = GivenClient {
            client_id: client.client_id.clone(),
            client_secret: None,
            private_key: None,
            key_id: None,
            assertion_audience: None,
            authentication: None,
            redirect_uris: client.redirect_uris.clone(),
        };
        clients.insert("short_lived".to_owned(), given);
    }
    if let Some((client_id, secret)) = &running.site().introspector {
        let given = GivenClient {
            client_id: client_id.clone(),
            client_secret: Some(Secret::Value(secret.clone())),
            private_key: None,
            key_id: None,
            assertion_audience: None,
            authentication: None,
            redirect_uris: Vec::new(),
        };
        clients.insert("introspector".to_owned(), given);
    }
    clients
}

/// A tool and its arguments.
fn tool(name: &str, arguments: &[(&str, &str)]) -> OperationCall {
    let arguments = arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)));
    OperationCall::Tool(ToolCall {
        name: name.to_owned(),
        arguments: Map::from_iter(arguments),
    })
}

/// A workflow run is its starter's.
fn handles() -> IndexMap<String, Handle> {
    let run = Handle {
        from: "daily_report".to_owned(),
        at: "structuredContent/run".to_owned(),
        argument: "run".to_owned(),
        call: tool("get_workflow_run", &[]),
        scopes: Vec::new(),
    };
    IndexMap::from([("workflow_run".to_owned(), run)])
}

/// What asks the user back; the versions before 2026-07-28 know no such answer.
fn elicitations(policy: &Policy) -> IndexMap<String, Elicitation> {
    let spoken = &policy.mcp_server.transport.mcp_versions;
    if !spoken.iter().any(|version| version == "2026-07-28") {
        return IndexMap::new();
    }
    let archive = Elicitation {
        scopes: vec!["mcp:resources:customer-data:write".to_owned()],
        call: tool("archive_customer", &[("id", "42")]),
        answer: Map::from_iter([("confirm".to_owned(), json!(true))]),
    };
    let link = Elicitation {
        call: tool("link_account", &[]),
        answer: Map::new(),
        ..archive.clone()
    };
    IndexMap::from([
        ("archive_customer".to_owned(), archive),
        ("link_account".to_owned(), link),
    ])
}

/// The keys that sign access tokens, where the MCP server verifies them itself, and assertions.
fn played_issuers(running: &Running) -> IndexMap<String, PlayedIssuer> {
    let site = running.site();
    let (tokens, mcp) = (&site.policy.access_tokens, &site.policy.mcp_server.token);
    let mut issuers = IndexMap::new();
    let played = |issuer: Option<&str>, key: &KeyPair| PlayedIssuer {
        issuer: issuer.map(str::to_owned),
        private_key: Secret::Value(key.private_jwk().to_string()),
        key_id: None,
    };
    let is_verified = tokens.format == TokenFormat::Jwt
        && matches!(mcp.validation, Validation::Automatic | Validation::LocalJwt)
        && mcp.revocation != Revocation::Introspection;
    if is_verified {
        let size = site.policy.jwks.rsa_bits;
        let key = site.keys.pair_of_size(tokens.signing_algorithm, size);
        issuers.insert(ACCESS_TOKENS.to_owned(), played(None, key));
    }
    if site.policy.assertion_grants.enabled {
        let issuer = &site.policy.assertion_grants.issuer;
        let key = site.keys.identity_provider();
        issuers.insert(ASSERTIONS.to_owned(), played(Some(issuer), key));
    }
    issuers
}

/// The operations of the granular scope model; each leaves the server as it was, or nearly so.
fn operations() -> IndexMap<String, Operation> {
    let customer = OperationCall::Resource("customer-data://customers/42".to_owned());
    [
        (
            "weather",
            "mcp:tools:weather",
            tool("get_weather", &[("city", "Lisbon")]),
        ),
        (
            "read_customer",
            "mcp:resources:customer-data:read",
            customer,
        ),
        (
            "update_customer",
            "mcp:resources:customer-data:write",
            tool("update_customer", &[("id", "42"), ("note", "called")]),
        ),
        (
            "daily_report",
            "mcp:exec:workflows:daily-report",
            tool("run_workflow", &[("name", "daily-report")]),
        ),
        (
            "news_sentiment",
            "news:read",
            tool("get_news_sentiment", &[("ticker", "ACME")]),
        ),
    ]
    .into_iter()
    .map(|(name, scope, call)| {
        let scopes = vec![scope.to_owned()];
        (name.to_owned(), Operation { scopes, call })
    })
    .collect()
}
