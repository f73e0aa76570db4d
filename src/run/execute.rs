//! Executes one planned run: its steps in order, inner flows in scopes of their own.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

use super::action::{self, Done, Halt};
use super::scope::Scope;
use super::session::Session;
use super::{Outcome, RunRecord, StepRecord, Stopped};
use crate::plan::{PlannedAction, PlannedRun, PlannedStep, describe};

/// Executes `planned` and records it, whatever becomes of it.
pub async fn execute(session: &Session, planned: &PlannedRun) -> RunRecord {
    let mut record = RunRecord {
        id: planned.id.clone(),
        title: planned.title.clone(),
        steps: Vec::new(),
        variables: Value::Null,
        stopped: None,
        fault: None,
    };
    let mut clients = Map::new();
    for profile in &planned.clients {
        match session.client(profile).await {
            Ok(client) => {
                clients.insert(profile.clone(), client.variables());
            }
            Err(reason) => {
                record.stopped = Some(Stopped {
                    step: first_step(planned),
                    reason,
                });
                return record;
            }
        }
    }
    let mut scope = Scope::new(session, Value::Object(clients));
    let halted = steps(session, &mut scope, &planned.steps, "", &mut record.steps).await;
    match halted {
        Ok(()) => {}
        Err((step, Halt::Stopped(reason))) => record.stopped = Some(Stopped { step, reason }),
        Err((step, Halt::Fault(reason))) => record.fault = Some(format!("step {step}: {reason}")),
    }
    let client = last_client(session, &scope, &planned.steps).await;
    let own = Value::Object(scope.own_variables(client.as_ref()));
    record.variables = session.http.vault().redact_value(&own);
    record
}

fn first_step(planned: &PlannedRun) -> String {
    planned.step_names().first().cloned().unwrap_or_default()
}

type Halted = Result<(), (String, Halt)>;

/// Executes steps; boxed, since inner flows nest.
fn steps<'a>(
    session: &'a Session,
    scope: &'a mut Scope,
    planned: &'a [PlannedStep],
    prefix: &'a str,
    records: &'a mut Vec<StepRecord>,
) -> Pin<Box<dyn Future<Output = Halted> + Send + 'a>> {
    Box::pin(async move {
        let by_name: HashMap<&str, &PlannedStep> = planned
            .iter()
            .map(|step| (step.name.as_str(), step))
            .collect();
        for step in planned {
            let name = format!("{prefix}{}", step.name);
            match &step.action {
                PlannedAction::Flow(inner) => {
                    let mut inner_scope = scope.inner(session);
                    let below = format!("{name}/");
                    let first = records.len();
                    steps(session, &mut inner_scope, inner, &below, records).await?;
                    records.push(summary(session, name, &records[first..], &inner_scope));
                    scope.keep(&step.name, inner_scope.results());
                }
                PlannedAction::One(one) => {
                    let earlier = |name: &str| match &by_name.get(name)?.action {
                        PlannedAction::One(action) => {
                            Some(((**action).clone(), by_name.get(name)?.mutation.clone()))
                        }
                        PlannedAction::Flow(_) => None,
                    };
                    let mutation = step.mutation.as_ref();
                    let done = action::execute(session, scope, &step.name, one, mutation, &earlier)
                        .await
                        .map_err(|halt| (name.clone(), halt))?;
                    records.push(record(session, name, step, one.word(), &done));
                    scope.keep(&step.name, Value::Object(done.result));
                }
            }
        }
        Ok(())
    })
}

/// The record of an inner flow, after those of its steps.
fn summary(session: &Session, name: String, inner: &[StepRecord], scope: &Scope) -> StepRecord {
    let failed = inner.iter().find(|step| !step.outcome.is_accepted());
    StepRecord {
        name,
        action: "flow".to_owned(),
        mutation: String::new(),
        outcome: failed.map_or(Outcome::Accepted, |step| step.outcome.clone()),
        result: session.http.vault().redact_value(&scope.results()),
        exchanges: inner
            .iter()
            .flat_map(|step| step.exchanges.clone())
            .collect(),
    }
}

fn record(
    session: &Session,
    name: String,
    step: &PlannedStep,
    word: &str,
    done: &Done,
) -> StepRecord {
    let vault = session.http.vault();
    let result = Value::Object(done.result.clone());
    StepRecord {
        name,
        action: word.to_owned(),
        mutation: step
            .mutation
            .as_ref()
            .map(|mutation| vault.redact_text(&describe(mutation)))
            .unwrap_or_default(),
        outcome: redacted(session, &done.outcome),
        result: vault.redact_value(&result),
        exchanges: done.exchanges.clone(),
    }
}

fn redacted(session: &Session, outcome: &Outcome) -> Outcome {
    let vault = session.http.vault();
    match outcome {
        Outcome::Accepted => Outcome::Accepted,
        Outcome::Refused { reason } => Outcome::Refused {
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
