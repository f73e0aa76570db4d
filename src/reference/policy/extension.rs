//! Pushed authorization requests and assertions as grants (RFC 9126, RFC 7523 section 2.1, MCP
//! enterprise-managed authorization).

use super::macros::{decision, section};

decision! {
    /// When a pushed request is checked (RFC 9126 section 2.1).
    pub enum PushCheck {
        /// When it is pushed, and again when it is used.
        #[default]
        AtPush,
        /// When it is used; RFC 9126 permits to leave a check to the authorization endpoint.
        AtUse,
        /// Never: the redirect URI of a pushed request is taken as it comes.
        TrustsRedirect,
    }
}

decision! {
    /// Parameters beside `request_uri` (RFC 9126 section 4, RFC 9101 section 5).
    pub enum BesideRequestUri {
        /// They are not looked at.
        #[default]
        Ignored,
        /// They go before the pushed ones.
        Override,
    }
}

section! {
    /// Decisions about pushed authorization requests.
    pub struct PushedRequestPolicy {
        /// Whether the endpoint exists.
        enabled: bool = true,
        /// Seconds until a `request_uri` ends (RFC 9126 section 2.2: short).
        lifetime: u64 = 60,
        /// Whether that end counts.
        expiry_enforced: bool = true,
        /// Whether a push that itself carries `request_uri` is refused (RFC 9126 section 2.1).
        request_uri_refused: bool = true,
        /// Check.
        check: PushCheck = PushCheck::AtPush,
        /// Whether a `request_uri` is good for the client that pushed it alone (RFC 9126 section 2.2).
        bound_to_client: bool = true,
        /// Whether it is good once (RFC 9126 section 4).
        single_use: bool = true,
        /// Other parameters.
        beside: BesideRequestUri = BesideRequestUri::Ignored,
        /// Whether requests that were not pushed are refused (RFC 9126 section 5).
        required: bool = false,
        /// Status of success (RFC 9126 section 2.2: 201).
        success_status: u16 = 201,
    }
}

section! {
    /// Decisions about assertions of an identity provider as grants.
    pub struct AssertionGrantPolicy {
        /// Whether the grant is served.
        enabled: bool = true,
        /// The one identity provider that is trusted.
        issuer: String = "https://idp.example".into(),
        /// Whether the signature is verified with that provider's key.
        signature_checked: bool = true,
        /// Whether `iss` must be that provider.
        issuer_checked: bool = true,
        /// Whether `typ` must be `oauth-id-jag+jwt` (enterprise-managed authorization section 5.1).
        type_checked: bool = true,
        /// Whether `aud` must be the issuer of this server.
        audience_checked: bool = true,
        /// Whether `client_id` must be the client that authenticates.
        client_checked: bool = true,
        /// Whether `exp` must be there and lie ahead.
        expiry_checked: bool = true,
        /// Whether the token is for the resource that the assertion names alone.
        resource_bound: bool = true,
        /// Whether the token has the scopes that the assertion names at most.
        scope_bound: bool = true,
    }
}
