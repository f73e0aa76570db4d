//! The reference servers: one authorization server and one MCP server, driven by a typed policy.
//!
//! They are correct as long as [`Policy`] is left alone. Every security decision is a field of the
//! policy; a wrong server is a policy with one field changed ([`Policy::patched`]) or one answer
//! rewritten ([`Rewrite`]). The servers' code knows decisions, never defects. They share nothing
//! with the harness that tests them: both talk over HTTP only.

pub mod audit;
pub mod authorization_server;
pub mod defect;
pub mod keys;
pub mod mcp_server;
pub mod policy;
pub mod rewrite;
pub mod scope;
pub mod site;
pub mod start;
pub mod store;

pub use authorization_server::client_documents::fetch::KnownHost;
pub use defect::Defect;
pub use policy::{Policy, PolicyError};
pub use rewrite::{Change, Rewrite, When};
pub use site::Site;
pub use start::{Options, Running, StartError, router_at, start};
