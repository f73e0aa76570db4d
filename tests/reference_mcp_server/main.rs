//! The reference MCP server over real HTTP: each MCP version's honest calls, and each refusal.
//!
//! Tokens are minted with the authorization server's own key inside the process, so that nothing but
//! the MCP server is under test here.

mod audit;
mod client;
mod discovery;
mod issued;
mod policies;
mod refusals;
mod scopes;
mod sessions;
mod versions;
