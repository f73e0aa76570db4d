//! Runs that try one grant after the other (see `plan::batch`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::execute::{begin, execute, go_on};
use super::scope::Scope;
use super::session::Session;
use super::{Outcome, RunRecord};
use crate::plan::{PlannedRun, PlannedStep, touches};

/// What the last request of such a run redeems.
const REDEEMED: [&str; 3] = ["grant_type", "code", "refresh_token"];

/// Whether a grant endures that requests with it are refused, by the planner's name for it.
#[derive(Debug, Default)]
pub struct Endurance {
    by_grant: Mutex<HashMap<String, Arc<Known>>>,
}

/// Locked while the first batch finds it out.
type Known = tokio::sync::Mutex<Option<bool>>;

impl Endurance {
    fn of(&self, runs: &[PlannedRun]) -> Arc<Known> {
        let grant = runs.iter().find_map(|run| run.batch.as_ref());
        let grant = grant.map(|batch| batch.grant.clone()).unwrap_or_default();
        let mut by_grant = self.by_grant.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_grant.entry(grant).or_default())
    }
}

/// Executes the runs of a batch and records each, whatever becomes of it.
pub async fn execute_batch(session: &Session, runs: &[PlannedRun]) -> Vec<RunRecord> {
    let known = session.endurance.of(runs);
    let mut known = known.lock().await;
    match *known {
        None => {
            let (records, endures) = together(session, runs).await;
            *known = endures;
            records
        }
        Some(true) => {
            drop(known);
            together(session, runs).await.0
        }
        Some(false) => {
            drop(known);
            apart(session, runs).await
        }
    }
}

async fn apart(session: &Session, runs: &[PlannedRun]) -> Vec<RunRecord> {
    let mut records = Vec::new();
    for run in runs {
        records.push(execute(session, run).await);
    }
    records
}

/// Lets every run try what the first of them was refused with. Tells also whether that was still good
/// in the end, if it came to that.
async fn together(session: &Session, runs: &[PlannedRun]) -> (Vec<RunRecord>, Option<bool>) {
    let mut records = Vec::new();
    let mut endures = None;
    while let Some((first, others)) = runs[records.len()..].split_first() {
        let (record, scope) = begin(session, first).await;
        let scope = scope.filter(|_| can_be_tried_again(&record));
        let mut tried = vec![record];
        if let Some(mut scope) = scope {
            for other in others {
                tried.push(try_again(session, &mut scope, other, &tried[0]).await);
                if !is_refused(&tried[tried.len() - 1]) {
                    break;
                }
            }
            let others = &others[..tried.len() - 1];
            if let (Some(run), Some(record)) = (others.last(), tried.last()) {
                let was_good =
                    has_redeemed(run, record) || redeem(session, &mut scope, first).await;
                if !was_good {
                    // The first had it fresh from the server.
                    tried.truncate(1);
                    tried.extend(apart(session, others).await);
                }
                endures = Some(was_good && endures != Some(false));
            }
        }
        records.extend(tried);
    }
    (records, endures)
}

/// Whether everything was accepted but the last request, which was refused.
fn can_be_tried_again(record: &RunRecord) -> bool {
    let Some((_, before)) = record.steps.split_last() else {
        return false;
    };
    is_refused(record) && before.iter().all(|step| step.outcome.is_accepted())
}

fn is_refused(record: &RunRecord) -> bool {
    let last = record.steps.last();
    record.stopped.is_none()
        && record.fault.is_none()
        && last.is_some_and(|step| matches!(step.outcome, Outcome::Refused { .. }))
}

/// Makes the last request of a run with what an earlier one had got before its own.
async fn try_again(
    session: &Session,
    scope: &mut Scope,
    run: &PlannedRun,
    earlier: &RunRecord,
) -> RunRecord {
    let mut record = RunRecord {
        steps: earlier.steps[..run.steps.len() - 1].to_vec(),
        ..RunRecord::of(run)
    };
    go_on(session, scope, run, &mut record).await;
    record
}

/// Whether the last run got a token for the grant itself.
fn has_redeemed(run: &PlannedRun, record: &RunRecord) -> bool {
    let mutation = run.steps.last().and_then(|step| step.mutation.as_deref());
    let has_token = record
        .steps
        .last()
        .is_some_and(|step| step.outcome.is_accepted());
    has_token && mutation.is_some_and(|mutation| !touches(mutation, &REDEEMED))
}

/// Makes the honest request, which shows that the grant was good when others were refused with it.
async fn redeem(session: &Session, scope: &mut Scope, run: &PlannedRun) -> bool {
    let Some(last) = run.steps.last() else {
        return false;
    };
    let honest = PlannedRun {
        steps: vec![PlannedStep {
            mutation: None,
            is_probe: false,
            ..last.clone()
        }],
        ..run.clone()
    };
    let mut record = RunRecord::of(&honest);
    go_on(session, scope, &honest, &mut record).await;
    let last = record.steps.last();
    last.is_some_and(|step| step.outcome.is_accepted())
}
