//! The state of the MCP server: both resources, sessions, customer data, and what it knows of tokens.

use std::sync::Arc;

use super::connection::Connections;
use super::execute::Engine;
use super::policy::McpServerPolicy;
use super::sessions::Sessions;
use super::tasks::Tasks;
use super::tools::Data;
use super::verify::Verifier;
use crate::reference::Site;

/// One MCP endpoint, with a resource identifier of its own (RFC 8707 section 2, RFC 9728 section 1.2).
#[derive(Clone, Debug)]
pub struct Resource {
    /// The identifier, which is the endpoint's URL.
    pub identifier: String,
    /// The path of the endpoint.
    pub path: String,
    /// The identifier of the other resource.
    pub sibling: String,
    /// Whether it is the first one, which the root metadata document describes.
    pub first: bool,
}

/// Everything that the requests of one MCP server share.
pub struct Server {
    /// Policy, addresses, audit log.
    pub site: Arc<Site>,
    /// Both resources.
    pub resources: [Resource; 2],
    /// Open sessions.
    pub sessions: Sessions,
    /// Tasks and who began them.
    pub tasks: Tasks,
    /// Token validation with its key cache.
    pub verifier: Verifier,
    /// What each connection has shown.
    pub connections: Connections,
    /// The operations.
    pub engine: Engine,
}

impl Server {
    /// A server without sessions and data.
    pub fn new(site: Arc<Site>) -> Self {
        let path = |url: &str| url.strip_prefix(&site.mcp_origin).unwrap_or(url).to_owned();
        let (first, second) = (site.mcp_url.clone(), site.second_mcp_url.clone());
        let resources = [
            Resource {
                path: path(&first),
                identifier: first.clone(),
                sibling: second.clone(),
                first: true,
            },
            Resource {
                path: path(&second),
                identifier: second,
                sibling: first,
                first: false,
            },
        ];
        Self {
            resources,
            sessions: Sessions::default(),
            tasks: Tasks::default(),
            verifier: Verifier::default(),
            connections: Connections::default(),
            engine: Engine::new(site.clone(), Arc::new(Data::default())),
            site,
        }
    }

    /// The MCP server's decisions.
    pub fn policy(&self) -> &McpServerPolicy {
        &self.site.policy.mcp_server
    }
}
