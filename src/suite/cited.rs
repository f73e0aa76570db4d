//! A requirement as it is cited: with its document, and a link to its section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{McpVersion, Requirement};

/// A requirement with the document it stands in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cited {
    /// The registry's id, e.g. `RFC9728-3.3-resource-identical`.
    pub id: String,
    /// Title of the document.
    pub document: String,
    /// Where a person reads it.
    pub url: String,
    /// The statement.
    pub requirement: Requirement,
    /// It came after the set of requirements that counts was frozen: told, and never a fail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncounted: bool,
}

impl Cited {
    /// Why a deviation from it is never a fail, if it is none.
    pub fn at_most_warns(&self) -> Option<&'static str> {
        let uncounted = self.uncounted.then_some(
            "not in the requirement set yet: reported, and counted from the next set on",
        );
        self.requirement.at_most_warns().or(uncounted)
    }

    /// The citation as a case judged by `version` carries it: of an MCP clause that binds several
    /// versions, the judged one; a link to the section where documents have such anchors; without
    /// the notes, which are for those who write checks.
    #[must_use]
    pub fn under(&self, version: McpVersion) -> Self {
        let mut cited = self.clone();
        cited.requirement.notes = String::new();
        cited.requirement.unchecked = String::new();
        let section = &self.requirement.section;
        let own = self.document.strip_prefix("MCP ").map(McpVersion::parse);
        if let Some(Some(own)) = own {
            let binds = self.requirement.mcp_versions.contains(&version);
            let version = if binds { version } else { own };
            cited.document = format!("MCP {version}");
            cited.requirement.section = mcp_section(version, section);
            cited.url = mcp_page(version, &cited.requirement.section);
        } else if let Some(anchor) = ietf_anchor(&self.url, section) {
            cited.url = format!("{}#{anchor}", self.url);
        }
        cited
    }
}

/// An MCP section (`page#heading`) as it was called in `version`: before 2026-07-28, what are pages
/// of their own now were headings of one page.
fn mcp_section(version: McpVersion, section: &str) -> String {
    let (page, heading) = section.split_once('#').unwrap_or((section, ""));
    let topic = page.split('/').next().unwrap_or(page);
    match topic {
        "authorization" | "transports" if version < McpVersion::V20260728 => {
            format!("{topic}#{heading}")
                .trim_end_matches('#')
                .to_owned()
        }
        _ => section.to_owned(),
    }
}

/// The page of an MCP section.
fn mcp_page(version: McpVersion, section: &str) -> String {
    const HOME: &str = "https://modelcontextprotocol.io";
    let (page, heading) = section.split_once('#').unwrap_or((section, ""));
    let topic = page.split('/').next().unwrap_or(page);
    let path = match topic {
        "best-practices" if version >= McpVersion::V20260728 => {
            "docs/tutorials/security/security_best_practices".to_owned()
        }
        "best-practices" => format!("specification/{version}/basic/security_best_practices"),
        "authorization" | "transports" => format!("specification/{version}/basic/{page}"),
        _ => format!("specification/{version}/{page}"),
    };
    match heading {
        "" => format!("{HOME}/{path}"),
        heading => format!("{HOME}/{path}#{heading}"),
    }
}

/// The anchor of the first of the sections in the HTML of the IETF: `section-4.1.3`,
/// `appendix-C.3`.
fn ietf_anchor(url: &str, section: &str) -> Option<String> {
    let has_anchors = [
        "https://datatracker.ietf.org/",
        "https://www.rfc-editor.org/",
    ]
    .iter()
    .any(|host| url.starts_with(host));
    let first = section.split(',').next()?.trim();
    let numbered = first
        .split('.')
        .skip(1)
        .all(|part| part.parse::<u32>().is_ok());
    let top = first.split('.').next()?;
    let kind = if top.parse::<u32>().is_ok() {
        "section"
    } else if top.len() == 1 && top.chars().all(|c| c.is_ascii_uppercase()) {
        "appendix"
    } else {
        return None;
    };
    (has_anchors && numbered).then(|| format!("{kind}-{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Suites;

    #[test]
    fn a_link_leads_to_the_section_in_the_judged_version() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let cited = |id: &str, version| {
            let cited = suites.registry.get(id).expect("a requirement");
            cited.under(version)
        };
        let older = cited("MCP-AUTHZ-oauth21-implemented", McpVersion::V20251125);
        assert_eq!(
            (older.document.as_str(), older.url.as_str()),
            (
                "MCP 2025-11-25",
                "https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#overview"
            )
        );
        let rfc = cited("RFC8414-3-path-insertion", McpVersion::V20251125);
        assert_eq!(rfc.url, "https://www.rfc-editor.org/rfc/rfc8414#section-3");
        let other = cited("MCP-AUTHZ-prm-challenge-mandatory", McpVersion::V20251125);
        assert_eq!(other.document, "MCP 2025-06-18");
    }

    #[test]
    fn pages_were_split_in_the_newest_version() {
        let section = "authorization/security-considerations#token-theft";
        assert_eq!(
            mcp_section(McpVersion::V20251125, section),
            "authorization#token-theft"
        );
        assert_eq!(
            mcp_section(McpVersion::V20250618, "transports/streamable-http"),
            "transports"
        );
        assert_eq!(mcp_section(McpVersion::V20260728, section), section);
        assert_eq!(
            mcp_page(McpVersion::V20260728, section),
            "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/\
             security-considerations#token-theft"
        );
        assert!(mcp_page(McpVersion::V20260728, "server/discover").ends_with("28/server/discover"));
    }

    #[test]
    fn what_is_no_number_has_no_anchor() {
        let url = "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-13";
        assert_eq!(ietf_anchor(url, "C.3").as_deref(), Some("appendix-C.3"));
        assert_eq!(ietf_anchor(url, "Supporting Both"), None);
        assert_eq!(ietf_anchor("https://openid.net/x", "3"), None);
    }
}
