//! What both reference servers of one start share: policy, addresses, keys, grants, audit log.

use super::audit::Audit;
use super::authorization_server::client_documents::fetch::Fetcher;
use super::keys::Keys;
use super::policy::Policy;
use super::store::Store;

/// The shared state of one authorization server and its MCP server.
#[derive(Debug)]
pub struct Site {
    /// Every security decision.
    pub policy: Policy,
    /// Scheme, host and port of the authorization server, without a trailing slash.
    pub authorization_server_origin: String,
    /// The issuer identifier (RFC 8414 section 2): the origin and the policy's `issuer_path`.
    pub issuer: String,
    /// Scheme, host and port of the MCP server; the same as the authorization server's if the
    /// policy says `shared_origin`.
    pub mcp_origin: String,
    /// The first resource identifier, `.../mcp` (RFC 8707 section 2).
    pub mcp_url: String,
    /// The second resource identifier, `.../second/mcp`.
    pub second_mcp_url: String,
    /// The signing keys of this process.
    pub keys: &'static Keys,
    /// Clients, codes, tokens and sessions. The MCP server asks it one thing only, in process:
    /// [`Store::is_revoked`], so that self-contained tokens die when they are revoked.
    pub store: Store,
    /// The audit log.
    pub audit: Audit,
    /// The MCP server's own `client_id` and `client_secret` for the introspection endpoint.
    pub introspector: Option<(String, String)>,
    /// Fetches the documents of clients.
    pub fetcher: Fetcher,
}

impl Site {
    /// URL of an endpoint of the authorization server (`/token`), below the issuer.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The resources that the authorization server knows, the default first (RFC 8707 section 2).
    pub fn resources(&self) -> Vec<String> {
        match self.policy.resources.known.as_slice() {
            [] => vec![self.mcp_url.clone(), self.second_mcp_url.clone()],
            known => known.to_vec(),
        }
    }

    /// The JWK set document (RFC 8414 section 2, `jwks_uri`).
    pub fn jwks_uri(&self) -> String {
        self.endpoint("/jwks")
    }

    /// The introspection endpoint (RFC 7662).
    pub fn introspection_endpoint(&self) -> String {
        self.endpoint("/introspect")
    }
}
