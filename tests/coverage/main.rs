//! What the suites leave out: requirements without a check, checks without a defect or a threat,
//! checks of other tools that we have not, and what the frozen sets hold.

mod peers;
mod sets;

use std::collections::BTreeSet;
use std::path::Path;

use authspec::cli::coverage::{Coverage, Standing, measure};
use authspec::cli::fixtures;
use authspec::suite::Suites;
use serde::Deserialize;

/// `open.yaml`: what is left to do. It may only shrink.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// Requirements that have neither a check nor a reason yet.
    requirements: BTreeSet<String>,
}

const OPEN: &str = "tests/coverage/open.yaml";

fn suites() -> Suites {
    Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"))
}

fn coverage() -> Coverage {
    let suites = suites();
    let defects = fixtures::defects(&suites).unwrap_or_else(|problems| panic!("{problems}"));
    measure(&suites, &defects)
}

#[test]
fn every_requirement_has_a_check_or_says_why_not() {
    let coverage = coverage();
    let entries = coverage.requirements.iter();
    let open: BTreeSet<String> = entries
        .filter(|entry| entry.standing == Standing::Open)
        .map(|entry| entry.id.clone())
        .collect();
    let text = std::fs::read_to_string(OPEN).unwrap_or_else(|cause| panic!("{OPEN}: {cause}"));
    let known: Open =
        serde_saphyr::from_str(&text).unwrap_or_else(|cause| panic!("{OPEN}: {cause}"));
    if std::env::var_os("AUTHSPEC_BLESS").is_some() {
        write(&open.intersection(&known.requirements).collect::<Vec<_>>());
        return;
    }
    let new: Vec<_> = open.difference(&known.requirements).collect();
    assert!(
        new.is_empty(),
        "neither a check nor `unchecked`, a reason why there is none: {new:#?}"
    );
    let done: Vec<_> = known.requirements.difference(&open).collect();
    assert!(
        done.is_empty(),
        "checked by now, or gone: remove them from {OPEN} (AUTHSPEC_BLESS=1 does): {done:#?}"
    );
}

fn write(open: &[&String]) {
    let mut text =
        "# What has neither a check nor a reason yet. This list may only shrink.\n".to_owned();
    if open.is_empty() {
        text.push_str("requirements: []\n");
    } else {
        text.push_str("requirements:\n");
    }
    for id in open {
        text.push_str(&format!("  - {id}\n"));
    }
    std::fs::write(Path::new(OPEN), text).unwrap_or_else(|cause| panic!("{OPEN}: {cause}"));
}

#[test]
fn every_check_has_a_defect() {
    let unproved = coverage().unproved;
    assert!(unproved.is_empty(), "{unproved:#?}");
}

#[test]
fn every_tested_requirement_has_a_defect() {
    let coverage = coverage();
    let unproved: Vec<_> = coverage
        .requirements
        .iter()
        .filter(|entry| entry.standing == Standing::Checked && entry.defects.is_empty())
        .map(|entry| (&entry.id, &entry.checks))
        .collect();
    assert!(unproved.is_empty(), "{unproved:#?}");
}

#[test]
fn every_check_names_its_threat_and_every_threat_has_a_check() {
    let suites = suites();
    let mut used = BTreeSet::new();
    let mut without = Vec::new();
    for check in &suites.checks {
        match &check.threat {
            Some(threat) => {
                used.insert(threat.id.as_str());
            }
            None => without.push(check.id()),
        }
    }
    assert!(
        without.is_empty(),
        "put `threat: ID` at the top of the file, or at the check: {without:#?}"
    );
    let all = suites.threats.keys().map(String::as_str);
    let unused: Vec<_> = all.filter(|id| !used.contains(id)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

/// What the command prints.
fn printed(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_authspec"))
        .arg("coverage")
        .args(arguments)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_command_prints_it_in_three_ways() {
    let id = "OAUTH21-4.1.3-verifier-wrong";
    let check = "authorization/pkce/verifier-wrong";
    let document: serde_json::Value =
        serde_json::from_str(&printed(&["--format", "json"])).expect("JSON");
    let entries = document["requirements"].as_array().expect("a list");
    let entry = entries.iter().find(|entry| entry["id"] == id).expect(id);
    assert_eq!(entry["standing"], "checked");
    let page = printed(&["--format", "markdown"]);
    let row = page.lines().find(|line| line.contains(id)).expect(id);
    assert!(row.contains("MUST") && row.contains(check), "{row}");
    let text = printed(&["-v"]);
    assert!(text.contains(id) && text.contains(check), "{text}");
    let shares = printed(&["-q"]);
    assert!(
        !shares.contains(id) && shares.contains("By severity"),
        "{shares}"
    );
}
