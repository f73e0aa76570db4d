//! What a check cites: requirements that exist, that bind a server, and that can make it fail.

use serde_json::json;

use super::context::Context;
use super::findings::Findings;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Check, Cited, Observable, Params, Role};

/// Lints the `requirements` of a check, rows not included.
pub(super) fn check(check: &Check, at: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    let spot = at.key("requirements");
    if check.requirements.is_empty() {
        nothing(check, at, found);
        return;
    }
    ids(&check.requirements, &spot, cx, found);
    let cited: Vec<&Cited> = check
        .requirements
        .iter()
        .filter_map(|id| cx.suites.registry.get(id))
        .collect();
    if cited.len() < check.requirements.len() {
        return;
    }
    strength(&cited, &spot, found);
}

/// A check without requirements of its own: every row cites some.
fn nothing(check: &Check, at: &Spot, found: &mut Findings<'_>) {
    let cites = |row: &Params| row.get("requirements").is_some_and(|ids| *ids != json!([]));
    if !check.cases.iter().any(cites) {
        found.error(
            &at.key("requirements"),
            "this check cites nothing",
            "name at least one requirement of suites/requirements/ that a failing server breaks",
        );
        return;
    }
    let rows = check.cases.iter().enumerate();
    for (index, _) in rows.filter(|(_, row)| !cites(row)) {
        found.error(
            &at.key("cases").item(index).key("case"),
            "this row cites nothing, and neither does its check",
            "add `requirements: [ID]` to the row or to the check",
        );
    }
}

/// Ids that exist, each once.
pub(super) fn ids(list: &[String], spot: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    for (index, id) in list.iter().enumerate() {
        if cx.suites.registry.get(id).is_none() && !cx.requirements_broken {
            found.error(
                &spot.item(index),
                format!("unknown requirement `{id}`"),
                suggest(id, cx.suites.registry.ids().collect::<Vec<_>>()),
            );
        }
        let cited = cx.suites.registry.get(id);
        let unchecked = cited.map_or("", |cited| cited.requirement.unchecked.trim());
        if !unchecked.is_empty() {
            found.error(
                &spot.item(index),
                format!("`{id}` is marked as unchecked"),
                format!("remove `unchecked` from the requirement; it says: {unchecked}"),
            );
        }
        if list[..index].contains(id) {
            found.error(
                &spot.item(index),
                format!("the requirement `{id}` is cited twice"),
                "remove one of the two",
            );
        }
    }
}

fn strength(cited: &[&Cited], spot: &Spot, found: &mut Findings<'_>) {
    let every = |test: fn(&Cited) -> bool| cited.iter().all(|cited| test(cited));
    if every(|cited| cited.requirement.role == Role::Client) {
        found.warning(
            spot,
            "only clients are bound by what this check cites",
            "cite a requirement whose role is authorization_server or resource_server",
        );
    }
    if every(|cited| !cited.requirement.verified) {
        found.warning(
            spot,
            "nobody has read the text of what this check cites, so it can never fail",
            "read the clause, then remove `verified: false` from the requirement",
        );
    }
    if every(|cited| cited.requirement.observable == Observable::No) {
        found.warning(
            spot,
            "what this check cites is marked as not observable from outside",
            "cite what can be seen, or correct `observable` of the requirement",
        );
    }
}
