//! The token endpoint: request, answer, authorization codes (OAuth 2.1 sections 3.2 and 4.1.3).

use super::authorization::{Duplicates, EmptyParameters};
use super::macros::{decision, section};

decision! {
    /// Parameters in the query of a POST (OAuth 2.1 section 3.2.2: body only).
    pub enum QueryParameters {
        /// Not read.
        #[default]
        Ignored,
        /// Read like those of the body.
        Merged,
    }
}

decision! {
    /// A request without `grant_type` (OAuth 2.1 section 3.2.4).
    pub enum MissingGrantType {
        /// Refused.
        #[default]
        Refused,
        /// `authorization_code` if there is a code.
        Guessed,
    }
}

decision! {
    /// A grant type that the server does not know (OAuth 2.1 section 3.2.4).
    pub enum UnknownGrantType {
        /// `unsupported_grant_type` with 400.
        #[default]
        Refused,
        /// 500.
        ServerError,
        /// 200 with an error inside.
        OkWithError,
    }
}

decision! {
    /// Grants that OAuth 2.1 dropped, or that the server cannot check.
    pub enum ForeignGrants {
        /// None.
        #[default]
        Refused,
        /// The password grant (RFC 9700 section 2.4: never).
        Password,
        /// RFC 7523 assertions of any issuer.
        AnyJwtBearer,
    }
}

decision! {
    /// `expires_in` (OAuth 2.1 section 3.2.3).
    pub enum ExpiresIn {
        /// The lifetime in seconds, a number.
        #[default]
        Number,
        /// The same as a string.
        String,
        /// Seconds since 1970.
        Absolute,
        /// Shorter than the truth.
        Understated,
        /// Left out.
        Absent,
    }
}

decision! {
    /// `scope` of an answer (OAuth 2.1 section 3.2.3: when it differs from the request).
    pub enum ScopeInAnswer {
        /// Always.
        #[default]
        Always,
        /// Never.
        Absent,
        /// What was asked for rather than what was granted.
        AsRequested,
        /// An array.
        Array,
    }
}

decision! {
    /// `Cache-Control` of answers (OAuth 2.1 section 3.2.3).
    pub enum Caching {
        /// `no-store`.
        #[default]
        NoStore,
        /// `no-cache`.
        NoCache,
        /// No header.
        Absent,
        /// `no-store` on errors only.
        OnErrorsOnly,
    }
}

decision! {
    /// The form of an error answer (OAuth 2.1 section 3.2.4).
    pub enum ErrorForm {
        /// A JSON object with `error`.
        #[default]
        Json,
        /// An HTML page.
        Html,
        /// JSON with status 200.
        OkStatus,
        /// `error` is an object.
        NestedObject,
        /// 500 with the inner detail.
        InternalDetail,
        /// A description with characters that are not permitted.
        ForbiddenCharacters,
    }
}

section! {
    /// Decisions about the endpoint itself.
    pub struct TokenEndpointPolicy {
        /// Whether GET is refused (OAuth 2.1 section 3.2).
        post_only: bool = true,
        /// Parameters in the query.
        query_parameters: QueryParameters = QueryParameters::Ignored,
        /// Repeated parameters.
        duplicates: Duplicates = Duplicates::Refused,
        /// Parameters without a value.
        empty_parameters: EmptyParameters = EmptyParameters::Omitted,
        /// Whether unknown parameters are ignored (OAuth 2.1 section 3.2).
        unknown_parameters_ignored: bool = true,
        /// Whether `resource` is understood rather than refused as unknown (RFC 8707 section 2.2).
        resource_accepted: bool = true,
        /// Whether a `charset` parameter of the content type is tolerated.
        charset_tolerated: bool = true,
        /// Missing `grant_type`.
        missing_grant_type: MissingGrantType = MissingGrantType::Refused,
        /// Unknown `grant_type`.
        unknown_grant_type: UnknownGrantType = UnknownGrantType::Refused,
        /// Grants from elsewhere.
        foreign_grants: ForeignGrants = ForeignGrants::Refused,
        /// Grant types that the endpoint serves.
        grant_types: Vec<String> =
            super::metadata::list(&["authorization_code", "refresh_token", "client_credentials"]),
        /// Whether the grant types of the registration bind (OAuth 2.1 section 3.2.4).
        grant_types_enforced: bool = true,
        /// `token_type` (OAuth 2.1 section 3.2.3); empty: left out.
        token_type: String = "Bearer".into(),
        /// `expires_in`.
        expires_in: ExpiresIn = ExpiresIn::Number,
        /// `scope`.
        scope: ScopeInAnswer = ScopeInAnswer::Always,
        /// Caching.
        caching: Caching = Caching::NoStore,
        /// Status of success.
        success_status: u16 = 200,
        /// Content type of success.
        content_type: String = "application/json".into(),
        /// Whether members without a value are left out rather than null.
        omits_absent_members: bool = true,
        /// Form of errors.
        errors: ErrorForm = ErrorForm::Json,
    }
}

decision! {
    /// How often a code can be redeemed (OAuth 2.1 sections 4.1.2 and 4.1.3).
    pub enum SingleUse {
        /// Once, whatever comes in at the same time.
        #[default]
        Atomic,
        /// Once, but two requests at the same time both win.
        Racy,
        /// Once, but of three pairs at the same time one wins twice.
        AtTimes,
        /// Until it expires.
        Unlimited,
    }
}

decision! {
    /// What a code used twice does to the tokens issued from it (OAuth 2.1 section 4.1.3).
    pub enum Replay {
        /// They are revoked if the second request was right in everything else.
        #[default]
        RevokesIfValid,
        /// They are revoked by any second request.
        RevokesAlways,
        /// They live on.
        KeepsTokens,
        /// Access tokens are revoked, the refresh token lives on.
        KeepsRefreshToken,
    }
}

decision! {
    /// `redirect_uri` of the token request (OAuth 2.1 section 10.2).
    pub enum RedirectAtToken {
        /// Compared if it is sent.
        #[default]
        ComparedIfSent,
        /// Needed, and compared.
        Required,
        /// Not looked at.
        Ignored,
        /// Any URI that the client registered will do.
        AnyRegistered,
    }
}

decision! {
    /// What a code or refresh token looks like (OAuth 2.1 section 7.7: not guessable).
    pub enum HandleForm {
        /// 256 random bits.
        #[default]
        Random,
        /// A counter.
        Counter,
        /// Six digits.
        SixDigits,
        /// A counter with forty digits.
        LongCounter,
        /// The time in nanoseconds, and 32 random bits.
        Time,
        /// The same 32 characters for all, and 32 random bits.
        Filled,
        /// 128 random bits in hexadecimal.
        Bits128,
        /// Readable JSON, with the challenge inside.
        Readable,
    }
}

decision! {
    /// How a code is looked up (OAuth 2.1 section 4.1.3).
    pub enum CodeLookup {
        /// By the whole text.
        #[default]
        Whole,
        /// By its first 32 characters.
        Beginning,
    }
}

section! {
    /// Decisions about authorization codes.
    pub struct CodePolicy {
        /// Lifetime in seconds (OAuth 2.1 section 4.1.2: short, ten minutes at most).
        lifetime: u64 = 60,
        /// Whether an expired code is refused.
        expiry_enforced: bool = true,
        /// Uses.
        single_use: SingleUse = SingleUse::Atomic,
        /// Effect of a replay.
        replay: Replay = Replay::RevokesIfValid,
        /// Whether the client is compared (OAuth 2.1 section 4.1.3).
        bound_to_client: bool = true,
        /// Redirect URI.
        redirect_uri: RedirectAtToken = RedirectAtToken::ComparedIfSent,
        /// Form.
        form: HandleForm = HandleForm::Random,
        /// Lookup.
        lookup: CodeLookup = CodeLookup::Whole,
        /// Whether garbage in place of a code is refused rather than crashing the server.
        garbage_handled: bool = true,
        /// Whether a request that is refused for its resource leaves the code good.
        spared_by_bad_resource: bool = true,
    }
}
