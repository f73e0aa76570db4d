//! The names that can be selected, before any target is known: areas, checks, cases.
//!
//! Cases that are made from a target's own lists (`each`) have no names yet; their check stands
//! for them.

use indexmap::IndexSet;
use serde_json::Value;

use crate::plan::Pattern;
use crate::suite::{LoadedCheck, Suites};

/// The ids of a check's cases; the check's own id where a target makes them.
pub fn case_ids(check: &LoadedCheck) -> Vec<String> {
    let rows = &check.check.cases;
    if rows.is_empty() {
        return vec![check.id()];
    }
    rows.iter()
        .map(|row| check.case_id(row.get("case").and_then(Value::as_str)))
        .collect()
}

/// Whether `pattern` selects a case of `check`, or may select one that a target makes.
pub fn selects(pattern: &Pattern, check: &LoadedCheck) -> bool {
    if check.check.each.is_some() {
        let of_check = pattern.text.split('[').next().unwrap_or_default();
        return Pattern::new(of_check).is_ok_and(|check_only| check_only.selects(&check.id()));
    }
    case_ids(check).iter().any(|id| pattern.selects(id))
}

/// Every area, and every folder of areas.
pub fn areas(suites: &Suites) -> IndexSet<String> {
    let mut areas = IndexSet::new();
    for check in &suites.checks {
        let parts: Vec<&str> = check.area.split('/').collect();
        for end in 1..=parts.len() {
            areas.insert(parts[..end].join("/"));
        }
    }
    areas
}

/// Everything that a person may have meant by a check: ids of checks and cases, and their tails.
pub fn names(suites: &Suites) -> IndexSet<String> {
    let mut names = IndexSet::new();
    for check in &suites.checks {
        names.insert(check.id());
        names.insert(check.check.id.clone());
        for id in case_ids(check) {
            if let Some(tail) = id.strip_prefix(&format!("{}/", check.area)) {
                names.insert(tail.to_owned());
            }
            names.insert(id);
        }
    }
    names
}

/// The checks that test a requirement.
pub fn tested_by<'s>(
    suites: &'s Suites,
    requirement: &'s str,
) -> impl Iterator<Item = &'s LoadedCheck> {
    let tests = move |check: &&LoadedCheck| cited(check).contains(requirement);
    suites.checks.iter().filter(tests)
}

/// The requirements that a check or one of its rows cites.
pub fn cited(check: &LoadedCheck) -> IndexSet<&str> {
    let rows = check.check.cases.iter();
    let of_rows = rows
        .filter_map(|row| row.get("requirements")?.as_array())
        .flatten()
        .filter_map(Value::as_str);
    let own = check.check.requirements.iter().map(String::as_str);
    own.chain(of_rows).collect()
}
