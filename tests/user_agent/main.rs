//! The drivers of the user agent, each on the reference servers over real HTTP: what comes out must
//! be what the form driver brings, or open with a reason.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "browser")]
mod browser;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod interactive;
mod tokens;

use std::collections::BTreeMap;
use std::path::Path;

use authspec::cli::{Conduct, conduct, reference_target};
use authspec::judge::{CaseResult, Verdict};
use authspec::plan::{Pattern, Selection};
use authspec::reference::{Options, Policy, Rewrite, Running, start};
use authspec::run::Recording;
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};
use serde_json::Value;

/// A run, told.
struct Run {
    recording: Recording,
    cases: Vec<CaseResult>,
}

impl Run {
    /// The cases by the name of their verdict.
    fn by_verdict(&self) -> BTreeMap<&'static str, Vec<&CaseResult>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for case in &self.cases {
            all.entry(case.verdict.name()).or_default().push(case);
        }
        all
    }

    fn verdict(&self, id: &str) -> &Verdict {
        let case = self.cases.iter().find(|case| case.id == id);
        &case
            .unwrap_or_else(|| panic!("{id} was not judged"))
            .verdict
    }

    /// Asserts that nobody was accused and nothing stayed open, and gives the untested cases.
    fn sound(&self) -> Vec<&CaseResult> {
        let mut all = self.by_verdict();
        for verdict in ["fail", "warning", "inconclusive", "error"] {
            let cases = all.remove(verdict).unwrap_or_default();
            let told: Vec<String> = cases
                .iter()
                .map(|case| format!("{}: {:?}", case.id, case.verdict))
                .collect();
            assert!(told.is_empty(), "{verdict}:\n{}", told.join("\n"));
        }
        all.remove("untested").unwrap_or_default()
    }
}

/// Tests reference servers with this policy, as the changed target file says.
fn run(policy: Value, cases: &[&str], folder: &Path, change: impl FnOnce(&mut TargetFile)) -> Run {
    tested(policy, cases, folder, async |_, file| change(file))
}

/// Tests correct reference servers; what the target file says may be fetched from them.
fn run_with(
    cases: &[&str],
    folder: &Path,
    change: impl AsyncFnOnce(&Running, &mut TargetFile),
) -> Run {
    tested(Value::Object(Default::default()), cases, folder, change)
}

fn tested(
    policy: Value,
    cases: &[&str],
    folder: &Path,
    change: impl AsyncFnOnce(&Running, &mut TargetFile),
) -> Run {
    tested_with(Vec::new(), policy, cases, folder, change)
}

/// Tests reference servers whose answers are rewritten.
fn tested_with(
    rewrites: Vec<Rewrite>,
    policy: Value,
    cases: &[&str],
    folder: &Path,
    change: impl AsyncFnOnce(&Running, &mut TargetFile),
) -> Run {
    let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
    let selection = Selection {
        checks: cases
            .iter()
            .map(|glob| Pattern::new(glob).expect("a glob"))
            .collect(),
        ..Selection::default()
    };
    common::runtime().block_on(async {
        let policy = Policy::default().patch(policy).expect("a policy");
        let running = start(policy, rewrites, Options::default())
            .await
            .expect("servers");
        let mut file = reference_target(&running, None);
        change(&running, &mut file).await;
        let target = Target::resolve(file, folder).expect("a target");
        let how = Conduct {
            selection,
            ..Conduct::default()
        };
        let (_cancel, cancelled) = tokio::sync::watch::channel(None);
        let done = conduct(&suites, target, &how, None, &cancelled).await;
        running.stop().await;
        let (recording, judgement) = done.expect("a run");
        Run {
            recording,
            cases: judgement.cases,
        }
    })
}
