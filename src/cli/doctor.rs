//! `authspec doctor TARGET`: the honest way in, step by step.

use std::io::Write as _;

use colored::Colorize as _;

use super::args::Doctor;
use super::conduct::{Conduct, DEFAULT_VERSION, Prepared, prepare};
use super::console::{Console, heading};
use super::failure::Failure;
use super::one_test::{Watched, apply_manners, concurrency, unreachable};
use super::run::load;
use super::{bare_url, block_on};
use crate::plan::Selection;
use crate::report::terminal::Verbosity;
use crate::report::text::visible;
use crate::run::{DoctorState, Presence, Recording};
use crate::suite::Suites;

/// Exit code where a step is broken.
const BROKEN: u8 = 3;

/// Examines the way in; what was registered for it is deleted again.
pub fn doctor(args: &Doctor, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::embedded()?;
    let look_only = bare_url::is_url(&args.target);
    let conduct = |version| Conduct {
        version: args.mcp_version.or(version).unwrap_or(DEFAULT_VERSION),
        selection: Selection::default(),
        look_only,
        concurrency: concurrency(&args.manners),
        ..Conduct::default()
    };
    block_on(async {
        let watched = Watched::start(console.verbosity);
        let events = watched.events();
        let prepared: Prepared = if look_only {
            let mut file = bare_url::target_file(&args.target, &args.reach)?;
            apply_manners(&args.manners, &mut file);
            let conduct = conduct(file.mcp_version);
            bare_url::look(&suites, file, &conduct, &watched, console).await?
        } else {
            let target = load(&args.target, &suites, &args.reach, &args.manners, console)?;
            let conduct = conduct(target.file.mcp_version);
            prepare(&suites, target, &conduct, events, watched.cancel()).await?
        };
        let (_, recording) = prepared.dismiss(events).await;
        let cut_short = watched.cancel().borrow().is_some();
        watched.stop().await;
        print(&recording, console)?;
        let broken = recording
            .doctor
            .iter()
            .any(|step| step.state == DoctorState::Broken);
        let nothing_there = matches!(
            recording.target.capabilities.get("resource_server"),
            Some(Presence::Broken { .. })
        );
        let fails = cut_short || broken || nothing_there || unreachable(&recording).is_some();
        Ok(if fails { BROKEN } else { 0 })
    })
}

fn print(recording: &Recording, console: &Console) -> Result<(), Failure> {
    let mut out = console.out();
    let name = visible(&recording.target.name);
    if console.verbosity > Verbosity::Quiet {
        writeln!(out, "{}", heading(&format!("The way in to {name}")))?;
    }
    out.write_all(said(recording, console.verbosity).as_bytes())?;
    if console.verbosity == Verbosity::Verbose {
        writeln!(out, "\n{}", heading("What the target has"))?;
        for (capability, presence) in &recording.target.capabilities {
            let (word, why) = match presence {
                Presence::Present => ("yes", ""),
                Presence::Absent { reason } => ("no", reason.as_str()),
                Presence::NotGiven { add } => ("not given", add.as_str()),
                Presence::Broken { reason } => ("broken", reason.as_str()),
            };
            writeln!(out, "{word:<10} {capability:<36} {}", visible(why))?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The steps, a line for each and one for its mend; the fine ones are left out where it is quiet.
pub fn said(recording: &Recording, verbosity: Verbosity) -> String {
    let mut said = String::new();
    for step in &recording.doctor {
        let word = match step.state {
            DoctorState::Ok => "ok".green(),
            DoctorState::Notice => "look".yellow(),
            DoctorState::Broken => "broken".red(),
            DoctorState::Skipped => "skipped".normal(),
        };
        let fine = matches!(step.state, DoctorState::Ok | DoctorState::Skipped);
        if fine && verbosity == Verbosity::Quiet {
            continue;
        }
        // Padding counts characters, not the colour's own.
        let gap = " ".repeat(8_usize.saturating_sub(word.chars().count()));
        let found = visible(&step.found);
        said.push_str(&format!("{word}{gap} {:<12} {found}\n", step.name));
        if !step.mend.is_empty() {
            let mend = visible(&step.mend);
            said.push_str(&format!("{:9}{:<12} mend: {mend}\n", "", ""));
        }
    }
    said
}
