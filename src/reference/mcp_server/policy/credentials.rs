//! Where a request may carry its access token.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about the way of presenting a token (OAuth 2.1 section 5.1, RFC 6750 section 2).
    pub struct CredentialsPolicy {
        /// Places where a token is read, in order: the `Authorization` header alone (MCP: tokens MUST NOT
        /// be in the URI).
        locations: Vec<TokenLocation> = vec![TokenLocation::Header],
        /// Which schemes carry a token: `Bearer` in any case (RFC 9110 section 11.1).
        scheme_check: SchemeCheck = SchemeCheck::default(),
        /// What an `Authorization` header that cannot be read leads to (RFC 6750 section 3.1).
        malformed: Malformed = Malformed::default(),
        /// What two `Authorization` headers lead to: 400.
        duplicate_headers: DuplicateHeaders = DuplicateHeaders::default(),
        /// What tokens in two places lead to (RFC 6750 section 2: a client MUST NOT do so). Only the
        /// places in `locations` count, so that a token in the query has no influence by default.
        two_locations: TwoLocations = TwoLocations::default(),
        /// Whether the whole text behind `Bearer` must be one `b64token`; otherwise its first word is
        /// the token.
        syntax_check: bool = true,
    }
}

decision! {
    /// One place of a request.
    pub enum TokenLocation {
        /// `Authorization: Bearer`.
        #[default]
        Header,
        /// Query parameter `access_token`.
        Query,
        /// Query parameter `access_token`, which counts whatever else is there.
        QueryOverrides,
        /// Member `access_token` beside the JSON-RPC members, or in a form body.
        Body,
        /// Cookie `access_token`.
        Cookie,
        /// Header `X-Access-Token`.
        OwnHeader,
    }
}

decision! {
    /// Which schemes are read.
    pub enum SchemeCheck {
        /// `Bearer`, in any case.
        #[default]
        IgnoreCase,
        /// `Bearer`, spelt so.
        ExactCase,
        /// Any scheme: what follows the first space is the token.
        AnyScheme,
        /// A bare token is read as well.
        SchemeOptional,
    }
}

decision! {
    /// What a malformed `Authorization` leads to.
    pub enum Malformed {
        /// 400 `invalid_request`.
        #[default]
        Refused,
        /// The 401 of a request without credentials.
        Unauthenticated,
        /// 500.
        Crash,
        /// The request goes on without a token and without a check.
        Anonymous,
    }
}

decision! {
    /// What several `Authorization` headers lead to.
    pub enum DuplicateHeaders {
        /// 400 `invalid_request`.
        #[default]
        Refused,
        /// The first counts.
        First,
        /// The last counts.
        Last,
    }
}

decision! {
    /// What tokens in two places lead to.
    pub enum TwoLocations {
        /// 400 `invalid_request`.
        #[default]
        Refused,
        /// The first in the order of `locations` counts.
        First,
    }
}
