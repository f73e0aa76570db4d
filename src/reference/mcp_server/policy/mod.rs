//! The MCP server's policy: each security decision of the resource server as a typed field.
//!
//! Every default is right. A wrong server is described by changing one field; no code of the server
//! knows more than the field it reads. Fields are grouped by the question that they answer, one file
//! for each group. Clauses: RFC 9728 (metadata), RFC 6750 and OAuth 2.1 section 5 (tokens and
//! challenges), RFC 9068 section 4 (JWT access tokens), and MCP's authorization and transport pages.
//! What is logged is decided by the audit policy of both servers.

mod access;
mod challenge;
mod credentials;
mod metadata;
mod sessions;
mod token;
mod transport;

pub use access::*;
pub use challenge::*;
pub use credentials::*;
pub use metadata::*;
pub use sessions::*;
pub use token::*;
pub use transport::*;

use crate::reference::policy::macros::section;

section! {
    /// How the reference MCP server decides. The default is a correct resource server.
    pub struct McpServerPolicy {
        /// Which requests need a token and what a token permits (MCP authorization, RFC 6750 section 3.1).
        access: AccessPolicy = AccessPolicy::default(),
        /// What refusals look like (RFC 6750 section 3, RFC 9728 section 5.1).
        challenge: ChallengePolicy = ChallengePolicy::default(),
        /// Where a request may carry its token (OAuth 2.1 section 5.1).
        credentials: CredentialsPolicy = CredentialsPolicy::default(),
        /// The protected resource metadata document (RFC 9728 sections 2 and 3).
        metadata: MetadataPolicy = MetadataPolicy::default(),
        /// Sessions of the versions up to 2025-11-25 (MCP transports, security best practices).
        sessions: SessionPolicy = SessionPolicy::default(),
        /// How a token is validated (OAuth 2.1 section 5.2, RFC 9068 section 4, RFC 7662).
        token: TokenPolicy = TokenPolicy::default(),
        /// Versions, header rules, origins and the form of answers (MCP transports).
        transport: TransportPolicy = TransportPolicy::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_patch_is_the_default() {
        let policy: McpServerPolicy = serde_json::from_value(json!({})).unwrap_or_default();
        assert_eq!(policy, McpServerPolicy::default());
    }

    #[test]
    fn one_field_changes_one_decision() {
        let patch = json!({"token": {"audience_check": "ignored"}});
        let policy: McpServerPolicy = serde_json::from_value(patch).unwrap();
        assert_eq!(policy.token.audience_check, AudienceCheck::Ignored);
        assert_eq!(policy.token.signature_check, SignatureCheck::Checked);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let patch = json!({"token": {"audience": "ignored"}});
        assert!(serde_json::from_value::<McpServerPolicy>(patch).is_err());
    }

    #[test]
    fn the_default_survives_a_round_trip() {
        let text = serde_json::to_value(McpServerPolicy::default()).unwrap();
        let again: McpServerPolicy = serde_json::from_value(text).unwrap();
        assert_eq!(again, McpServerPolicy::default());
    }
}
