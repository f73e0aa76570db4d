//! What access tokens look like and how long they live (RFC 9068, OAuth 2.1 section 7.1).

use super::macros::{decision, section};
use super::token::HandleForm;

decision! {
    /// The form of access tokens.
    pub enum TokenFormat {
        /// A signed JWT as in RFC 9068.
        #[default]
        Jwt,
        /// A random reference; the resource server asks the introspection endpoint.
        Opaque,
    }
}

decision! {
    /// The algorithm that signs the server's JWTs (RFC 7518 section 3.1).
    pub enum SigningAlgorithm {
        /// ECDSA with P-256.
        #[default]
        #[serde(rename = "ES256")]
        Es256,
        /// RSASSA-PKCS1-v1_5 with 2048 bits.
        #[serde(rename = "RS256")]
        Rs256,
    }
}

impl SigningAlgorithm {
    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

decision! {
    /// How tokens are protected (OAuth 2.1 section 1.4.2, RFC 9068 section 2.1).
    pub enum TokenProtection {
        /// Signed.
        #[default]
        Signed,
        /// `alg: none`.
        AlgNone,
        /// Readable JSON without header and signature.
        BareJson,
        /// User and time, joined.
        UserAndTime,
        /// A counter.
        Counter,
    }
}

decision! {
    /// The audience (RFC 8707 section 2, RFC 9068 section 2.2).
    pub enum TokenAudience {
        /// The resources of the grant.
        #[default]
        Resources,
        /// All resources of the server.
        AllResources,
        /// The issuer, whatever was asked for.
        Issuer,
        /// The client.
        ClientId,
        /// The first resource, whatever was asked for.
        FirstResource,
        /// None.
        Absent,
    }
}

decision! {
    /// `exp` (RFC 9068 section 2.2).
    pub enum TokenExp {
        /// As `expires_in` says.
        #[default]
        AsAnswered,
        /// A year ahead.
        YearAhead,
        /// Left out.
        Absent,
    }
}

decision! {
    /// `kid` of the header (RFC 7515 section 4.1.4).
    pub enum TokenKid {
        /// The published one.
        #[default]
        Published,
        /// One that is not published.
        Unpublished,
        /// Left out.
        Absent,
    }
}

decision! {
    /// How a JWT says what is granted (RFC 9068 section 2.2.3).
    pub enum TokenScopeClaim {
        /// `scope`, a string with spaces.
        #[default]
        Scope,
        /// That, and `scopes`, an array, which some platforms' libraries read instead.
        ScopeAndScopes,
    }
}

section! {
    /// Decisions about access tokens.
    pub struct AccessTokenPolicy {
        /// Self-contained or opaque.
        format: TokenFormat = TokenFormat::Jwt,
        /// What opaque ones look like.
        opaque_form: HandleForm = HandleForm::Random,
        /// The signature algorithm of JWTs.
        signing_algorithm: SigningAlgorithm = SigningAlgorithm::Es256,
        /// Lifetime in seconds (OAuth 2.1 section 7.1.3.5: short).
        lifetime: u64 = 300,
        /// Protection.
        protection: TokenProtection = TokenProtection::Signed,
        /// Audience.
        audience: TokenAudience = TokenAudience::Resources,
        /// Expiry.
        exp: TokenExp = TokenExp::AsAnswered,
        /// Key identifier.
        kid: TokenKid = TokenKid::Published,
        /// `typ` of the header (RFC 9068 section 2.1).
        typ: String = "at+jwt".into(),
        /// Whether `iss` is the issuer identifier, rather than one with a slash at the end.
        iss_exact: bool = true,
        /// The claim that holds the scopes.
        scope_claim: TokenScopeClaim = TokenScopeClaim::Scope,
        /// Claims that are left out. Right: none.
        omit_claims: Vec<String> = Vec::new(),
    }
}
