//! Threats, and the checks that name them.

use super::context::Context;
use super::findings::Findings;
use super::texts;
use crate::suite::ThreatFile;
use crate::suite::names::{is_kebab, suggest};
use crate::suite::source::Spot;

/// Lints the registry of threats.
pub(super) fn file(file: &ThreatFile, found: &mut Findings<'_>) {
    for (id, threat) in &file.threats {
        let at = Spot::root().key("threats").key(id);
        if !is_kebab(id) {
            found.error(
                &at.clone().name(),
                format!("the id `{id}` is not lower-case words joined by hyphens"),
                "write it as in `code-injection`",
            );
        }
        texts::title(&threat.title, &at.key("title"), found);
        if threat.sources.is_empty() {
            found.error(
                &at.key("sources"),
                "nobody can read of this threat",
                "name a section or an entry that describes it, such as `RFC 9700 4.5` or `CWE-294`",
            );
        }
    }
}

/// A threat that a check or a file names exists.
pub(super) fn known(id: Option<&str>, spot: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    let Some(id) = id.filter(|_| !cx.threats_broken) else {
        return;
    };
    let threats = &cx.suites.threats;
    if !threats.contains_key(id) {
        found.error(
            spot,
            format!("unknown threat `{id}`"),
            suggest(id, threats.keys().map(String::as_str)),
        );
    }
}
