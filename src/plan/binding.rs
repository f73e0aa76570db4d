//! Which of a check's requirements bind the server under test.

use super::Knowledge;
use crate::run::Presence;
use crate::suite::{Capability, Cited, Level, McpVersion, Role};

/// What decides it: the judged version, and what kind of resource server there is.
pub(super) struct Ground {
    version: McpVersion,
    is_plain_api: bool,
    publishes_metadata: bool,
}

impl Ground {
    pub(super) fn new(version: McpVersion, knowledge: &Knowledge) -> Self {
        let is_absent = |capability| {
            let known = knowledge.capabilities.get(&capability);
            matches!(known, Some(Presence::Absent { .. }))
        };
        Self {
            version,
            is_plain_api: is_absent(Capability::McpServer)
                && !is_absent(Capability::ResourceServer),
            publishes_metadata: !is_absent(Capability::ProtectedResourceMetadata),
        }
    }

    /// Keeps those that bind, if any does, and tells the strongest level of them, or why none does:
    /// what others ask is told only where nothing is asked here.
    pub(super) fn settle(&self, requirements: &mut Vec<Cited>) -> Result<Level, String> {
        let binds = |cited: &Cited| self.obstacle(cited).is_none();
        let levels = requirements.iter().filter(|cited| binds(cited));
        match levels.map(|cited| cited.requirement.level).max() {
            Some(level) => {
                requirements.retain(binds);
                Ok(level)
            }
            None => {
                let of_others = requirements.iter().find_map(|cited| self.of_others(cited));
                Err(of_others.map_or_else(
                    || format!("MCP {} does not ask for it", self.version),
                    str::to_owned,
                ))
            }
        }
    }

    fn obstacle(&self, cited: &Cited) -> Option<&'static str> {
        match cited.requirement.binds(self.version) {
            true => self.of_others(cited),
            false => Some("another version"),
        }
    }

    /// Why it does not bind this kind of resource server. A plain HTTP API is held to OAuth alone:
    /// MCP speaks to MCP servers, and only there are protected resource metadata a must.
    fn of_others(&self, cited: &Cited) -> Option<&'static str> {
        if !self.is_plain_api || cited.requirement.role != Role::ResourceServer {
            return None;
        }
        if cited.id.starts_with("MCP-") {
            return Some("MCP asks it of MCP servers, and the resource server is a plain HTTP API");
        }
        (cited.id.starts_with("RFC9728-") && !self.publishes_metadata).then_some(
            "RFC 9728 asks it of those who publish metadata, which a plain HTTP API need not",
        )
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::suite::Suites;

    const VERSION: McpVersion = McpVersion::V20251125;

    fn settled(plain: bool, ids: &[&str]) -> (Result<Level, String>, Vec<String>) {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let absent = |capability| {
            let reason = String::new();
            (capability, Presence::Absent { reason })
        };
        let lacking = [Capability::McpServer, Capability::ProtectedResourceMetadata];
        let capabilities: IndexMap<_, _> = match plain {
            true => lacking.into_iter().map(absent).collect(),
            false => IndexMap::new(),
        };
        let knowledge = Knowledge {
            capabilities,
            ..Knowledge::default()
        };
        let mut cited: Vec<Cited> = ids
            .iter()
            .map(|id| suites.registry.get(id).expect("a requirement").clone())
            .collect();
        let level = Ground::new(VERSION, &knowledge).settle(&mut cited);
        (level, cited.into_iter().map(|cited| cited.id).collect())
    }

    #[test]
    fn mcp_and_its_metadata_bind_no_plain_api() {
        let query = [
            "MCP-AUTHZ-query-token-refused",
            "OAUTH21-5.1-query-token-ignored",
        ];
        assert_eq!(settled(false, &query).1, query);
        assert_eq!(
            settled(true, &query),
            (Ok(Level::Must), vec![query[1].to_owned()])
        );
        for (id, says) in [
            ("MCP-AUTHZ-query-token-refused", "MCP servers"),
            (
                "RFC9728-5.1-resource-metadata-challenge",
                "publish metadata",
            ),
        ] {
            assert!(settled(false, &[id]).0.is_ok(), "{id}");
            let (level, kept) = settled(true, &[id]);
            assert!(level.is_err_and(|why| why.contains(says)), "{id}");
            assert_eq!(kept, [id]);
        }
    }

    #[test]
    fn what_binds_authorization_servers_binds_beside_a_plain_api() {
        let (level, _) = settled(true, &["MCP-AUTHZ-resource-audience-bound"]);
        assert!(level.is_ok());
    }
}
