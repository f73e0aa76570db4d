//! A declarative change of one answer of the reference servers.

use axum::Router;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of one answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rewrite {}

/// Wraps `router` so that every rewrite is applied to its answers.
pub fn apply(router: Router, _rewrites: &[Rewrite]) -> Router {
    router
}
