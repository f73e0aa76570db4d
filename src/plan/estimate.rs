//! How much a plan will ask of the server, before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Batch, Disposition, Knowledge, Plan, PlannedAction, PlannedCase, PlannedRun, PlannedStep,
};
use crate::run::Counts;
use crate::suite::{Action, MAIN_BROWSER, McpVersion};

/// Pages of an ordinary authorization: the request, the consent, and the form or a redirect; a
/// user agent that is logged in already meets no form.
const REQUESTS_PER_LOGIN: u64 = 3;
/// Handshake and operation; MCP 2026-07-28 knows no handshake.
const REQUESTS_PER_CALL: u64 = 3;
/// The profile whose tokens end too soon to be shared.
const SHORT_LIVED: &str = "short_lived";

/// What a run of the whole plan depends on.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Runs that are made before those of the plan.
    pub before: Vec<PlannedRun>,
    /// Runs may share grants.
    pub shares: bool,
    /// Runs at the same time.
    pub at_once: usize,
}

/// Counts of what the plan sends to a server that refuses what it should. A control counts twice
/// where a refusal rests on it, as it runs first and last; a grant that runs share counts once.
///
/// Requests are an estimate, since pages differ. What is scarce is rounded up, as somebody may set a
/// cap from it: a refusal may come late, and any control may be made twice.
pub fn estimate(plan: &Plan, knowledge: &Knowledge, setting: &Setting) -> Counts {
    let mut counts = Counts::default();
    let mut clients = BTreeSet::new();
    let mut shared = Counts::default();
    let mut keys = BTreeSet::new();
    let mut everyday = BTreeMap::new();
    let mut nested = 0;
    let refusals = refusals(plan);
    let twice = made_twice(plan);
    let planned = plan.runs.values().filter(|run| run.part_of.is_none());
    let is_made = |id: &String| setting.before.iter().any(|run| run.id == *id);
    let before = setting.before.iter().map(|run| (run, true));
    for (run, is_before) in before.chain(planned.map(|run| (run, false))) {
        let id = &run.id;
        if !is_before && is_made(id) && !run.is_control {
            continue;
        }
        let mut one = Estimate {
            counts: Counts::default(),
            shared: &mut shared,
            shares: setting.shares && !is_before,
            per_call: match plan.mcp_version < McpVersion::V20260728 {
                true => REQUESTS_PER_CALL,
                false => 1,
            },
            keys: &mut keys,
            everyday: &mut everyday,
            refused: refusals.get(id.as_str()),
            refusals: 0,
            depths: BTreeSet::new(),
        };
        // The first run of a batch gets the grant, and honestly tries it in the end.
        let is_first = |batch: &Batch| batch.first == *id;
        let (done, extra) = match run.batch.as_ref().map(is_first) {
            None => (0, 0),
            Some(true) => (0, 1),
            Some(false) => (run.steps.len() - 1, 0),
        };
        one.steps(&run.steps[done..], "");
        nested += u64::from(one.depths.len() > 1);
        let mut one = one.counts;
        one.requests += extra;
        one.token_requests += extra;
        // One that was made before is not made first.
        let first = u64::from(!is_made(id) || is_before);
        let times = first + u64::from(!is_before && twice.contains(id.as_str()));
        counts.requests += times * one.requests;
        let times = first + u64::from(run.is_control && !is_before);
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
    // A browser that is logged in serves one run at a time, and one inner flow of it.
    let at_once = setting.at_once as u64;
    counts.logins += nested.min(at_once);
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
    shares: bool,
    /// Requests of a call.
    per_call: u64,
    keys: &'e mut BTreeSet<&'p String>,
    /// Authorizations of each user for which one who is logged in will do.
    everyday: &'e mut BTreeMap<String, u64>,
    refused: Option<&'e BTreeSet<&'p str>>,
    /// How many of them were passed.
    refusals: usize,
    /// How deep in inner flows somebody is to be logged in; each has a browser of its own.
    depths: BTreeSet<usize>,
}

impl<'p> Estimate<'_, 'p> {
    /// Adds what `steps` send. Which of several refusals comes is the server's choice: of requests,
    /// those up to the first are counted, of what is scarce all up to the last.
    fn steps(&mut self, steps: &'p [PlannedStep], prefix: &str) {
        for step in steps {
            if self.refusals > 0 && self.refused.is_none_or(|at| self.refusals >= at.len()) {
                return;
            }
            let name = format!("{prefix}{}", step.name);
            let is_refused = self.refused.is_some_and(|at| at.contains(name.as_str()));
            match &step.action {
                PlannedAction::One(action) => {
                    self.act(action, steps, is_refused);
                    let is_last = self.refused.is_none_or(|at| self.refusals + 1 >= at.len());
                    self.log_in(step, prefix.matches('/').count(), is_refused && is_last);
                }
                PlannedAction::Flow(inner) => match self.key(step, inner) {
                    None => self.steps(inner, &format!("{name}/")),
                    Some(key) => {
                        if self.keys.insert(key) {
                            self.grant(inner);
                        }
                        self.depths.insert(prefix.matches('/').count() + 1);
                    }
                },
            }
            self.refusals += usize::from(is_refused);
        }
    }

    /// What a grant is shared by, unless each run makes its own: also one whose token soon ends.
    fn key(&self, step: &'p PlannedStep, inner: &[PlannedStep]) -> Option<&'p String> {
        let is_short = |step: &PlannedStep| match step.one() {
            Some(Action::Token(token)) => token.client == SHORT_LIVED,
            _ => false,
        };
        let shares = self.shares && !inner.iter().any(is_short);
        step.shared.as_ref().filter(|_| shares)
    }

    fn act(&mut self, action: &Action, steps: &[PlannedStep], is_refused: bool) {
        let requests = self.counts.requests;
        add_action(action, steps, (is_refused, self.per_call), &mut self.counts);
        if self.refusals > 0 {
            self.counts.requests = requests;
        }
    }

    /// Counts a login, unless somebody is logged in already in a browser of everyday.
    fn log_in(&mut self, step: &PlannedStep, depth: usize, is_refused: bool) {
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
                self.depths.insert(depth);
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
                    add_action(action, steps, (false, self.per_call), self.shared);
                    self.log_in(step, 1, false);
                }
                PlannedAction::Flow(inner) => self.grant(inner),
            }
        }
    }
}

fn add_action(
    action: &Action,
    steps: &[PlannedStep],
    (is_refused, per_call): (bool, u64),
    counts: &mut Counts,
) {
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
        Action::Call(_) => counts.requests += if is_refused { 1 } else { per_call },
        Action::Repeat(step) => {
            let times = u64::from(step.times);
            counts.requests += times;
            let repeated = steps.iter().find(|earlier| earlier.name == step.step);
            match repeated.and_then(PlannedStep::one) {
                Some(Action::Token(_)) => counts.token_requests += times,
                Some(Action::Register(_)) => counts.registrations += times,
                _ => {}
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
