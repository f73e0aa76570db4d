//! The rules that types cannot hold: names that must exist, templates that must resolve, checks
//! that must be able to fail. A rule names a spot, says what is wrong, and how to mend it.

mod citations;
mod findings;
mod registry;
mod requirement;
mod texts;

pub(super) use registry::names;

use super::Check;
use super::load::{Files, Suites};
use super::problem::Problems;
use super::source::Spot;
use findings::Findings;

/// Lints what the files say, once all names are known.
pub(super) fn contents(files: &Files, suites: &Suites, problems: &mut Problems) {
    for read in &files.requirements {
        requirement::file(&read.value, &mut Findings::new(&read.source, problems));
    }
    for read in &files.flows {
        let mut found = Findings::new(&read.source, problems);
        for (id, flow) in &read.value.flows {
            let at = Spot::root().key("flows").key(id);
            texts::name("flow", id, &at.clone().name(), &mut found);
            texts::title(&flow.title, &at.key("title"), &mut found);
            for step in flow.steps.keys() {
                texts::step_name(step, &at.key("steps").key(step).name(), &mut found);
            }
        }
    }
    for read in &files.checks {
        let mut found = Findings::new(&read.source, problems);
        for (index, check) in read.value.checks.iter().enumerate() {
            let at = Spot::root().key("checks").item(index);
            check_texts(check, &at, &mut found);
            citations::check(check, &at, &suites.registry, &mut found);
        }
    }
}

fn check_texts(check: &Check, at: &Spot, found: &mut Findings<'_>) {
    texts::check_id(&check.id, &at.key("id"), found);
    texts::title(&check.title, &at.key("title"), found);
    texts::required("why", &check.why, &at.key("why"), found);
    texts::required("mend", &check.mend, &at.key("mend"), found);
    for step in check.steps.keys() {
        texts::step_name(step, &at.key("steps").key(step).name(), found);
    }
    for (index, row) in check.cases.iter().enumerate() {
        let spot = at.key("cases").item(index);
        match row.get("case").and_then(serde_json::Value::as_str) {
            Some(name) => texts::row_name(name, &spot.key("case"), found),
            None => found.error(
                &spot,
                "this row has no name",
                "add `case: NAME`, a text that selects the case",
            ),
        }
    }
}
