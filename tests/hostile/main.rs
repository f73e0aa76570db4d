//! Servers that do everything wrong: whatever a server says, a test of it ends in time, tells what
//! happened, blames nobody falsely, and writes its results.
//!
//! Each file of `fixtures/hostile/` is a trial. The others are about hosts that cannot be reached,
//! about manners, and about being interrupted. Most trials wait more than they work, so more of
//! them run at once than there are processors.

mod interrupted;
mod manners;
mod outcome;
#[path = "../common/hostile/mod.rs"]
mod servers;
mod unreachable;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use authspec::suite::Suites;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// Trials at the same time, unless `--test-threads` says otherwise.
const AT_ONCE: usize = 8;

fn main() {
    let panics = note_panics();
    // Making keys takes long without optimization, and would keep the first servers from answering.
    authspec::reference::keys::Keys::shared();
    authspec::run::jose::Keys::shared();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let suites = Arc::new(Suites::embedded().unwrap_or_else(|problems| panic!("{problems}")));
    let mut trials: Vec<Trial> = servers::fixtures()
        .into_iter()
        .map(|fixture| {
            let suites = suites.clone();
            let name = format!("server::{}", fixture.name);
            trial(&name, move || {
                runtime().block_on(outcome::of_fixture(&suites, &fixture))
            })
        })
        .collect();
    trials.extend(unreachable::trials(&suites));
    trials.extend(manners::trials(&suites));
    trials.extend(interrupted::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    let panics = panics.lock().unwrap_or_else(PoisonError::into_inner);
    if !panics.is_empty() {
        eprintln!("panicked:\n{}", panics.join("\n"));
        std::process::exit(101);
    }
    conclusion.exit();
}

/// A trial under this name.
fn trial(name: &str, test: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(Failed::from))
}

/// Panics anywhere count, also those that something caught.
fn note_panics() -> Arc<Mutex<Vec<String>>> {
    let panics: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = panics.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(panic.to_string());
    }));
    panics
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap_or_else(|cause| panic!("{cause}")))
}
