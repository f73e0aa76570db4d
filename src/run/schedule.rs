//! The order of runs: a control before everything that rests on it, and again after it.
//!
//! Nothing waits for more than that, so that the runs which let time pass can begin early and the
//! others fill the time.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::plan::{Disposition, Plan, PlannedAction, PlannedRun, PlannedStep};
use crate::suite::{Action, MAIN_BROWSER};

/// One execution of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A run, for the first time.
    First(String),
    /// A control once more, after all that rests on it.
    Again(String),
}

impl Job {
    /// The run's id.
    pub fn run(&self) -> &str {
        match self {
            Self::First(run) | Self::Again(run) => run,
        }
    }

    /// The same for another run.
    pub fn of(&self, run: &str) -> Self {
        match self {
            Self::First(_) => Self::First(run.to_owned()),
            Self::Again(_) => Self::Again(run.to_owned()),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every request had its effect.
    Accepted,
    /// It went to its last step, and some request had no effect.
    Refused,
    /// It did not get to its last step.
    Stopped,
}

/// What is still to be done, and what it waits for.
#[derive(Debug)]
pub struct Schedule {
    /// Jobs not started, by priority.
    waiting: Vec<Job>,
    /// The jobs that each waits for.
    needs: BTreeMap<Job, BTreeSet<Job>>,
    /// The same the other way: the jobs that wait for each.
    awaited_by: BTreeMap<Job, Vec<Job>>,
    /// For each run that rests on controls: which.
    controls: BTreeMap<String, BTreeSet<String>>,
    /// For each run that stands for others: which.
    parts: BTreeMap<String, Vec<String>>,
    /// For each first run of a batch: the others.
    others: BTreeMap<String, Vec<String>>,
    /// For each run: the controls that it needs before and after it, if something was refused.
    rests_on: BTreeMap<String, BTreeSet<String>>,
    /// The controls that a refusal rests on.
    wanted: BTreeSet<String>,
}

/// The runs that another one stands for, by that one.
fn parts(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in plan.runs.values() {
        if let Some(whole) = &run.part_of {
            parts.entry(whole.clone()).or_default().push(run.id.clone());
        }
    }
    parts
}

/// The runs that try a grant after the first of their batch, by the first.
fn others(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in plan.runs.values() {
        if let Some(batch) = run.batch.as_ref().filter(|batch| batch.first != run.id) {
            let after = others.entry(batch.first.clone()).or_default();
            after.push(run.id.clone());
        }
    }
    others
}

impl Schedule {
    /// The schedule of a plan; runs in `done` need no first execution.
    pub fn new(plan: &Plan, done: &BTreeSet<&str>) -> Self {
        let mut controls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut free: BTreeSet<&str> = BTreeSet::new();
        let mut needs: BTreeMap<Job, BTreeSet<Job>> = BTreeMap::new();
        for case in &plan.cases {
            match &case.disposition {
                Disposition::Run {
                    run,
                    control: Some(control),
                    rounds,
                } => {
                    let mut before: Option<&String> = None;
                    for run in std::iter::once(run).chain(rounds) {
                        let on = controls.entry(run.clone()).or_default();
                        on.insert(control.clone());
                        // One after the other, in one browser that is logged in.
                        if let Some(before) = before.replace(run) {
                            let after = needs.entry(Job::First(run.clone())).or_default();
                            after.insert(Job::First(before.clone()));
                        }
                    }
                }
                Disposition::Run {
                    run, control: None, ..
                } => {
                    free.insert(run);
                }
                _ => {}
            }
        }
        for (run, on) in &controls {
            for control in on {
                let first = Job::First(control.clone());
                if !done.contains(control.as_str()) {
                    needs
                        .entry(Job::First(run.clone()))
                        .or_default()
                        .insert(first);
                }
                let again = needs.entry(Job::Again(control.clone())).or_default();
                again.insert(Job::First(run.clone()));
            }
        }
        let parts = parts(plan);
        for (whole, all) in &parts {
            for part in all {
                let Some(after) = needs.remove(&Job::Again(part.clone())) else {
                    continue;
                };
                needs
                    .entry(Job::Again(whole.clone()))
                    .or_default()
                    .extend(after);
            }
        }
        let others = others(plan);
        let within = parts.values().chain(others.values());
        let comes_along: BTreeSet<&String> = within.flatten().collect();
        let mut waiting: Vec<Job> = plan
            .runs
            .keys()
            .filter(|run| !done.contains(run.as_str()) && !comes_along.contains(run))
            .map(|run| Job::First(run.clone()))
            .collect();
        let priorities = Priorities::new(plan, &controls);
        waiting.sort_by_cached_key(|job| {
            let run = job.run();
            let all = parts.get(run).into_iter().flatten();
            let all = all.map(|part| priorities.of(plan, part));
            (
                all.fold(priorities.of(plan, run), u8::min),
                plan.runs.get(run).map(login),
            )
        });
        waiting.extend(
            needs
                .keys()
                .filter(|job| matches!(job, Job::Again(_)))
                .cloned(),
        );
        let rests_on = controls.clone();
        // A run that some case needs for itself is worth making though its control has failed.
        controls.retain(|run, _| !free.contains(run.as_str()));
        let mut awaited_by: BTreeMap<Job, Vec<Job>> = BTreeMap::new();
        for (job, before) in &needs {
            for before in before {
                let after = awaited_by.entry(before.clone()).or_default();
                after.push(job.clone());
            }
        }
        Self {
            waiting,
            needs,
            awaited_by,
            controls,
            parts,
            others,
            rests_on,
            wanted: BTreeSet::new(),
        }
    }

    /// The runs that this one stands for.
    pub fn parts(&self, run: &str) -> Vec<String> {
        self.parts.get(run).cloned().unwrap_or_default()
    }

    /// The runs that a job makes, in their order.
    pub fn runs(&self, job: &Job) -> Vec<String> {
        let others = match job {
            Job::First(run) => self.others.get(run),
            Job::Again(_) => None,
        };
        let first = std::iter::once(job.run());
        let others = others.into_iter().flatten().map(String::as_str);
        first.chain(others).map(str::to_owned).collect()
    }

    /// Adds a job that was not to be done.
    pub fn add(&mut self, job: Job) {
        self.waiting.push(job);
    }

    /// How many runs have not begun, controls once more among them.
    pub fn len(&self) -> usize {
        self.waiting.iter().map(|job| self.runs(job).len()).sum()
    }

    /// The next job that waits for nothing, if there is one now. A control that no refusal rests on
    /// is not made again.
    pub fn next(&mut self) -> Option<Job> {
        loop {
            let ready = |job: &Job| self.needs.get(job).is_none_or(BTreeSet::is_empty);
            let at = self.waiting.iter().position(ready)?;
            let job = self.waiting.remove(at);
            if self.is_wanted(&job) {
                return Some(job);
            }
        }
    }

    fn is_wanted(&self, job: &Job) -> bool {
        let Job::Again(control) = job else {
            return true;
        };
        let parts = self.parts.get(control).into_iter().flatten();
        let mut all = parts.chain([control]);
        all.any(|control| self.wanted.contains(control))
    }

    /// Marks a job as done; how it ended decides if what rests on it is worth sending.
    pub fn finish(&mut self, job: &Job, ended: Ended) {
        self.forget(job);
        let Job::First(run) = job else { return };
        if ended != Ended::Accepted {
            let controls = self.rests_on.get(run).into_iter().flatten();
            self.wanted.extend(controls.cloned());
        }
        if ended == Ended::Stopped {
            self.drop_hopeless(run);
        }
    }

    /// Nothing waits for a job any more.
    fn forget(&mut self, job: &Job) {
        for after in self.awaited_by.remove(job).into_iter().flatten() {
            if let Some(needs) = self.needs.get_mut(&after) {
                needs.remove(job);
            }
        }
    }

    /// Forgets runs whose every control has failed: sending them would prove nothing.
    fn drop_hopeless(&mut self, control: &str) {
        for on in self.controls.values_mut() {
            on.remove(control);
        }
        let hopeless: Vec<String> = self
            .controls
            .iter()
            .filter(|(_, on)| on.is_empty())
            .map(|(run, _)| run.clone())
            .collect();
        for run in hopeless {
            self.controls.remove(&run);
            self.waiting.retain(|job| *job != Job::First(run.clone()));
            self.forget(&Job::First(run));
        }
    }
}

/// What decides which run goes first.
struct Priorities<'a> {
    /// Runs that let time pass, and rounds, which come one after the other.
    slow: HashSet<&'a str>,
    /// Their controls.
    of_slow: HashSet<&'a str>,
}

impl<'a> Priorities<'a> {
    fn new(plan: &'a Plan, controls: &'a BTreeMap<String, BTreeSet<String>>) -> Self {
        let slow = plan.runs.values().filter(|run| lets_time_pass(run));
        let mut slow: HashSet<&str> = slow.map(|run| run.id.as_str()).collect();
        let in_rounds = plan
            .cases
            .iter()
            .filter(|case| case.disposition.runs().count() > 1);
        slow.extend(in_rounds.flat_map(|case| case.disposition.runs().map(String::as_str)));
        let of_slow = controls
            .iter()
            .filter(|(hostile, _)| slow.contains(hostile.as_str()))
            .flat_map(|(_, on)| on.iter().map(String::as_str))
            .collect();
        Self { slow, of_slow }
    }

    /// Lower goes first: what takes long, its controls, other controls, the rest.
    fn of(&self, plan: &Plan, run: &str) -> u8 {
        let is_control = plan.runs.get(run).is_some_and(|run| run.is_control);
        match () {
            () if self.slow.contains(run) => 0,
            () if self.of_slow.contains(run) => 1,
            () if is_control => 2,
            () => 3,
        }
    }
}

/// How much a run asks of a person's browser: nothing new, a no, another user, a new window. Runs that
/// ask the same come together, so that a person logs in a few times only.
fn login(run: &PlannedRun) -> u8 {
    fn most(steps: &[PlannedStep]) -> u8 {
        let of = |step: &PlannedStep| match &step.action {
            PlannedAction::Flow(inner) => most(inner),
            PlannedAction::One(action) => {
                let Action::Authorize(authorize) = &**action else {
                    return 0;
                };
                let mutation = step.mutation.as_ref();
                let user = mutation.and_then(|m| m.user.as_ref());
                let consent = mutation.and_then(|m| m.consent.as_ref());
                match () {
                    () if authorize.browser != MAIN_BROWSER => 3,
                    () if user.unwrap_or(&authorize.user) == "second" => 2,
                    () if consent.unwrap_or(&authorize.consent) == "deny" => 1,
                    () => 0,
                }
            }
        };
        steps.iter().map(of).max().unwrap_or_default()
    }
    most(&run.steps)
}

fn lets_time_pass(run: &PlannedRun) -> bool {
    fn any(steps: &[PlannedStep]) -> bool {
        steps.iter().any(|step| {
            let delayed = |mutation: &crate::suite::Mutation| mutation.delay.is_some();
            step.mutation.as_deref().is_some_and(delayed)
                || match &step.action {
                    PlannedAction::Flow(inner) => any(inner),
                    PlannedAction::One(action) => match &**action {
                        Action::Wait(_) => true,
                        Action::Repeat(repeat) => repeat.change.as_deref().is_some_and(delayed),
                        _ => false,
                    },
                }
        })
    }
    any(&run.steps)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indexmap::IndexMap;

    use super::*;
    use crate::plan::PlannedCase;
    use crate::suite::{Check, Endpoint, McpVersion, Params};

    fn run(id: &str, is_control: bool) -> (String, PlannedRun) {
        let run = PlannedRun {
            id: id.to_owned(),
            title: id.to_owned(),
            steps: Vec::new(),
            clients: Vec::new(),
            is_control,
            part_of: None,
            batch: None,
            notes_own_names: true,
        };
        (id.to_owned(), run)
    }

    fn case(run: &str, control: Option<&str>) -> PlannedCase {
        PlannedCase {
            id: run.to_owned(),
            area: String::new(),
            threat: None,
            endpoint: Endpoint::Other,
            check: Arc::new(Check::of_flow("flow")),
            row: Params::new(),
            requirements: Arc::default(),
            level: None,
            disposition: Disposition::Run {
                run: run.to_owned(),
                control: control.map(str::to_owned),
                rounds: Vec::new(),
            },
            lacks: Vec::new(),
        }
    }

    fn plan() -> Plan {
        Plan {
            mcp_version: McpVersion::V20251125,
            runs: IndexMap::from_iter([
                run("hostile", false),
                run("control", true),
                run("shape", false),
            ]),
            cases: vec![case("hostile", Some("control")), case("shape", None)],
        }
    }

    fn first(run: &str) -> Job {
        Job::First(run.to_owned())
    }

    #[test]
    fn rounds_begin_early_since_they_wait_for_each_other() {
        let mut plan = plan();
        plan.runs.extend([run("race", false), run("race 2", false)]);
        let mut race = case("race", Some("control"));
        if let Disposition::Run { rounds, .. } = &mut race.disposition {
            rounds.push("race 2".to_owned());
        }
        plan.cases.push(race);
        let mut schedule = Schedule::new(&plan, &BTreeSet::new());
        assert_eq!(schedule.next(), Some(first("control")));
        schedule.finish(&first("control"), Ended::Accepted);
        let mut order = Vec::new();
        while let Some(job) = schedule.next() {
            schedule.finish(&job, Ended::Accepted);
            order.push(job);
        }
        assert_eq!(order, ["race", "race 2", "hostile", "shape"].map(first));
    }

    #[test]
    fn a_control_runs_before_and_after_what_rests_on_it() {
        let mut schedule = Schedule::new(&plan(), &BTreeSet::new());
        assert_eq!(schedule.next(), Some(first("control")));
        assert_eq!(schedule.next(), Some(first("shape")));
        assert_eq!(schedule.next(), None);
        schedule.finish(&first("control"), Ended::Accepted);
        assert_eq!(schedule.next(), Some(first("hostile")));
        assert_eq!(schedule.next(), None);
        schedule.finish(&first("hostile"), Ended::Refused);
        assert_eq!(schedule.next(), Some(Job::Again("control".to_owned())));
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn rounds_come_one_after_the_other() {
        let mut plan = plan();
        let (id, second) = run("second", false);
        plan.runs.insert(id, second);
        let Disposition::Run { rounds, .. } = &mut plan.cases[0].disposition else {
            panic!("it runs");
        };
        rounds.push("second".to_owned());
        let mut schedule = Schedule::new(&plan, &BTreeSet::new());
        assert_eq!(schedule.next(), Some(first("control")));
        schedule.finish(&first("control"), Ended::Accepted);
        assert_eq!(schedule.next(), Some(first("hostile")));
        assert_eq!(schedule.next(), Some(first("shape")));
        assert_eq!(schedule.next(), None);
        schedule.finish(&first("hostile"), Ended::Refused);
        assert_eq!(schedule.next(), Some(first("second")));
        assert_eq!(schedule.next(), None, "the control waits for both");
        schedule.finish(&first("second"), Ended::Refused);
        assert_eq!(schedule.next(), Some(Job::Again("control".to_owned())));
    }

    #[test]
    fn a_control_that_is_part_of_another_waits_for_nothing_of_its_own() {
        let mut plan = plan();
        let (id, longer) = run("longer", true);
        plan.runs.insert(id, longer);
        plan.runs["control"].part_of = Some("longer".to_owned());
        plan.cases.push(case("other", Some("longer")));
        let (id, other) = run("other", false);
        plan.runs.insert(id, other);
        let mut schedule = Schedule::new(&plan, &BTreeSet::new());
        assert_eq!(schedule.next(), Some(first("longer")));
        assert_eq!(schedule.next(), Some(first("shape")));
        assert_eq!(schedule.next(), None);
        schedule.finish(&first("longer"), Ended::Accepted);
        for part in schedule.parts("longer") {
            schedule.finish(&Job::First(part), Ended::Accepted);
        }
        for hostile in ["hostile", "other"] {
            assert_eq!(schedule.next(), Some(first(hostile)));
            schedule.finish(&first(hostile), Ended::Refused);
        }
        assert_eq!(schedule.next(), Some(Job::Again("longer".to_owned())));
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn what_rests_on_a_failed_control_is_not_sent() {
        let mut schedule = Schedule::new(&plan(), &BTreeSet::new());
        schedule.next();
        schedule.finish(&first("control"), Ended::Stopped);
        assert_eq!(schedule.next(), Some(first("shape")));
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_control_that_no_refusal_rests_on_is_not_made_again() {
        let mut schedule = Schedule::new(&plan(), &BTreeSet::new());
        schedule.next();
        schedule.next();
        schedule.finish(&first("control"), Ended::Accepted);
        assert_eq!(schedule.next(), Some(first("hostile")));
        schedule.finish(&first("hostile"), Ended::Accepted);
        assert_eq!(schedule.next(), None);
    }
}
