//! How much a plan will ask of the server, before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use super::{Batch, Disposition, Knowledge, Plan, PlannedAction, PlannedCase, PlannedStep};
use crate::run::Counts;
use crate::suite::{Action, MAIN_BROWSER};

/// Pages of an ordinary authorization: the request, the consent, and the form or a redirect; a
/// user agent that is logged in already meets no form.
const REQUESTS_PER_LOGIN: u64 = 3;
/// Handshake and operation.
const REQUESTS_PER_CALL: u64 = 3;

/// Counts of what the plan sends to a server that refuses what it should: an estimate, since pages
/// differ. `at_once` is how many runs go on at the same time. A control counts twice where a refusal
/// rests on it, as it runs first and last; a grant that runs share counts once.
pub fn estimate(plan: &Plan, knowledge: &Knowledge, at_once: usize) -> Counts {
    let mut counts = Counts::default();
    let mut clients = BTreeSet::new();
    let mut shared = Counts::default();
    let mut keys = BTreeSet::new();
    let mut everyday = BTreeMap::new();
    let refusals = refusals(plan);
    let twice = made_twice(plan);
    for (id, run) in plan.runs.iter().filter(|(_, run)| run.part_of.is_none()) {
        let mut one = Estimate {
            counts: Counts::default(),
            shared: &mut shared,
            keys: &mut keys,
            everyday: &mut everyday,
            refused: refusals.get(id.as_str()),
        };
        // The first run of a batch gets the grant, and honestly tries it in the end.
        let is_first = |batch: &Batch| batch.first == *id;
        let (before, extra) = match run.batch.as_ref().map(is_first) {
            None => (0, 0),
            Some(true) => (0, 1),
            Some(false) => (run.steps.len() - 1, 0),
        };
        one.steps(&run.steps[before..], "");
        let mut one = one.counts;
        one.requests += extra;
        one.token_requests += extra;
        let times = if twice.contains(id.as_str()) { 2 } else { 1 };
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
    counts.requests += shared.requests;
    // A browser that is logged in serves one run at a time.
    let at_once = at_once as u64;
    counts.logins += everyday
        .values()
        .map(|wanted| *wanted.min(&at_once))
        .sum::<u64>();
    counts.token_requests += shared.token_requests;
    let registrations = clients.len() as u64;
    counts.registrations += registrations;
    // One request to register each shared client, one to delete it at the end.
    counts.requests += 2 * registrations;
    counts
}

/// The steps at which each run's cases want a refusal: what comes after it is never sent.
fn refusals(plan: &Plan) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut refusals: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in &plan.cases {
        for run in case.disposition.runs() {
            let at = refusals.entry(run).or_default();
            at.extend(case.check.expect.refused_at.iter().map(String::as_str));
        }
    }
    refusals
}

/// The runs that are made first and last, as a refusal rests on them or on a beginning of them.
fn made_twice(plan: &Plan) -> BTreeSet<&str> {
    let wants_refusal = |case: &&PlannedCase| {
        let expect = &case.check.expect;
        !expect.refused_at.is_empty() || !expect.at_most_one.is_empty()
    };
    let control = |case: &'_ PlannedCase| match &case.disposition {
        Disposition::Run { control, .. } => plan.runs.get(control.as_ref()?),
        _ => None,
    };
    let cases = plan.cases.iter().filter(wants_refusal);
    let controls = cases.filter_map(control);
    controls
        .map(|run| run.part_of.as_ref().unwrap_or(&run.id).as_str())
        .collect()
}

struct Estimate<'e, 'p> {
    counts: Counts,
    shared: &'e mut Counts,
    keys: &'e mut BTreeSet<&'p String>,
    /// Authorizations of each user for which one who is logged in will do.
    everyday: &'e mut BTreeMap<String, u64>,
    refused: Option<&'e BTreeSet<&'p str>>,
}

impl<'p> Estimate<'_, 'p> {
    /// Adds what `steps` send; false once a refusal ends the run.
    fn steps(&mut self, steps: &'p [PlannedStep], prefix: &str) -> bool {
        for step in steps {
            let name = format!("{prefix}{}", step.name);
            let is_refused = self.refused.is_some_and(|at| at.contains(name.as_str()));
            let goes_on = match &step.action {
                PlannedAction::One(action) => {
                    add_action(action, steps, is_refused, &mut self.counts);
                    self.log_in(step, is_refused);
                    !is_refused
                }
                PlannedAction::Flow(inner) => match &step.shared {
                    None => self.steps(inner, &format!("{name}/")),
                    Some(key) => {
                        if self.keys.insert(key) {
                            self.grant(inner);
                        }
                        true
                    }
                },
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    /// Counts a login, unless somebody is logged in already in a browser of everyday.
    fn log_in(&mut self, step: &PlannedStep, is_refused: bool) {
        let PlannedAction::One(action) = &step.action else {
            return;
        };
        let Action::Authorize(authorize) = &**action else {
            return;
        };
        if is_refused || authorize.stop_before.is_some() {
            return;
        }
        let mutation = step.mutation.as_ref();
        let consent = mutation.and_then(|mutation| mutation.consent.as_ref());
        let user = mutation.and_then(|mutation| mutation.user.as_ref());
        let is_everyday =
            authorize.browser == MAIN_BROWSER && consent.unwrap_or(&authorize.consent) == "approve";
        match is_everyday {
            true => {
                *self
                    .everyday
                    .entry(user.unwrap_or(&authorize.user).clone())
                    .or_default() += 1
            }
            false => self.counts.logins += 1,
        }
    }

    /// Adds a grant that is made once for all.
    fn grant(&mut self, steps: &'p [PlannedStep]) {
        for step in steps {
            match &step.action {
                PlannedAction::One(action) => {
                    add_action(action, steps, false, self.shared);
                    self.log_in(step, false);
                }
                PlannedAction::Flow(inner) => self.grant(inner),
            }
        }
    }
}

fn add_action(action: &Action, steps: &[PlannedStep], is_refused: bool, counts: &mut Counts) {
    match action {
        // Refused before anybody logs in.
        Action::Authorize(_) if is_refused => counts.requests += 1,
        Action::Authorize(_) => counts.requests += REQUESTS_PER_LOGIN,
        Action::Register(_) => {
            counts.requests += if is_refused { 1 } else { 2 };
            counts.registrations += 1;
        }
        Action::Token(_) => {
            counts.requests += 1;
            counts.token_requests += 1;
        }
        Action::Call(_) => counts.requests += if is_refused { 1 } else { REQUESTS_PER_CALL },
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
        | Action::Sample(_)
        | Action::Flow(_) => {}
    }
}
