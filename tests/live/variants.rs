//! Each variant of each server has the findings that its `findings.yaml` lists, and no other.

use std::sync::Arc;

use authspec::judge::{CaseResult, Verdict};
use authspec::plan::Pattern;
use authspec::report::summary::is_must;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Outcome, accuses, patterns};
use crate::common::findings::{Findings, Variant};

/// The servers of the official SDKs, whose target files give all they can.
const OFFICIAL: [&str; 3] = ["mcp-ts-sdk-v1", "mcp-ts-sdk-v2", "py-mcp-sdk"];

/// More open MUST cases than this would say little of an official SDK.
const MOST_OPEN_PERCENT: usize = 5;

/// More MUST cases that another server leaves open by itself than this would say little of it.
const MOST_INCONCLUSIVE_PERCENT: usize = 10;

/// A trial for each variant.
pub fn trials(bench: &Arc<Bench>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (server, folder) in &bench.folders {
        for name in folder.findings.variants.keys() {
            let title = format!("{} {name}", folder.findings.server);
            if let Some(reason) = bench.missing(server) {
                println!("skipped {title}: {reason}");
                trials.push(Trial::test(title, || Ok(())).with_ignored_flag(true));
                continue;
            }
            let (bench, server, name) = (Arc::clone(bench), server.clone(), name.clone());
            trials.push(Trial::test(title, move || compare(&bench, &server, &name)));
        }
    }
    trials
}

fn compare(bench: &Bench, server: &str, name: &str) -> Result<(), Failed> {
    let outcome = bench.outcome(server, name)?;
    let findings = &bench.folders[server].findings;
    let mut wrong = differences(&outcome, findings, name);
    wrong.extend(open_musts(&outcome.cases, findings, name));
    if !is_part(findings, name) {
        wrong.extend(too_many_open(&outcome.cases, OFFICIAL.contains(&server)));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Findings that are not listed, and listed ones that did not come.
fn differences(outcome: &Outcome, findings: &Findings, name: &str) -> Vec<String> {
    let listed = patterns(findings.of(name));
    let confirmed = outcome.cases.iter();
    let mut wrong: Vec<String> = confirmed
        .filter(|case| accuses(&case.verdict))
        .filter(|case| !listed.iter().any(|pattern| pattern.selects(&case.id)))
        .map(|case| format!("not listed: {}: {:?}", case.id, case.verdict.findings()))
        .collect();
    for (text, pattern) in findings.of(name).zip(&listed) {
        let mut selected = outcome
            .cases
            .iter()
            .filter(|case| pattern.selects(&case.id));
        let left_out = is_part(findings, name) && selected.clone().next().is_none();
        if !left_out && !selected.any(|case| accuses(&case.verdict)) {
            wrong.push(format!("listed, but it did not come: {text}"));
        }
    }
    wrong
}

/// MUST cases that stayed open although nobody listed them, and every harness fault.
fn open_musts(cases: &[CaseResult], findings: &Findings, name: &str) -> Vec<String> {
    let expected: Vec<Pattern> = patterns(findings.open(name));
    let listed = |case: &CaseResult| {
        expected.iter().any(|pattern| pattern.selects(&case.id)) || lacks_input(case, findings)
    };
    let faults = cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Error { .. }));
    let open = cases
        .iter()
        .filter(|case| is_open_must(case) && !listed(case));
    faults
        .chain(open)
        .map(|case| format!("open: {}: {:?}", case.id, case.verdict))
        .collect()
}

/// That more MUST cases stayed open than a verdict on the server can bear, listed or not.
fn too_many_open(cases: &[CaseResult], is_official: bool) -> Option<String> {
    let applicable = cases
        .iter()
        .filter(|case| is_must(case) && !matches!(case.verdict, Verdict::NotApplicable { .. }))
        .count();
    let (most, counts): (usize, fn(&CaseResult) -> bool) = match is_official {
        true => (MOST_OPEN_PERCENT, |_| true),
        false => (MOST_INCONCLUSIVE_PERCENT, is_inconclusive),
    };
    let open = cases.iter().filter(|case| is_open_must(case));
    let open = open.filter(|case| counts(case)).count();
    (open * 100 > applicable * most).then(|| format!("{open} of {applicable} MUST cases are open"))
}

/// Only some cases of the variant are run.
fn is_part(findings: &Findings, name: &str) -> bool {
    let part = |variant: &Variant| !variant.cases.is_empty();
    findings.variants.get(name).is_some_and(part)
}

fn is_open_must(case: &CaseResult) -> bool {
    let untested = matches!(case.verdict, Verdict::Untested { .. });
    (untested || is_inconclusive(case)) && is_must(case)
}

const fn is_inconclusive(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Inconclusive { .. })
}

/// It was not tested for want of something that the server's target file is known not to give.
fn lacks_input(case: &CaseResult, findings: &Findings) -> bool {
    let Verdict::Untested { add, .. } = &case.verdict else {
        return false;
    };
    let named = |name: &String| add.contains(&format!("`{name}`"));
    findings.not_given.iter().any(named)
}
