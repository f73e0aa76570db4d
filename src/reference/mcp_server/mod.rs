//! The reference MCP server: an OAuth resource server that speaks every MCP version.
//!
//! The official SDK (`rmcp`) carries JSON-RPC, negotiation and the header rules of 2026-07-28; it runs
//! without state of its own. In front of it stand, in this order: origin, credentials, token, form of
//! the message, session, scope. What is refused never reaches the SDK. Batches (2025-03-26) and sessions
//! (up to 2025-11-25) are kept here too, since the SDK knows the former not and binds the latter to nobody.
//! Each decision is a field of [`policy::McpServerPolicy`]; nothing here knows what wrong values are for.

mod answers;
mod authenticate;
mod challenge;
mod claims;
mod connection;
mod cors;
mod credentials;
mod customers;
mod endpoint;
mod execute;
mod fetch;
mod form;
mod handler;
mod incoming;
pub mod jwt;
mod legacy;
mod metadata;
mod operations;
mod permit;
mod plain;
pub mod policy;
mod questions;
mod refuse;
mod runs;
mod scope;
mod server;
mod sessions;
pub mod signature;
mod tasks;
mod tools;
mod verify;

use std::sync::Arc;

use axum::Router;

use super::Site;
use server::Server;

/// The routes of both MCP resources and of their protected resource metadata.
pub fn router(site: Arc<Site>) -> Router {
    let server = Arc::new(Server::new(site));
    endpoint::routes(&server).merge(metadata::routes(server))
}
