//! Dynamic client registration and its management (RFC 7591, RFC 7592).

use super::macros::{decision, section};

decision! {
    /// Who may register (RFC 7591 section 3).
    pub enum InitialAccess {
        /// Everybody.
        #[default]
        Open,
        /// Holders of the initial access token.
        TokenRequired,
        /// Anybody who presents some token.
        AnyTokenAccepted,
        /// Everybody, but a token that is presented must be the initial access token.
        OpenOrToken,
    }
}

decision! {
    /// The identifier of a new client (RFC 7591 section 3.2.1).
    pub enum NewClientId {
        /// Random.
        #[default]
        Random,
        /// The client's own wish, even if it is taken.
        ChosenByClient,
        /// The same for everybody.
        Constant,
        /// A number rather than a string.
        Number,
        /// A URL.
        HttpsUrl,
    }
}

decision! {
    /// The secret of a new confidential client (RFC 7591 section 3.2.1).
    pub enum NewClientSecret {
        /// 256 random bits.
        #[default]
        Random,
        /// The same for everybody.
        Constant,
        /// The client's identifier.
        ClientId,
        /// Four digits.
        FourDigits,
        /// None, though the method needs one.
        Absent,
        /// A random one, for public clients too, which they must then present.
        ForPublicToo,
    }
}

decision! {
    /// `client_id_issued_at` (RFC 7591 section 3.2.1: seconds).
    pub enum IssuedAt {
        /// Seconds.
        #[default]
        Seconds,
        /// Milliseconds.
        Milliseconds,
        /// A date.
        Date,
    }
}

decision! {
    /// What the answer tells of the registration (RFC 7591 section 3.2.1).
    pub enum RegistrationEcho {
        /// Everything that is in force.
        #[default]
        InForce,
        /// `client_id` and the secret only.
        IdentifierOnly,
        /// Everything, with null and "" for what was not sent.
        Nulls,
        /// Null for the members that have defaults.
        NullDefaults,
        /// The redirect URIs that were sent, though others are in force (slash at the end dropped).
        RedirectUrisUntrue,
    }
}

decision! {
    /// Members that the server does not know (RFC 7591 section 2: ignored).
    pub enum UnknownMembers {
        /// Ignored.
        #[default]
        Ignored,
        /// Refused.
        Refused,
    }
}

decision! {
    /// A registration for a redirect flow without `redirect_uris` (RFC 7591 section 2).
    pub enum AbsentRedirectUris {
        /// Refused.
        #[default]
        Refused,
        /// Accepted.
        Accepted,
    }
}

decision! {
    /// Something doubtful in a registration.
    pub enum Doubtful {
        /// Refused.
        #[default]
        Refused,
        /// Accepted.
        Accepted,
    }
}

decision! {
    /// Redirect URIs with a scheme that runs code or reads files (OAuth 2.1 section 2.3).
    pub enum ScriptSchemes {
        /// Refused.
        #[default]
        Refused,
        /// Accepted.
        Accepted,
        /// Refused if written in lower case without blanks in front.
        LowerCaseRefused,
    }
}

decision! {
    /// Redirect URIs with a private-use scheme (MCP: localhost or https only).
    pub enum PrivateUseSchemes {
        /// Refused.
        #[default]
        Refused,
        /// Accepted if the scheme has a dot (OAuth 2.1 section 8.4.3).
        WithDot,
        /// Accepted.
        Accepted,
    }
}

decision! {
    /// Plain http to a loopback host (OAuth 2.1 section 8.4.2).
    pub enum HttpLoopback {
        /// Accepted.
        #[default]
        Accepted,
        /// Refused.
        Refused,
        /// Accepted on 127.0.0.1 alone.
        Ipv4Only,
        /// Accepted, also where the host only begins like one.
        LookalikesToo,
    }
}

section! {
    /// Which redirect URIs may be registered.
    pub struct RegisteredRedirectPolicy {
        /// Whether a list is needed.
        absent: AbsentRedirectUris = AbsentRedirectUris::Refused,
        /// Whether a string in place of the array is refused.
        string_for_array: Doubtful = Doubtful::Refused,
        /// Plain http to hosts that are not loopback (OAuth 2.1 section 1.5).
        http_remote: Doubtful = Doubtful::Refused,
        /// Plain http to loopback hosts.
        http_loopback: HttpLoopback = HttpLoopback::Accepted,
        /// `javascript:`, `data:`, `vbscript:`, `file:`, `blob:`, `about:`.
        script_schemes: ScriptSchemes = ScriptSchemes::Refused,
        /// Private-use schemes.
        private_use_schemes: PrivateUseSchemes = PrivateUseSchemes::Refused,
        /// Fragments (OAuth 2.1 section 2.3).
        fragment: Doubtful = Doubtful::Refused,
        /// URIs without a scheme (OAuth 2.1 section 2.3).
        relative: Doubtful = Doubtful::Refused,
        /// `*` in host or path (OAuth 2.1 section 2.3.1).
        wildcard: Doubtful = Doubtful::Refused,
        /// User information in front of the host.
        userinfo: Doubtful = Doubtful::Refused,
        /// Control characters, blanks and backslashes.
        odd_characters: Doubtful = Doubtful::Refused,
    }
}

decision! {
    /// URLs of strangers in a registration (RFC 7591 section 5).
    pub enum ForeignUrls {
        /// Not touched; `jwks_uri` is fetched under guard when a client authenticates with a key.
        #[default]
        Guarded,
        /// `jwks_uri` and `logo_uri` are fetched at registration, wherever they lead.
        FetchedAtOnce,
    }
}

decision! {
    /// Software statements (RFC 7591 section 2.3); this server trusts nobody's.
    pub enum SoftwareStatements {
        /// Ignored.
        #[default]
        Ignored,
        /// Their claims count, whoever signed them.
        TrustedUnverified,
    }
}

decision! {
    /// The form of a refused registration (RFC 7591 section 3.2.2).
    pub enum RegistrationErrors {
        /// 400 with a JSON error.
        #[default]
        Json,
        /// 500 with a page.
        ServerErrorPage,
        /// A JSON document without `error`.
        ProblemDocument,
        /// 400 with another error code than the registered ones.
        OtherCode,
    }
}

section! {
    /// Decisions about registration.
    pub struct RegistrationPolicy {
        /// Whether the endpoint exists.
        enabled: bool = true,
        /// Who may register.
        initial_access: InitialAccess = InitialAccess::Open,
        /// The initial access token.
        initial_access_token: String = String::new(),
        /// Status for a wrong initial access token (RFC 7591 section 3.2.2, RFC 6750 section 3.1: 401).
        wrong_token_status: u16 = 401,
        /// Status of success (RFC 7591 section 3.2.1).
        success_status: u16 = 201,
        /// Whether the body is JSON rather than a form (RFC 7591 section 3).
        json_body: bool = true,
        /// Identifier.
        client_id: NewClientId = NewClientId::Random,
        /// Secret.
        client_secret: NewClientSecret = NewClientSecret::Random,
        /// Whether `client_secret_expires_at` comes with a secret.
        secret_expiry_stated: bool = true,
        /// Lifetime of secrets in seconds; 0: no end.
        secret_lifetime: u64 = 0,
        /// `client_id_issued_at`.
        issued_at: IssuedAt = IssuedAt::Seconds,
        /// Answer.
        echo: RegistrationEcho = RegistrationEcho::InForce,
        /// Unknown members.
        unknown_members: UnknownMembers = UnknownMembers::Ignored,
        /// Redirect URIs.
        redirect_uris: RegisteredRedirectPolicy = RegisteredRedirectPolicy::default(),
        /// Unknown values of known members, such as `token_endpoint_auth_method` (RFC 7591 section
        /// 3.2.2).
        unknown_values: Doubtful = Doubtful::Refused,
        /// Grant and response types that contradict each other (RFC 7591 section 2.1).
        contradictory_types: Doubtful = Doubtful::Refused,
        /// `jwks` beside `jwks_uri` (RFC 7591 section 2).
        jwks_and_jwks_uri: Doubtful = Doubtful::Refused,
        /// Private keys in `jwks` (RFC 7591 section 2).
        private_keys: Doubtful = Doubtful::Refused,
        /// `application_type` (OpenID Connect Registration section 2); unknown to RFC 7591.
        application_type_tolerated: bool = true,
        /// Software statements.
        software_statements: SoftwareStatements = SoftwareStatements::Ignored,
        /// URLs of strangers.
        foreign_urls: ForeignUrls = ForeignUrls::Guarded,
        /// Whether openly registered clients may use client credentials.
        machine_registration: bool = true,
        /// Whether the answer is not to be stored (OAuth 2.1 section 3.2.3).
        no_store: bool = true,
        /// Errors.
        errors: RegistrationErrors = RegistrationErrors::Json,
        /// Seconds until a new client is known to the other endpoints.
        delay: u64 = 0,
    }
}

decision! {
    /// What opens a client's configuration (RFC 7592 section 2).
    pub enum ManagementAccess {
        /// The client's own registration access token.
        #[default]
        OwnToken,
        /// The registration access token of any client.
        AnyClientsToken,
        /// Nothing.
        Open,
    }
}

decision! {
    /// What an update does (RFC 7592 section 2.2).
    pub enum UpdateEffect {
        /// Replaces everything.
        #[default]
        Replaces,
        /// Adds to what was there.
        Merges,
        /// Replaces without the checks of a registration.
        Unvalidated,
        /// Nothing, though it says so.
        Nothing,
    }
}

decision! {
    /// `client_id` or `client_secret` in an update that are not the client's (RFC 7592 section 2.2).
    pub enum UpdateIdentity {
        /// Refused.
        #[default]
        Refused,
        /// The secret is taken over.
        SecretTakenOver,
    }
}

decision! {
    /// What a deletion leaves (RFC 7592 section 2.3).
    pub enum DeletionEffect {
        /// Nothing.
        #[default]
        Complete,
        /// The client's tokens.
        KeepsTokens,
        /// Everything.
        Nothing,
    }
}

section! {
    /// Decisions about client management.
    pub struct ManagementPolicy {
        /// Whether it is offered.
        enabled: bool = true,
        /// Access.
        access: ManagementAccess = ManagementAccess::OwnToken,
        /// Whether the answer to a read is complete (RFC 7592 section 3).
        complete_read: bool = true,
        /// Update.
        update: UpdateEffect = UpdateEffect::Replaces,
        /// Identity in updates.
        update_identity: UpdateIdentity = UpdateIdentity::Refused,
        /// Deletion.
        deletion: DeletionEffect = DeletionEffect::Complete,
        /// Status for a client that is gone (RFC 7592 section 2.1: 401).
        deleted_status: u16 = 401,
        /// Whether `registration_client_uri` comes with its token (RFC 7592 section 3).
        token_given: bool = true,
    }
}
