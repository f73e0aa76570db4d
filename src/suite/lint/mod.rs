//! The rules that types cannot hold: names that must exist, templates that must resolve, checks
//! that must be able to fail. A rule names a spot, says what is wrong, and how to mend it.

mod cases;
mod check;
mod citations;
mod client;
mod context;
mod expect;
mod findings;
mod flow;
mod mutation;
mod predicate;
mod registry;
mod requirement;
mod results;
mod scope;
mod step;
mod texts;
mod threat;

use std::collections::BTreeSet;

use super::load::{Files, Suites};
use super::problem::Problems;
use super::source::Spot;
use super::{Action, OWN_FLOWS, Steps};
use context::Context;
use findings::Findings;
pub(super) use registry::names;

/// Lints what the files say, once all names are known.
pub(super) fn contents(files: &Files, suites: &Suites, problems: &mut Problems) {
    let cx = Context::new(files, suites);
    for read in &files.requirements {
        requirement::file(&read.value, &mut Findings::new(&read.source, problems));
    }
    for read in &files.sets {
        requirement::frozen(&read.value, &cx, &mut Findings::new(&read.source, problems));
    }
    for read in &files.threats {
        threat::file(&read.value, &mut Findings::new(&read.source, problems));
    }
    for read in &files.clients {
        client::file(&read.value, &cx, &mut Findings::new(&read.source, problems));
    }
    for read in &files.flows {
        flow::file(&read.value, &cx, &mut Findings::new(&read.source, problems));
    }
    for read in &files.checks {
        let mut found = Findings::new(&read.source, problems);
        if read.value.checks.is_empty() {
            found.error(
                &Spot::root().key("checks"),
                "this file holds no check",
                "add one, or remove the file; suites/README.md shows how a check reads",
            );
        }
        texts::title(&read.value.title, &Spot::root().key("title"), &mut found);
        let default = read.value.threat.as_deref();
        threat::known(default, &Spot::root().key("threat"), &cx, &mut found);
        for (index, check) in read.value.checks.iter().enumerate() {
            let at = Spot::root().key("checks").item(index);
            check::lint(check, &at, &cx, &mut found);
        }
    }
    if !cx.checks_broken {
        unused_flows(files, &cx, problems);
    }
}

fn unused_flows(files: &Files, cx: &Context<'_>, problems: &mut Problems) {
    let checks = || files.checks.iter().flat_map(|read| &read.value.checks);
    let mut used: BTreeSet<&str> = checks().map(|check| check.flow.as_str()).collect();
    used.extend(checks().flat_map(|check| sub_flows(&check.steps)));
    used.extend(OWN_FLOWS);
    let flows = files.flows.iter().map(|read| &read.value).enumerate();
    for (index, ids) in flow::unused(flows, &used, cx) {
        let mut found = Findings::new(&files.flows[index].source, problems);
        for id in ids {
            found.warning(
                &Spot::root().key("flows").key(id).name(),
                format!("nothing uses the flow `{id}`"),
                "use it in a check, or remove it",
            );
        }
    }
}

fn sub_flows(steps: &Steps) -> impl Iterator<Item = &str> {
    steps.values().filter_map(|action| match action {
        Action::Flow(step) => Some(step.id.as_str()),
        _ => None,
    })
}
