//! Tables: rows that have names, columns that are read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::context::Context;
use super::findings::Findings;
use super::step::Place;
use super::{citations, texts};
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Capability, Check, Each, Params};

/// Members of a row that are no columns.
const OWN: [&str; 3] = ["case", "requirements", "needs"];

/// The columns of a check's table; none where it has no table.
pub(super) fn columns(check: &Check) -> Option<Vec<String>> {
    if let Some(each) = &check.each {
        return Some(each.of.keys().cloned().collect());
    }
    if check.cases.is_empty() {
        return None;
    }
    let mut columns: Vec<String> = Vec::new();
    for name in check.cases.iter().flat_map(|row| row.keys()) {
        if !OWN.contains(&name.as_str()) && !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    Some(columns)
}

/// Lints the table itself.
pub(super) fn table(check: &Check, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    if let Some(each) = &check.each {
        if !check.cases.is_empty() {
            found.error(
                &at.key("each").name(),
                "a check has one table only",
                "keep `cases` or `each`",
            );
        }
        made(each, &at.key("each"), place, found);
    }
    let mut names = BTreeSet::new();
    for (index, row) in check.cases.iter().enumerate() {
        let spot = at.key("cases").item(index);
        match row.get("case") {
            Some(Value::String(name)) => {
                texts::row_name(name, &spot.key("case"), found);
                if !names.insert(name.as_str()) {
                    found.error(
                        &spot.key("case"),
                        format!("the case `{name}` exists already in this check"),
                        "give the row a name of its own",
                    );
                }
            }
            Some(_) => found.error(
                &spot.key("case"),
                "the name of a case is a text",
                "put it in quotes",
            ),
            None => found.error(
                &spot,
                "this row has no name",
                "add `case: NAME`, a text that selects the case",
            ),
        }
        row_members(row, &spot, place, found);
    }
    if !check.cases.is_empty() && columns(check).is_some_and(|columns| columns.is_empty()) {
        found.error(
            &at.key("cases").name(),
            "the rows differ in nothing but their names",
            "give them a column that a template reads as `case.COLUMN`, or remove the table",
        );
    }
}

fn row_members(row: &Params, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    if let Some(value) = row.get("requirements") {
        match serde_json::from_value::<Vec<String>>(value.clone()) {
            Ok(ids) => citations::ids(&ids, &at.key("requirements"), place.cx, found),
            Err(_) => found.error(
                &at.key("requirements"),
                "expected a list of requirement ids",
                "write `[ID, ID]`",
            ),
        }
    }
    if let Some(value) = row.get("needs") {
        needs(value, &at.key("needs"), found);
    }
    for (name, value) in row {
        if !OWN.contains(&name.as_str()) {
            place
                .scope(place.all.len(), None)
                .value(value, &at.key(name), found);
        }
    }
}

fn needs(value: &Value, at: &Spot, found: &mut Findings<'_>) {
    let Value::Array(items) = value else {
        found.error(
            at,
            "expected a list of capabilities",
            "write `[NAME, NAME]`",
        );
        return;
    };
    for (index, item) in items.iter().enumerate() {
        if let Err(error) = serde_json::from_value::<Capability>(item.clone()) {
            let said = error.to_string();
            let known: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
            let name = item.as_str().unwrap_or_default();
            found.error(
                &at.item(index),
                format!("unknown capability `{name}`"),
                suggest(name, known),
            );
        }
    }
}

fn made(each: &Each, at: &Spot, place: &Place<'_>, found: &mut Findings<'_>) {
    if each.of.is_empty() {
        found.error(
            &at.key("of"),
            "a table is made from at least one list",
            "write `of: { operation: target.operations }`, say",
        );
    }
    for (name, list) in &each.of {
        let mut scope = place.scope(0, None);
        scope.only = Some(&["target", "metadata", "resource_metadata"]);
        scope.expression(list, &at.key("of").key(name), found);
    }
    if let Some(condition) = &each.condition {
        place
            .scope(0, None)
            .expression(condition, &at.key("if"), found);
    }
    if !each.case.contains("{{") {
        found.error(
            &at.key("case"),
            "every row of this table would have the same name",
            "make the name from the row: \"{{ case.COLUMN }}\"",
        );
    }
    place
        .scope(0, None)
        .value(&Value::String(each.case.clone()), &at.key("case"), found);
}

/// Columns that no template reads, and rows that lack one that is read. Runs after everything
/// else of the check.
pub(super) fn use_of_columns(check: &Check, at: &Spot, cx: &Context<'_>, found: &mut Findings<'_>) {
    let read = cx.read.borrow();
    let columns: Vec<String> = columns(check).into_iter().flatten().collect();
    // A name that was misspelt where it is read is told there.
    let slip = read
        .iter()
        .any(|name| name != "case" && !columns.contains(name));
    if slip {
        return;
    }
    if let Some(each) = &check.each {
        for name in each.of.keys().filter(|name| !read.contains(*name)) {
            unread(name, &at.key("each").key("of").key(name).name(), found);
        }
    }
    if !check.cases.is_empty() {
        rows(check, &columns, &read, at, found);
    }
}

fn rows(
    check: &Check,
    columns: &[String],
    read: &BTreeSet<String>,
    at: &Spot,
    found: &mut Findings<'_>,
) {
    for name in columns {
        let mut rows = check.cases.iter().enumerate();
        if !read.contains(name) {
            if let Some((index, _)) = rows.find(|(_, row)| row.contains_key(name)) {
                let spot = at.key("cases").item(index).key(name).name();
                unread(name, &spot, found);
            }
            continue;
        }
        for (index, _) in rows.filter(|(_, row)| !row.contains_key(name)) {
            found.error(
                &at.key("cases").item(index).key("case"),
                format!("this row lacks `{name}`, which a template reads"),
                format!("add `{name}: ...`; null leaves a parameter out"),
            );
        }
    }
}

fn unread(name: &str, spot: &Spot, found: &mut Findings<'_>) {
    found.error(
        spot,
        format!("no template reads the column `{name}`"),
        format!("write `{{{{ case.{name} }}}}` where it belongs, or remove the column"),
    );
}
