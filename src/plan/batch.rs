//! Runs that try the same grant, one after the other.
//!
//! A code is spent by the request that redeems it, and a refresh token by the one that uses it, not
//! by one that is refused. So runs whose only deviation is their last step, a token request that is
//! to be refused, can try the same one, and an honest request at the end shows that it was good all
//! the time. Where that fails, nothing is proved, and each run gets a grant of its own.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::sharing::digest;
use super::{Batch, PlannedCase, PlannedRun, PlannedStep, expand};
use crate::suite::{Action, Mutation};

/// The most runs with one grant: codes and patience are short.
const MOST_RUNS: usize = 8;

/// Servers end a code after a few wrong verifiers (OAuth 2.1 section 7.7).
const MOST_VERIFIERS: usize = 2;

/// Puts runs together, as their `batch` tells.
pub(crate) fn mark(runs: &mut IndexMap<String, PlannedRun>, cases: &[PlannedCase]) {
    let spending = spending(cases);
    let mut batches: BTreeMap<String, Vec<Open>> = BTreeMap::new();
    for run in runs.values() {
        let is_spared = !spending.contains(run.id.as_str());
        let Some((grant, mutation)) = grant(run).filter(|_| is_spared) else {
            continue;
        };
        let verifiers = usize::from(touches(mutation, &["code_verifier"]));
        let open = batches.entry(grant).or_default();
        let place = open.iter_mut().find(|batch| {
            batch.runs.len() < MOST_RUNS && batch.verifiers + verifiers <= MOST_VERIFIERS
        });
        match place {
            Some(batch) => {
                batch.runs.push(run.id.clone());
                batch.verifiers += verifiers;
            }
            None => open.push(Open {
                runs: vec![run.id.clone()],
                verifiers,
            }),
        }
    }
    for (grant, batches) in batches {
        for Open { runs: ids, .. } in batches.iter().filter(|batch| batch.runs.len() > 1) {
            for id in ids {
                if let Some(run) = runs.get_mut(id) {
                    run.batch = Some(Batch {
                        grant: grant.clone(),
                        first: ids[0].clone(),
                    });
                }
            }
        }
    }
}

/// A batch that is being filled.
struct Open {
    runs: Vec<String>,
    /// How many of them send another verifier.
    verifiers: usize,
}

/// Whether a deviation concerns one of these parameters.
pub(crate) fn touches(mutation: &Mutation, names: &[&str]) -> bool {
    let changed = [&mutation.set, &mutation.repeat, &mutation.append];
    let mut names = names.iter();
    names.any(|name| {
        changed.iter().any(|params| params.contains_key(*name))
            || mutation.remove.iter().any(|removed| removed == name)
    })
}

/// Runs that some case does not want refused: they spend what they get.
fn spending(cases: &[PlannedCase]) -> BTreeSet<&str> {
    let may_succeed = |case: &&PlannedCase| case.check.expect.refused_at.is_empty();
    let cases = cases.iter().filter(may_succeed);
    let runs = cases.flat_map(|case| case.disposition.runs());
    runs.map(String::as_str).collect()
}

/// What a run needs before its last step, if that is all it needs, and how the last step deviates.
fn grant(run: &PlannedRun) -> Option<(String, &Mutation)> {
    let (last, before) = run.steps.split_last()?;
    let is_honest = |step: &PlannedStep| {
        step.mutation.is_none()
            && step.shared.is_none()
            && matches!(
                step.one(),
                Some(Action::Authorize(_) | Action::Token(_) | Action::Register(_))
            )
    };
    let visits = |step: &PlannedStep| matches!(step.one(), Some(Action::Authorize(_)));
    if !before.iter().all(is_honest) || !before.iter().any(visits) {
        return None;
    }
    let mutation = last.mutation.as_deref()?;
    // Another client's attempt may rightly end a grant, and time does; what is asked for is often
    // looked at when the grant is spent already.
    let is_try = matches!(last.one(), Some(Action::Token(_)))
        && mutation.client.is_none()
        && mutation.delay.is_none()
        && !touches(mutation, &["resource", "scope"]);
    let key = (expand::honest(&run.steps), &run.clients);
    is_try.then(|| (digest(&key), mutation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Disposition, PlannedAction};
    use crate::suite::{Check, Endpoint, Params, Steps};
    use serde_json::{Value, json};

    fn step(name: &str, action: Value, mutation: Option<Value>) -> PlannedStep {
        let steps: Steps = serde_json::from_value(json!({ name: action })).expect("a step");
        let action = steps.into_values().next().expect("one step");
        PlannedStep {
            name: name.to_owned(),
            action: PlannedAction::One(std::sync::Arc::new(action)),
            mutation: mutation.map(|json| serde_json::from_value(json).expect("a mutation")),
            shared: None,
            is_probe: false,
        }
    }

    fn run(id: &str, mutation: Value) -> (String, PlannedRun) {
        let authorize = json!({ "authorize": { "client": "public", "query": {} } });
        let token = json!({ "token": { "client": "public", "form": {} } });
        let run = PlannedRun {
            id: id.to_owned(),
            title: id.to_owned(),
            steps: vec![
                step("authorize", authorize, None),
                step("token", token, Some(mutation)),
            ],
            clients: vec!["public".to_owned()],
            is_control: false,
            part_of: None,
            batch: None,
            notes_own_names: true,
        };
        (id.to_owned(), run)
    }

    fn case(run: &str, refused_at: &[&str]) -> PlannedCase {
        let mut check = Check::of_flow("flow");
        check.expect.refused_at = refused_at.iter().map(|step| (*step).to_owned()).collect();
        PlannedCase {
            id: run.to_owned(),
            area: String::new(),
            threat: None,
            endpoint: Endpoint::Other,
            check: std::sync::Arc::new(check),
            row: Params::new(),
            requirements: std::sync::Arc::default(),
            level: None,
            disposition: Disposition::Run {
                run: run.to_owned(),
                control: None,
                rounds: Vec::new(),
            },
            lacks: Vec::new(),
        }
    }

    /// The first of the batch of each run.
    fn firsts(
        runs: impl IntoIterator<Item = (String, PlannedRun)>,
        cases: &[PlannedCase],
    ) -> Vec<Option<String>> {
        let mut runs: IndexMap<_, _> = runs.into_iter().collect();
        mark(&mut runs, cases);
        let first = |run: PlannedRun| run.batch.map(|batch| batch.first);
        runs.into_values().map(first).collect()
    }

    fn named(names: &[&str]) -> Vec<Option<String>> {
        let name = |name: &&str| (!name.is_empty()).then(|| (*name).to_owned());
        names.iter().map(name).collect()
    }

    #[test]
    fn runs_that_deviate_in_the_last_request_alone_try_one_code() {
        let odd = json!({ "set": { "redirect_uri": "x" } });
        let runs = [run("a", odd.clone()), run("b", odd)];
        assert_eq!(firsts(runs, &[]), named(&["a", "a"]));
    }

    #[test]
    fn a_code_meets_few_wrong_verifiers() {
        let wrong = json!({ "set": { "code_verifier": "x" } });
        let odd = json!({ "remove": ["redirect_uri"] });
        let runs = [
            run("a", wrong.clone()),
            run("b", wrong.clone()),
            run("c", wrong),
            run("d", odd),
        ];
        assert_eq!(firsts(runs, &[]), named(&["a", "a", "", "a"]));
    }

    #[test]
    fn another_client_and_time_may_end_a_code() {
        let odd = json!({ "set": { "redirect_uri": "x" } });
        let runs = [
            run("a", json!({ "client": "other" })),
            run("b", json!({ "delay": 1 })),
            run("c", odd),
        ];
        assert_eq!(firsts(runs, &[]), named(&["", "", ""]));
    }

    #[test]
    fn a_run_that_may_succeed_gets_a_code_of_its_own() {
        let odd = json!({ "set": { "redirect_uri": "x" } });
        let runs = [run("a", odd.clone()), run("b", odd.clone()), run("c", odd)];
        let cases = [case("a", &["token"]), case("b", &[]), case("c", &["token"])];
        assert_eq!(firsts(runs, &cases), named(&["a", "", "a"]));
    }
}
