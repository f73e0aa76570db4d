//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document-00).

use super::configuration::ClientAuthMethod;
use super::macros::{decision, section};
use super::registration::{Doubtful, ForeignUrls};

decision! {
    /// How `client_id` of a document is held against its URL (draft section 4.1).
    pub enum DocumentClientId {
        /// Byte for byte.
        #[default]
        Identical,
        /// After normalization.
        Normalized,
        /// Not at all.
        Unchecked,
    }
}

decision! {
    /// Which addresses are fetched from (draft section 6.5).
    pub enum DocumentAddresses {
        /// Public ones.
        #[default]
        PublicOnly,
        /// Public ones and loopback, for tests on one machine.
        LoopbackToo,
        /// None: every document is out of reach.
        Nowhere,
        /// Any.
        Any,
        /// Names are checked by their text only, addresses are not.
        TextOnly,
    }
}

decision! {
    /// Redirect URIs of a document's client (draft section 4.5).
    pub enum DocumentRedirects {
        /// Those of the document.
        #[default]
        Listed,
        /// Any on the origin of the document.
        SameOrigin,
        /// Those of the document and of its earlier versions.
        ListedEver,
        /// Any if the document lists none.
        AnyIfNoneListed,
    }
}

decision! {
    /// A document that cannot be had or is not valid (draft section 4.3).
    pub enum DocumentFailure {
        /// The request is refused.
        #[default]
        Refused,
        /// The request goes on with what it says itself.
        GoesOn,
    }
}

decision! {
    /// How long a document is kept (draft section 4.4).
    pub enum DocumentCache {
        /// As its headers say, a day at most; errors not at all.
        #[default]
        ByHeaders,
        /// For ever.
        ForEver,
        /// Errors too.
        ErrorsToo,
        /// Not at all.
        Never,
    }
}

section! {
    /// Decisions about client ID metadata documents.
    pub struct ClientDocumentPolicy {
        /// Whether URL identifiers work.
        enabled: bool = true,
        /// Whether plain http is fetched (draft section 3: never).
        plain_http: Doubtful = Doubtful::Refused,
        /// URLs without a path (draft section 3).
        without_path: Doubtful = Doubtful::Refused,
        /// Dot segments (draft section 3).
        dot_segments: Doubtful = Doubtful::Refused,
        /// Fragments (draft section 3).
        fragment: Doubtful = Doubtful::Refused,
        /// User information (draft section 3).
        userinfo: Doubtful = Doubtful::Refused,
        /// Comparison.
        client_id: DocumentClientId = DocumentClientId::Identical,
        /// Addresses.
        addresses: DocumentAddresses = DocumentAddresses::PublicOnly,
        /// Redirects of the document's server (draft section 4: not followed).
        redirects: Doubtful = Doubtful::Refused,
        /// Answers with another status than 200 (draft section 4).
        other_status: Doubtful = Doubtful::Refused,
        /// Whether the content type must be `application/json` to the letter.
        plain_json_only: bool = false,
        /// Content types other than JSON.
        other_content_type: Doubtful = Doubtful::Refused,
        /// Largest document in bytes (draft section 6.6: 5 kilobytes are advised).
        size_limit: u64 = 10_240,
        /// Time for the whole fetch in milliseconds.
        time_limit_ms: u64 = 3_000,
        /// Shared secrets in the document (draft section 4.1).
        secrets: Doubtful = Doubtful::Refused,
        /// How a document that names no authentication is taken (draft section 4.1: no secret can
        /// be agreed on).
        default_authentication: ClientAuthMethod = ClientAuthMethod::None,
        /// Whether cookies and credentials of this server go along (draft section 4: none).
        credentials_sent: bool = false,
        /// URLs in the document (draft section 6.5).
        inner_urls: ForeignUrls = ForeignUrls::Guarded,
        /// Private keys in the document.
        private_keys: Doubtful = Doubtful::Refused,
        /// Redirect URIs.
        redirect_uris: DocumentRedirects = DocumentRedirects::Listed,
        /// Whether dangerous redirect URIs are refused as at registration.
        redirect_rules_applied: bool = true,
        /// Failure.
        failure: DocumentFailure = DocumentFailure::Refused,
        /// Cache.
        cache: DocumentCache = DocumentCache::ByHeaders,
        /// Whether `private_key_jwt` of a document binds at the token endpoint (draft section 6.2).
        authentication_required: bool = true,
        /// Whether a document may ask for client credentials.
        machine_grants: Doubtful = Doubtful::Refused,
    }
}
