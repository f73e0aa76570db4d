//! Executes a plan: controls first, then everything else, then the controls again.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use indexmap::IndexMap;
use tokio::sync::watch;

use super::execute::execute;
use super::session::Session;
use super::{Event, Events, RunRecord};
use crate::plan::{Disposition, Plan, PlannedRun};

/// What the execution of a plan came to.
#[derive(Debug, Default)]
pub struct Executed {
    /// Every run, by id.
    pub runs: IndexMap<String, RunRecord>,
    /// The controls' second execution.
    pub last: IndexMap<String, RunRecord>,
    /// Why it ended early.
    pub interrupted: Option<String>,
}

/// Set to the reason when the run is to end early.
pub type Cancel = watch::Receiver<Option<String>>;

/// Executes `plan` with at most `concurrency` runs at the same time. Runs in `already` are taken
/// as they are.
pub async fn execute_plan(
    session: &Arc<Session>,
    plan: &Plan,
    already: IndexMap<String, RunRecord>,
    concurrency: usize,
    events: Option<&Events>,
    cancel: &Cancel,
) -> Executed {
    let mut out = Executed {
        runs: already,
        ..Executed::default()
    };
    let batch = Batch {
        session,
        concurrency: concurrency.max(1),
        events,
        cancel,
    };
    let controls: Vec<&PlannedRun> = plan
        .runs
        .values()
        .filter(|run| run.is_control && !out.runs.contains_key(&run.id))
        .collect();
    out.runs.extend(batch.execute(controls).await);
    let hopeless = hopeless(plan, &out.runs);
    let others = plan
        .runs
        .values()
        .filter(|run| !out.runs.contains_key(&run.id) && !hopeless.contains(run.id.as_str()))
        .collect();
    out.runs.extend(batch.execute(others).await);
    let again = controls_of_hostile_runs(plan, &out.runs);
    out.last = batch.execute(again).await;
    out.interrupted = cancel.borrow().clone();
    out
}

/// Runs whose every case rests on a control that failed: sending them would prove nothing.
fn hopeless<'p>(plan: &'p Plan, runs: &IndexMap<String, RunRecord>) -> BTreeSet<&'p str> {
    let mut hopeless = BTreeSet::new();
    let mut hopeful = BTreeSet::new();
    for case in &plan.cases {
        let Disposition::Run { run, control } = &case.disposition else {
            continue;
        };
        let failed = control
            .as_ref()
            .and_then(|control| runs.get(control))
            .is_some_and(|record| record.stopped.is_some() || record.fault.is_some());
        if failed {
            hopeless.insert(run.as_str());
        } else {
            hopeful.insert(run.as_str());
        }
    }
    &hopeless - &hopeful
}

/// The controls that some executed hostile run rests on.
fn controls_of_hostile_runs<'p>(
    plan: &'p Plan,
    runs: &IndexMap<String, RunRecord>,
) -> Vec<&'p PlannedRun> {
    let wanted: BTreeSet<&str> = plan
        .cases
        .iter()
        .filter_map(|case| match &case.disposition {
            Disposition::Run {
                run,
                control: Some(control),
            } if runs.contains_key(run) => Some(control.as_str()),
            _ => None,
        })
        .collect();
    plan.runs
        .values()
        .filter(|run| wanted.contains(run.id.as_str()))
        .collect()
}

struct Batch<'a> {
    session: &'a Arc<Session>,
    concurrency: usize,
    events: Option<&'a Events>,
    cancel: &'a Cancel,
}

impl Batch<'_> {
    async fn execute(&self, runs: Vec<&PlannedRun>) -> IndexMap<String, RunRecord> {
        let mut waiting = runs.into_iter();
        let mut working = FuturesUnordered::new();
        let mut done = IndexMap::new();
        let mut cancel = self.cancel.clone();
        loop {
            while working.len() < self.concurrency && self.cancel.borrow().is_none() {
                let Some(run) = waiting.next() else { break };
                working.push(start(Arc::clone(self.session), run.clone()));
            }
            tokio::select! {
                finished = working.next() => match finished {
                    Some(record) => {
                        self.tell(&record);
                        done.insert(record.id.clone(), record);
                    }
                    None => break,
                },
                // Runs that are under way are dropped: their requests end with them.
                _ = cancel.wait_for(Option::is_some) => break,
            }
        }
        done
    }

    fn tell(&self, record: &RunRecord) {
        if let Some(events) = self.events {
            // Nobody listening is no fault.
            let _ = events.send(Event::RunFinished {
                title: record.title.clone(),
                outcome: record.steps.last().map(|step| step.outcome.clone()),
            });
        }
    }
}

/// Executes a run in a task of its own, so that a panic costs this run and no other.
async fn start(session: Arc<Session>, run: PlannedRun) -> RunRecord {
    let (id, title) = (run.id.clone(), run.title.clone());
    let task = AbortOnDrop(tokio::spawn(async move { execute(&session, &run).await }));
    match task.await {
        Ok(record) => record,
        Err(error) => RunRecord {
            id,
            title,
            steps: Vec::new(),
            variables: serde_json::Value::Null,
            stopped: None,
            fault: Some(format!("the harness broke down: {error}")),
        },
    }
}

/// A task that does not outlive the run that waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<RunRecord>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::future::Future for AbortOnDrop {
    type Output = Result<RunRecord, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}
