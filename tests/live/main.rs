//! The live third-party servers: started by their own scripts on loopback, tested like any
//! stranger's, and compared with the findings that were confirmed by hand (`variants`) and with
//! each other, where one has a fault that another has not (`pairs`).
//!
//! A server whose runtime (node, python3) is missing is skipped with the reason. Each variant of
//! a server is started and tested once, by the first trial that asks for it.
//! `AUTHSPEC_TARGETS` names another folder of servers than `fixtures/targets/`; with
//! `AUTHSPEC_WRITE_REPORTS` what was found is written to `reports/`.

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod pairs;
mod report;
mod variants;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bench::Bench;
use libtest_mimic::Arguments;

fn main() {
    let arguments = Arguments::from_args();
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
    let folder = std::env::var_os("AUTHSPEC_TARGETS").map_or_else(own, PathBuf::from);
    let bench = Arc::new(Bench::load(&folder));
    let mut trials = variants::trials(&bench);
    let pairs = folder.join("pairs.yaml");
    trials.extend(pairs::trials(&bench, &pairs));
    let conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit_if_failed();
    if std::env::var_os("AUTHSPEC_WRITE_REPORTS").is_some() {
        let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
        report::write(&bench, &pairs, &reports).unwrap_or_else(|cause| panic!("{cause}"));
    }
}
