//! What an operator configures: users and clients that exist from the start.

use super::macros::{decision, section};

decision! {
    /// How a client proves who it is at the token endpoint (RFC 7591 section 2,
    /// `token_endpoint_auth_method`).
    pub enum ClientAuthMethod {
        /// A public client, identified by `client_id` only.
        #[default]
        None,
        /// HTTP Basic with form-encoded values (OAuth 2.1 section 2.4.1).
        ClientSecretBasic,
        /// `client_id` and `client_secret` in the body (OAuth 2.1 section 2.4.1).
        ClientSecretPost,
        /// A signed assertion (RFC 7523).
        PrivateKeyJwt,
    }
}

impl ClientAuthMethod {
    /// The registered name of the method.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

section! {
    /// A person with an account.
    pub struct User {
        /// Login name; also the `sub` of the user's tokens.
        name: String = String::new(),
        /// The password, in clear: these users exist for one run on a loopback port.
        password: String = String::new(),
    }
}

section! {
    /// A client that needs no registration.
    pub struct PreconfiguredClient {
        /// The client's identifier.
        client_id: String = String::new(),
        /// The name shown on the consent page.
        client_name: String = String::new(),
        /// The secret of a confidential client; empty: one is made at every start.
        client_secret: String = String::new(),
        /// How the client authenticates.
        token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod::None,
        /// Complete redirect URIs (OAuth 2.1 section 2.3.1).
        redirect_uris: Vec<String> = Vec::new(),
        /// Grant types that the client may use.
        grant_types: Vec<String> = vec!["authorization_code".into(), "refresh_token".into()],
        /// Scopes that the client may be granted; empty: all that the server supports.
        scopes: Vec<String> = Vec::new(),
        /// Lifetime of this client's access tokens in seconds, where it differs from the server's.
        access_token_lifetime: Option<u64> = None,
        /// Lifetime of this client's authorization codes in seconds, where it differs from the
        /// server's.
        code_lifetime: Option<u64> = None,
    }
}

/// The two users of the default policy.
pub(super) fn default_users() -> Vec<User> {
    [("alice", "wonderland-7"), ("bob", "builder-4")]
        .map(|(name, password)| User {
            name: name.into(),
            password: password.into(),
        })
        .into()
}

/// A public client whose tokens expire almost at once, and the MCP server's own client.
pub(super) fn default_clients() -> Vec<PreconfiguredClient> {
    vec![
        PreconfiguredClient {
            client_id: "short-lived".into(),
            client_name: "Client with short-lived tokens".into(),
            redirect_uris: vec!["http://127.0.0.1:39417/callback".into()],
            access_token_lifetime: Some(1),
            code_lifetime: Some(1),
            ..Default::default()
        },
        PreconfiguredClient {
            client_id: "introspector".into(),
            client_name: "The MCP server itself".into(),
            token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
            grant_types: Vec::new(),
            ..Default::default()
        },
    ]
}

/// The scopes of the reference MCP server's operations.
pub(super) fn default_scopes() -> Vec<String> {
    [
        "openid",
        "mcp:tools:weather",
        "mcp:resources:customer-data:read",
        "mcp:resources:customer-data:write",
        "mcp:exec:workflows:*",
        "mcp:exec:workflows:daily-report",
        "news:read",
    ]
    .map(String::from)
    .into()
}
