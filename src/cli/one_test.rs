//! One test of one target from the command line: filters, progress, signals, reports, exit code.
//! `run` and `demo` differ in where the target comes from, and in nothing else.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::args::{AskedVersion, Filters, Judging, Manners, Output};
use super::conduct::{Conduct, ConductError, DEFAULT_VERSION, Prepared, prepare, verdicts};
use super::console::Console;
use super::failure::Failure;
use super::last_result::{self, Tested};
use super::{dry_run, filters, signals, write};
use crate::judge::Judgement;
use crate::plan::{Selection, estimate, plan};
use crate::report::terminal::{Progress, Verbosity};
use crate::report::text::count;
use crate::report::{Format, ReportInput};
use crate::run::{Answer, Cancel, Event, Events, FailureKind, Recording};
use crate::suite::{McpVersion, Suites};
use crate::target::{Target, TargetFile};

/// The options of a test.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which cases.
    pub filters: &'a Filters,
    /// By what to judge.
    pub judging: &'a Judging,
    /// How to behave.
    pub manners: &'a Manners,
    /// Where results go.
    pub output: &'a Output,
}

impl Wanted<'_> {
    /// The selection for a target file, once every filter is known to match something.
    pub fn selection(&self, suites: &Suites, file: &TargetFile) -> Result<Selection, Failure> {
        write::prepare(self.output)?;
        let only = match self.filters.failed {
            true => {
                let tested = Tested {
                    name: file.name(),
                    version: self.version(file),
                };
                Some(last_result::failed(&self.output.out, &tested)?)
            }
            false => None,
        };
        filters::selection(self.filters, suites, only)
    }

    /// The MCP version to judge by.
    fn version(&self, file: &TargetFile) -> McpVersion {
        let asked = self.judging.mcp_version.and_then(AskedVersion::one);
        asked.or(file.mcp_version).unwrap_or(DEFAULT_VERSION)
    }

    /// How to conduct the test of `file`.
    pub fn conduct(&self, file: &TargetFile, selection: Selection, look_only: bool) -> Conduct {
        Conduct {
            version: self.version(file),
            selection,
            strict: self.judging.strict,
            // The plan needs discovery, but nobody registers or logs in for it.
            look_only: look_only || self.output.dry_run,
            concurrency: concurrency(self.manners),
        }
    }
}

/// Runs at the same time.
pub fn concurrency(manners: &Manners) -> usize {
    manners
        .concurrency
        .map_or(Conduct::default().concurrency, usize::from)
}

/// The limits of the target file with those of the command line.
pub fn apply_manners(manners: &Manners, file: &mut TargetFile) {
    let limits = &mut file.limits;
    if let Some(concurrency) = manners.concurrency {
        limits.concurrency = concurrency.into();
    }
    limits.requests_per_second = manners.rate.or(limits.requests_per_second);
    limits.answer_timeout = manners.timeout.unwrap_or(limits.answer_timeout);
    limits.run_timeout = manners.run_timeout.unwrap_or(limits.run_timeout);
}

/// Examines the target, executes the plan, reports; gives the exit code.
pub async fn test(
    suites: &Suites,
    target: Target,
    conduct: &Conduct,
    output: &Output,
    watched: Watched,
    console: &Console,
) -> Result<u8, Failure> {
    let prepared = prepare(suites, target, conduct, watched.events(), watched.cancel()).await?;
    finish(suites, prepared, conduct, output, watched, console).await
}

/// Executes what is prepared, and reports.
pub async fn finish(
    suites: &Suites,
    prepared: Prepared,
    conduct: &Conduct,
    output: &Output,
    watched: Watched,
    console: &Console,
) -> Result<u8, Failure> {
    let all = || {
        let knowledge = &prepared.examined().knowledge;
        let whole = plan(suites, knowledge, conduct.version, &Selection::default());
        let cases = whole.map(|whole| whole.cases).unwrap_or_default();
        cases.into_iter().map(|case| case.id).collect()
    };
    if let Err(failure) = filters::left(&conduct.selection, prepared.plan(), all) {
        prepared.dismiss(watched.events()).await;
        watched.stop().await;
        return Err(failure);
    }
    if output.dry_run {
        let setting = prepared.setting(suites, conduct);
        let knowledge = &prepared.examined().knowledge;
        let asked = estimate(prepared.plan(), knowledge, &setting);
        let (rate, limits) = (prepared.rate(), prepared.file().limits.clone());
        let (plan, recording) = prepared.dismiss(watched.events()).await;
        watched.stop().await;
        dry_run::print(&plan, &asked, &recording, (rate, &limits), console)?;
        return Ok(if unreachable(&recording).is_some() {
            3
        } else {
            0
        });
    }
    let (plan, recording) = prepared
        .execute(conduct, watched.events(), &watched.cancel)
        .await;
    watched.stop().await;
    let judgement = verdicts(suites, &plan, &recording, conduct);
    // The reports need room.
    drop(plan);
    let input = ReportInput {
        recording: &recording,
        judgement: &judgement,
        group_by: output.group_by.into(),
    };
    let lost = match output.formats().contains(&Format::Json) {
        true => last_result::lost(&output.out, &judgement),
        false => 0,
    };
    write::reports(&input, output, console)?;
    if lost > 0 {
        console.remark(&format!(
            "this run was a part: {} of the result that was in {} went with it (`--out` keeps \
             both)",
            count(lost, "case"),
            output.out.display()
        ));
    }
    if let Some(reason) = unreachable(&recording) {
        console.remark(&format!("the target could not be reached: {reason}"));
    }
    Ok(exit_code(&recording, &judgement))
}

/// The judgement's exit code; a run that was ended early or reached nobody shows nothing.
fn exit_code(recording: &Recording, judgement: &Judgement) -> u8 {
    let shows_nothing = recording.interrupted.is_some() || unreachable(recording).is_some();
    match judgement.exit_code() {
        0 if shows_nothing => 3,
        code => code,
    }
}

/// Why no request brought an answer, where none did.
pub fn unreachable(recording: &Recording) -> Option<String> {
    let mut reasons = BTreeSet::new();
    for exchange in &recording.exchanges {
        match &exchange.answer {
            Answer::Response { .. } => return None,
            Answer::Failed {
                kind: FailureKind::CapReached,
                ..
            } => {}
            Answer::Failed { message, .. } => {
                reasons.insert(message.clone());
            }
        }
    }
    (!reasons.is_empty()).then(|| Vec::from_iter(reasons).join("; "))
}

/// What goes on beside a test: the progress line, and the ear for signals.
pub struct Watched {
    events: Events,
    progress: tokio::task::JoinHandle<()>,
    cancel: Cancel,
}

impl Watched {
    /// Starts both.
    pub fn start(verbosity: Verbosity) -> Self {
        Self::until(signals::listen(), verbosity)
    }

    /// Starts the progress line; somebody listens for signals already. Two who do would take each
    /// other's first signal for a second one.
    pub fn until(cancel: Cancel, verbosity: Verbosity) -> Self {
        let (events, mut coming) = mpsc::unbounded_channel::<Event>();
        let progress = tokio::spawn(async move {
            let line = Progress::new(verbosity);
            while let Some(event) = coming.recv().await {
                line.on(&event);
            }
            line.finish();
        });
        Self {
            events,
            progress,
            cancel,
        }
    }

    /// Where the test tells what happens.
    pub const fn events(&self) -> Option<&Events> {
        Some(&self.events)
    }

    /// Set when somebody wants the test to end early.
    pub const fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Takes the progress line away. Whoever still holds a sender does not keep it.
    pub async fn stop(self) {
        drop(self.events);
        let patience = std::time::Duration::from_millis(200);
        let abort = self.progress.abort_handle();
        if tokio::time::timeout(patience, self.progress).await.is_err() {
            abort.abort();
        }
    }
}

impl From<ConductError> for Failure {
    fn from(error: ConductError) -> Self {
        match error {
            ConductError::Client(cause) => Self::Harness(cause.to_string()),
            ConductError::Address(_) => Self::usage(
                error.to_string(),
                "write it as `https://host/path` in the target file or on the command line",
            ),
            ConductError::Plan(_) => Self::usage(
                error.to_string(),
                "`authspec lint` looks for mistakes in suites",
            ),
        }
    }
}
