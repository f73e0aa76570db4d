//! One check, from its id to its last condition.

use super::context::Context;
use super::findings::Findings;
use super::step::{Place, parameters};
use super::{cases, citations, expect, mutation, texts, threat};
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Action, Check, OBTAIN_FLOW, Steps, Suites};

/// Lints a check.
pub(super) fn lint(check: &Check, at: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    texts::check_id(&check.id, &at.key("id"), found);
    texts::title(&check.title, &at.key("title"), found);
    texts::required("why", &check.why, &at.key("why"), found);
    texts::required("mend", &check.mend, &at.key("mend"), found);
    threat::known(check.threat.as_deref(), &at.key("threat"), cx, found);
    citations::check(check, at, cx, found);
    // Without the flow nobody knows the steps, and everything else would seem unknown too.
    if !cx.flow(&check.flow, &at.key("flow"), found) {
        return;
    }
    cx.read.borrow_mut().clear();
    let (with, _, inherited) = cx.suites.steps(&check.flow);
    let mut all = inherited.clone();
    for (name, action) in &check.steps {
        all.entry(name.clone()).or_insert_with(|| action.clone());
    }
    let all = with_inner(all, cx.suites);
    parameters(&check.with, &with, &check.flow, &at.key("with"), found);
    let mut given = with;
    given.extend(check.with.clone());
    let place = Place {
        cx,
        all: &all,
        with: &given,
        columns: cases::columns(check),
    };
    place
        .scope(0, None)
        .params(&check.with, &at.key("with"), found);
    for (index, condition) in check.when.iter().enumerate() {
        let mut scope = place.scope(0, None);
        scope.only = Some(&["metadata", "resource", "resource_metadata", "target"]);
        scope.expression(condition, &at.key("when").item(index), found);
    }
    cases::table(check, at, &place, found);
    place.steps(&check.steps, &inherited, &at.key("steps"), found);
    mutations(check, at, &place, found);
    expect::lint(check, at, &place, found);
    cases::use_of_columns(check, at, cx, found);
}

/// The steps, each followed by those inside it (`grant/token`), which a check can mutate and match.
fn with_inner(steps: Steps, suites: &Suites) -> Steps {
    let mut all = Steps::new();
    for (name, action) in steps {
        let inner = match &action {
            Action::Obtain(_) => suites.steps(OBTAIN_FLOW).2,
            Action::Flow(flow) => with_inner(suites.steps(&flow.id).2, suites),
            _ => Steps::new(),
        };
        all.insert(name.clone(), action);
        for (step, action) in inner {
            all.insert(format!("{name}/{step}"), action);
        }
    }
    all
}

fn mutations(check: &Check, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    for (step, change) in &check.mutate {
        let spot = at.key("mutate").key(step);
        let Some((index, _, action)) = place.all.get_full(step) else {
            found.error(
                &spot.name(),
                format!("unknown step `{step}`"),
                suggest(step, place.all.keys().map(String::as_str)),
            );
            continue;
        };
        mutation::lint(change, action, place.with, place.cx.suites, &spot, found);
        if let Some(client) = &change.client {
            place.client(client, index, &spot.key("client"), found);
        }
        if let Ok(value) = serde_json::to_value(change) {
            place.scope(index, Some(action)).value(&value, &spot, found);
        }
    }
}
