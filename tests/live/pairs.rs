//! Pairs of servers, one with a fault and one without it: the check for the fault flips, and what
//! flips besides is listed with its reason.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use authspec::judge::{CaseResult, Verdict};
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Outcome, accuses, patterns};
use crate::common::pairs::{Fault, Pair, Pairs};

/// Of each pair a trial for every fault, and one for all that flips.
pub fn trials(bench: &Arc<Bench>, file: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for pair in Pairs::load(file).pairs {
        for side in [&pair.before, &pair.after] {
            let folder = bench.folders.get(&side.server);
            let known =
                folder.is_some_and(|folder| folder.findings.variants.contains_key(&side.variant));
            assert!(
                known,
                "pairs.yaml: {} has no variant {}",
                side.server, side.variant
            );
        }
        let pair = Arc::new(pair);
        for at in 0..pair.faults.len() {
            let title = format!("pair {}: {}", pair.title(), pair.faults[at].fault);
            trials.push(trial(bench, &pair, title, move |bench, pair| {
                flips(bench, pair, &pair.faults[at])
            }));
        }
        let title = format!("pair {}: nothing else flips", pair.title());
        trials.push(trial(bench, &pair, title, nothing_else_flips));
    }
    trials
}

fn trial(
    bench: &Arc<Bench>,
    pair: &Arc<Pair>,
    title: String,
    test: impl FnOnce(&Bench, &Pair) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let missing = bench.missing(&pair.before.server);
    if let Some(reason) = missing.or_else(|| bench.missing(&pair.after.server)) {
        println!("skipped {title}: {reason}");
        return Trial::test(title, || Ok(())).with_ignored_flag(true);
    }
    let (bench, pair) = (Arc::clone(bench), Arc::clone(pair));
    Trial::test(title, move || test(&bench, &pair))
}

fn outcomes(bench: &Bench, pair: &Pair) -> Result<(Arc<Outcome>, Arc<Outcome>), String> {
    let before = bench.outcome(&pair.before.server, &pair.before.variant)?;
    let after = bench.outcome(&pair.after.server, &pair.after.variant)?;
    Ok((before, after))
}

/// Every case of the fault is a fail, a warning or, for a MAY, a remark before, and a pass after.
fn flips(bench: &Bench, pair: &Pair, fault: &Fault) -> Result<(), Failed> {
    let (before, after) = outcomes(bench, pair)?;
    let mut wrong = Vec::new();
    for (text, pattern) in fault.cases.iter().zip(patterns(&fault.cases)) {
        let selected: Vec<&CaseResult> = before
            .cases
            .iter()
            .filter(|case| pattern.selects(&case.id))
            .collect();
        if selected.is_empty() {
            wrong.push(format!("no case is called {text}"));
        }
        for case in selected {
            if !accuses(&case.verdict) && !remarks(&case.verdict) {
                wrong.push(format!("before: {}: {:?}", case.id, case.verdict));
            }
            let later = after.cases.iter().find(|later| later.id == case.id);
            if !later.is_some_and(|later| matches!(later.verdict, Verdict::Pass { remark: None })) {
                let verdict = later.map(|later| &later.verdict);
                wrong.push(format!("after: {}: {verdict:?}", case.id));
            }
        }
    }
    verdict(&wrong)
}

fn remarks(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Pass { remark: Some(_) })
}

/// What is a finding on one side alone belongs to a fault or is listed, and what is listed comes.
fn nothing_else_flips(bench: &Bench, pair: &Pair) -> Result<(), Failed> {
    let (before, after) = outcomes(bench, pair)?;
    let confirmed = |id: &&&str| before.cases.iter().any(|case| case.id == **id);
    let (was, is) = (accused(&before), accused(&after));
    // A variant may run a part of the cases, or have operations of its own.
    let flipped: Vec<&str> = was
        .iter()
        .filter(|(id, accused)| is.get(**id).is_some_and(|later| later != *accused))
        .map(|(id, _)| *id)
        .collect();
    let faults = patterns(pair.faults.iter().flat_map(|fault| &fault.cases));
    let besides = patterns(pair.besides.iter().flat_map(|other| &other.cases));
    let mut wrong: Vec<String> = flipped
        .iter()
        .filter(confirmed)
        .filter(|id| {
            !faults
                .iter()
                .chain(&besides)
                .any(|pattern| pattern.selects(id))
        })
        .map(|id| format!("not listed: {id}"))
        .collect();
    for (text, pattern) in pair
        .besides
        .iter()
        .flat_map(|other| &other.cases)
        .zip(&besides)
    {
        if !flipped.iter().any(|id| pattern.selects(id)) {
            wrong.push(format!("listed, but it does not flip: {text}"));
        }
    }
    verdict(&wrong)
}

/// Whether each case accuses the server.
fn accused(outcome: &Outcome) -> BTreeMap<&str, bool> {
    let cases = outcome.cases.iter();
    cases
        .map(|case| (case.id.as_str(), accuses(&case.verdict)))
        .collect()
}

fn verdict(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
