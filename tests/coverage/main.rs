//! What the suites leave out: requirements without a check, and checks without a defect.

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
