//! Client authentication (OAuth 2.1 section 2.4, RFC 7523).

use super::configuration::ClientAuthMethod;
use super::macros::{decision, section};

decision! {
    /// Endpoints and grants at which a confidential client proves itself.
    pub enum AuthenticatedAt {
        /// Redemption of a code (OAuth 2.1 section 4.1.3).
        #[default]
        AuthorizationCode,
        /// Refreshing (OAuth 2.1 section 4.3.1).
        RefreshToken,
        /// Client credentials (OAuth 2.1 section 4.2.1).
        ClientCredentials,
        /// Revocation (RFC 7009 section 2.1).
        Revocation,
        /// Introspection (RFC 7662 section 2.1).
        Introspection,
        /// Pushed authorization requests (RFC 9126 section 2.1).
        PushedRequest,
        /// Assertions as grants (RFC 7523 section 2.1).
        Assertion,
    }
}

decision! {
    /// How a secret is compared (OAuth 2.1 section 2.4.1).
    pub enum SecretCheck {
        /// Whole, in constant time.
        #[default]
        Compared,
        /// Any secret will do.
        AnyPresent,
        /// Its first half counts.
        Prefix,
        /// Upper and lower case are the same.
        IgnoreCase,
        /// Not compared where a code verifier comes along.
        SkippedWithVerifier,
        /// An empty secret passes.
        EmptyAccepted,
        /// The secret of any client will do.
        AnyClients,
    }
}

decision! {
    /// A client that the server does not know (OAuth 2.1 section 3.2.4).
    pub enum UnknownClient {
        /// `invalid_client`.
        #[default]
        Refused,
        /// Taken for a public client.
        TakenForPublic,
    }
}

decision! {
    /// Two ways of authenticating in one request (OAuth 2.1 section 2.4).
    pub enum TwoMethods {
        /// Refused.
        #[default]
        Refused,
        /// The header counts.
        HeaderWins,
        /// The body counts.
        BodyWins,
    }
}

decision! {
    /// Another `client_id` in the body than in the header (OAuth 2.1 section 2.4).
    pub enum ConflictingIds {
        /// Refused.
        #[default]
        Refused,
        /// The header authenticates, the body names the client.
        BodyNamesClient,
    }
}

decision! {
    /// How Basic credentials are read (OAuth 2.1 section 2.4.1, RFC 6749 appendix B).
    pub enum BasicDecoding {
        /// Form-decoded after base64.
        #[default]
        Form,
        /// As they come.
        Raw,
    }
}

decision! {
    /// Credentials in the query (OAuth 2.1 section 2.4.1: never).
    pub enum QueryCredentials {
        /// Not read.
        #[default]
        Ignored,
        /// They authenticate the client.
        Accepted,
    }
}

decision! {
    /// Whether a client may use another method than the registered one.
    pub enum RegisteredMethod {
        /// It must keep to it (basic and post are not told apart).
        #[default]
        Enforced,
        /// `private_key_jwt` clients pass without an assertion.
        AssertionOptional,
    }
}

decision! {
    /// A public client's request without `client_id` (OAuth 2.1 section 4.1.3).
    pub enum OmittedClientId {
        /// Refused.
        #[default]
        Refused,
        /// The client is the one that the code or refresh token belongs to.
        Inferred,
    }
}

decision! {
    /// Which signatures of an assertion are accepted (RFC 7523 section 3, RFC 8725 section 3.1).
    pub enum AssertionSignature {
        /// Those of the client's registered keys, by the algorithms announced.
        #[default]
        Verified,
        /// Any.
        Unverified,
        /// The right ones, and `alg: none`.
        NoneAccepted,
        /// The right ones, and HS256 with the text of a public key as secret.
        PublicKeyAsSecret,
        /// The key that the header brings along.
        EmbeddedKeyTrusted,
    }
}

decision! {
    /// The audience of an assertion (RFC 7523 section 3).
    pub enum AssertionAudience {
        /// The issuer or the token endpoint.
        #[default]
        IssuerOrTokenEndpoint,
        /// The issuer only.
        IssuerOnly,
        /// Any.
        Any,
    }
}

section! {
    /// Decisions about `private_key_jwt`.
    pub struct AssertionPolicy {
        /// Signature.
        signature: AssertionSignature = AssertionSignature::Verified,
        /// Audience.
        audience: AssertionAudience = AssertionAudience::IssuerOrTokenEndpoint,
        /// Whether `exp` must be there and lie ahead.
        expiry_checked: bool = true,
        /// Whether `nbf` must have passed.
        not_before_checked: bool = true,
        /// Whether `iss` and `sub` must both be the client.
        subject_checked: bool = true,
        /// Whether a `jti` counts once.
        jti_single_use: bool = true,
        /// Whether `client_assertion_type` must be right (RFC 7523 section 2.2).
        type_checked: bool = true,
        /// Whether critical header parameters that the server does not know are refused (RFC 7515
        /// section 4.1.11).
        crit_checked: bool = true,
        /// Accepted algorithms.
        algorithms: Vec<String> = super::metadata::list(&["ES256", "RS256", "PS256", "EdDSA"]),
    }
}

section! {
    /// Decisions about client authentication.
    pub struct ClientAuthenticationPolicy {
        /// Methods that work.
        methods: Vec<ClientAuthMethod> = vec![
            ClientAuthMethod::None,
            ClientAuthMethod::ClientSecretBasic,
            ClientAuthMethod::ClientSecretPost,
            ClientAuthMethod::PrivateKeyJwt,
        ],
        /// Places where a confidential client passes without credentials. Right: none.
        skipped_at: Vec<AuthenticatedAt> = Vec::new(),
        /// Secrets.
        secret: SecretCheck = SecretCheck::Compared,
        /// Whether a secret dies at its `client_secret_expires_at` (RFC 7591 section 3.2.1).
        secret_expiry_enforced: bool = true,
        /// Unknown clients.
        unknown_client: UnknownClient = UnknownClient::Refused,
        /// Two methods.
        two_methods: TwoMethods = TwoMethods::Refused,
        /// Two identifiers.
        conflicting_ids: ConflictingIds = ConflictingIds::Refused,
        /// Basic.
        basic_decoding: BasicDecoding = BasicDecoding::Form,
        /// Query.
        query_credentials: QueryCredentials = QueryCredentials::Ignored,
        /// Method.
        registered_method: RegisteredMethod = RegisteredMethod::Enforced,
        /// Omitted identifier.
        omitted_client_id: OmittedClientId = OmittedClientId::Refused,
        /// Whether credentials that a public client invents are refused (OAuth 2.1 section 3.2.2).
        surplus_credentials_refused: bool = true,
        /// Status of a failure in the `Authorization` header (OAuth 2.1 section 3.2.4: 401).
        basic_failure_status: u16 = 401,
        /// Whether such a failure carries `WWW-Authenticate` (OAuth 2.1 section 3.2.4).
        basic_challenge: bool = true,
        /// Assertions.
        assertion: AssertionPolicy = AssertionPolicy::default(),
    }
}
