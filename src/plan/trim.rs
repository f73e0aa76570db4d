//! What of a run no case looks at: steps at its end, whose results would decide nothing, and names of
//! its own.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::{Disposition, PlannedCase, PlannedRun, PlannedStep};
use crate::suite::Action;

/// The names of a run's own that are recorded for conditions.
const OWN_NAMES: [&str; 3] = ["run", "client", "clients"];

/// How far cases look at a run.
#[derive(Default)]
struct Looks {
    /// Up to this step.
    steps: usize,
    own_names: bool,
}

/// Ends each run with the last step that some case of it looks at, in it or in its control.
pub(crate) fn trim(runs: &mut IndexMap<String, PlannedRun>, cases: &[PlannedCase]) {
    let mut all: HashMap<String, Looks> = HashMap::new();
    for case in cases {
        let Disposition::Run {
            run,
            control,
            rounds,
        } = &case.disposition
        else {
            continue;
        };
        let check = &case.check;
        let looks = (&check.given, &check.expect, &check.matches);
        let mut text = serde_json::to_string(&looks).unwrap_or_default();
        // What a step repeats stands for it in the control.
        for step in runs.get(run).into_iter().flat_map(|run| &run.steps) {
            if let Some(Action::Repeat(repeat)) = step.one() {
                text.push(' ');
                text.push_str(&repeat.step);
            }
        }
        for id in std::iter::once(run).chain(rounds).chain(control) {
            let steps = runs.get(id).map_or(&[][..], |run| run.steps.as_slice());
            let looks = all.entry(id.clone()).or_default();
            looks.steps = looks.steps.max(looked_at(steps, &text));
            looks.own_names |= OWN_NAMES.iter().any(|name| names(&text, name));
        }
    }
    for (id, looks) in all {
        let Some(run) = runs.get_mut(&id) else {
            continue;
        };
        if looks.steps > 0 {
            run.steps.truncate(looks.steps);
        }
        run.notes_own_names = looks.own_names;
    }
}

/// How many steps it takes to the last one that `text` names.
fn looked_at(steps: &[PlannedStep], text: &str) -> usize {
    let is_named = |step: &PlannedStep| names(text, &step.name);
    steps.iter().rposition(is_named).map_or(0, |last| last + 1)
}

/// Whether a word of `text` is `name`.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::plan::PlannedAction;
    use crate::suite::{Check, Endpoint, Matches, Params, Steps};

    fn step(name: &str, action: Value) -> PlannedStep {
        let steps: Steps = serde_json::from_value(json!({ name: action })).expect("a step");
        let action = steps.into_values().next().expect("one step");
        PlannedStep {
            name: name.to_owned(),
            action: PlannedAction::One(Arc::new(action)),
            mutation: None,
            shared: None,
            is_probe: false,
        }
    }

    fn run(id: &str, steps: Vec<PlannedStep>) -> (String, PlannedRun) {
        let run = PlannedRun {
            id: id.to_owned(),
            title: id.to_owned(),
            steps,
            clients: Vec::new(),
            is_control: false,
            part_of: None,
            batch: None,
            notes_own_names: true,
        };
        (id.to_owned(), run)
    }

    /// How long `run` and its `control` are for a case that wants a refusal at `refused_at`.
    fn lengths(run_steps: Vec<PlannedStep>, refused_at: &str) -> (usize, usize) {
        let runs = trimmed(run_steps, refused_at, Matches::new());
        (runs["run"].steps.len(), runs["control"].steps.len())
    }

    fn trimmed(
        run_steps: Vec<PlannedStep>,
        refused_at: &str,
        matches: Matches,
    ) -> IndexMap<String, PlannedRun> {
        let is_repeat = |step: &&PlannedStep| step.name == "replay";
        let honest = run_steps.iter().filter(|step| !is_repeat(step));
        let honest = honest.cloned().collect();
        let mut runs = IndexMap::from_iter([run("run", run_steps), run("control", honest)]);
        let mut check = Check::of_flow("flow");
        check.expect.refused_at = vec![refused_at.to_owned()];
        check.matches = matches;
        let case = PlannedCase {
            id: "case".to_owned(),
            area: String::new(),
            threat: None,
            endpoint: Endpoint::Other,
            check: Arc::new(check),
            row: Params::new(),
            requirements: Arc::default(),
            level: None,
            disposition: Disposition::Run {
                run: "run".to_owned(),
                control: Some("control".to_owned()),
                rounds: Vec::new(),
            },
            lacks: Vec::new(),
        };
        trim(&mut runs, &[case]);
        runs
    }

    fn grant() -> Vec<PlannedStep> {
        let authorize = json!({ "authorize": { "client": "public", "query": {} } });
        let token = json!({ "token": { "client": "public", "form": {} } });
        vec![step("authorize", authorize), step("token", token)]
    }

    #[test]
    fn what_no_case_looks_at_is_not_sent() {
        assert_eq!(lengths(grant(), "authorize"), (1, 1));
        assert_eq!(lengths(grant(), "token"), (2, 2));
    }

    #[test]
    fn what_a_step_repeats_stays_in_the_control() {
        let mut steps = grant();
        steps.push(step("replay", json!({ "repeat": { "step": "token" } })));
        steps.push(step("after", json!({ "call": {} })));
        assert_eq!(lengths(steps, "replay"), (3, 2));
    }

    #[test]
    fn own_names_are_noted_where_a_condition_reads_them() {
        for (wanted, notes) in [("{{ run.state }}", true), ("{{ issuer }}", false)] {
            let matches = json!({ "authorize": { "state": { "equals": wanted } } });
            let matches = serde_json::from_value(matches).expect("conditions");
            let runs = trimmed(grant(), "token", matches);
            assert_eq!(runs["run"].notes_own_names, notes, "{wanted}");
            assert_eq!(runs["control"].notes_own_names, notes, "{wanted}");
        }
        let runs = trimmed(grant(), "token", Matches::new());
        assert!(!runs["run"].notes_own_names);
    }

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names("{{ token.json.scope }}", "token"));
        assert!(!names("json/token_type access_token", "token"));
    }
}
