//! Executes one planned run: its steps in order, inner flows in scopes of their own.

use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::action::{self, Halt, Order};
use super::grants::Grant;
use super::recording::FLOW;
use super::scope::Scope;
use super::session::Session;
use super::{Compact, Outcome, RunRecord, StepRecord, Stopped};
use crate::plan::{PlannedAction, PlannedRun, PlannedStep, describe};

/// Executes `planned` and records it, whatever becomes of it.
pub async fn execute(session: &Session, planned: &PlannedRun) -> RunRecord {
    begin(session, planned).await.0
}

/// Executes `planned`; what it knows in the end comes with the record, if it went through its steps.
pub(super) async fn begin(session: &Session, planned: &PlannedRun) -> (RunRecord, Option<Scope>) {
    let mut record = RunRecord::of(planned);
    let mut clients = Map::new();
    for profile in &planned.clients {
        match session.client(profile).await {
            Ok(client) => {
                clients.insert(profile.clone(), client.variables());
            }
            Err(none) => {
                halt(
                    session,
                    first_step(planned),
                    Halt::NoClient(none),
                    &mut record,
                );
                return (record, None);
            }
        }
    }
    let mut scope = Scope::new(session, Value::Object(clients));
    let is_through = go_on(session, &mut scope, planned, &mut record).await;
    (record, is_through.then_some(scope))
}

/// Executes the steps of `planned` that have no record yet; whether it came to the end.
pub(super) async fn go_on(
    session: &Session,
    scope: &mut Scope,
    planned: &PlannedRun,
    record: &mut RunRecord,
) -> bool {
    let may_end = session.may_end(&planned.id);
    let mut halted = Ok(());
    for at in record.steps.len()..planned.steps.len() {
        // What is judged of a run under way reads them.
        if may_end && !record.steps.is_empty() {
            note_variables(session, scope, planned, record).await;
            if session.is_settled(record) {
                let next = planned.steps[at].name.clone();
                halted = Err((next, Halt::Stopped(NO_MATTER.to_owned())));
                break;
            }
        }
        let part = at..=at;
        halted = steps(session, scope, &planned.steps, part, &mut record.steps).await;
        if halted.is_err() {
            break;
        }
    }
    note_variables(session, scope, planned, record).await;
    give_back_logins(session, scope);
    let is_through = halted.is_ok();
    if let Err((step, why)) = halted {
        halt(session, step, why, record);
    }
    is_through
}

async fn note_variables(
    session: &Session,
    scope: &Scope,
    planned: &PlannedRun,
    record: &mut RunRecord,
) {
    if !planned.notes_own_names {
        return;
    }
    let client = last_client(session, scope, &planned.steps).await;
    let own = Value::Object(scope.own_variables(client.as_ref()));
    record.variables = Compact::written(&session.http.vault().redacted(&own));
}

fn give_back_logins(session: &Session, scope: &mut Scope) {
    for (user, jar) in scope.take_logins() {
        session.logins.give_back(user, jar);
    }
}

/// Records why the run goes no further. Reasons hold words of the server.
fn halt(session: &Session, step: String, why: Halt, record: &mut RunRecord) {
    let reason = session.http.vault().redact_text(&why.to_string());
    let (lacks, exchanges) = match why {
        Halt::Fault(_) => {
            record.fault = Some(format!("step {step}: {reason}"));
            return;
        }
        Halt::Stopped(_) => (None, Vec::new()),
        Halt::Lacking(name) => (Some(name), Vec::new()),
        Halt::NoClient(none) => (none.step, none.exchanges),
    };
    record.stopped = Some(Stopped {
        step,
        reason,
        lacks,
        exchanges,
    });
}

fn first_step(planned: &PlannedRun) -> String {
    planned.step_names().first().cloned().unwrap_or_default()
}

/// Why a run ends before its last step although it could go on.
const NO_MATTER: &str = "what came before shows that no check of this run applies";

type Halted = Result<(), (String, Halt)>;

/// Executes a part of the steps; boxed, since inner flows nest.
fn steps<'a>(
    session: &'a Session,
    scope: &'a mut Scope,
    planned: &'a [PlannedStep],
    part: RangeInclusive<usize>,
    records: &'a mut Vec<StepRecord>,
) -> Pin<Box<dyn Future<Output = Halted> + Send + 'a>> {
    Box::pin(async move {
        for step in &planned[part] {
            let name = step.name.clone();
            match &step.action {
                PlannedAction::Flow(inner) => {
                    let mut made = Vec::new();
                    let ended = inner_flow(session, scope, inner, step.shared.as_ref(), &mut made)
                        .await
                        .map_err(|(at, halt)| (format!("{name}/{at}"), halt));
                    let first = records.len();
                    records.extend(made.into_iter().map(|inner| StepRecord {
                        name: format!("{name}/{}", inner.name),
                        ..inner
                    }));
                    let results = ended?;
                    records.push(summary(name, &records[first..]));
                    scope.keep(&step.name, results);
                }
                PlannedAction::One(one) => {
                    let earlier = |name: &str| {
                        let step = planned.iter().find(|step| step.name == name)?;
                        match &step.action {
                            PlannedAction::One(action) => {
                                Some(((**action).clone(), step.mutation.as_deref().cloned()))
                            }
                            PlannedAction::Flow(_) => None,
                        }
                    };
                    let mutation = step.mutation.as_deref();
                    let order = Order {
                        name: &step.name,
                        action: one,
                        mutation,
                        is_probe: step.is_probe,
                    };
                    let done = action::execute(session, scope, order, &earlier)
                        .await
                        .map_err(|halt| (name.clone(), halt))?;
                    let result = Value::Object(done.result);
                    records.push(StepRecord {
                        name,
                        action: one.word().to_owned(),
                        mutation: deviation(session, step),
                        outcome: redacted(session, &done.outcome),
                        result: Compact::written(&session.http.vault().redacted(&result)),
                        exchanges: done.exchanges,
                    });
                    scope.keep(&step.name, Arc::new(result));
                }
            }
        }
        Ok(())
    })
}

/// Executes an inner flow, or takes what a shared one brought.
async fn inner_flow(
    session: &Session,
    scope: &Scope,
    planned: &[PlannedStep],
    shared: Option<&String>,
    made: &mut Vec<StepRecord>,
) -> Result<Arc<Value>, (String, Halt)> {
    let slot = session.grants.slot(shared);
    let mut place = match &slot {
        Some(slot) => Some(slot.lock().await),
        None => None,
    };
    let known = place.as_deref().and_then(Option::as_ref);
    if let Some(grant) = known.filter(|grant| grant.is_fresh()) {
        made.clone_from(&grant.records);
        return Ok(Arc::clone(&grant.results));
    }
    let mut inner = scope.inner(session);
    let all = 0..=planned.len().saturating_sub(1);
    let ended = steps(session, &mut inner, planned, all, made).await;
    give_back_logins(session, &mut inner);
    ended?;
    let results = Arc::new(inner.results());
    if let Some(place) = place.as_deref_mut() {
        *place = Grant::shareable(made, &results);
    }
    Ok(results)
}

/// The record of an inner flow, after those of its steps, which hold its results.
fn summary(name: String, inner: &[StepRecord]) -> StepRecord {
    let failed = inner.iter().find(|step| !step.outcome.is_accepted());
    StepRecord {
        name,
        action: FLOW.to_owned(),
        mutation: String::new(),
        outcome: failed.map_or(Outcome::Accepted, |step| step.outcome.clone()),
        result: Compact::default(),
        exchanges: inner
            .iter()
            .flat_map(|step| step.exchanges.clone())
            .collect(),
    }
}

/// A step's mutation in one line.
fn deviation(session: &Session, step: &PlannedStep) -> String {
    let mutation = step.mutation.as_deref();
    let line = mutation.map(|mutation| session.http.vault().redact_known(&describe(mutation)));
    line.unwrap_or_default()
}

fn redacted(session: &Session, outcome: &Outcome) -> Outcome {
    let vault = session.http.vault();
    match outcome {
        Outcome::Accepted => Outcome::Accepted,
        Outcome::Refused { reason } => Outcome::Refused {
            reason: vault.redact_text(reason),
        },
        Outcome::Broke { reason } => Outcome::Broke {
            reason: vault.redact_text(reason),
        },
        Outcome::Undecided { reason } => Outcome::Undecided {
            reason: vault.redact_text(reason),
        },
    }
}

/// The client of the last step that has one, for conditions that read `client`.
async fn last_client(
    session: &Session,
    scope: &Scope,
    planned: &[PlannedStep],
) -> Option<super::session::KnownClient> {
    let name = planned.iter().rev().find_map(|step| match &step.action {
        PlannedAction::One(action) => action::client_of(action),
        PlannedAction::Flow(_) => None,
    })?;
    scope.client(session, name).await.ok()
}
