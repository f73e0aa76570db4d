//! How an access token is validated.

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about the token itself (OAuth 2.1 section 5.2, RFC 9068 section 4, RFC 8725, RFC 7662).
    pub struct TokenPolicy {
        /// Which way a token is validated.
        validation: Validation = Validation::default(),
        /// How the signature is checked (RFC 9068 section 4, RFC 8725 section 3).
        signature_check: SignatureCheck = SignatureCheck::default(),
        /// Algorithms that are accepted (RFC 8725 section 3.1).
        algorithms: Vec<String> = ["ES256", "RS256"].map(String::from).to_vec(),
        /// How `iss` is compared with the authorization server's issuer (RFC 9068 section 4).
        issuer_check: IssuerCheck = IssuerCheck::default(),
        /// How `aud` is compared with the resource identifier (RFC 9068 section 4, RFC 8707 section 2).
        audience_check: AudienceCheck = AudienceCheck::default(),
        /// How `exp` is checked (RFC 7519 section 4.1.4).
        expiry_check: ExpiryCheck = ExpiryCheck::default(),
        /// Seconds by which clocks may differ. None by default: both reference servers share one clock.
        leeway: u64 = 0,
        /// Whether `nbf` is honoured (RFC 7519 section 4.1.5).
        not_before_check: NotBeforeCheck = NotBeforeCheck::default(),
        /// How `typ` is compared with `at+jwt` (RFC 9068 section 4).
        type_check: TypeCheck = TypeCheck::default(),
        /// Whether an unknown `crit` extension is refused (RFC 7515 section 4.1.11).
        critical_check: CriticalCheck = CriticalCheck::default(),
        /// Whether a token that is bound to a key (`cnf`) is refused as a plain bearer token (RFC 9449
        /// section 7.1).
        binding_check: BindingCheck = BindingCheck::default(),
        /// Whether other tokens (refresh tokens, ID tokens) are refused in place of an access token.
        kind_check: KindCheck = KindCheck::default(),
        /// How revocation reaches this server (RFC 7009 section 2.1).
        revocation: Revocation = Revocation::default(),
        /// How often keys are fetched (RFC 7517; a refetch on an unknown `kid` follows rotation).
        key_cache: KeyCache = KeyCache::default(),
        /// How long an accepted token is remembered and not validated again, in seconds: not at all.
        accepted_cache_seconds: u64 = 0,
    }
}

decision! {
    /// The way of validating.
    pub enum Validation {
        /// A token in the shape of a JWS is validated locally, every other one by introspection.
        #[default]
        Automatic,
        /// Locally, as a JWT (RFC 9068).
        LocalJwt,
        /// At the authorization server's introspection endpoint (RFC 7662).
        Introspection,
        /// Not at all: any string that is not empty is a token with every scope.
        None,
    }
}

decision! {
    /// How a JWT's signature is checked.
    pub enum SignatureCheck {
        /// Against the authorization server's published key of that `kid` and algorithm.
        #[default]
        Checked,
        /// Not at all.
        Skipped,
        /// Unless `alg` is `none`.
        AlgNoneAccepted,
        /// Unless `alg` is `none` in any case.
        AlgNoneAnyCase,
        /// Unless the signature is empty.
        EmptySignatureAccepted,
        /// An ECDSA signature of zeros is accepted.
        ZeroSignatureAccepted,
        /// The algorithm is the header's: HS256 is keyed with the public key's text.
        Hs256WithPublicKey,
        /// HS256 is keyed with a well-known word (`secret`).
        WeakSecretAccepted,
        /// A key in the header (`jwk`) is trusted.
        EmbeddedJwkTrusted,
        /// The key set that the header names (`jku`) is fetched and trusted.
        JkuFetched,
        /// What the header names (`jku`, `x5u`) is fetched, and not trusted.
        AddressesFetched,
        /// The key set of the issuer that the token names is fetched and trusted.
        TokenIssuerTrusted,
        /// `kid` is a file name: one that ends at an empty file makes an empty HS256 key.
        KidAsPath,
        /// An unknown `kid` means that there is nothing to check against.
        UnknownKidSkipped,
        /// `kid` is not looked at: any published key will do.
        AnyPublishedKey,
    }
}

decision! {
    /// How `iss` is compared.
    pub enum IssuerCheck {
        /// Byte for byte.
        #[default]
        Exact,
        /// Not at all.
        Ignored,
        /// A missing claim passes.
        AbsentAccepted,
        /// The issuer is a prefix of the claim.
        Prefix,
        /// The claim contains the issuer's host.
        HostContained,
        /// A trailing slash makes no difference.
        IgnoreTrailingSlash,
        /// Case makes no difference.
        IgnoreCase,
    }
}

decision! {
    /// How `aud` is compared.
    pub enum AudienceCheck {
        /// The resource identifier is the string or one element of the array, byte for byte.
        #[default]
        Exact,
        /// Not at all.
        Ignored,
        /// A missing claim passes.
        AbsentAccepted,
        /// Any claim that is there passes.
        AnyPresent,
        /// The claim begins with the resource identifier.
        ClaimExtendsResource,
        /// The resource identifier begins with the claim.
        ResourceExtendsClaim,
        /// Scheme, host and port alone are compared, so that a sibling's token passes.
        OriginOnly,
        /// The host alone is compared.
        HostOnly,
        /// The claim contains the identifier or the other way.
        Substring,
        /// A trailing slash makes no difference.
        IgnoreTrailingSlash,
        /// Case makes no difference.
        IgnoreCase,
        /// The client's own identifier is an audience too, so that ID tokens pass.
        ClientIdAccepted,
        /// The issuer is an audience too.
        IssuerAccepted,
        /// An array is not read and passes.
        ArrayAccepted,
        /// Only the first element of an array counts.
        FirstElement,
        /// An array is refused (RFC 7519 section 4.1.3 permits it).
        ArrayRefused,
        /// Only requests of the versions up to 2025-11-25 are checked.
        LegacyEraOnly,
    }
}

decision! {
    /// How `exp` is checked.
    pub enum ExpiryCheck {
        /// It is there and in the future.
        #[default]
        Checked,
        /// Not at all.
        Ignored,
        /// A missing claim means no expiry.
        AbsentAccepted,
        /// When a session is opened; afterwards not.
        OnlyAtInitialize,
        /// A claim that is not a number passes.
        NonNumericAccepted,
    }
}

decision! {
    /// Whether `nbf` counts.
    pub enum NotBeforeCheck {
        /// A future one is refused.
        #[default]
        Checked,
        /// Not looked at.
        Ignored,
    }
}

decision! {
    /// How `typ` is compared.
    pub enum TypeCheck {
        /// `at+jwt` or `application/at+jwt`, in any case.
        #[default]
        AccessToken,
        /// A missing one passes.
        AbsentAccepted,
        /// `JWT` passes too.
        JwtAccepted,
        /// Not looked at.
        Ignored,
    }
}

decision! {
    /// What an unknown critical extension leads to.
    pub enum CriticalCheck {
        /// Refusal.
        #[default]
        Refused,
        /// Nothing.
        Ignored,
    }
}

decision! {
    /// What `cnf` in a token that comes as a plain bearer token leads to.
    pub enum BindingCheck {
        /// Refusal.
        #[default]
        Refused,
        /// Nothing.
        Ignored,
    }
}

decision! {
    /// What another kind of token in place of an access token leads to.
    pub enum KindCheck {
        /// Refusal.
        #[default]
        AccessOnly,
        /// What introspection calls active is accepted.
        AnyActive,
        /// An ID token that the issuer signed is accepted: neither its `typ` nor its `aud` is looked at.
        AnyJwt,
    }
}

decision! {
    /// How this server learns that a JWT was revoked.
    pub enum Revocation {
        /// From the list that the authorization server shares within the process, at once.
        #[default]
        SharedList,
        /// By asking the introspection endpoint about each token.
        Introspection,
        /// Never: a revoked JWT works until it expires.
        Ignored,
    }
}

decision! {
    /// How keys are kept.
    pub enum KeyCache {
        /// Fetched once and again on an unknown `kid`.
        #[default]
        RefetchOnUnknownKey,
        /// Fetched once.
        FetchOnce,
        /// Fetched for each token.
        Never,
    }
}
