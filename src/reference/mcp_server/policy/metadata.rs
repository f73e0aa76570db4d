//! The protected resource metadata document and where it lies.

use serde_json::{Map, Value};

use crate::reference::policy::macros::{decision, section};

section! {
    /// Decisions about RFC 9728 metadata. Text values may contain `{origin}`, `{resource}` and `{issuer}`.
    pub struct MetadataPolicy {
        /// Where the documents lie (RFC 9728 section 3.1; MCP 2025-11-25 adds the root as a client's
        /// last resort).
        places: Vec<MetadataPlace> = vec![MetadataPlace::PathInserted, MetadataPlace::Root],
        /// A token is asked for the document (RFC 9728 section 3.1: none is).
        token_required: bool = false,
        /// `resource` (RFC 9728 sections 2 and 3.3): the identifier byte for byte.
        resource: String = "{resource}".into(),
        /// `resource` of the root document, when it differs.
        root_resource: Option<String> = None,
        /// `authorization_servers` (MCP: at least one).
        authorization_servers: Vec<String> = vec!["{issuer}".into()],
        /// `authorization_servers` of the root document, when it differs.
        root_authorization_servers: Option<Vec<String>> = None,
        /// `scopes_supported`.
        scopes_supported: Vec<String> = [
                "mcp:tools:weather",
                "mcp:resources:customer-data:read",
                "mcp:resources:customer-data:write",
                "mcp:exec:workflows:*",
                "mcp:exec:workflows:daily-report",
                "news:read",
            ]
            .map(String::from)
            .to_vec(),
        /// `bearer_methods_supported` (MCP forbids the query).
        bearer_methods_supported: Vec<String> = vec!["header".into()],
        /// `resource_name`; left out when empty.
        resource_name: String = "authspec reference MCP server".into(),
        /// Members besides; none.
        set: Map<String, Value> = Map::new(),
        /// Status of the answer (RFC 9728 section 3.2: 200).
        status: u16 = 200,
        /// Content type of the answer (RFC 9728 section 3.2: `application/json`).
        content_type: String = "application/json".into(),
        /// `Cache-Control` of the answer (RFC 9728 section 7.10); left out when empty.
        cache_control: String = String::new(),
        /// Host of the identifiers inside.
        host: IdentifierHost = IdentifierHost::default(),
        /// Authorization server metadata at this origin too: clients of MCP 2025-03-26 look for it at the
        /// root of the MCP server's host. Only of use where the authorization server has an origin of its own.
        authorization_server_metadata: bool = false,
    }
}

decision! {
    /// Which host the identifiers in the document carry.
    pub enum IdentifierHost {
        /// The configured one.
        #[default]
        Configured,
        /// The request's `Host`.
        RequestHost,
        /// The request's `X-Forwarded-Host`, when present.
        ForwardedHost,
    }
}

decision! {
    /// One place of the documents.
    pub enum MetadataPlace {
        /// The well-known URL with the endpoint's path inserted.
        #[default]
        PathInserted,
        /// The root well-known URL, for the first resource.
        Root,
        /// The root well-known URL with a trailing slash.
        RootWithSlash,
        /// Below the endpoint (`/mcp/.well-known/oauth-protected-resource`): no rule provides for it.
        PathAppended,
        /// Any path after the well-known one, with the first resource's document.
        AnySuffix,
    }
}
