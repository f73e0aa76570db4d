//! The actions that a flow or a check is made of.
//!
//! Strings are templates (minijinja, strict about undefined names). A string that is one whole
//! `{{ expression }}` keeps the expression's type, so a list or a number can be passed on.
//! `suites/README.md` documents the result document of each action.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Mutation;

/// Parameters of a request: name to value. A value that is a list is sent once for each element.
pub type Params = Map<String, Value>;

/// Steps by name, in the order in which they are executed.
pub type Steps = IndexMap<String, Action>;

/// One thing that the harness does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Discovery as the client of the judged MCP version does it.
    Discover(Discover),
    /// An access token, by the best way that the target offers: the code grant where a user can
    /// log in, else a token that the operator gave. Its steps are those of `code_grant`.
    Obtain(Obtain),
    /// Any HTTP request to an allowed origin.
    Fetch(Fetch),
    /// Dynamic client registration (RFC 7591 section 3.1). The step's name is then a client.
    Register(Register),
    /// An authorization request, driven through login and consent to its end (OAuth 2.1 4.1.1).
    Authorize(Authorize),
    /// A token request (OAuth 2.1 section 3.2).
    Token(ClientRequest),
    /// A revocation request (RFC 7009 section 2.1).
    Revoke(ClientRequest),
    /// An introspection request (RFC 7662 section 2.1).
    Introspect(ClientRequest),
    /// A pushed authorization request (RFC 9126 section 2.1).
    Push(ClientRequest),
    /// An MCP operation, with the handshake that the MCP version asks for.
    Call(Call),
    /// The request of an earlier step once more, or several times at once.
    Repeat(Repeat),
    /// A document that the harness serves, for servers that fetch (client ID metadata, JWKS).
    Host(Host),
    /// Who came for a hosted document until now.
    Visits(Visits),
    /// Time passes.
    Wait(Wait),
    /// The audit log's entries since the run began.
    Audit(Audit),
    /// How hard to guess what the server has given out until the end of the run.
    Sample(Sample),
    /// A whole flow under a name of its own: another user, another client.
    Flow(SubFlow),
}

impl Action {
    /// Whether the step's name is a client afterwards.
    pub const fn makes_a_client(&self) -> bool {
        match self {
            Self::Register(_) => true,
            Self::Host(host) => host.client.is_some(),
            _ => false,
        }
    }

    /// The action's word in the suite files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Discover(_) => "discover",
            Self::Obtain(_) => "obtain",
            Self::Fetch(_) => "fetch",
            Self::Register(_) => "register",
            Self::Authorize(_) => "authorize",
            Self::Token(_) => "token",
            Self::Revoke(_) => "revoke",
            Self::Introspect(_) => "introspect",
            Self::Push(_) => "push",
            Self::Call(_) => "call",
            Self::Repeat(_) => "repeat",
            Self::Host(_) => "host",
            Self::Visits(_) => "visits",
            Self::Wait(_) => "wait",
            Self::Audit(_) => "audit",
            Self::Sample(_) => "sample",
            Self::Flow(_) => "flow",
        }
    }
}

/// Discovery from the MCP endpoint to the authorization server's metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discover {}

/// An access token. Parameters that are left out take the defaults of `code_grant`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Obtain {
    /// Client profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// User of the target file: `first` or `second`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Scope to ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Value>,
    /// Resource to ask a token for (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Value>,
}

/// The flow behind [`Action::Obtain`].
pub const OBTAIN_FLOW: &str = "code_grant";

/// The flows that the harness goes for itself: the way in, whether grants end each other, which MCP
/// versions a server speaks.
pub const OWN_FLOWS: [&str; 5] = [
    OBTAIN_FLOW,
    "code_grant_call",
    "good_call",
    "two_grants",
    "versions",
];

impl Obtain {
    /// The parameters that are given, as those of `code_grant`.
    pub fn parameters(&self) -> Params {
        let mut with = Params::new();
        for (name, text) in [("client", &self.client), ("user", &self.user)] {
            if let Some(text) = text {
                with.insert(name.to_owned(), Value::String(text.clone()));
            }
        }
        for (name, value) in [("scope", &self.scope), ("resource", &self.resource)] {
            if let Some(value) = value {
                with.insert(name.to_owned(), value.clone());
            }
        }
        with
    }
}

/// Any HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// Method; GET unless given.
    #[serde(default = "get")]
    pub method: String,
    /// URL.
    pub url: String,
    /// Added to the URL's query.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub query: Params,
    /// Request headers.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
    /// Body as `application/x-www-form-urlencoded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Params>,
    /// Body as `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Params>,
    /// Body as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

/// A registration request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Client profile (`suites/clients.yaml`) whose metadata is the base.
    pub client: String,
    /// Members that replace those of the profile; null leaves one out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub json: Params,
    /// Request headers.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
}

/// An authorization request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authorize {
    /// Client profile, or the name of an earlier `register` step.
    pub client: String,
    /// User of the target file who logs in: `first` or `second`.
    #[serde(default = "first")]
    pub user: String,
    /// `approve` or `deny`.
    #[serde(default = "approve")]
    pub consent: String,
    /// Parameters of the query; `client_id` is added unless given.
    pub query: Params,
    /// Cookie jar; steps of one run that name the same one share it. In `main` the user may be
    /// logged in from an earlier run, any other is new.
    #[serde(default = "main_browser")]
    pub browser: String,
    /// Stop before submitting `login` or `consent`, to see what happens without, or before a third
    /// party's answer is handed back to the server (`handback`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_before: Option<String>,
    /// Instead of the authorization request: the `form` or the `handback` before which an earlier
    /// step stopped. A mutation changes its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Value>,
}

fn first() -> String {
    "first".to_owned()
}

fn approve() -> String {
    "approve".to_owned()
}

/// The browser of steps that name none.
pub const MAIN_BROWSER: &str = "main";

fn main_browser() -> String {
    MAIN_BROWSER.to_owned()
}

/// A form request to an endpoint of the authorization server, authenticated as a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientRequest {
    /// Client profile, or the name of an earlier `register` step. Its credentials are added in
    /// the way the client is registered for.
    pub client: String,
    /// Form parameters.
    pub form: Params,
    /// Request headers.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
}

/// An MCP operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Name of an operation, handle or elicitation of the target file; `any` is the first operation,
    /// or `tools/list` where there is none; `list` is `tools/list`, and `server/discover` is that
    /// method.
    #[serde(default = "any")]
    pub operation: String,
    /// A JSON-RPC request in place of an operation: `method` and `params`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub request: Params,
    /// Bearer token; none is sent when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Use this `Mcp-Session-Id` and skip the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Another MCP endpoint than the target's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Another MCP version than the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_version: Option<String>,
    /// Request headers.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
    /// Members added to the operation's `params`, inside `arguments` and `_meta` too.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Params,
    /// A connection that only the steps of this run that name it use, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
}

fn any() -> String {
    "any".to_owned()
}

/// The request of an earlier step again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The step whose request is sent again, byte for byte but for `change`.
    pub step: String,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
    /// Send all at the same time, each on a connection of its own.
    #[serde(default)]
    pub at_once: bool,
    /// A deviation from the earlier request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<Mutation>>,
}

const fn once() -> u32 {
    1
}

/// A document served by the harness on loopback, or under the address that the target file gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Path under which it is served, perhaps with a query or a fragment, which only its URL has;
    /// an empty one is the origin alone. `self_url` in `json` is the whole URL.
    #[serde(default = "client_json")]
    pub path: String,
    /// What the URL begins with, unless it is the address that the target file gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The URL of an earlier document, which this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Client profile whose metadata the document holds, changed by `json`. The step's name is then
    /// a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Status of the answer.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers of the answer.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
    /// The document; null leaves a member of the client's metadata out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub json: Params,
    /// Sent instead of the document, as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

fn client_json() -> String {
    "/client.json".to_owned()
}

const fn ok() -> u16 {
    200
}

/// The requests for a hosted document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// The document's URL, the `url` of a `host` step.
    pub url: String,
}

/// Time that passes before the next step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Seconds, a number or a template.
    pub seconds: Value,
}

/// A look into the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Texts that together must stand in one entry; the log is read until they do, or for
    /// `audit_log.wait` seconds of the target file.
    #[serde(default)]
    pub entry: Vec<String>,
}

/// A look at every value of a kind that the server has given out, at the end of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What is looked at.
    pub of: Sampled,
}

/// What servers give out freshly and nobody must guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampled {
    /// Authorization codes.
    Code,
    /// Access tokens.
    AccessToken,
    /// Refresh tokens.
    RefreshToken,
    /// Secrets of registered clients.
    ClientSecret,
    /// MCP sessions.
    SessionId,
    /// What the handles of the target file mint.
    Handle,
}

impl Sampled {
    /// Several of them, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Code => "codes",
            Self::AccessToken => "access tokens",
            Self::RefreshToken => "refresh tokens",
            Self::ClientSecret => "client secrets",
            Self::SessionId => "session IDs",
            Self::Handle => "handles",
        }
    }
}

/// A flow as a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubFlow {
    /// The flow's id.
    pub id: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub with: Params,
}
