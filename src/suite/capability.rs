//! What a check can need of a target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fact about a target that discovery, the honest flow or the target file establishes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// A server that takes access tokens: an MCP endpoint, or a plain HTTP API.
    ResourceServer,
    /// An MCP endpoint.
    McpServer,
    /// The resource server asks for a token.
    Protected,
    /// Protected resource metadata (RFC 9728).
    ProtectedResourceMetadata,
    /// An authorization server.
    AuthorizationServer,
    /// Its metadata, by RFC 8414 or OpenID discovery.
    AuthorizationServerMetadata,
    /// The authorization code grant: an authorization endpoint and a token endpoint.
    AuthorizationCode,
    /// A user of the target file who can log in.
    Login,
    /// A second user.
    SecondUser,
    /// Dynamic client registration (RFC 7591).
    DynamicRegistration,
    /// Management of registered clients (RFC 7592).
    RegistrationManagement,
    /// Client ID metadata documents.
    ClientIdMetadataDocuments,
    /// A public client, registered or given.
    PublicClient,
    /// A confidential client, registered or given.
    ConfidentialClient,
    /// The client credentials grant.
    ClientCredentials,
    /// Client authentication by signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// The code grant brings refresh tokens.
    RefreshTokens,
    /// Token revocation (RFC 7009).
    Revocation,
    /// Token introspection (RFC 7662), with a client that may use it.
    Introspection,
    /// Pushed authorization requests (RFC 9126).
    PushedAuthorizationRequests,
    /// `iss` in authorization responses is advertised (RFC 9207).
    IssParameter,
    /// Access tokens are JWTs.
    JwtAccessTokens,
    /// The audience of the honest grant's token names the resource that was asked for (RFC 8707).
    ResourceIndicators,
    /// A second resource of the same authorization server.
    SecondResource,
    /// The second resource's MCP endpoint.
    SecondMcpServer,
    /// An access token that the resource server takes: from the honest grant, or given.
    AccessToken,
    /// Operations with the scope that each needs.
    Operations,
    /// State handles: what one operation mints and another takes.
    Handles,
    /// Operations that ask the user back.
    Elicitations,
    /// The scope model has wildcards.
    ScopeWildcards,
    /// The audit log can be read.
    AuditLog,
    /// A client whose access tokens live so short that a run may wait for their end.
    ShortLivedTokens,
    /// Such a client, and how long its authorization codes live.
    ShortLivedCodes,
    /// MCP sessions.
    Sessions,
    /// The server logs its users in at a third party.
    ThirdPartyLogin,
    /// The operator lets the harness sign tokens that the MCP server trusts.
    TrustedIssuer,
    /// The operator lets the harness sign assertions that the authorization server trusts.
    AssertionIssuer,
    /// The harness can serve documents that the authorization server can fetch.
    DocumentHost,
    /// Documents of the harness also have a private address, which must not be fetched from.
    PrivateDocumentHost,
    /// The operator says how long the authorization server keeps documents.
    DocumentCache,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 40] = [
        Self::ResourceServer,
        Self::McpServer,
        Self::Protected,
        Self::ProtectedResourceMetadata,
        Self::AuthorizationServer,
        Self::AuthorizationServerMetadata,
        Self::AuthorizationCode,
        Self::Login,
        Self::SecondUser,
        Self::DynamicRegistration,
        Self::RegistrationManagement,
        Self::ClientIdMetadataDocuments,
        Self::PublicClient,
        Self::ConfidentialClient,
        Self::ClientCredentials,
        Self::PrivateKeyJwt,
        Self::RefreshTokens,
        Self::Revocation,
        Self::Introspection,
        Self::PushedAuthorizationRequests,
        Self::IssParameter,
        Self::JwtAccessTokens,
        Self::ResourceIndicators,
        Self::SecondResource,
        Self::SecondMcpServer,
        Self::AccessToken,
        Self::Operations,
        Self::Handles,
        Self::Elicitations,
        Self::ScopeWildcards,
        Self::AuditLog,
        Self::ShortLivedTokens,
        Self::ShortLivedCodes,
        Self::Sessions,
        Self::ThirdPartyLogin,
        Self::TrustedIssuer,
        Self::AssertionIssuer,
        Self::DocumentHost,
        Self::PrivateDocumentHost,
        Self::DocumentCache,
    ];

    /// The word used in suites, reports and target files.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::new(),
        }
    }
}
