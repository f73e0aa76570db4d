//! The proof matrix: the reference servers pass every applicable case under every policy, and
//! every defect makes exactly the cases fail that its file lists.
//!
//! Each expectation is a trial of its own, so `cargo test --test matrix pkce` filters as people
//! expect. The trials of one pair of servers share one run, which the first of them makes.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use authspec::cli::fixtures::{self, Fixture, PolicyFile};
use authspec::judge::{CaseResult, Verdict};
use authspec::plan::Pattern;
use authspec::reference::Defect;
use authspec::suite::Suites;
use common::{Servers, results};
use libtest_mimic::{Arguments, Failed, Trial};

/// Pairs of servers that are tested at the same time.
const RUNS_AT_ONCE: usize = 6;

fn main() {
    let mut arguments = Arguments::from_args();
    // Most of a run is waiting: for a token to end, for a log to be written.
    arguments.test_threads.get_or_insert(RUNS_AT_ONCE);
    let suites = Arc::new(Suites::embedded().unwrap_or_else(|problems| panic!("{problems}")));
    let policies = fixtures::policies().unwrap_or_else(|problems| panic!("{problems}"));
    let defects = fixtures::defects(&suites).unwrap_or_else(|problems| panic!("{problems}"));
    let mut trials = vec![every_check_has_a_defect(&suites, &defects)];
    for policy in &policies {
        trials.extend(of_policy(&suites, policy));
    }
    for defect in defects {
        trials.extend(of_defect(&suites, &policies, &defect));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Results that the trials of one pair of servers share.
#[derive(Clone)]
struct Shared {
    suites: Arc<Suites>,
    servers: Servers,
    results: Arc<OnceLock<Result<Vec<CaseResult>, String>>>,
}

impl Shared {
    fn new(suites: &Arc<Suites>, servers: Servers) -> Self {
        Self {
            suites: Arc::clone(suites),
            servers,
            results: Arc::default(),
        }
    }

    fn cases(&self) -> Result<&[CaseResult], Failed> {
        let made = self
            .results
            .get_or_init(|| results(&self.suites, &self.servers));
        match made {
            Ok(cases) => Ok(cases),
            Err(cause) => Err(cause.clone().into()),
        }
    }
}

/// One trial for each area: no case of it fails, warns, stays open or breaks.
fn of_policy(suites: &Arc<Suites>, policy: &Fixture<PolicyFile>) -> Vec<Trial> {
    let shared = Shared::new(suites, Servers::of_policy(policy));
    let areas: BTreeSet<&str> = suites
        .checks
        .iter()
        .map(|check| check.area.as_str())
        .collect();
    areas
        .into_iter()
        .map(|area| {
            let (shared, area) = (shared.clone(), area.to_owned());
            Trial::test(format!("policy {} passes {area}", policy.id), move || {
                let wrong: Vec<String> = shared
                    .cases()?
                    .iter()
                    .filter(|case| case.area == area && !is_right(&case.verdict))
                    .map(describe)
                    .collect();
                nothing(wrong)
            })
        })
        .collect()
}

fn is_right(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Pass { remark: None } | Verdict::NotApplicable { .. }
    )
}

/// One trial for each entry of `kills`, and one for everything else.
fn of_defect(
    suites: &Arc<Suites>,
    policies: &[Fixture<PolicyFile>],
    defect: &Fixture<Defect>,
) -> Vec<Trial> {
    let shared = Shared::new(suites, Servers::of_defect(defect, policies));
    let patterns: Vec<Pattern> = defect
        .value
        .kills
        .iter()
        .map(|kill| Pattern::new(kill).unwrap_or_else(|error| panic!("{kill}: {error}")))
        .collect();
    let mut trials: Vec<Trial> = patterns
        .iter()
        .cloned()
        .map(|pattern| {
            let shared = shared.clone();
            let name = format!("defect {} fails {}", defect.id, pattern.text);
            Trial::test(name, move || {
                let mut matching = shared
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
                        .filter(|case| !is_accused(case))
                        .map(describe)
                        .collect(),
                )
            })
        })
        .collect();
    trials.push(Trial::test(
        format!("defect {} fails nothing else", defect.id),
        move || {
            let listed = |case: &CaseResult| patterns.iter().any(|kill| kill.selects(&case.id));
            let wrong = shared
                .cases()?
                .iter()
                .filter(|case| !listed(case))
                .filter(|case| is_accused(case) || matches!(case.verdict, Verdict::Error { .. }));
            nothing(wrong.map(describe).collect())
        },
    ));
    trials
}

fn is_accused(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Fail { .. } | Verdict::Warning { .. })
}

/// A check that no defect makes fail could be one that cannot fail.
fn every_check_has_a_defect(suites: &Arc<Suites>, defects: &[Fixture<Defect>]) -> Trial {
    let kills: Vec<Pattern> = defects
        .iter()
        .flat_map(|defect| &defect.value.kills)
        .filter_map(|kill| Pattern::new(kill).ok())
        .collect();
    let suites = Arc::clone(suites);
    Trial::test("every check has a defect", move || {
        let unproved = suites
            .checks
            .iter()
            .filter(|check| !kills.iter().any(|kill| kill.touches(&check.id())))
            .map(authspec::suite::LoadedCheck::id);
        nothing(unproved.collect())
    })
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
