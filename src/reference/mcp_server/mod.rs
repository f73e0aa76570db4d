//! The reference MCP server (OAuth resource server).

pub mod policy;

use std::sync::Arc;

use axum::Router;

use super::Site;

/// The routes of both MCP resources, their protected resource metadata included.
pub fn router(_site: Arc<Site>) -> Router {
    Router::new()
}
