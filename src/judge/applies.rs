//! Whether a run that is under way can still matter.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::evidence::Evidence;
use super::given;
use crate::plan::{Plan, PlannedCase};
use crate::run::{EndsEarly, Recording, RunRecord};

/// A plan, as far as it tells which runs need not go on.
pub struct Pending {
    plan: Arc<Plan>,
    /// What holds for every run.
    recording: Recording,
    /// The cases of each run that nothing else rests on, by their place in the plan.
    cases: HashMap<String, Vec<usize>>,
}

impl Pending {
    /// Of `plan`; `recording` has no runs yet.
    pub fn new(plan: Arc<Plan>, recording: Recording) -> Self {
        let others_rest_on: BTreeSet<&String> = plan
            .runs
            .values()
            .filter(|run| run.is_control)
            .map(|run| &run.id)
            .chain(plan.runs.values().filter_map(|run| run.part_of.as_ref()))
            .collect();
        let mut cases: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, case) in plan.cases.iter().enumerate() {
            let alone = |run: &&String| !others_rest_on.contains(*run);
            for run in case.disposition.runs().filter(alone) {
                cases.entry(run.clone()).or_default().push(at);
            }
        }
        cases.retain(|_, cases| {
            let has_conditions = |at: &usize| !plan.cases[*at].check.given.is_empty();
            cases.iter().all(has_conditions)
        });
        Self {
            plan,
            recording,
            cases,
        }
    }
}

impl EndsEarly for Pending {
    fn may_end(&self, run: &str) -> bool {
        self.cases.contains_key(run)
    }

    /// None of its checks applies. The judgement of the whole run says the same.
    fn is_settled(&self, record: &RunRecord) -> bool {
        let (Some(cases), Some(planned)) =
            (self.cases.get(&record.id), self.plan.runs.get(&record.id))
        else {
            return false;
        };
        let is_missed = |case: &PlannedCase| {
            let evidence = Evidence::so_far(case, planned, record, &self.recording);
            given::is_missed(&evidence)
        };
        cases.iter().all(|at| is_missed(&self.plan.cases[*at]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::judge::applies::Pending;
    use crate::judge::sample::Sample;
    use crate::run::EndsEarly as _;

    /// Whether a run is settled after its first `steps`.
    fn is_settled(sample: Sample, steps: usize) -> bool {
        let parts = sample.parts();
        let mut record = parts.recording.runs["run"].clone();
        record.steps.truncate(steps);
        Pending::new(parts.plan.into(), parts.recording).is_settled(&record)
    }

    fn sample(path: &str) -> Sample {
        Sample::honest_match("token", "json/x", 1)
            .given("authorize", path, json!({ "present": true }))
            .result("authorize", json!({ "code": "c" }))
    }

    #[test]
    fn a_run_whose_check_does_not_apply_need_not_go_on() {
        assert!(!is_settled(sample("declined"), 0));
        assert!(is_settled(sample("declined"), 1));
        assert!(!is_settled(sample("code"), 1));
        assert!(!is_settled(Sample::honest_match("token", "json/x", 1), 1));
    }

    #[test]
    fn a_condition_that_reads_what_is_to_come_waits_for_it() {
        let wanted = json!({ "equals": "{{ token.json.code }}" });
        let sample = Sample::honest_match("token", "json/x", 1)
            .given("authorize", "code", wanted)
            .result("authorize", json!({ "code": "c" }))
            .result("token", json!({ "json": { "code": "other" } }));
        assert!(!is_settled(sample.clone(), 1));
        assert!(is_settled(sample, 2));
    }

    #[test]
    fn a_run_that_stands_for_another_goes_on() {
        let mut parts = sample("declined").parts();
        let mut part = parts.plan.runs["run"].clone();
        "part".clone_into(&mut part.id);
        part.part_of = Some("run".to_owned());
        parts.plan.runs.insert(part.id.clone(), part);
        let record = parts.recording.runs["run"].clone();
        assert!(!Pending::new(parts.plan.into(), parts.recording).is_settled(&record));
    }
}
