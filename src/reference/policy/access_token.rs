//! What access tokens look like and how long they live (RFC 9068, OAuth 2.1 section 7.1).

use super::macros::{decision, section};

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

section! {
    /// Decisions about access tokens.
    pub struct AccessTokenPolicy {
        /// Self-contained or opaque.
        format: TokenFormat = TokenFormat::Jwt,
        /// The signature algorithm of JWTs.
        signing_algorithm: SigningAlgorithm = SigningAlgorithm::Es256,
        /// Lifetime in seconds (OAuth 2.1 section 7.1.3.5: short).
        lifetime: u64 = 300,
    }
}
