//! `reports/servers.md` and `reports/pairs.md`, from what the trials found: `AUTHSPEC_WRITE_REPORTS=1
//! cargo test --test live`. Nothing in them is written by hand; what the findings mean stands in the
//! `findings.yaml` of each server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use authspec::cli::DEFAULT_VERSION;
use authspec::judge::{CaseResult, Verdict};
use authspec::report::summary::is_must;
use authspec::suite::{McpVersion, Suites};
use minijinja::{Environment, Value, context};

use crate::bench::{Bench, Folder, Outcome, patterns};
use crate::common::pairs::{Fault, Pair, Pairs, Side};

/// Writes both pages.
///
/// # Errors
/// A variant was not tested, since trials were left out or a runtime is missing; or it failed.
pub fn write(bench: &Bench, pairs: &Path, to: &Path) -> Result<(), String> {
    let suites = Suites::embedded().map_err(|problems| problems.to_string())?;
    let mut servers = Vec::new();
    for (name, folder) in &bench.folders {
        let mut variants = Vec::new();
        for variant in folder.findings.variants.keys() {
            let outcome = bench.outcome(name, variant)?;
            variants.push(row(&suites, folder, variant, &outcome));
        }
        servers.push(context! { name, server => &folder.findings.server, variants });
    }
    let mut flips = Vec::new();
    for pair in Pairs::load(pairs).pairs {
        for fault in &pair.faults {
            flips.push(flip(bench, &pair, fault)?);
        }
    }
    let mut environment = Environment::new();
    for (page, text) in [
        ("servers.md", include_str!("servers.md.jinja")),
        ("pairs.md", include_str!("pairs.md.jinja")),
    ] {
        environment
            .add_template(page, text)
            .and_then(|()| environment.get_template(page))
            .and_then(|template| template.render(context! { servers => &servers, flips => &flips }))
            .map_err(|cause| format!("{page}: {cause:#}"))
            .and_then(|made| {
                std::fs::write(to.join(page), made).map_err(|cause| cause.to_string())
            })?;
    }
    Ok(())
}

/// One variant of a server.
fn row(suites: &Suites, folder: &Folder, name: &str, outcome: &Outcome) -> Value {
    let variant = &folder.findings.variants[name];
    let version = variant.mcp_version.unwrap_or(DEFAULT_VERSION);
    let mut areas: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &outcome.cases {
        let area = case.area.split('/').next().unwrap_or_default();
        areas.entry(area).or_default().push(case);
    }
    let areas: Vec<Value> = areas
        .into_iter()
        .map(|(area, cases)| {
            let applicable = count(&cases, |case| {
                is_must(case) && !matches!(case.verdict, Verdict::NotApplicable { .. })
            });
            context! {
                area,
                judged => count(&cases, |case| is_must(case) && is_judged(case)),
                applicable,
                fails => named(&cases, "fail"),
                warnings => named(&cases, "warning"),
            }
        })
        .collect();
    let judged = requirements(suites, version, &outcome.cases);
    context! {
        name,
        version => version.as_str(),
        is_part => !variant.cases.is_empty(),
        cases => outcome.cases.len(),
        requests => outcome.counts.requests,
        registrations => outcome.counts.registrations,
        passwords => outcome.counts.logins,
        token_requests => outcome.counts.token_requests,
        seconds => format!("{:.1}", outcome.seconds),
        judged => judged.0,
        binding => judged.1,
        areas,
    }
}

/// How many requirements of the version were judged, and how many it has.
fn requirements(suites: &Suites, version: McpVersion, cases: &[CaseResult]) -> (usize, usize) {
    let judged: BTreeSet<&str> = cases
        .iter()
        .filter(|case| is_judged(case))
        .flat_map(|case| case.requirements.iter())
        .filter(|cited| cited.requirement.binds(version))
        .map(|cited| cited.id.as_str())
        .collect();
    let all = suites.registry.iter();
    let binding = all.filter(|known| known.requirement.binds(version)).count();
    (judged.len(), binding)
}

fn count(cases: &[&CaseResult], is: impl Fn(&CaseResult) -> bool) -> usize {
    cases.iter().filter(|case| is(case)).count()
}

/// The cases of a verdict, the rows of a check together: `pkce/challenge-missing[public]`.
fn named(cases: &[&CaseResult], verdict: &str) -> Vec<String> {
    let mut by_check: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.verdict.name() == verdict) {
        let within = case
            .id
            .split_once('/')
            .map_or(case.id.as_str(), |(_, rest)| rest);
        let (check, row) = match within.split_once('[') {
            Some((check, row)) => (check, Some(row.trim_end_matches(']'))),
            None => (within, None),
        };
        by_check.entry(check).or_default().extend(row);
    }
    let told = |(check, rows): (&str, Vec<&str>)| match rows.as_slice() {
        [] => check.to_owned(),
        rows => format!("{check}[{}]", rows.join(", ")),
    };
    by_check.into_iter().map(told).collect()
}

fn is_judged(case: &CaseResult) -> bool {
    matches!(
        case.verdict,
        Verdict::Pass { .. } | Verdict::Fail { .. } | Verdict::Warning { .. }
    )
}

/// One fault, before and after.
fn flip(bench: &Bench, pair: &Pair, fault: &Fault) -> Result<Value, String> {
    let sides = [&pair.before, &pair.after];
    let [before, after] = sides.map(|side| verdicts(bench, side, fault));
    Ok(context! {
        package => &pair.package,
        before => &pair.before.is,
        after => &pair.after.is,
        fault => &fault.fault,
        advisory => &fault.advisory,
        requirement => &fault.requirement,
        cases => &fault.cases,
        verdict_before => before?,
        verdict_after => after?,
    })
}

/// The verdicts of the cases of a fault, each once: `fail`, or `fail and warning`.
fn verdicts(bench: &Bench, side: &Side, fault: &Fault) -> Result<String, String> {
    let outcome: Arc<Outcome> = bench.outcome(&side.server, &side.variant)?;
    let wanted = patterns(&fault.cases);
    let selected = |case: &&CaseResult| wanted.iter().any(|pattern| pattern.selects(&case.id));
    let cases = outcome.cases.iter().filter(selected);
    let told = |case: &CaseResult| match case.verdict {
        Verdict::Pass { remark: Some(_) } => "pass with a remark",
        ref verdict => verdict.name(),
    };
    let told: BTreeSet<&str> = cases.map(told).collect();
    Ok(Vec::from_iter(told).join(" and "))
}
