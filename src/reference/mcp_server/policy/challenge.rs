//! What a refusal looks like on the wire.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about 400, 401 and 403 answers (RFC 6750 section 3, RFC 9728 section 5.1, MCP
    /// authorization "error handling" and "scope challenge handling").
    pub struct ChallengePolicy {
        /// When `WWW-Authenticate` is sent: always with 401 (RFC 9110 section 15.5.2) and 403.
        header: ChallengeHeader = ChallengeHeader::default(),
        /// Authentication scheme of the challenge (OAuth 2.1 section 5.3.1).
        scheme: String = "Bearer".into(),
        /// Value of `resource_metadata` (RFC 9728 section 5.1): the absolute URL of the document.
        resource_metadata: MetadataReference = MetadataReference::default(),
        /// `scope` of a 401 (MCP 2025-11-25: SHOULD be there).
        unauthenticated_scope: UnauthenticatedScope = UnauthenticatedScope::default(),
        /// Scopes that a 401 names when the operation itself needs none.
        default_scopes: Vec<String> = vec!["mcp:tools:weather".into()],
        /// `scope` of a 403 (MCP 2025-11-25: the needed ones, with those already granted).
        insufficient_scope: InsufficientScope = InsufficientScope::default(),
        /// Status for a request without credentials (RFC 6750 section 3.1).
        unauthenticated_status: u16 = 401,
        /// Status for a token that is not valid (RFC 6750 section 3.1).
        invalid_token_status: u16 = 401,
        /// Status for a token that lacks scope (RFC 6750 section 3.1).
        insufficient_scope_status: u16 = 403,
        /// Status for a malformed `Authorization` (RFC 6750 section 3.1 `invalid_request`).
        invalid_request_status: u16 = 400,
        /// `error` without credentials: none (RFC 6750 section 3.1: SHOULD NOT). An empty
        /// text means no parameter, here and below.
        unauthenticated_error: String = String::new(),
        /// `error` for a token that is not valid.
        invalid_token_error: String = "invalid_token".into(),
        /// `error` for a token that lacks scope.
        insufficient_scope_error: String = "insufficient_scope".into(),
        /// `error_description` (RFC 6750 section 3: ASCII without quotes and backslashes).
        error_description: ErrorDescription = ErrorDescription::default(),
        /// Each parameter stands once (RFC 6750 section 3).
        parameters_once: bool = true,
        /// What the body of a refusal holds: an error and nothing of the result.
        body: RefusalBody = RefusalBody::default(),
    }
}

decision! {
    /// When a refusal carries `WWW-Authenticate`.
    pub enum ChallengeHeader {
        /// With every 400, 401 and 403 of the token check.
        #[default]
        Always,
        /// Never.
        Never,
        /// Not when a token was presented and is not valid.
        NotOnInvalidToken,
        /// Not when the token lacks scope.
        NotOnInsufficientScope,
        /// The scheme alone, without a parameter.
        Bare,
    }
}

decision! {
    /// What `resource_metadata` points at.
    pub enum MetadataReference {
        /// The well-known URL with the path inserted (RFC 9728 section 3.1).
        #[default]
        PathInserted,
        /// The root well-known URL.
        Root,
        /// Nothing: no parameter.
        Absent,
        /// Nothing when a token was presented.
        AbsentOnInvalidToken,
        /// Nothing when the token lacks scope.
        AbsentOnInsufficientScope,
        /// A path without origin.
        Relative,
        /// A URL that answers 404.
        Dead,
        /// The document of the other resource.
        OtherResource,
        /// `http:host/...` without the two slashes.
        SlashesLost,
        /// The endpoint's path twice.
        PathDoubled,
        /// A doubled slash before the endpoint's path.
        SlashDoubled,
        /// The origin in the request's `Host`.
        RequestHost,
        /// The origin in the request's `X-Forwarded-Host`, when present.
        ForwardedHost,
        /// The resource identifier instead of its metadata.
        ResourceItself,
        /// The authorization server's metadata.
        AuthorizationServerMetadata,
    }
}

decision! {
    /// `scope` of a 401.
    pub enum UnauthenticatedScope {
        /// What the operation needs, or the configured default.
        #[default]
        Operation,
        /// No parameter.
        Absent,
        /// Every scope of the server.
        All,
        /// As by default, with `offline_access` (MCP 2026-07-28: SHOULD NOT).
        WithOfflineAccess,
        /// Another set with each answer.
        Alternating,
        /// A scope that opens nothing here.
        Unrelated,
        /// An empty string.
        Empty,
        /// Separated by commas (RFC 6749 section 3.3: spaces).
        Commas,
    }
}

decision! {
    /// `scope` of a 403.
    pub enum InsufficientScope {
        /// What is granted already, and what is needed.
        #[default]
        GrantedAndNeeded,
        /// What is needed.
        Needed,
        /// No parameter.
        Absent,
        /// What is granted already, without what is needed.
        GrantedOnly,
        /// Every scope but the needed one.
        AllButNeeded,
        /// Every scope.
        All,
        /// A scope that opens nothing here.
        Unrelated,
    }
}

decision! {
    /// Shape of `error_description`.
    pub enum ErrorDescription {
        /// A short sentence in ASCII.
        #[default]
        Present,
        /// None.
        Absent,
        /// With a quote that is not escaped.
        UnescapedQuote,
        /// With characters outside ASCII.
        NonAscii,
        /// With the presented token.
        EchoesToken,
        /// With details of the failure inside (file, function).
        StackTrace,
    }
}

decision! {
    /// Body of a refusal.
    pub enum RefusalBody {
        /// `error` and `error_description`.
        #[default]
        Error,
        /// Nothing.
        Empty,
        /// A JSON-RPC error.
        JsonRpc,
        /// The request's `Authorization` repeated.
        EchoesAuthorization,
        /// The result of the operation, which ran.
        Result,
        /// An HTML page.
        Html,
    }
}
