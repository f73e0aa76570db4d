//! `fixtures/peers.yaml`: what other tools check, and which checks of ours look at the same.

use std::collections::BTreeSet;

use authspec::plan::Pattern;
use serde::Deserialize;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// A row for each check of a peer.
    peers: Vec<Row>,
}

/// A check of another tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The tool.
    peer: String,
    /// Its own name for the check.
    check: String,
    /// What it looks at.
    what: String,
    /// What the tool cites.
    #[allow(dead_code, reason = "for people")]
    #[serde(default)]
    requirement: String,
    /// Whether it is about a server's OAuth 2.1 as MCP mandates it.
    applies: Applies,
    /// Why it applies or not.
    #[allow(dead_code, reason = "for people")]
    #[serde(default)]
    why: String,
    /// Checks or cases of ours, as globs.
    #[serde(default)]
    ours: Vec<String>,
    /// Why there is none.
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Applies {
    Yes,
    Partly,
    No,
}

const PEERS: &str = "fixtures/peers.yaml";

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(PEERS).unwrap_or_else(|cause| panic!("{PEERS}: {cause}"));
    let options = serde_saphyr::options! { strict_booleans: true };
    let file: File = serde_saphyr::from_str_with_options(&text, options)
        .unwrap_or_else(|cause| panic!("{PEERS}: {cause}"));
    file.peers
}

#[test]
fn every_check_of_a_peer_is_ours_or_has_a_reason() {
    let mut wrong = Vec::new();
    for row in rows() {
        let place = format!("{} {}: {}", row.peer, row.check, row.what);
        let (ours, reason) = (!row.ours.is_empty(), !row.reason.trim().is_empty());
        let complaint = match row.applies {
            Applies::Yes if !ours => Some("applies, so it needs a check of ours"),
            Applies::Partly if !ours && !reason => Some("needs a check of ours, or a reason"),
            Applies::No if ours => Some("does not apply, so no check of ours can be it"),
            _ => None,
        };
        wrong.extend(complaint.map(|complaint| format!("{place}: {complaint}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_check_that_a_row_names_exists() {
    let suites = super::suites();
    let mut unknown = BTreeSet::new();
    for row in rows() {
        for name in row.ours {
            let pattern = Pattern::new(&name).unwrap_or_else(|cause| panic!("{name}: {cause}"));
            let known = suites.checks.iter().any(|check| {
                let rows = check.check.cases.iter();
                let names = rows.filter_map(|row| row.get("case")?.as_str());
                pattern.selects(&check.id())
                    || names
                        .map(|name| check.case_id(Some(name)))
                        .any(|id| pattern.selects(&id))
            });
            if !known {
                unknown.insert(name);
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
