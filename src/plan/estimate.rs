//! How much a plan will ask of the server, before anything is sent.

use std::collections::BTreeSet;

use super::{Knowledge, Plan, PlannedAction, PlannedStep};
use crate::run::Counts;
use crate::suite::Action;

/// Pages of an ordinary login: the form, its submission, the consent, its submission.
const REQUESTS_PER_LOGIN: u64 = 5;
/// Handshake and operation.
const REQUESTS_PER_CALL: u64 = 3;

/// Counts of what the plan sends: exact for registrations, logins and token requests of the
/// planned runs, an estimate for all requests together (pages differ). Controls count twice, as
/// they run first and last.
pub fn estimate(plan: &Plan, knowledge: &Knowledge) -> Counts {
    let mut counts = Counts::default();
    let mut clients = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for run in plan.runs.values() {
        let times = if run.is_control { 2 } else { 1 };
        let mut one = Counts::default();
        add_steps(&run.steps, &mut one, &mut shared);
        counts.requests += times * one.requests;
        counts.registrations += times * one.registrations;
        counts.logins += times * one.logins;
        counts.token_requests += times * one.token_requests;
        clients.extend(
            run.clients
                .iter()
                .filter(|client| !knowledge.given_clients.contains(client)),
        );
    }
    let registrations = clients.len() as u64;
    counts.registrations += registrations;
    // One request to register each shared client, one to delete it at the end.
    counts.requests += 2 * registrations;
    counts
}

/// Adds what `steps` send; a grant that runs share counts once.
fn add_steps<'p>(steps: &'p [PlannedStep], counts: &mut Counts, shared: &mut BTreeSet<&'p String>) {
    for step in steps {
        match &step.action {
            PlannedAction::Flow(_)
                if step.shared.as_ref().is_some_and(|key| !shared.insert(key)) => {}
            PlannedAction::Flow(inner) => add_steps(inner, counts, shared),
            PlannedAction::One(action) => add_action(action, steps, counts),
        }
    }
}

fn add_action(action: &Action, steps: &[PlannedStep], counts: &mut Counts) {
    match action {
        Action::Authorize(step) => {
            counts.requests += REQUESTS_PER_LOGIN;
            if step.stop_before.is_none() {
                counts.logins += 1;
            }
        }
        Action::Register(_) => {
            counts.requests += 2;
            counts.registrations += 1;
        }
        Action::Token(_) => {
            counts.requests += 1;
            counts.token_requests += 1;
        }
        Action::Call(_) => counts.requests += REQUESTS_PER_CALL,
        Action::Repeat(step) => {
            let times = u64::from(step.times);
            counts.requests += times;
            let of_token = steps.iter().any(|earlier| {
                earlier.name == step.step
                    && matches!(&earlier.action, PlannedAction::One(one)
                        if matches!(**one, Action::Token(_)))
            });
            if of_token {
                counts.token_requests += times;
            }
        }
        Action::Fetch(_) | Action::Revoke(_) | Action::Introspect(_) | Action::Push(_) => {
            counts.requests += 1;
        }
        Action::Discover(_) => counts.requests += 4,
        Action::Host(_)
        | Action::Visits(_)
        | Action::Obtain(_)
        | Action::Wait(_)
        | Action::Audit(_)
        | Action::Flow(_) => {}
    }
}
