//! Resource indicators and scopes of a request (RFC 8707, OAuth 2.1 section 1.4.1).

use super::macros::{decision, section};
use super::refresh::ResourceBound;

decision! {
    /// A resource that the server does not know (RFC 8707 section 2).
    pub enum UnknownResource {
        /// `invalid_target`.
        #[default]
        Refused,
        /// Dropped without a word; the default resource takes its place.
        Dropped,
        /// Becomes the audience.
        Issued,
    }
}

decision! {
    /// A resource that is no absolute URI, or has a fragment (RFC 8707 section 2).
    pub enum MalformedResource {
        /// `invalid_target`.
        #[default]
        Refused,
        /// Becomes the audience.
        Issued,
        /// Fragments are cut off.
        FragmentCut,
    }
}

decision! {
    /// A request without `resource` (RFC 8707 section 2.1).
    pub enum OmittedResource {
        /// The first resource is meant.
        #[default]
        DefaultResource,
        /// `invalid_target`.
        Refused,
        /// A token without an audience.
        NoAudience,
        /// A token for every resource.
        AllResources,
    }
}

decision! {
    /// Several resources in one request (RFC 8707 section 2).
    pub enum SeveralResources {
        /// All of them.
        #[default]
        All,
        /// `invalid_target`.
        Refused,
        /// The first.
        First,
        /// The last.
        Last,
        /// 500.
        ServerError,
    }
}

section! {
    /// Decisions about resources.
    pub struct ResourcePolicy {
        /// Whether upper case in scheme and host makes no difference (MCP authorization "canonical server
        /// URI": it should not).
        host_case_ignored: bool = true,
        /// The resource identifiers that the server knows, the default first; those of the two
        /// MCP servers unless given.
        known: Vec<String> = Vec::new(),
        /// Whether the parameter is understood at all; if not it is refused as unknown.
        accepted: bool = true,
        /// Unknown ones.
        unknown: UnknownResource = UnknownResource::Refused,
        /// Malformed ones.
        malformed: MalformedResource = MalformedResource::Refused,
        /// None.
        omitted: OmittedResource = OmittedResource::DefaultResource,
        /// Several.
        several: SeveralResources = SeveralResources::All,
        /// `resource` at the redemption of a code.
        at_token: ResourceBound = ResourceBound::Narrows,
        /// `error` of refusals (RFC 8707 section 2).
        error: String = "invalid_target".into(),
        /// Whether the server sends errors to the resource's host instead of the client.
        errors_go_to_resource: bool = false,
    }
}

decision! {
    /// A scope that the server does not know (OAuth 2.1 section 4.1.2.1).
    pub enum UnknownScope {
        /// `invalid_scope`.
        #[default]
        Refused,
        /// Left out of the grant.
        Dropped,
        /// Granted.
        Granted,
    }
}

decision! {
    /// A request without `scope` (OAuth 2.1 section 1.4.1).
    pub enum OmittedScope {
        /// The default scopes.
        #[default]
        Default,
        /// `invalid_scope`.
        Refused,
        /// Every scope of the client.
        All,
        /// 500.
        ServerError,
    }
}

decision! {
    /// A scope outside the client's registration (OAuth 2.1 section 1.4.1).
    pub enum UnregisteredScope {
        /// `invalid_scope`.
        #[default]
        Refused,
        /// Left out of the grant.
        Dropped,
        /// Granted.
        Granted,
    }
}

decision! {
    /// What is granted of what was asked for (OAuth 2.1 section 1.4.1).
    pub enum GrantedScope {
        /// That.
        #[default]
        Requested,
        /// All scopes of the client.
        AllOfClient,
    }
}

decision! {
    /// `scope` of a code's redemption, which has no such parameter (OAuth 2.1 section 4.1.3).
    pub enum ScopeAtToken {
        /// Not looked at.
        #[default]
        Ignored,
        /// Replaces the scope of the authorization.
        Replaces,
    }
}

section! {
    /// Decisions about scopes.
    pub struct ScopePolicy {
        /// Unknown ones.
        unknown: UnknownScope = UnknownScope::Refused,
        /// None.
        omitted: OmittedScope = OmittedScope::Default,
        /// The scopes of a request without `scope`, as far as the client may have them.
        default_scopes: Vec<String> = super::metadata::list(&["mcp:tools:weather"]),
        /// Unregistered ones.
        unregistered: UnregisteredScope = UnregisteredScope::Refused,
        /// What is granted.
        granted: GrantedScope = GrantedScope::Requested,
        /// At the redemption of a code.
        at_token: ScopeAtToken = ScopeAtToken::Ignored,
        /// Whether upper and lower case differ (OAuth 2.1 section 1.4.1).
        case_sensitive: bool = true,
    }
}
