//! PKCE (OAuth 2.1 sections 4.1.1, 4.1.3 and 7.5.2).

use super::macros::{decision, section};

decision! {
    /// A transformation of the verifier.
    pub enum ChallengeMethod {
        /// SHA-256, base64url without padding.
        #[default]
        #[serde(rename = "S256")]
        S256,
        /// The verifier itself.
        #[serde(rename = "plain")]
        Plain,
    }
}

decision! {
    /// A challenge without a method, which means `plain` (OAuth 2.1 section 4.1.1).
    pub enum MissingMethod {
        /// `plain`, and refused as far as `plain` is.
        #[default]
        Plain,
        /// Taken for S256.
        S256,
        /// Accepted; no verifier is compared.
        Unverified,
    }
}

decision! {
    /// A method that the server does not know (OAuth 2.1 section 4.1.2.1).
    pub enum UnknownMethod {
        /// Refused.
        #[default]
        Refused,
        /// Taken for `plain`.
        Plain,
        /// Taken for S256.
        S256,
        /// Accepted; no verifier is compared.
        Unverified,
    }
}

decision! {
    /// How a verifier is held against the challenge (OAuth 2.1 section 4.1.3).
    pub enum VerifierCheck {
        /// Transformed and compared.
        #[default]
        Compared,
        /// Not looked at.
        Ignored,
        /// Compared if there is one.
        OptionalWhenAbsent,
        /// Any value that is there will do.
        AnyPresent,
        /// The first 16 characters of the transformed value count.
        Prefix,
        /// The challenge itself is accepted too.
        ChallengeAccepted,
        /// An empty value passes.
        EmptyAccepted,
        /// Upper and lower case are the same.
        IgnoreCase,
        /// Blanks around it are dropped.
        Trimmed,
        /// A verifier that begins with the right one passes.
        LongerAccepted,
    }
}

decision! {
    /// A verifier for a code that has no challenge (OAuth 2.1 section 7.5.2, downgrade).
    pub enum UnexpectedVerifier {
        /// Refused.
        #[default]
        Refused,
        /// Ignored.
        Ignored,
    }
}

decision! {
    /// The form of a verifier: 43 to 128 unreserved characters (OAuth 2.1 section 4.1.1).
    pub enum VerifierSyntax {
        /// Checked.
        #[default]
        Checked,
        /// Short ones pass.
        AnyShort,
        /// Long ones pass.
        AnyLong,
        /// Those of more than 64 characters, which are right, do not pass.
        LongRefused,
        /// Any characters pass.
        AnyCharacters,
        /// Nothing is checked.
        Unchecked,
    }
}

decision! {
    /// The S256 transformation (OAuth 2.1 section 4.1.1).
    pub enum S256Form {
        /// SHA-256, base64url, no padding.
        #[default]
        Right,
        /// Padded.
        Padded,
        /// The standard alphabet of base64.
        StandardAlphabet,
        /// Hexadecimal.
        Hexadecimal,
        /// Over the decoded verifier.
        DecodedVerifier,
    }
}

decision! {
    /// Whose word counts for the method (OAuth 2.1 section 4.1.2: stored with the code).
    pub enum MethodSource {
        /// The authorization request.
        #[default]
        AuthorizationRequest,
        /// The token request may name another.
        TokenRequest,
    }
}

section! {
    /// Decisions about PKCE.
    pub struct PkcePolicy {
        /// Whether public clients need a challenge.
        required_public: bool = true,
        /// Whether confidential clients need a challenge.
        required_confidential: bool = true,
        /// Supported methods.
        methods: Vec<ChallengeMethod> = vec![ChallengeMethod::S256],
        /// Challenges without a method.
        missing_method: MissingMethod = MissingMethod::Plain,
        /// Unknown methods.
        unknown_method: UnknownMethod = UnknownMethod::Refused,
        /// Whether `s256` is another method than `S256` (OAuth 2.1 section 1.9).
        method_case_sensitive: bool = true,
        /// Comparison.
        verifier: VerifierCheck = VerifierCheck::Compared,
        /// Verifiers without a challenge.
        unexpected_verifier: UnexpectedVerifier = UnexpectedVerifier::Refused,
        /// Form of the verifier.
        verifier_syntax: VerifierSyntax = VerifierSyntax::Checked,
        /// Whether the challenge must be 43 characters of base64url.
        challenge_syntax_checked: bool = true,
        /// Transformation.
        s256: S256Form = S256Form::Right,
        /// Source of the method.
        method_source: MethodSource = MethodSource::AuthorizationRequest,
        /// Wrong verifiers that a code survives (OAuth 2.1 section 7.7).
        verifier_attempts: u32 = 3,
    }
}
