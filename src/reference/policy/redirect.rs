//! Redirect URI comparison (OAuth 2.1 sections 2.3.1 to 2.3.5, 4.1.1 and 8.4.2).

use super::macros::{decision, section};

decision! {
    /// How the URI of a request is held against a registered one.
    pub enum RedirectMatch {
        /// Byte for byte (OAuth 2.1 section 2.3.1).
        #[default]
        Exact,
        /// Slashes at the end do not count.
        IgnoreTrailingSlash,
        /// The registered URI is a prefix.
        Prefix,
        /// The registered URI is a prefix that ends at a path segment.
        PathPrefix,
        /// Upper and lower case are the same.
        IgnoreCase,
        /// Upper and lower case of the path are the same.
        IgnorePathCase,
        /// The query does not count.
        IgnoreQuery,
        /// The fragment does not count.
        IgnoreFragment,
        /// Only the host counts.
        SameHost,
        /// Only scheme, host and port count.
        SameOrigin,
        /// Dot segments, default ports and case of the host are normalized first.
        Normalized,
        /// The scheme does not count.
        IgnoreScheme,
        /// The port does not count, whatever the host.
        IgnorePort,
        /// Percent-encoding is decoded first.
        DecodePercent,
        /// The host may have anything in front.
        HostSuffix,
        /// The host may have anything behind.
        HostPrefix,
        /// The registered URI may stand anywhere in it.
        Contains,
        /// User information does not count.
        IgnoreUserinfo,
        /// A `*` in a registered URI stands for anything.
        Wildcard,
        /// Any URI.
        Any,
    }
}

decision! {
    /// When the port of a redirect URI may vary (OAuth 2.1 section 8.4.2, RFC 8252 section 7.3).
    pub enum LoopbackPort {
        /// For `127.0.0.1` and `[::1]` over http.
        LoopbackAddresses,
        /// For `localhost` too, as section 4.1.1 says and section 8.4.2 does not.
        #[default]
        LocalhostToo,
        /// Never: native applications cannot use the port they get.
        Never,
        /// For every host that begins with a loopback name.
        Lookalikes,
        /// Not only the port, but path and query too, once a loopback URI is registered.
        AnyLoopbackUri,
    }
}

decision! {
    /// Whose registered URIs count.
    pub enum RedirectOwner {
        /// The client's own.
        #[default]
        Client,
        /// Those of every client.
        AllClients,
        /// For clients that registered none, any URI.
        AnyIfNoneRegistered,
    }
}

decision! {
    /// A request without `redirect_uri` (OAuth 2.1 section 2.3.2).
    pub enum OmittedRedirect {
        /// Taken from the registration if there is exactly one.
        #[default]
        OnlyIfOneRegistered,
        /// The first registered URI is used silently.
        FirstRegistered,
        /// Always refused.
        Refused,
        /// Crashes the server with 500.
        ServerError,
    }
}

decision! {
    /// Where the browser is sent (OAuth 2.1 section 2.3).
    pub enum RedirectDestination {
        /// To the URI of the request.
        #[default]
        Requested,
        /// To the client's first registered URI.
        FirstRegistered,
    }
}

section! {
    /// Decisions about redirect URIs at the authorization endpoint.
    pub struct RedirectPolicy {
        /// Comparison.
        matching: RedirectMatch = RedirectMatch::Exact,
        /// Loopback ports.
        loopback_port: LoopbackPort = LoopbackPort::LocalhostToo,
        /// Whose URIs count.
        owner: RedirectOwner = RedirectOwner::Client,
        /// Requests without the parameter.
        omitted: OmittedRedirect = OmittedRedirect::OnlyIfOneRegistered,
        /// Destination.
        destination: RedirectDestination = RedirectDestination::Requested,
    }
}
