//! The target file: what the operator says about the server under test.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::{Elicitation, Handle, HttpCall, Operation, OperationCall, Recipe, Secret};
use crate::suite::{Authentication, McpVersion, Params};

/// A server under test. Everything but the address is optional; what is left out makes the checks
/// that need it *untested*, never passed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TargetFile {
    /// Name in reports; the address unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URL of the MCP endpoint. None where the resource server is a plain HTTP API, whose
    /// `operations` are then of the kind `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_server: Option<String>,
    /// Issuer identifier of the authorization server, byte for byte. Needed only where discovery
    /// from the MCP server does not lead to it, or where there is no MCP server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<String>,
    /// Resource identifier to ask tokens for, byte for byte; the one of the protected resource
    /// metadata unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// MCP version to judge by; 2025-11-25 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_version: Option<McpVersion>,
    /// Further origins that the harness may send requests to (`https://login.example`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    /// Accept plain http on hosts other than loopback.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure_http: bool,
    /// PEM file with a private certificate authority to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_ca: Option<String>,
    /// Test users by name: `first`, `second`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub users: IndexMap<String, User>,
    /// How to get through the login and consent pages, where guessing does not.
    pub login: Recipe,
    /// What every authorization request carries beyond what the protocol asks for.
    pub authorization: AuthorizationRequest,
    /// Dynamic registration.
    pub registration: Registration,
    /// Clients that exist already, by profile (`public`, `confidential`, `machine`, ...).
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub clients: IndexMap<String, GivenClient>,
    /// Client ID metadata documents, served while authspec runs; clients without a secret use them
    /// where the authorization server takes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_metadata: Option<ClientIdMetadata>,
    /// Every scope that the test users may be granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Scopes that each token needs whatever it is for (added to every request).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_scopes: Vec<String>,
    /// `mcp:exec:workflows:*` covers `mcp:exec:workflows:daily-report`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scope_wildcards: bool,
    /// Operations that may be called, by name; the first is the one for checks that need any.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub operations: IndexMap<String, Operation>,
    /// State handles, by name: what one operation mints and another takes.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub handles: IndexMap<String, Handle>,
    /// Operations that ask the user back before they do anything, by name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub elicitations: IndexMap<String, Elicitation>,
    /// A second resource of the same authorization server, for audience checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_resource: Option<SecondResource>,
    /// The audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_log: Option<AuditLog>,
    /// Access tokens of the operator, where no login is possible, by user name.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub access_tokens: IndexMap<String, Secret>,
    /// Issuers that the harness may play, by what they sign: `access_tokens` (the key of the
    /// authorization server, in a test environment), `assertions` (an identity provider that the
    /// authorization server trusts).
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub played_issuers: IndexMap<String, PlayedIssuer>,
    /// What the harness may ask of the server.
    pub limits: Limits,
}

impl TargetFile {
    /// The operations of a plain HTTP API by name, where the resource server is one.
    pub fn http_operations(&self) -> impl Iterator<Item = (&str, &HttpCall)> {
        self.operations
            .iter()
            .filter_map(|(name, operation)| match &operation.call {
                OperationCall::Http(call) if self.mcp_server.is_none() => {
                    Some((name.as_str(), call))
                }
                _ => None,
            })
    }

    /// Whether the resource server is a plain HTTP API, and no MCP server.
    pub fn is_plain_api(&self) -> bool {
        self.http_operations().next().is_some()
    }

    /// Where requests with access tokens go.
    pub fn resource_urls(&self) -> impl Iterator<Item = &String> {
        let api = self.http_operations().map(|(_, call)| &call.url);
        self.mcp_server.iter().chain(api)
    }
}

/// A test user.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Name to type into the login form.
    pub username: String,
    /// Password to type. Only a person who logs in (`login.driver: interactive`) needs none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// What every authorization request carries beyond what the protocol asks for. Some servers give
/// refresh tokens only for `offline_access` with `prompt=consent` (OpenID Connect Core section 11).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationRequest {
    /// Further parameters.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Params,
    /// Scopes added to those that are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// Dynamic registration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Whether the harness may register clients.
    pub allowed: bool,
    /// Initial access token (RFC 7591 section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_access_token: Option<Secret>,
    /// The kind of application that every client registers as, where the server wants another than
    /// that of its redirect URIs (OpenID Connect Registration section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// The scope that clients register for; all of `scopes` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How clients with a secret authenticate; unless given, by `client_secret_post` where the metadata
    /// list it (OAuth 2.1 section 2.4.1), else by `client_secret_basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_authentication: Option<SecretAuthentication>,
    /// Members added to every registration; null leaves one out.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub members: Params,
    /// The same for single client profiles (`machine`), over `members`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub profiles: IndexMap<String, Params>,
}

/// `application_type` of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a person's machine.
    Native,
    /// On a web host.
    Web,
}

/// How a client sends its secret (OAuth 2.1 section 2.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretAuthentication {
    /// HTTP Basic.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            allowed: true,
            initial_access_token: None,
            application_type: None,
            scope: None,
            secret_authentication: None,
            members: Map::new(),
            profiles: IndexMap::new(),
        }
    }
}

/// A client that exists already.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenClient {
    /// Client identifier, byte for byte.
    pub client_id: String,
    /// Client secret, for a confidential client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Private key for `private_key_jwt` (RFC 7523 section 2.2), as PEM or JWK: P-256 signs by
    /// ES256, RSA by RS256, Ed25519 by EdDSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    /// `kid` of its assertions; the JWK's own unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `aud` of its assertions, byte for byte; the issuer unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion_audience: Option<String>,
    /// How it authenticates; by its key or its secret unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// Its registered redirect URIs, byte for byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
}

const fn yes() -> bool {
    true
}

/// An issuer that the harness may play.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayedIssuer {
    /// Its identifier, byte for byte; the authorization server's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Its private key, as PEM or JWK.
    pub private_key: Secret,
    /// `kid` of what it signs; the JWK's own unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
}

/// The played issuer of access tokens.
pub const ACCESS_TOKENS: &str = "access_tokens";
/// The played issuer of assertions (RFC 7523 section 2.1).
pub const ASSERTIONS: &str = "assertions";

/// Where client ID metadata documents are served (draft-ietf-oauth-client-id-metadata-document-00).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientIdMetadata {
    /// The https URL below which the authorization server finds the documents.
    pub url: String,
    /// Where authspec listens on this machine (`127.0.0.1:8710`); what comes for `url` is to be
    /// forwarded there by a proxy or a tunnel.
    pub listen: String,
    /// PEM file with a certificate chain, to speak https there without a proxy; relative paths start
    /// at the target file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Private key of the certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    /// A URL with a private or loopback address that leads to `listen` as well, where the
    /// authorization server could fetch but must not (`https://10.0.0.5:8710`). Giving it allows
    /// authspec to tempt the server to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_url: Option<String>,
    /// The longest time in seconds that the authorization server keeps a document or an error,
    /// whatever the document's headers say; 0 where it keeps to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_cache: Option<f64>,
    /// Whether public clients are documents also where the server registers clients.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub public_clients: bool,
}

/// A second resource.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondResource {
    /// Resource identifier, byte for byte.
    pub resource: String,
    /// Its MCP endpoint, if it may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_server: Option<String>,
}

/// Where the audit log is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditLog {
    /// A file, one entry a line; relative paths start at the target file.
    pub file: String,
    /// Seconds until an entry must have been written.
    #[serde(default = "one")]
    pub wait: f64,
    /// What marks an entry of each kind, where the log says so (`token_issued`).
    #[serde(default)]
    pub words: AuditWords,
}

/// A text in every entry of a kind; none is asked for where it is empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditWords {
    /// A token was issued.
    pub grant: String,
    /// A token request was refused.
    pub grant_refused: String,
    /// An operation was carried out.
    pub access: String,
    /// An operation was refused.
    pub access_denied: String,
}

const fn one() -> f64 {
    1.0
}

/// What the harness may ask of the server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest access token lifetime that is short, in seconds.
    pub access_token_lifetime: u64,
    /// Requests a second to one origin; 0 is no limit. 20 unless given, no limit on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// Requests at the same time to one origin.
    pub concurrency: usize,
    /// Most registrations in a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrations: Option<u64>,
    /// Most logins in a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logins: Option<u64>,
    /// Most token requests in a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_requests: Option<u64>,
    /// Seconds to keep between two token requests.
    pub token_request_interval: f64,
    /// Seconds for one answer.
    pub answer_timeout: f64,
    /// Seconds for the whole run.
    pub run_timeout: f64,
    /// Longest time to wait for a token to expire, in seconds.
    pub longest_wait: f64,
    /// How long the authorization codes of `clients.short_lived` live, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_lifetime: Option<f64>,
    /// Seconds by which the server's clock may lag when it looks at a token's end (RFC 9068 section
    /// 4 permits a few minutes).
    pub token_leeway: f64,
    /// Seconds for which a rotated refresh token may still be taken, for clients that lost the
    /// answer; authspec waits so long before it calls a second use a reuse.
    pub refresh_grace: f64,
    /// Longest time to wait because of a Retry-After, in seconds.
    pub longest_retry_after: f64,
    /// Bytes of an answer's body that are read.
    pub answer_bytes: usize,
}

impl Limits {
    /// Bounds of `concurrency`.
    pub const CONCURRENCY: (u16, u16) = (1, 64);
    /// Bounds of `requests_per_second`.
    pub const RATE: (f64, f64) = (0.0, 10_000.0);
    /// Bounds of `answer_timeout`.
    pub const ANSWER_TIMEOUT: (f64, f64) = (0.1, 600.0);
    /// Bounds of `run_timeout`.
    pub const RUN_TIMEOUT: (f64, f64) = (1.0, 86_400.0);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            access_token_lifetime: 3600,
            requests_per_second: None,
            concurrency: 8,
            registrations: None,
            logins: None,
            token_requests: None,
            token_request_interval: 0.0,
            answer_timeout: 10.0,
            run_timeout: 600.0,
            longest_wait: 10.0,
            code_lifetime: None,
            token_leeway: 180.0,
            refresh_grace: 0.0,
            longest_retry_after: 10.0,
            answer_bytes: 1 << 20,
        }
    }
}
