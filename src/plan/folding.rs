//! Runs that are the beginning of another: what they would send, the longer one sends anyway.
//!
//! Only honest runs fold, and a control into a control alone, since it is needed before and after
//! what rests on it.

use std::cmp::Reverse;

use indexmap::IndexMap;

use super::expand::is_hostile;
use super::{PlannedAction, PlannedRun, PlannedStep};
use crate::suite::Action;

/// Marks every run that the longest of those which begin with it can stand for, be it no longer.
pub(crate) fn fold(runs: &mut IndexMap<String, PlannedRun>) {
    let honest: Vec<(usize, &PlannedRun)> = runs
        .values()
        .enumerate()
        .filter(|(_, run)| !is_hostile(&run.steps))
        .collect();
    let rank = |(at, run): &(usize, &PlannedRun)| (run.steps.len(), run.is_control, Reverse(*at));
    let mut folded: Vec<(String, String)> = Vec::new();
    for short in &honest {
        let longer = honest
            .iter()
            .filter(|long| rank(long) > rank(short) && begins_with(long.1, short.1));
        if let Some((_, long)) = longer.max_by_key(|long| rank(long)) {
            folded.push((short.1.id.clone(), long.id.clone()));
        }
    }
    for (short, long) in folded {
        let mut notes = false;
        if let Some(run) = runs.get_mut(&short) {
            run.part_of = Some(long.clone());
            notes = run.notes_own_names;
        }
        if let Some(run) = runs.get_mut(&long) {
            run.notes_own_names |= notes;
        }
    }
}

fn begins_with(long: &PlannedRun, short: &PlannedRun) -> bool {
    let steps = short.steps.len();
    long.steps.len() >= steps
        && (long.is_control || !short.is_control)
        && short
            .clients
            .iter()
            .all(|client| long.clients.contains(client))
        && last_client(&long.steps) == last_client(&short.steps)
        && long.steps[..steps] == short.steps
}

/// The client that conditions of a run read as `client`.
fn last_client(steps: &[PlannedStep]) -> Option<&str> {
    steps.iter().rev().find_map(|step| match &step.action {
        PlannedAction::Flow(_) => None,
        PlannedAction::One(action) => match &**action {
            Action::Authorize(step) => Some(step.client.as_str()),
            Action::Token(step)
            | Action::Revoke(step)
            | Action::Introspect(step)
            | Action::Push(step) => Some(step.client.as_str()),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::suite::Steps;
    use serde_json::json;

    fn run(id: &str, forms: &[&str], is_control: bool) -> (String, PlannedRun) {
        let steps = forms.iter().enumerate().map(|(at, form)| {
            let name = format!("step{at}");
            let steps: Steps = serde_json::from_value(json!({
                name.clone(): { "token": { "client": "public", "form": { "code": form } } }
            }))
            .expect("a step");
            let action = steps.into_values().next().expect("one step");
            PlannedStep {
                name,
                action: PlannedAction::One(Arc::new(action)),
                mutation: None,
                shared: None,
                is_probe: false,
            }
        });
        let run = PlannedRun {
            id: id.to_owned(),
            title: id.to_owned(),
            steps: steps.collect(),
            clients: vec!["public".to_owned()],
            is_control,
            part_of: None,
            batch: None,
            notes_own_names: true,
        };
        (id.to_owned(), run)
    }

    fn part_of(runs: impl IntoIterator<Item = (String, PlannedRun)>, id: &str) -> Option<String> {
        let mut runs: IndexMap<_, _> = runs.into_iter().collect();
        fold(&mut runs);
        runs[id].part_of.clone()
    }

    #[test]
    fn the_longest_run_that_begins_so_stands_for_a_shorter_one() {
        let runs = || {
            [
                run("a", &["1"], false),
                run("b", &["1", "2"], false),
                run("c", &["1", "2", "3"], false),
                run("other", &["2", "1", "1", "1"], false),
            ]
        };
        assert_eq!(part_of(runs(), "a").as_deref(), Some("c"));
        assert_eq!(part_of(runs(), "b").as_deref(), Some("c"));
        assert_eq!(part_of(runs(), "c"), None);
        assert_eq!(part_of(runs(), "other"), None);
    }

    #[test]
    fn one_of_several_equal_runs_is_made() {
        let runs = || [run("a", &["1"], false), run("b", &["1"], false)];
        assert_eq!(part_of(runs(), "a"), None);
        assert_eq!(part_of(runs(), "b").as_deref(), Some("a"));
        let runs = || [run("a", &["1"], false), run("b", &["1"], true)];
        assert_eq!(part_of(runs(), "a").as_deref(), Some("b"));
        assert_eq!(part_of(runs(), "b"), None);
    }

    #[test]
    fn what_is_noted_of_a_part_is_noted_of_the_whole() {
        for notes in [true, false] {
            let mut runs =
                IndexMap::from_iter([run("a", &["1"], false), run("b", &["1", "2"], false)]);
            runs["a"].notes_own_names = notes;
            runs["b"].notes_own_names = false;
            fold(&mut runs);
            assert_eq!(runs["b"].notes_own_names, notes);
        }
    }

    #[test]
    fn a_control_is_part_of_a_control_alone() {
        let runs = |is_control| [run("a", &["1"], true), run("b", &["1", "2"], is_control)];
        assert_eq!(part_of(runs(false), "a"), None);
        assert_eq!(part_of(runs(true), "a").as_deref(), Some("b"));
    }
}
