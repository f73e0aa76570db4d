//! Revocation, introspection and CORS (RFC 7009, RFC 7662, OAuth 2.1 section 3.2).

use super::macros::{decision, section};

decision! {
    /// A token of another client (RFC 7009 section 2.1).
    pub enum ForeignToken {
        /// Left alone.
        #[default]
        LeftAlone,
        /// Revoked.
        Revoked,
    }
}

decision! {
    /// `token_type_hint` (RFC 7009 section 2.1).
    pub enum TypeHint {
        /// Helps the search only.
        #[default]
        Advice,
        /// Limits the search.
        Limit,
    }
}

section! {
    /// Decisions about revocation.
    pub struct RevocationPolicy {
        /// Whether the endpoint exists.
        enabled: bool = true,
        /// Whether refresh tokens die.
        refresh_tokens: bool = true,
        /// Whether access tokens die.
        access_tokens: bool = true,
        /// Whether a refresh token takes the access tokens of its grant along (RFC 7009 section
        /// 2.1).
        cascade: bool = true,
        /// Status for tokens that nobody knows (RFC 7009 section 2.2).
        unknown_token_status: u16 = 200,
        /// Other clients' tokens.
        foreign_token: ForeignToken = ForeignToken::LeftAlone,
        /// Hint.
        hint: TypeHint = TypeHint::Advice,
        /// Whether a request without a token is refused.
        token_required: bool = true,
        /// Whether GET is refused.
        post_only: bool = true,
    }
}

decision! {
    /// Who hears about which token (RFC 7662 section 4).
    pub enum IntrospectionAccess {
        /// The MCP server's client hears about every token, others about their own.
        #[default]
        OwnTokens,
        /// Every client hears about every token.
        AllClients,
    }
}

decision! {
    /// How `active` is written (RFC 7662 section 2.2).
    pub enum ActiveForm {
        /// A boolean.
        #[default]
        Boolean,
        /// A string.
        String,
    }
}

decision! {
    /// What is said about a token that is not active (RFC 7662 section 2.2).
    pub enum InactiveAnswer {
        /// `active: false` alone.
        #[default]
        Bare,
        /// With all particulars.
        WithDetails,
        /// 404.
        NotFound,
    }
}

decision! {
    /// How a token is found.
    pub enum IntrospectionLookup {
        /// By the whole token.
        #[default]
        WholeToken,
        /// By the claims of a JWT, whose signature is not checked.
        UnverifiedClaims,
        /// By the whole token; expiry does not count.
        IgnoringExpiry,
    }
}

section! {
    /// Decisions about introspection.
    pub struct IntrospectionPolicy {
        /// Whether the endpoint exists.
        enabled: bool = true,
        /// Whether callers must authenticate (RFC 7662 section 2.1).
        authentication_required: bool = true,
        /// Access.
        access: IntrospectionAccess = IntrospectionAccess::OwnTokens,
        /// Form of `active`.
        active: ActiveForm = ActiveForm::Boolean,
        /// Inactive tokens.
        inactive: InactiveAnswer = InactiveAnswer::Bare,
        /// Lookup.
        lookup: IntrospectionLookup = IntrospectionLookup::WholeToken,
        /// Whether GET is refused.
        post_only: bool = true,
        /// Clients that hear about every token: resource servers.
        resource_servers: Vec<String> = vec!["introspector".into()],
    }
}

decision! {
    /// Cross-origin access to an endpoint for browser-based clients (OAuth 2.1 section 3.2).
    pub enum Cors {
        /// Any origin, without credentials.
        #[default]
        AnyOrigin,
        /// No headers.
        Absent,
        /// The caller's origin, with credentials.
        ReflectedWithCredentials,
        /// Any origin, but preflights are refused with 405.
        NoPreflight,
        /// Any origin, but not on errors.
        NotOnErrors,
    }
}

section! {
    /// Decisions about CORS. The authorization endpoint has its own.
    pub struct CorsPolicy {
        /// Metadata documents.
        metadata: Cors = Cors::AnyOrigin,
        /// Key set.
        jwks: Cors = Cors::AnyOrigin,
        /// Token endpoint.
        token: Cors = Cors::AnyOrigin,
        /// Registration endpoint.
        registration: Cors = Cors::AnyOrigin,
        /// Revocation endpoint.
        revocation: Cors = Cors::AnyOrigin,
    }
}
