//! The command line: one file for each subcommand.
//!
//! This is the only place that ties the steps of the house together, starts the async runtime and
//! reads the terminal. Exit codes: 0 nothing failed; 1 something failed; 2 bad usage, target or
//! suite file; 3 nothing failed but a MUST is inconclusive, or the target was unreachable; 4 the
//! harness failed.

mod args;
mod bare_url;
mod catalogue;
mod conduct;
mod console;
pub mod coverage;
mod demo;
mod doctor;
mod dry_run;
mod eras;
mod explain;
mod failure;
mod filters;
pub mod fixtures;
mod init;
mod last_result;
mod lint;
mod list;
mod one_test;
mod reference_documents;
mod reference_servers;
mod reference_target;
mod run;
pub mod schema;
mod serve;
mod signals;
mod visit;
mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

pub use conduct::{Conduct, ConductError, DEFAULT_VERSION, Prepared, conduct, prepare, verdicts};
pub use reference_documents::ReferenceDocuments;
pub use reference_target::reference_target;

use args::{Cli, Command};
use console::Console;
use failure::Failure;

/// Parses the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody listening any more is no reason to fail.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let console = Console::new(&cli.look);
    let done = catch_unwind(AssertUnwindSafe(|| dispatch(cli.command, &console)));
    let outcome = done.unwrap_or_else(|_| {
        Err(Failure::Harness(
            "authspec broke down; please report it with the lines above".to_owned(),
        ))
    });
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            console.complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(command: Command, console: &Console) -> Result<u8, Failure> {
    match command {
        Command::Demo(args) => demo::demo(&args, console),
        Command::Init(args) => init::init(&args, console),
        Command::Run(args) => run::run(&args, console),
        Command::Doctor(args) => doctor::doctor(&args, console),
        Command::List(args) => list::list(&args, console),
        Command::Coverage(args) => coverage::coverage(&args, console),
        Command::Explain(args) => explain::explain(&args, console),
        Command::Lint(args) => lint::lint(&args, console),
        Command::Schema(args) => schema::print(&args, console),
        Command::Serve(args) => serve::serve(&args, console),
        Command::Visit(args) => visit::visit(&args, console),
    }
}

/// Threads for work that blocks: pages of hostile servers are parsed there. Each thread costs
/// memory, and a page takes a fraction of a millisecond.
const BLOCKING_THREADS: usize = 2;

/// Runs `work` on an async runtime of its own; commands that only print never start one.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|cause| Failure::Harness(format!("cannot start the runtime: {cause}")))?;
    let done = runtime.block_on(work);
    // A page that a server made to be parsed for ever must not keep the program alive.
    runtime.shutdown_background();
    done
}
