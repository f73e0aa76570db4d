//! Flows: each leads somewhere, and none comes after itself.

use std::collections::{BTreeSet, HashMap};

use super::context::Context;
use super::findings::Findings;
use super::step::Place;
use super::texts;
use crate::suite::source::Spot;
use crate::suite::{Action, Flow, FlowFile, Steps};

/// Lints one file of flows.
pub(super) fn file(file: &FlowFile, cx: &Context<'_>, found: &mut Findings<'_>) {
    for (id, flow) in &file.flows {
        let at = Spot::root().key("flows").key(id);
        texts::name("flow", id, &at.clone().name(), found);
        texts::title(&flow.title, &at.key("title"), found);
        for name in flow.with.keys() {
            texts::name("parameter", name, &at.key("with").key(name).name(), found);
        }
        if let Some(after) = &flow.after
            && !cx.flow(after, &at.key("after"), found)
        {
            continue;
        }
        if is_circular(id, cx) {
            let spot = match &flow.after {
                Some(_) => at.key("after"),
                None => at.clone().name(),
            };
            found.error(
                &spot,
                format!("the flow `{id}` leads back to itself"),
                "let one of the flows of the circle stand alone",
            );
            continue;
        }
        if flow.steps.is_empty() {
            found.error(
                &at.key("steps"),
                "this flow has no step",
                "add a step, or remove the flow",
            );
        }
        contents(id, flow, &at, cx, found);
    }
}

fn contents(id: &str, flow: &Flow, at: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    let inherited = match &flow.after {
        Some(after) => cx.suites.steps(after).2,
        None => Steps::new(),
    };
    let (with, _, all) = cx.suites.steps(id);
    let place = Place {
        cx,
        all: &all,
        with: &with,
        columns: None,
    };
    place
        .scope(0, None)
        .params(&flow.with, &at.key("with"), found);
    place.steps(&flow.steps, &inherited, &at.key("steps"), found);
    for name in flow.with.keys() {
        if !is_read(id, name, cx) {
            found.warning(
                &at.key("with").key(name).name(),
                format!("no step reads the parameter `{name}`"),
                format!("write `{{{{ with.{name} }}}}` in a step, or remove the parameter"),
            );
        }
    }
}

/// The flow before, and those that stand as steps.
fn leads_to(flow: &Flow) -> impl Iterator<Item = &str> {
    let steps = flow.steps.values().filter_map(|action| match action {
        Action::Flow(step) => Some(step.id.as_str()),
        _ => None,
    });
    flow.after.as_deref().into_iter().chain(steps)
}

fn is_circular(id: &str, cx: &Context<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        for other in cx.suites.flows.get(next).into_iter().flat_map(leads_to) {
            if other == id {
                return true;
            }
            if seen.insert(other) {
                open.push(other);
            }
        }
    }
    false
}

/// Whether a step reads the parameter, here or in any flow that this one is a part of.
fn is_read(id: &str, name: &str, cx: &Context<'_>) -> bool {
    let wanted = format!("with.{name}");
    cx.suites
        .flows
        .keys()
        .filter(|other| chain(other, cx).contains(&id))
        .any(|other| {
            let (.., steps) = cx.suites.steps(other);
            serde_json::to_string(&steps).is_ok_and(|text| text.contains(&wanted))
        })
}

fn chain<'a>(id: &'a str, cx: &'a Context<'_>) -> Vec<&'a str> {
    let mut chain = vec![id];
    while let Some(after) = chain
        .last()
        .and_then(|last| cx.suites.flows.get(*last))
        .and_then(|flow| flow.after.as_deref())
        && !chain.contains(&after)
    {
        chain.push(after);
    }
    chain
}

/// Flows that nothing uses, with the file each stands in.
pub(super) fn unused<'f>(
    files: impl Iterator<Item = (usize, &'f FlowFile)>,
    used_by_checks: &BTreeSet<&str>,
    cx: &Context<'_>,
) -> HashMap<usize, Vec<&'f str>> {
    let mut used: BTreeSet<&str> = used_by_checks.clone();
    for flow in cx.suites.flows.values() {
        used.extend(leads_to(flow));
    }
    files
        .map(|(index, file)| {
            let ids = file.flows.keys().map(String::as_str);
            (index, ids.filter(|id| !used.contains(id)).collect())
        })
        .collect()
}
