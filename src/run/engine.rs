//! Executes a plan in the order that the schedule allows, several runs at the same time.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use indexmap::IndexMap;
use tokio::sync::watch;

use super::batch::execute_batch;
use super::execute::execute;
use super::schedule::{Ended, Job, Schedule};
use super::session::Session;
use super::{Event, Events, RunRecord, StepRecord};
use crate::plan::{Plan, PlannedRun};

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

impl Executed {
    fn keep(&mut self, job: Job, record: RunRecord) {
        match job {
            Job::First(run) => self.runs.insert(run, record),
            Job::Again(run) => self.last.insert(run, record),
        };
    }
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
    session.publish_texts(plan.runs.values());
    let done = already.keys().map(String::as_str).collect();
    let mut schedule = Schedule::new(plan, &done);
    let mut out = Executed::default();
    for (id, record) in already {
        let job = Job::First(id);
        schedule.finish(&job, ended(&record));
        stand_for(&job, &record, plan, &mut schedule, &mut out);
        out.keep(job, record);
    }
    if let Some(events) = events {
        let _ = events.send(Event::Planned {
            runs: schedule.len(),
            cases: plan.cases.len(),
        });
    }
    let mut working = FuturesUnordered::new();
    let mut cancelled = cancel.clone();
    loop {
        while working.len() < concurrency.max(1) && !is_over(session, cancel) {
            let Some(job) = schedule.next() else { break };
            let runs = schedule.runs(&job);
            let runs: Vec<_> = runs.iter().filter_map(|run| plan.runs.get(run)).collect();
            let runs = runs.into_iter().cloned().collect();
            working.push(start(Arc::clone(session), runs, job));
        }
        tokio::select! {
            finished = working.next() => {
                let Some((job, records)) = finished else { break };
                for record in records {
                    let job = job.of(&record.id);
                    tell(events, &record);
                    let ended = match ended(&record) {
                        // No refusal in it rests on a control.
                        Ended::Refused | Ended::Stopped if session.is_settled(&record) => {
                            Ended::Accepted
                        }
                        ended => ended,
                    };
                    schedule.finish(&job, ended);
                    stand_for(&job, &record, plan, &mut schedule, &mut out);
                    out.keep(job, record);
                }
            }
            // Runs that are under way are dropped: their requests end with them.
            _ = cancelled.wait_for(Option::is_some) => break,
        }
    }
    out.interrupted = cancel
        .borrow()
        .clone()
        .or_else(|| session.http.is_out_of_time().then(out_of_time));
    session.samples.tell(&mut out);
    out
}

/// Hands the beginning of a run's record to the runs that it stands for.
fn stand_for(
    job: &Job,
    record: &RunRecord,
    plan: &Plan,
    schedule: &mut Schedule,
    out: &mut Executed,
) {
    for part in schedule.parts(job.run()) {
        let Some(planned) = plan.runs.get(&part) else {
            continue;
        };
        let job = job.of(&part);
        if matches!(job, Job::Again(_)) && !planned.is_control {
            continue;
        }
        // A run that broke down stands for nobody.
        if record.fault.is_some() {
            schedule.add(job);
            continue;
        }
        let record = record.beginning(planned);
        schedule.finish(&job, ended(&record));
        out.keep(job, record);
    }
}

/// Nothing more is to be started.
fn is_over(session: &Session, cancel: &Cancel) -> bool {
    cancel.borrow().is_some() || session.http.is_out_of_time()
}

fn out_of_time() -> String {
    "the time for the whole run (`limits.run_timeout`) is over".to_owned()
}

fn ended(record: &RunRecord) -> Ended {
    // Of a request that was repeated, some were refused as a rule.
    let had_effect = |step: &StepRecord| step.outcome.is_accepted() && !step.is_repeat();
    match () {
        () if record.stopped.is_some() || record.fault.is_some() => Ended::Stopped,
        () if record.steps.iter().all(had_effect) => Ended::Accepted,
        () => Ended::Refused,
    }
}

fn tell(events: Option<&Events>, record: &RunRecord) {
    if let Some(events) = events {
        // Nobody listening is no fault.
        let _ = events.send(Event::RunFinished {
            title: record.title.clone(),
            outcome: record.steps.last().map(|step| step.outcome.clone()),
        });
    }
}

/// Executes the runs of a job in a task of its own, so that a panic costs these runs and no other.
async fn start(session: Arc<Session>, runs: Vec<PlannedRun>, job: Job) -> (Job, Vec<RunRecord>) {
    let begun: Vec<_> = runs.iter().map(RunRecord::of).collect();
    let task = AbortOnDrop(tokio::spawn(async move {
        match runs.as_slice() {
            [run] => vec![execute(&session, run).await],
            runs => execute_batch(&session, runs).await,
        }
    }));
    let broken = |error: tokio::task::JoinError| {
        let record = |record| RunRecord {
            fault: Some(format!("the harness broke down: {error}")),
            ..record
        };
        begun.into_iter().map(record).collect()
    };
    (job, task.await.unwrap_or_else(broken))
}

/// A task that does not outlive the run that waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<Vec<RunRecord>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::future::Future for AbortOnDrop {
    type Output = Result<Vec<RunRecord>, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}
