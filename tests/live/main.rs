//! The live third-party servers: started by their own scripts on loopback, tested like any
//! stranger's, and compared with the findings that were confirmed by hand (`variants`) and with
//! each other, where one has a fault that another has not (`pairs`).
//!
//! A server whose runtime (node, python3) is missing is skipped with the reason. Each variant of
//! a server is started and tested once, by the first trial that asks for it.
//! `AUTHSPEC_TARGETS` names another folder of servers than `fixtures/targets/`.

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod pairs;
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
    trials.extend(pairs::trials(&bench, &folder.join("pairs.yaml")));
    libtest_mimic::run(&arguments, trials).exit();
}
