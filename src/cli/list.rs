//! `authspec list`: everything that has a name, for people or as JSON.

use std::io::Write;

use serde_json::{Value, json};

use super::args::{List, Listed};
use super::catalogue;
use super::console::{Console, heading};
use super::failure::Failure;
use super::fixtures;
use crate::report::text::count;
use crate::suite::{Level, LoadedCheck, Suites};

/// Prints the list.
pub fn list(args: &List, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.suites)?;
    let groups = match args.what {
        Listed::Checks => checks(&suites),
        Listed::Requirements => requirements(&suites),
        Listed::Threats => threats(&suites),
        Listed::Flows => flows(&suites),
        Listed::Clients => clients(&suites),
        Listed::Defects => defects(&suites)?,
        Listed::Policies => policies()?,
    };
    let mut out = console.out();
    if args.json {
        let all: Vec<Value> = groups.into_iter().flat_map(|group| group.entries).collect();
        let text = serde_json::to_string_pretty(&all)
            .map_err(|cause| Failure::Harness(cause.to_string()))?;
        writeln!(out, "{text}")?;
    } else {
        for group in &groups {
            print(group, &mut out)?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// Entries under one heading. Each has `id` and `title`; what else it has is for programs, except
/// `level`, which stands in front, and how many checks are in `tested_by`.
struct Group {
    title: String,
    entries: Vec<Value>,
}

fn print(group: &Group, out: &mut impl Write) -> Result<(), Failure> {
    if !group.title.is_empty() {
        writeln!(out, "{}", heading(&group.title))?;
    }
    let text = |entry: &Value, member: &str| {
        let text = entry.get(member).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let width = group
        .entries
        .iter()
        .map(|entry| text(entry, "id").len())
        .max();
    let width = width.unwrap_or_default().min(60);
    for entry in &group.entries {
        let (id, title) = (text(entry, "id"), text(entry, "title"));
        match entry.get("level") {
            Some(level) => {
                let level = level.as_str().unwrap_or("-");
                let tested = tested(entry);
                writeln!(out, "  {level:<10} {tested}{id:<width$}  {title}")?;
            }
            None => writeln!(out, "  {id:<width$}  {title}")?,
        }
    }
    writeln!(out)?;
    Ok(())
}

/// The column that says how many checks test a requirement; empty for what is none.
fn tested(entry: &Value) -> String {
    match entry.get("tested_by").and_then(Value::as_array) {
        None => String::new(),
        Some(checks) if checks.is_empty() => format!("{:<10} ", "no check"),
        Some(checks) => format!("{:<10} ", count(checks.len(), "check")),
    }
}

/// The strongest level that a check tests under any version.
fn level(check: &LoadedCheck, suites: &Suites) -> Option<Level> {
    catalogue::cited(check)
        .into_iter()
        .filter_map(|id| suites.registry.get(id))
        .map(|cited| cited.requirement.level)
        .max()
}

fn checks(suites: &Suites) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for check in &suites.checks {
        if groups.last().is_none_or(|group| group.title != check.area) {
            groups.push(Group {
                title: check.area.clone(),
                entries: Vec::new(),
            });
        }
        let entry = json!({
            "id": check.id(),
            "title": check.check.title,
            "level": level(check, suites).map(Level::as_str),
            "area": check.area,
            "threat": check.threat.as_ref().map(|threat| &threat.id),
            "requirements": catalogue::cited(check),
            "cases": catalogue::case_ids(check),
            "file": check.file,
            "line": check.line,
        });
        if let Some(group) = groups.last_mut() {
            group.entries.push(entry);
        }
    }
    groups
}

fn requirements(suites: &Suites) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for cited in suites.registry.iter() {
        let title = format!("{}  {}", cited.document, cited.url);
        if groups.last().is_none_or(|group| group.title != title) {
            groups.push(Group {
                title,
                entries: Vec::new(),
            });
        }
        let tested_by = catalogue::tested_by(suites, &cited.id);
        let tested_by: Vec<String> = tested_by.map(LoadedCheck::id).collect();
        let requirement = &cited.requirement;
        let entry = json!({
            "id": cited.id,
            "title": requirement.summary,
            "level": requirement.level.as_str(),
            "document": cited.document,
            "section": requirement.section,
            "role": requirement.role,
            "mcp_versions": requirement.mcp_versions,
            "unchecked": requirement.unchecked,
            "tested_by": tested_by,
        });
        if let Some(group) = groups.last_mut() {
            group.entries.push(entry);
        }
    }
    groups
}

fn one_group(entries: impl Iterator<Item = Value>) -> Vec<Group> {
    vec![Group {
        title: String::new(),
        entries: entries.collect(),
    }]
}

fn threats(suites: &Suites) -> Vec<Group> {
    one_group(suites.threats.values().map(|threat| {
        let against = |check: &&LoadedCheck| check.threat.as_ref() == Some(threat);
        let checks = suites.checks.iter().filter(against).map(LoadedCheck::id);
        let checks: Vec<String> = checks.collect();
        let title = format!("{} ({})", threat.title, threat.sources.join(", "));
        json!({ "id": threat.id, "title": title, "sources": threat.sources, "checks": checks })
    }))
}

fn flows(suites: &Suites) -> Vec<Group> {
    one_group(suites.flows.iter().map(|(id, flow)| {
        let (with, needs, steps) = suites.steps(id);
        let steps: Vec<&String> = steps.keys().collect();
        json!({ "id": id, "title": flow.title, "steps": steps, "with": with, "needs": needs })
    }))
}

fn clients(suites: &Suites) -> Vec<Group> {
    one_group(suites.clients.iter().map(
        |(id, client)| json!({ "id": id, "title": client.title, "only_given": client.only_given }),
    ))
}

fn defects(suites: &Suites) -> Result<Vec<Group>, Failure> {
    let all = fixtures::defects(suites)?;
    Ok(one_group(all.into_iter().map(|defect| {
        let value = defect.value;
        json!({
            "id": defect.id,
            "title": value.title,
            "why": value.why,
            "reference": value.reference,
            "kills": value.kills,
        })
    })))
}

fn policies() -> Result<Vec<Group>, Failure> {
    let all = fixtures::policies()?;
    Ok(one_group(all.into_iter().map(|policy| {
        let value = policy.value;
        json!({ "id": policy.id, "title": value.title, "mcp_version": value.mcp_version })
    })))
}
