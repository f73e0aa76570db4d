//! Requirement files.

use std::collections::HashSet;

use super::context::Context;
use super::findings::Findings;
use super::texts;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{FrozenSet, Observable, Requirement, RequirementFile};

/// Lints the statements of one document.
pub(super) fn file(file: &RequirementFile, found: &mut Findings<'_>) {
    let root = Spot::root();
    texts::required("document", &file.document, &root.key("document"), found);
    if !file.url.contains("://") {
        found.error(
            &root.key("url"),
            "this is not an absolute URL",
            "give the address where a person reads the document, with `https://`",
        );
    }
    if file.requirements.is_empty() {
        found.error(
            &root.key("requirements"),
            "this file holds no requirement",
            "add one, or remove the file",
        );
    }
    for (id, requirement) in &file.requirements {
        let at = root.key("requirements").key(id);
        if id.is_empty()
            || id.contains(|letter: char| letter.is_whitespace() || "/[]".contains(letter))
        {
            found.error(
                &at.clone().name(),
                format!("the requirement id `{id}` holds white space, `/`, `[` or `]`"),
                "write DOCUMENT-SECTION-words, such as `RFC9728-3.3-resource-identical`",
            );
        }
        statement(requirement, &at, found);
    }
}

fn statement(requirement: &Requirement, at: &Spot, found: &mut Findings<'_>) {
    texts::required("section", &requirement.section, &at.key("section"), found);
    texts::required("summary", &requirement.summary, &at.key("summary"), found);
    if !requirement.unchecked.is_empty() && requirement.observable == Observable::Yes {
        found.error(
            &at.key("unchecked"),
            "what can be observed is checked",
            "remove `unchecked`, or say `partly` or `no` in `observable`",
        );
    }
    let mut seen = HashSet::new();
    for (index, version) in requirement.mcp_versions.iter().enumerate() {
        if !seen.insert(version) {
            found.error(
                &at.key("mcp_versions").item(index),
                format!("{version} stands in this list twice"),
                "remove one of the two",
            );
        }
    }
}

/// Lints a frozen set: whom it names exists, and binds under its version.
pub(super) fn frozen(file: &FrozenSet, cx: &Context<'_>, found: &mut Findings<'_>) {
    for id in file.requirements.keys() {
        let spot = Spot::root().key("requirements").key(id).name();
        match cx.suites.registry.get(id) {
            None if cx.requirements_broken => {}
            None => found.error(
                &spot,
                format!("unknown requirement `{id}`"),
                suggest(id, cx.suites.registry.ids().collect::<Vec<_>>()),
            ),
            Some(cited) if !cited.requirement.binds(file.mcp_version) => found.error(
                &spot,
                format!("`{id}` does not bind under MCP {}", file.mcp_version),
                "a frozen set stays as it is: see what became of the requirement",
            ),
            Some(_) => {}
        }
    }
}
