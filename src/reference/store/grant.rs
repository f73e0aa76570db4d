//! Grants and what is issued from them: codes, access tokens, refresh tokens.

use crate::reference::authorization_server::pkce::Challenge;

/// Number of a grant.
pub type GrantId = u64;

/// What a user (or, for machines, the server) allowed a client. All refresh tokens of one grant are
/// one family (OAuth 2.1 section 4.3.1).
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The client.
    pub client_id: String,
    /// The user; none for client credentials.
    pub user: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The resources (RFC 8707 section 2).
    pub resources: Vec<String>,
    /// When the grant was made.
    pub created_at: u64,
    /// Whether access tokens of the grant are dead.
    pub access_revoked: bool,
    /// Whether refresh tokens of the grant are dead.
    pub refresh_revoked: bool,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub struct Code {
    /// Its grant.
    pub grant: GrantId,
    /// The client that it was issued to.
    pub client_id: String,
    /// The redirect URI that it was sent to.
    pub redirect_uri: String,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// `nonce` of the request, for the ID token (OpenID Connect Core 1.0 section 2).
    pub nonce: Option<String>,
    /// End of life.
    pub expires_at: u64,
    /// Whether it was redeemed.
    pub spent: bool,
    /// Wrong verifiers so far.
    pub wrong_verifiers: u32,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Its grant, which is its family.
    pub grant: GrantId,
    /// The client that it was issued to.
    pub client_id: String,
    /// Whether it was used and replaced.
    pub spent: bool,
    /// End of life; 0: none.
    pub expires_at: u64,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Identifier (RFC 9068 section 2.2); for opaque tokens the token.
    pub jti: String,
    /// Its grant.
    pub grant: GrantId,
    /// The client that it was issued to.
    pub client_id: String,
    /// The user or, for machines, the client.
    pub subject: String,
    /// Scopes of this token.
    pub scopes: Vec<String>,
    /// Resources of this token.
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: u64,
    /// End of life.
    pub expires_at: u64,
    /// Whether it alone was revoked.
    pub revoked: bool,
}
