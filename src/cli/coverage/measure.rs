//! The figures behind every format.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;
use serde_json::Value;

use crate::cli::catalogue;
use crate::cli::fixtures::Fixture;
use crate::plan::Pattern;
use crate::reference::Defect;
use crate::suite::{Cited, Level, LoadedCheck, McpVersion, Observable, Role, Severity, Suites};

/// What is checked of what is demanded.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// All that binds servers.
    pub total: Share,
    /// By document, in the registry's order.
    pub by_document: Vec<Share>,
    /// By level, the strongest first.
    pub by_level: Vec<Share>,
    /// By severity, the worst first.
    pub by_severity: Vec<Share>,
    /// Every requirement, in the registry's order.
    pub requirements: Vec<Entry>,
    /// Checks that no defect makes fail.
    pub unproved: Vec<String>,
}

impl Coverage {
    /// The shares by what they are parted by.
    pub fn shares(&self) -> [(&'static str, &[Share]); 3] {
        [
            ("document", &self.by_document),
            ("level", &self.by_level),
            ("severity", &self.by_severity),
        ]
    }
}

/// A requirement with what tests it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The document it stands in.
    pub document: String,
    /// Where in it.
    pub section: String,
    /// How strongly it asks.
    pub level: Level,
    /// Whom it binds.
    pub role: Role,
    /// The MCP versions under which it binds; none: wherever the feature is offered.
    pub mcp_versions: Vec<McpVersion>,
    /// What harm a deviation does.
    pub severity: Severity,
    /// Whether it can be seen from outside.
    pub observable: Observable,
    /// What is known of it.
    pub standing: Standing,
    /// Why no check tests it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unchecked: String,
    /// Why a deviation is at most a warning, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most_warns: Option<&'static str>,
    /// The checks that test it.
    pub checks: Vec<String>,
    /// The defects that make those checks fail, in the cases that test it.
    pub defects: Vec<String>,
}

/// What is known of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Some check tests it.
    Checked,
    /// It says why none does.
    Unchecked,
    /// Neither.
    Open,
    /// It binds clients.
    Client,
}

/// How much of a part is checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Share {
    /// The part.
    pub of: String,
    /// Requirements that bind servers and can be checked: all without a reason.
    pub to_check: usize,
    /// Those with a check.
    pub checked: usize,
    /// Those that say why they have none; they are not among those to check.
    pub unchecked: usize,
    /// `checked` of `to_check` in percent, rounded down.
    pub percent: usize,
}

impl Share {
    fn of<'e>(name: &str, entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut share = Self {
            of: name.to_owned(),
            ..Self::default()
        };
        for entry in entries {
            match entry.standing {
                Standing::Checked => share.checked += 1,
                Standing::Unchecked => share.unchecked += 1,
                Standing::Open => share.to_check += 1,
                Standing::Client => {}
            }
        }
        share.to_check += share.checked;
        share.percent = (share.checked * 100)
            .checked_div(share.to_check)
            .unwrap_or(100);
        share
    }
}

/// Measures what `suites` check, and which of `defects` prove it.
pub fn measure(suites: &Suites, defects: &[Fixture<Defect>]) -> Coverage {
    let kills = Kills::new(suites, defects);
    let mut tests: IndexMap<&str, Vec<Test<'_>>> = IndexMap::new();
    for check in &suites.checks {
        for (id, cited) in cases(check) {
            for requirement in cited {
                let id = id.clone();
                tests.entry(requirement).or_default().push((check, id));
            }
        }
    }
    let entries: Vec<Entry> = suites
        .registry
        .iter()
        .map(|cited| {
            let tests = tests.get(cited.id.as_str()).map_or(&[][..], Vec::as_slice);
            entry(cited, tests, &kills)
        })
        .collect();
    let documents: IndexSet<&str> = entries.iter().map(|it| it.document.as_str()).collect();
    let levels = [
        Level::Must,
        Level::MustNot,
        Level::Should,
        Level::ShouldNot,
        Level::May,
    ];
    let severities = [
        (Severity::Critical, "critical"),
        (Severity::High, "high"),
        (Severity::Medium, "medium"),
        (Severity::Low, "low"),
        (Severity::Info, "info"),
    ];
    Coverage {
        total: Share::of("all", entries.iter()),
        by_document: documents
            .iter()
            .map(|name| Share::of(name, entries.iter().filter(|it| it.document == *name)))
            .collect(),
        by_level: levels
            .iter()
            .map(|level| {
                let of_level = entries.iter().filter(|it| it.level == *level);
                Share::of(level.as_str(), of_level)
            })
            .collect(),
        by_severity: severities
            .iter()
            .map(|(severity, name)| {
                Share::of(name, entries.iter().filter(|it| it.severity == *severity))
            })
            .collect(),
        unproved: suites
            .checks
            .iter()
            .filter(|check| !kills.proves(check))
            .map(LoadedCheck::id)
            .collect(),
        requirements: entries,
    }
}

/// A check, and the case that tests a requirement.
type Test<'s> = (&'s LoadedCheck, String);

fn entry(cited: &Cited, tests: &[Test<'_>], kills: &Kills<'_>) -> Entry {
    let requirement = &cited.requirement;
    let standing = match requirement.role {
        Role::Client => Standing::Client,
        _ if !tests.is_empty() => Standing::Checked,
        _ if !requirement.unchecked.is_empty() => Standing::Unchecked,
        _ => Standing::Open,
    };
    let checks: IndexSet<String> = tests.iter().map(|(check, _)| check.id()).collect();
    let defects: BTreeSet<&str> = tests
        .iter()
        .flat_map(|(check, case)| kills.of(check, case))
        .collect();
    Entry {
        id: cited.id.clone(),
        document: cited.document.clone(),
        section: requirement.section.clone(),
        level: requirement.level,
        role: requirement.role,
        mcp_versions: requirement.mcp_versions.clone(),
        severity: requirement.severity,
        observable: requirement.observable,
        standing,
        unchecked: requirement.unchecked.trim().to_owned(),
        at_most_warns: requirement.at_most_warns(),
        checks: checks.into_iter().collect(),
        defects: defects.into_iter().map(str::to_owned).collect(),
    }
}

/// The cases of a check as far as suites tell them, each with all that it cites.
fn cases(check: &LoadedCheck) -> Vec<(String, IndexSet<&str>)> {
    let own: IndexSet<&str> = check
        .check
        .requirements
        .iter()
        .map(String::as_str)
        .collect();
    let ids = catalogue::case_ids(check);
    let rows = check.check.cases.iter().map(|row| {
        let more = row.get("requirements").and_then(Value::as_array);
        let more = more.into_iter().flatten().filter_map(Value::as_str);
        own.iter().copied().chain(more).collect()
    });
    let mut cited: Vec<IndexSet<&str>> = rows.collect();
    if cited.is_empty() {
        cited.push(own);
    }
    ids.into_iter().zip(cited).collect()
}

/// Which defects make which cases fail.
struct Kills<'d> {
    /// By check: the patterns that select some case of it.
    by_check: BTreeMap<String, Vec<(&'d str, Pattern)>>,
}

impl<'d> Kills<'d> {
    fn new(suites: &Suites, defects: &'d [Fixture<Defect>]) -> Self {
        let patterns = || {
            defects.iter().flat_map(|defect| {
                let kills = defect.value.kills.iter();
                kills.filter_map(|kill| Some((defect.id.as_str(), Pattern::new(kill).ok()?)))
            })
        };
        let mut by_check: BTreeMap<String, Vec<(&str, Pattern)>> = BTreeMap::new();
        for (defect, pattern) in patterns() {
            let selected = suites
                .checks
                .iter()
                .filter(|check| catalogue::selects(&pattern, check));
            for check in selected {
                let kills = by_check.entry(check.id()).or_default();
                kills.push((defect, pattern.clone()));
            }
        }
        Self { by_check }
    }

    fn proves(&self, check: &LoadedCheck) -> bool {
        self.by_check.contains_key(&check.id())
    }

    /// The defects that make `case` of `check` fail.
    fn of(&self, check: &LoadedCheck, case: &str) -> Vec<&'d str> {
        let of_check = self
            .by_check
            .get(&check.id())
            .map_or(&[][..], Vec::as_slice);
        of_check
            .iter()
            // A table of the target's own lists has no names here; its check stands for them.
            .filter(|(_, pattern)| check.check.each.is_some() || pattern.selects(case))
            .map(|(defect, _)| *defect)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fixtures;

    #[test]
    fn a_requirement_knows_its_checks_and_defects() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let defects = fixtures::defects(&suites).unwrap_or_else(|problems| panic!("{problems}"));
        let coverage = measure(&suites, &defects);
        let entry = |id: &str| {
            let mut entries = coverage.requirements.iter();
            entries.find(|entry| entry.id == id).expect(id)
        };
        let verifier = entry("OAUTH21-4.1.3-verifier-wrong");
        assert_eq!(verifier.standing, Standing::Checked);
        let check = "authorization/pkce/verifier-wrong".to_owned();
        assert!(verifier.checks.contains(&check), "{verifier:?}");
        assert!(!verifier.defects.is_empty());
        assert_eq!(
            entry("MCP-CLIENT-pkce-s256-state").standing,
            Standing::Client
        );
        let parts: usize = coverage.by_document.iter().map(|it| it.to_check).sum();
        assert_eq!(parts, coverage.total.to_check);
    }
}
