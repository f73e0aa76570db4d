//! Clients as the server knows them, whichever way they came.

use serde_json::{Map, Value};

use crate::reference::policy::Policy;
use crate::reference::policy::configuration::{ClientAuthMethod, PreconfiguredClient};

use super::handles;

/// Where a client comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientOrigin {
    /// From the policy.
    #[default]
    Preconfigured,
    /// From dynamic registration (RFC 7591).
    Registered,
    /// From a client ID metadata document.
    Document,
}

/// Which redirect URIs of a client count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RedirectRule {
    /// The listed ones.
    #[default]
    Listed,
    /// Any that begin with this origin.
    Origin(String),
    /// Any.
    Any,
}

/// One client.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The identifier, byte for byte.
    pub client_id: String,
    /// Name for people.
    pub client_name: String,
    /// The secret of a client that has one.
    pub secret: Option<String>,
    /// When the secret dies, in seconds; 0: never.
    pub secret_expires_at: u64,
    /// The registered authentication method.
    pub auth_method: ClientAuthMethod,
    /// Registered redirect URIs, byte for byte.
    pub redirect_uris: Vec<String>,
    /// Which redirect URIs count.
    pub redirect_rule: RedirectRule,
    /// Registered grant types.
    pub grant_types: Vec<String>,
    /// Registered response types.
    pub response_types: Vec<String>,
    /// Scopes that the client may be granted.
    pub scopes: Vec<String>,
    /// Keys for `private_key_jwt`.
    pub jwks: Option<Value>,
    /// Where those keys are fetched from instead.
    pub jwks_uri: Option<String>,
    /// Lifetime of access tokens where it differs from the server's.
    pub access_token_lifetime: Option<u64>,
    /// Lifetime of authorization codes where it differs from the server's.
    pub code_lifetime: Option<u64>,
    /// Where the client comes from.
    pub origin: ClientOrigin,
    /// Names of the members that the registration stated itself.
    pub stated: Vec<String>,
    /// Registered metadata for the answers of RFC 7591 and RFC 7592.
    pub metadata: Map<String, Value>,
    /// The registration access token (RFC 7592 section 3).
    pub registration_access_token: Option<String>,
    /// When the client was registered.
    pub issued_at: u64,
    /// When other endpoints begin to know the client.
    pub known_from: u64,
}

impl Client {
    /// Whether the client has no credentials (OAuth 2.1 section 2.1).
    pub fn is_public(&self) -> bool {
        self.auth_method == ClientAuthMethod::None
    }

    /// Whether the client may use `grant_type`.
    pub fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|known| known == grant_type)
    }

    /// A client of the policy. A confidential one without a secret gets a fresh one.
    pub fn preconfigured(policy: &Policy, client: &PreconfiguredClient) -> Self {
        let needs_secret = matches!(
            client.token_endpoint_auth_method,
            ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost
        );
        let secret = match client.client_secret.as_str() {
            "" if needs_secret => Some(handles::random()),
            "" => None,
            secret => Some(secret.to_owned()),
        };
        Self {
            client_id: client.client_id.clone(),
            client_name: client.client_name.clone(),
            secret,
            auth_method: client.token_endpoint_auth_method,
            redirect_uris: client.redirect_uris.clone(),
            grant_types: client.grant_types.clone(),
            response_types: vec!["code".into()],
            scopes: match client.scopes.is_empty() {
                true => policy.scopes.clone(),
                false => client.scopes.clone(),
            },
            access_token_lifetime: client.access_token_lifetime,
            code_lifetime: client.code_lifetime,
            ..Self::default()
        }
    }
}

/// A fetched client ID metadata document, or the failure to get one.
#[derive(Clone, Debug)]
pub struct CachedDocument {
    /// The client, or why there is none.
    pub client: Result<Client, String>,
    /// When the document has to be fetched again.
    pub fresh_until: u64,
    /// Every redirect URI that any version listed.
    pub redirect_uris_ever: Vec<String>,
}
