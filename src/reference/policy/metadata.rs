//! Authorization server metadata and keys (RFC 8414, OpenID Connect Discovery, RFC 7517).

use serde_json::{Map, Value};

use super::access_token::SigningAlgorithm;
use super::macros::{decision, section};

decision! {
    /// Where the RFC 8414 document is served.
    pub enum Rfc8414Location {
        /// Well-known string between host and path (RFC 8414 section 3.1).
        #[default]
        Inserted,
        /// Behind the issuer's path only, which no document defines.
        Appended,
        /// At the root of the host only, whatever the issuer's path.
        Root,
        /// Inserted, with a slash at the end that the issuer lacks.
        InsertedWithSlash,
        /// Nowhere.
        Absent,
    }
}

decision! {
    /// Where the OpenID Connect Discovery document is served.
    pub enum OpenidLocation {
        /// Both after the path (OpenID Connect Discovery section 4) and inserted (RFC 8414
        /// section 5).
        #[default]
        AppendedAndInserted,
        /// After the path only.
        Appended,
        /// Inserted only.
        Inserted,
        /// At the root of the host only.
        Root,
        /// Nowhere.
        Absent,
    }
}

decision! {
    /// The `issuer` member (RFC 8414 section 3.3: identical to the identifier it was fetched for).
    pub enum IssuerMember {
        /// The issuer identifier, byte for byte.
        #[default]
        Identical,
        /// With a slash at the end.
        TrailingSlash,
        /// The origin without the path, or another path where there is none.
        OtherPath,
        /// Another host name.
        OtherHost,
        /// With a query (forbidden by RFC 8414 section 2).
        WithQuery,
        /// With a fragment (forbidden by RFC 8414 section 2).
        WithFragment,
        /// Host and port only, no scheme.
        BareHost,
        /// Scheme in capitals.
        UpperCaseScheme,
    }
}

decision! {
    /// Where the URLs in the metadata come from (RFC 9700 section 4.13).
    pub enum UrlSource {
        /// The server's own configuration.
        #[default]
        Configuration,
        /// The `Host` header of the request.
        HostHeader,
        /// The `X-Forwarded-Host` header of the request.
        ForwardedHost,
    }
}

decision! {
    /// How endpoint URLs are written (RFC 8414 section 2: absolute).
    pub enum EndpointForm {
        /// Absolute URLs of this server.
        #[default]
        Absolute,
        /// Paths only.
        Relative,
        /// Plain http URLs of a public host.
        PlainHttpElsewhere,
    }
}

decision! {
    /// Which of the documents an optional member stands in.
    pub enum AdvertisedIn {
        /// Both documents.
        #[default]
        Both,
        /// The RFC 8414 document only.
        Rfc8414,
        /// The OpenID document only.
        Openid,
        /// Neither.
        Neither,
    }
}

section! {
    /// Decisions about both metadata documents.
    pub struct MetadataPolicy {
        /// Place of the RFC 8414 document.
        rfc8414: Rfc8414Location = Rfc8414Location::Inserted,
        /// Place of the OpenID document.
        openid: OpenidLocation = OpenidLocation::AppendedAndInserted,
        /// The `issuer` member of both documents.
        issuer: IssuerMember = IssuerMember::Identical,
        /// The `issuer` member of the OpenID document, should it differ.
        openid_issuer: IssuerMember = IssuerMember::Identical,
        /// Where URLs come from.
        urls_from: UrlSource = UrlSource::Configuration,
        /// Form of the endpoint URLs.
        endpoints: EndpointForm = EndpointForm::Absolute,
        /// `code_challenge_methods_supported` (RFC 8414 section 2; MCP demands it).
        code_challenge_methods: Vec<String> = vec!["S256".into()],
        /// Documents that carry `code_challenge_methods_supported`.
        code_challenge_methods_in: AdvertisedIn = AdvertisedIn::Both,
        /// `authorization_response_iss_parameter_supported` (RFC 9207 section 3).
        iss_parameter_in: AdvertisedIn = AdvertisedIn::Both,
        /// `client_id_metadata_document_supported`.
        client_id_metadata_document_in: AdvertisedIn = AdvertisedIn::Both,
        /// `grant_types_supported` (RFC 8414 section 2).
        grant_types: Vec<String> = list(&["authorization_code", "refresh_token", "client_credentials"]),
        /// `response_types_supported` (RFC 8414 section 2).
        response_types: Vec<String> = list(&["code"]),
        /// `token_endpoint_auth_methods_supported` (RFC 8414 section 2).
        token_endpoint_auth_methods: Vec<String> =
            list(&["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]),
        /// Members left out of both documents. Right: none.
        omit: Vec<String> = Vec::new(),
        /// Members set to a value of their own in both documents. Right: none.
        set: Map<String, Value> = Map::new(),
        /// Content type of both documents (RFC 8414 section 3.2).
        content_type: String = "application/json".into(),
        /// Whether the documents hide behind a login redirect (RFC 8414 section 3.1: plain GET).
        behind_login: bool = false,
    }
}

decision! {
    /// What the key set shows of each key (RFC 7517 section 9.2).
    pub enum JwkMembers {
        /// Public members.
        #[default]
        Public,
        /// Private members too.
        Private,
        /// Public members, and a symmetric key beside them.
        SymmetricKeyToo,
        /// Public members without `y` (RFC 7518 section 6.2.1).
        WithoutY,
    }
}

decision! {
    /// The shape of the document (RFC 7517 section 5).
    pub enum JwksShape {
        /// An object with the array `keys`.
        #[default]
        KeySet,
        /// An array.
        BareArray,
        /// One key.
        SingleKey,
        /// No document: 404.
        Absent,
    }
}

decision! {
    /// The `kid` of published keys (RFC 7517 section 4.5).
    pub enum PublishedKid {
        /// Distinct, and the one that tokens name.
        #[default]
        Matching,
        /// The same for every key.
        Shared,
        /// Distinct, but not what tokens name.
        Other,
        /// None.
        Absent,
    }
}

decision! {
    /// `use` and `key_ops` of published keys (RFC 7517 sections 4.2 and 4.3).
    pub enum PublishedUse {
        /// `use: sig`.
        #[default]
        Signature,
        /// `use: enc`.
        Encryption,
        /// `key_ops: [sign]`, which a public key cannot do.
        SignOperation,
        /// Neither.
        Absent,
    }
}

section! {
    /// Decisions about the key set.
    pub struct JwksPolicy {
        /// Keys in the set.
        keys: Vec<SigningAlgorithm> = vec![SigningAlgorithm::Es256, SigningAlgorithm::Rs256],
        /// Members of each key.
        members: JwkMembers = JwkMembers::Public,
        /// Shape of the document.
        shape: JwksShape = JwksShape::KeySet,
        /// Key identifiers.
        kid: PublishedKid = PublishedKid::Matching,
        /// Purpose of the keys.
        key_use: PublishedUse = PublishedUse::Signature,
        /// Whether each `alg` fits its `kty` (RFC 7517 section 4.4).
        alg_fits_kty: bool = true,
        /// Whether the RSA key has 2048 bits or 1024 (RFC 7518 section 3.3: at least 2048).
        rsa_bits: u16 = 2048,
    }
}

pub(super) fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}
