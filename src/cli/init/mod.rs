//! `authspec init URL`: looks at a server and writes the target file for it, with everything that
//! is still to be filled in as comments. Nothing is called that the operator did not name; who
//! gives a user has the login tried at once.

mod address;
mod destination;
mod login;
mod members;
mod operations;
mod text;
mod view;

use std::io::Write as _;
use std::path::Path;

use super::args::Init;
use super::conduct::{Conduct, DEFAULT_VERSION, Prepared};
use super::console::Console;
use super::failure::Failure;
use super::one_test::{Watched, apply_manners, concurrency};
use super::{bare_url, block_on, doctor};
use crate::plan::{Knowledge, Plan, Selection, plan};
use crate::report::terminal::Verbosity;
use crate::run::{DoctorState, Events, Recording, RunRecord};
use crate::suite::{McpVersion, Suites};
use crate::target::TargetFile;

use address::{before_metadata, is_html, nothing_there};
use destination::Destination;
use view::View;

/// Exit code where there is nothing to write a file for, or the way in that was tried is broken.
const BROKEN: u8 = 3;

/// What an examination of the server leaves behind.
struct Seen {
    file: TargetFile,
    knowledge: Knowledge,
    honest: Option<RunRecord>,
    recording: Recording,
}

impl Seen {
    async fn of(prepared: Prepared, events: Option<&Events>) -> Self {
        let file = prepared.file().clone();
        let knowledge = prepared.examined().knowledge.clone();
        let honest = prepared.examined().honest.clone();
        let (_, recording) = prepared.dismiss(events).await;
        Self {
            file,
            knowledge,
            honest,
            recording,
        }
    }

    fn is_broken(&self) -> bool {
        let mut steps = self.recording.doctor.iter();
        steps.any(|step| step.state == DoctorState::Broken)
    }
}

/// Looks, tries, writes.
pub fn init(args: &Init, console: &Console) -> Result<u8, Failure> {
    if !bare_url::is_url(&args.url) {
        return Err(Failure::usage(
            format!("{} is not a URL", args.url),
            "give the URL of an MCP server, such as `https://mcp.example/mcp`, or an issuer",
        ));
    }
    let destination = Destination::new(&args.out, args.force)?;
    let user = login::user(args, &destination)?;
    let mut file = TargetFile::from_url(&args.url, args.reach.insecure_http)?;
    file.allow_origins
        .extend(args.reach.allow_origin.iter().cloned());
    file.mcp_version = args.mcp_version;
    apply_manners(&args.manners, &mut file);
    let suites = Suites::embedded()?;
    let conduct = Conduct {
        version: args.mcp_version.unwrap_or(DEFAULT_VERSION),
        // Cases are counted afterwards: no run is made for them.
        selection: Selection {
            only: Some(Vec::new()),
            ..Selection::default()
        },
        look_only: true,
        concurrency: concurrency(&args.manners),
        ..Conduct::default()
    };
    block_on(async {
        let watched = Watched::start(console.verbosity);
        let mut conduct = conduct;
        let mut looked = bare_url::recognize(&suites, file, &conduct, &watched).await?;
        if args.mcp_version.is_none()
            && let Some(older) = before_metadata(&suites, &looked, &conduct, &watched).await?
        {
            let newer = std::mem::replace(&mut looked, older);
            newer.prepared.dismiss(watched.events()).await;
            conduct.version = McpVersion::V20250326;
        }
        let other_origin = bare_url::other_origin(&looked.prepared);
        let mut seen = Seen::of(looked.prepared, watched.events()).await;
        let cut_short = || watched.cancel().borrow().clone();
        if cut_short().is_none()
            && let Some(reason) = nothing_there(&seen)
        {
            tell(&seen, console);
            watched.stop().await;
            console.remark(&format!("{reason}. Nothing was written"));
            return Ok(BROKEN);
        }
        if let Some(words) = looked.taken_for {
            console.remark(&words);
        }
        let (is_asked, mut attempt) = (user.is_some(), None);
        if let Some(user) = user {
            let mut file = seen.file.clone();
            file.users.insert("first".to_owned(), user);
            file.scopes = view::scopes(&seen, None);
            let tried =
                login::log_in(&suites, file, destination.folder(), &conduct, &watched).await?;
            attempt = tried.attempt;
            seen = tried.seen;
        }
        let cut_short = cut_short();
        watched.stop().await;
        tell(&seen, console);
        if let Some(reason) = cut_short {
            console.remark(&format!("{reason}. Nothing was written"));
            return Ok(BROKEN);
        }
        let scopes = view::scopes(&seen, attempt.as_ref());
        let planned = |scopes: &[String]| {
            let supposed = members::supposing(&seen.knowledge, scopes);
            plan(&suites, &supposed, conduct.version, &Selection::default())
                .map_err(super::ConductError::from)
        };
        let plan = planned(&scopes)?;
        let of_a_scope = match scopes.is_empty() {
            true => {
                let with = planned(&[members::SOME_SCOPE.to_owned()])?;
                members::of_a_scope(&with.cases, &plan.cases)
            }
            false => 0,
        };
        let facts = view::Facts {
            suites: &suites,
            seen: &seen,
            plan: &plan,
            scopes,
            of_a_scope,
            attempt: attempt.as_ref(),
            other_origin: other_origin.as_deref(),
            destination: &destination,
        };
        destination.write(&text::render(&View::new(&facts))?, console)?;
        close(&facts, console);
        let works = attempt.is_some_and(|attempt| attempt.worked) && !seen.is_broken();
        Ok(if is_asked && !works { BROKEN } else { 0 })
    })
}

/// The doctor's findings, on standard error: standard output is for the file.
fn tell(seen: &Seen, console: &Console) {
    let said = doctor::said(&seen.recording, console.verbosity);
    let _ = std::io::stderr().write_all(said.as_bytes());
}

/// What was written, how much of the suite it opens, and what to do next.
fn close(facts: &view::Facts<'_>, console: &Console) {
    let Plan { cases, .. } = facts.plan;
    let (open, all) = members::coverage(cases);
    let shown = facts.destination.shown();
    let lacks = facts.lacks();
    let mut lines = vec![format!(
        "\n{shown} is written: {open} of {all} cases that may apply can run as it stands"
    )];
    let stuck = members::stuck(cases);
    if stuck > 0 {
        let behind = match facts.attempt {
            Some(attempt) if !attempt.worked => "the login, which did not go through",
            None => "a login, which was not tried (`--user`)",
            _ => "what the doctor found broken",
        };
        lines.push(format!("  {stuck:>4} more wait for {behind}"));
    }
    let mut lacking: Vec<_> = lacks.iter().collect();
    lacking.sort_by_key(|(_, lack)| std::cmp::Reverse(lack.cases));
    for (member, lack) in lacking.into_iter().take(5) {
        lines.push(format!("  {:>4} more wait for {member}", lack.cases));
    }
    if let Some(other) = facts.other_origin {
        lines.push(format!(
            "its authorization server is on another origin and was left alone: come again with \
             `--allow-origin {other}`"
        ));
    }
    if facts.seen.is_broken() {
        lines.push(format!(
            "next: do what the doctor's mend says, and look with `authspec doctor {shown}` \
             whether the way in is open"
        ));
    } else if facts.attempt.is_none() && facts.seen.file.users.is_empty() {
        lines.push(
            "next: try the login with `--force --user NAME --password-env VARIABLE`, or fill in \
             `users`"
                .to_owned(),
        );
    }
    lines.push(format!("then: authspec run {shown}"));
    if console.verbosity > Verbosity::Quiet {
        console.remark(&lines.join("\n"));
    }
}

/// A path for the eyes, and for a command line.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
