//! The proof matrix: the reference servers pass every applicable case under every policy, and
//! every defect makes exactly the cases fail that its file lists.
//!
//! Each expectation is a trial of its own, so `cargo test --test matrix pkce` filters as people
//! expect. The trials of one pair of servers share one run: it is made ahead of them where companies
//! settle cases (`job`), and by the first that asks where trials were picked by name.

mod bench;
mod benches;
#[path = "../common/mod.rs"]
mod common;
mod company;
mod job;

use std::collections::BTreeSet;
use std::sync::Arc;

use authspec::cli::fixtures::{self, Fixture, PolicyFile};
use authspec::judge::{CaseResult, Verdict};
use authspec::plan::Pattern;
use authspec::reference::Defect;
use authspec::suite::{Level, Suites};
use bench::Bench;
use benches::Benches;
use company::is_right;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::sync::Semaphore;

/// A dozen pairs of servers and their harnesses share memory here, on threads of their own: with the
/// system's allocator a quarter of the time goes into that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pairs of servers that are tested at the same time.
const RUNS_AT_ONCE: usize = 12;

fn main() {
    let mut arguments = Arguments::from_args();
    let suites = Arc::new(Suites::embedded().unwrap_or_else(|problems| panic!("{problems}")));
    let defects = fixtures::defects(&suites).unwrap_or_else(|problems| panic!("{problems}"));
    let policies = fixtures::policies().unwrap_or_else(|problems| panic!("{problems}"));
    let whole = arguments.filter.is_some()
        || std::env::var("AUTHSPEC_MATRIX").is_ok_and(|how| how == "whole");
    let benches = Benches::new(&suites, &policies, &defects, whole);
    // Most of a run is waiting: for a token to end, for a log to be written.
    let at_once = arguments.test_threads.unwrap_or(RUNS_AT_ONCE);
    arguments.test_threads = Some(match whole {
        true => at_once,
        false => 1,
    });
    if !whole && !arguments.list {
        job::begin(benches.jobs, &Arc::new(Semaphore::new(at_once)));
    }
    let of_policies = policies
        .iter()
        .zip(&benches.policies)
        .map(|(policy, bench)| of_policy(&suites, policy, bench));
    let of_defects = defects
        .iter()
        .zip(&benches.defects)
        .map(|(defect, bench)| of_defect(defect, bench));
    let mut trials = vec![every_check_has_a_defect(&suites, &defects)];
    trials.extend(in_turns(of_policies.chain(of_defects)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// One trial of each bench, then the others, which find the run made: threads that ask for the same
/// run would wait for each other.
fn in_turns(benches: impl Iterator<Item = Vec<Trial>>) -> Vec<Trial> {
    let mut ranked: Vec<(usize, Trial)> = benches
        .flat_map(|trials| trials.into_iter().enumerate())
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank > 0);
    ranked.into_iter().map(|(_, trial)| trial).collect()
}

/// One trial for each area: no case of it fails or breaks, and none warns or stays open but those
/// that the policy lists. One more for the list, where there is one.
fn of_policy(suites: &Suites, policy: &Fixture<PolicyFile>, bench: &Arc<Bench>) -> Vec<Trial> {
    let told = Arc::new(patterns(&policy.value.tells));
    let areas: BTreeSet<&str> = suites
        .checks
        .iter()
        .map(|check| check.area.as_str())
        .collect();
    let of_areas = areas.into_iter().map(|area| {
        let (bench, area, told) = (Arc::clone(bench), area.to_owned(), Arc::clone(&told));
        Trial::test(format!("policy {} passes {area}", policy.id), move || {
            let tells = |case: &CaseResult| {
                told.iter().any(|entry| entry.selects(&case.id)) && only_tells(case)
            };
            let wrong: Vec<String> = bench
                .cases()?
                .iter()
                .filter(|case| case.area == area && !is_right(&case.verdict) && !tells(case))
                .map(describe)
                .collect();
            nothing(wrong)
        })
    });
    let mut trials: Vec<Trial> = of_areas.collect();
    if !told.is_empty() {
        let bench = Arc::clone(bench);
        let name = format!("policy {} tells what it lists", policy.id);
        trials.push(Trial::test(name, move || {
            let cases = bench.cases()?;
            let tells = |entry: &Pattern| {
                let mut listed = cases.iter().filter(|case| entry.selects(&case.id));
                listed.any(only_tells)
            };
            let silent = told.iter().filter(|entry| !tells(entry));
            nothing(silent.map(|entry| entry.text.clone()).collect())
        }));
    }
    trials
}

/// Says something to a person and accuses nobody of breaking a MUST.
fn only_tells(case: &CaseResult) -> bool {
    matches!(
        case.verdict,
        Verdict::Warning { .. }
            | Verdict::Inconclusive { .. }
            | Verdict::Untested { .. }
            | Verdict::Pass { remark: Some(_) }
    )
}

/// One trial for each entry of `kills`, and one for everything else.
fn of_defect(defect: &Fixture<Defect>, bench: &Arc<Bench>) -> Vec<Trial> {
    let patterns = listed(&defect.value);
    let mut trials: Vec<Trial> = patterns
        .iter()
        .cloned()
        .map(|pattern| {
            let bench = Arc::clone(bench);
            let name = format!("defect {} fails {}", defect.id, pattern.text);
            Trial::test(name, move || {
                let mut matching = bench
                    .cases()?
                    .iter()
                    .filter(|case| pattern.selects(&case.id))
                    .filter(|case| !matches!(case.verdict, Verdict::NotApplicable { .. }))
                    .peekable();
                if matching.peek().is_none() {
                    return Err("no case of this name applies".into());
                }
                nothing(
                    matching
                        .filter(|case| !is_accused(case) && !is_remarked(case))
                        .map(describe)
                        .collect(),
                )
            })
        })
        .collect();
    let bench = Arc::clone(bench);
    trials.push(Trial::test(
        format!("defect {} fails nothing else", defect.id),
        move || {
            let listed = |case: &CaseResult| patterns.iter().any(|kill| kill.selects(&case.id));
            let wrong = bench
                .cases()?
                .iter()
                .filter(|case| !listed(case))
                .filter(|case| is_accused(case) || matches!(case.verdict, Verdict::Error { .. }));
            nothing(wrong.map(describe).collect())
        },
    ));
    trials
}

/// What a defect lists, ready to match.
fn listed(defect: &Defect) -> Vec<Pattern> {
    patterns(&defect.kills)
}

fn patterns(ids: &[String]) -> Vec<Pattern> {
    ids.iter().map(|id| pattern(id)).collect()
}

fn pattern(id: &str) -> Pattern {
    Pattern::new(id).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn is_accused(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Fail { .. } | Verdict::Warning { .. })
}

/// A broken MAY is a pass with a remark.
fn is_remarked(case: &CaseResult) -> bool {
    case.level == Some(Level::May) && matches!(case.verdict, Verdict::Pass { remark: Some(_) })
}

/// A check that no defect makes fail could be one that cannot fail.
fn every_check_has_a_defect(suites: &Arc<Suites>, defects: &[Fixture<Defect>]) -> Trial {
    let kills: BTreeSet<&str> = defects
        .iter()
        .flat_map(|defect| checks_of(&defect.value))
        .collect();
    let kills: Vec<Pattern> = kills.into_iter().map(pattern).collect();
    let suites = Arc::clone(suites);
    Trial::test("every check has a defect", move || {
        let unproved = suites
            .checks
            .iter()
            .filter(|check| !kills.iter().any(|kill| kill.selects(&check.id())))
            .map(authspec::suite::LoadedCheck::id);
        nothing(unproved.collect())
    })
}

/// The ids of the checks, or globs on them, of which a defect lists some case.
fn checks_of(defect: &Defect) -> Vec<&str> {
    let kills = defect.kills.iter();
    kills.filter_map(|kill| kill.split('[').next()).collect()
}

fn describe(case: &CaseResult) -> String {
    format!("{}: {:?}", case.id, case.verdict)
}

fn nothing(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
