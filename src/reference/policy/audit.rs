//! What the audit log says (OAuth 2.1 names none; operators and MCP's security guide ask for one).

use super::macros::{decision, section};
use crate::reference::audit::Event;

decision! {
    /// Whether credentials may be written to the log.
    pub enum CredentialsInAudit {
        /// Tokens, codes, verifiers and secrets never reach the log (OAuth 2.1 section 7.1.3).
        #[default]
        Omitted,
        /// The credential of each event is written in clear.
        Written,
    }
}

section! {
    /// Decisions about the audit log of both servers.
    pub struct AuditPolicy {
        /// Events that are not written. Right: none.
        omit: Vec<Event> = Vec::new(),
        /// Members that are left out of each entry (`user`, `client_id`, `scope`, ...). Right: none.
        omit_members: Vec<String> = Vec::new(),
        /// Whether the credentials concerned are written.
        credentials: CredentialsInAudit = CredentialsInAudit::Omitted,
    }
}
