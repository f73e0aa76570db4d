//! The authorization endpoint, login and consent (OAuth 2.1 sections 3.1, 4.1, 7.3, 7.10, 7.12).

use super::macros::{decision, section};

decision! {
    /// What happens to a repeated parameter (OAuth 2.1 sections 3.1 and 3.2).
    pub enum Duplicates {
        /// The request is refused.
        #[default]
        Refused,
        /// The first value counts.
        First,
        /// The last value counts.
        Last,
    }
}

decision! {
    /// What a parameter without a value means (OAuth 2.1 sections 3.1 and 3.2).
    pub enum EmptyParameters {
        /// The same as leaving it out.
        #[default]
        Omitted,
        /// A value of length zero.
        Present,
    }
}

decision! {
    /// Where an error goes that must not be redirected (OAuth 2.1 section 4.1.2.1).
    pub enum EarlyError {
        /// A page of this server.
        #[default]
        Page,
        /// The URI of the request.
        Redirected,
    }
}

decision! {
    /// When an error is redirected that may be (OAuth 2.1 section 7.12.2).
    pub enum ErrorRedirect {
        /// After the user has logged in.
        #[default]
        AfterLogin,
        /// At once.
        Immediately,
    }
}

decision! {
    /// What `response_type` may be (OAuth 2.1 sections 4.1.1 and 10.1).
    pub enum ResponseTypes {
        /// `code`, and it must be there.
        #[default]
        CodeOnly,
        /// Missing means `code`.
        MissingIsCode,
        /// Unknown values mean `code`.
        UnknownIsCode,
        /// `token` gives an access token in the fragment.
        ImplicitToo,
        /// `code token` gives both in the fragment.
        HybridToo,
    }
}

decision! {
    /// Which part of the redirect carries the response (OAuth 2.1 section 4.1.2).
    pub enum ResponseMode {
        /// The query.
        #[default]
        Query,
        /// The fragment.
        Fragment,
    }
}

decision! {
    /// What comes back as `state` (OAuth 2.1 section 4.1.2).
    pub enum StateEcho {
        /// The value as it came.
        #[default]
        Exact,
        /// Without blanks at its ends.
        Trimmed,
        /// The first 16 characters.
        Truncated,
        /// Percent-encoded once too often.
        EncodedTwice,
        /// Nothing.
        Dropped,
    }
}

decision! {
    /// What `iss` says (RFC 9207 section 2: the issuer, byte for byte).
    pub enum IssValue {
        /// The issuer identifier.
        #[default]
        Issuer,
        /// With a slash at the end.
        TrailingSlash,
        /// The URL of the authorization endpoint.
        AuthorizationEndpoint,
        /// With a query.
        WithQuery,
        /// The parameter twice.
        Twice,
        /// What the request had in its own `iss`, if anything.
        FromRequest,
    }
}

decision! {
    /// How a browser is sent on after a form was posted (OAuth 2.1 section 7.5.4).
    pub enum RedirectStatus {
        /// 303, which drops the body.
        #[default]
        SeeOther,
        /// 302.
        Found,
        /// 307, which repeats the posted password to the client.
        TemporaryRedirect,
    }
}

decision! {
    /// What a query in the registered redirect URI becomes (OAuth 2.1 section 2.3).
    pub enum RegisteredQuery {
        /// Kept, with the response behind it.
        #[default]
        Retained,
        /// Overwritten.
        Overwritten,
        /// Followed by a second question mark.
        SecondQuestionMark,
    }
}

decision! {
    /// Whether a user has to log in (OAuth 2.1 section 3.1).
    pub enum Login {
        /// Name and password must be right.
        #[default]
        Required,
        /// Any password will do.
        AnyPassword,
        /// Nobody is asked; the first user is assumed.
        Skipped,
    }
}

decision! {
    /// Whether the user has to agree (RFC 6749 section 10.12, OAuth 2.1 section 7.3).
    pub enum Consent {
        /// At every request.
        #[default]
        Always,
        /// Once for each client.
        RememberedPerClient,
        /// Once; later clients pass silently.
        RememberedForAllClients,
        /// One user's consent counts for all users.
        RememberedForAllUsers,
        /// Never.
        Skipped,
    }
}

decision! {
    /// What a denial leads to (OAuth 2.1 section 4.1.2.1).
    pub enum Denial {
        /// `access_denied`.
        #[default]
        AccessDenied,
        /// A code all the same.
        IssuesCode,
        /// A page; the client hears nothing.
        Page,
    }
}

decision! {
    /// How a page guards against framing (OAuth 2.1 section 7.10).
    pub enum FrameProtection {
        /// `frame-ancestors` and `X-Frame-Options`.
        #[default]
        Full,
        /// `X-Frame-Options` only.
        FrameOptionsOnly,
        /// Full on the login page, nothing on the consent page.
        LoginOnly,
        /// Nothing.
        Absent,
    }
}

decision! {
    /// Attributes of the session cookie.
    pub enum SessionCookie {
        /// `HttpOnly` and `SameSite=Lax`.
        #[default]
        Guarded,
        /// Without `HttpOnly`.
        ReadableByScripts,
        /// `SameSite=None`.
        SentCrossSite,
    }
}

decision! {
    /// CORS headers of the authorization endpoint (OAuth 2.1 section 3.1: none).
    pub enum AuthorizationCors {
        /// No headers.
        #[default]
        Absent,
        /// Any origin.
        AnyOrigin,
        /// The caller's origin, with credentials.
        ReflectedWithCredentials,
    }
}

decision! {
    /// POST at the authorization endpoint (OAuth 2.1 section 3.1: optional).
    pub enum PostRequests {
        /// Treated as GET is.
        #[default]
        Same,
        /// Refused.
        Refused,
        /// Treated as GET is, but the redirect URI is taken as it comes.
        WithoutRedirectCheck,
        /// Treated as GET is, but no challenge is needed, and none that comes is kept.
        WithoutChallenge,
    }
}

decision! {
    /// `request` and `request_uri` (OpenID Connect Core section 6), which the server does not offer.
    pub enum RequestObjects {
        /// Refused by name.
        #[default]
        Refused,
        /// Ignored like any unknown parameter.
        Ignored,
        /// `request_uri` is fetched, wherever it leads, and then ignored.
        Fetched,
    }
}

decision! {
    /// What a third party's answer must bring back as `state` (MCP best practices, "OAuth state
    /// parameter validation").
    pub enum DelegatedState {
        /// One that waits in this very browser.
        #[default]
        Bound,
        /// One that waits in whatever browser.
        AnyBrowser,
        /// None: the request that waits in this browser goes on.
        Unchecked,
    }
}

section! {
    /// How users log in at a third party, with one client identifier for all clients (MCP best
    /// practices, "confused deputy problem").
    pub struct DelegationPolicy {
        /// Whether they do.
        enabled: bool = false,
        /// What comes back.
        state: DelegatedState = DelegatedState::Bound,
        /// Whether a state is good for one answer only.
        state_single_use: bool = true,
        /// Whether the consent form is taken only from the browser that it was shown to.
        consent_bound: bool = true,
    }
}

section! {
    /// What the consent page shows (OAuth 2.1 section 7.3).
    pub struct ConsentPagePolicy {
        /// The client's name.
        client_name: bool = true,
        /// The host that the browser will be sent to.
        redirect_host: bool = true,
        /// The scopes asked for.
        scopes: bool = true,
        /// For URL client identifiers, the host of the identifier.
        client_host: bool = true,
        /// Whether text from outside is escaped (OAuth 2.1 section 7.11).
        escaping: bool = true,
        /// URL of a script of a third party (RFC 9700 section 4.2.4). Right: none.
        third_party_script: String = String::new(),
    }
}

section! {
    /// Decisions about the authorization endpoint.
    pub struct AuthorizationPolicy {
        /// Whether GET is served.
        get: bool = true,
        /// What POST does.
        post: PostRequests = PostRequests::Same,
        /// Repeated parameters.
        duplicates: Duplicates = Duplicates::Refused,
        /// Parameters without a value.
        empty_parameters: EmptyParameters = EmptyParameters::Omitted,
        /// Whether parameters that the server does not know are ignored (OAuth 2.1 section 3.1).
        unknown_parameters_ignored: bool = true,
        /// Request objects.
        request_objects: RequestObjects = RequestObjects::Refused,
        /// An unknown `client_id`.
        unknown_client: EarlyError = EarlyError::Page,
        /// A redirect URI that is not registered.
        invalid_redirect_uri: EarlyError = EarlyError::Page,
        /// When other errors go back to the client.
        error_redirect: ErrorRedirect = ErrorRedirect::AfterLogin,
        /// Supported response types.
        response_types: ResponseTypes = ResponseTypes::CodeOnly,
        /// Where the response stands.
        response_mode: ResponseMode = ResponseMode::Query,
        /// `state` beside a code.
        state: StateEcho = StateEcho::Exact,
        /// `state` beside an error.
        error_state: StateEcho = StateEcho::Exact,
        /// Whether a request needs `state` (OAuth 2.1 section 4.1.1: no).
        state_required: bool = false,
        /// Whether `iss` stands beside a code (RFC 9207 section 2).
        iss_on_success: bool = true,
        /// Whether `iss` stands beside an error (RFC 9207 section 2).
        iss_on_error: bool = true,
        /// Whether `iss` stands beside a code in the fragment too, where a request asks for that mode.
        iss_in_fragment: bool = true,
        /// The value of `iss`.
        iss: IssValue = IssValue::Issuer,
        /// `error` of a denial; another word than the registered `access_denied` is wrong.
        denial_error: String = "access_denied".into(),
        /// Whether `error_description` keeps to the permitted characters (OAuth 2.1 section
        /// 4.1.2.1).
        plain_error_descriptions: bool = true,
        /// Status of redirects.
        redirect_status: RedirectStatus = RedirectStatus::SeeOther,
        /// A query in the registered redirect URI.
        registered_query: RegisteredQuery = RegisteredQuery::Retained,
        /// Who must log in.
        login: Login = Login::Required,
        /// Who must agree.
        consent: Consent = Consent::Always,
        /// Logins at a third party.
        delegation: DelegationPolicy = DelegationPolicy::default(),
        /// What denial does.
        denial: Denial = Denial::AccessDenied,
        /// Whether the forms' anti-forgery value is compared (RFC 6749 section 10.12).
        csrf_checked: bool = true,
        /// Whether the scopes that the user left ticked are the ones granted (OAuth 2.1 section
        /// 1.4.1).
        consent_selection_honoured: bool = true,
        /// Contents of the consent page.
        consent_page: ConsentPagePolicy = ConsentPagePolicy::default(),
        /// Framing.
        frame_protection: FrameProtection = FrameProtection::Full,
        /// `Referrer-Policy` of the pages (RFC 9700 section 4.2.4).
        referrer_policy: String = "no-referrer".into(),
        /// `Cache-Control` of the pages.
        cache_control: String = "no-store".into(),
        /// Session cookie.
        session_cookie: SessionCookie = SessionCookie::Guarded,
        /// CORS.
        cors: AuthorizationCors = AuthorizationCors::Absent,
        /// Whether error pages escape what came in the request (OAuth 2.1 section 7.11).
        error_page_escaping: bool = true,
        /// Whether the login form follows a `return_to` parameter to any place (OAuth 2.1 section
        /// 7.12.2: no open redirectors).
        follows_return_to: bool = false,
        /// Whether the client's registered grant types and response types bind (OAuth 2.1 section
        /// 4.1.2.1, `unauthorized_client`).
        grant_types_enforced: bool = true,
    }
}
