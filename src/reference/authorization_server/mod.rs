//! The reference authorization server.

use std::sync::Arc;

use axum::Router;

use super::Site;

/// The routes of the authorization server.
pub fn router(_site: Arc<Site>) -> Router {
    Router::new()
}
