//! Which grants may serve several runs.
//!
//! A token is not spent by being presented, so runs that do nothing but present one can share the
//! grant that it comes from. Whether the target lets an earlier token live is found out before
//! (`proof`); a server that revokes older grants gets a fresh one for each run.

use sha2::{Digest as _, Sha256};

use super::{Plan, PlannedAction, PlannedStep};
use crate::suite::Action;

/// Fewer shared grants than this are not worth the proof.
const WORTH_PROVING: usize = 4;

/// Marks the grants of a run that other runs may share: those that come before everything else,
/// in a run whose other steps only present tokens.
pub(crate) fn mark(steps: &mut [PlannedStep]) {
    let grants = steps
        .iter()
        .take_while(|step| matches!(step.action, PlannedAction::Flow(_)))
        .count();
    if !steps[grants..].iter().all(only_presents) {
        return;
    }
    let names: Vec<String> = steps.iter().map(|step| format!("{}.", step.name)).collect();
    for step in &mut steps[..grants] {
        let PlannedAction::Flow(inner) = &step.action else {
            continue;
        };
        let text = serde_json::to_string(inner).unwrap_or_default();
        // A grant that reads what another step brought belongs to this run alone.
        if !names.iter().any(|name| text.contains(name.as_str())) {
            step.shared = Some(digest(&text));
        }
    }
}

fn only_presents(step: &PlannedStep) -> bool {
    match &step.action {
        PlannedAction::Flow(_) => false,
        PlannedAction::One(action) => {
            matches!(
                **action,
                Action::Call(_) | Action::Fetch(_) | Action::Wait(_)
            )
        }
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether so many runs share grants that it pays to find out if the target allows it.
pub fn pays_to_share(plan: &Plan) -> bool {
    let marked = plan
        .runs
        .values()
        .filter(|run| run.steps.iter().any(|step| step.shared.is_some()));
    marked.count() >= WORTH_PROVING
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::suite::{Call, Steps};
    use serde_json::json;

    fn planned(name: &str, action: PlannedAction) -> PlannedStep {
        PlannedStep {
            name: name.to_owned(),
            action,
            mutation: None,
            shared: None,
            is_probe: false,
        }
    }

    fn grant(name: &str, scope: &str) -> PlannedStep {
        let steps: Steps = serde_json::from_value(json!({
            "token": { "token": { "client": "public", "form": { "scope": scope } } }
        }))
        .expect("a step");
        let inner = steps
            .into_iter()
            .map(|(name, action)| planned(&name, PlannedAction::One(Arc::new(action))))
            .collect();
        planned(name, PlannedAction::Flow(inner))
    }

    fn call() -> PlannedStep {
        let call: Call = serde_json::from_value(json!({})).expect("a call");
        planned("call", PlannedAction::One(Arc::new(Action::Call(call))))
    }

    #[test]
    fn equal_grants_before_calls_share_a_key() {
        let mut one = [grant("grant", "a"), call()];
        let mut two = [grant("alice", "a"), call(), call()];
        mark(&mut one);
        mark(&mut two);
        assert!(one[0].shared.is_some());
        assert_eq!(one[0].shared, two[0].shared);
    }

    #[test]
    fn a_grant_that_reads_another_step_is_not_shared() {
        let mut steps = [
            grant("grant", "a"),
            grant("next", "{{ grant.token.json.scope }}"),
            call(),
        ];
        mark(&mut steps);
        assert!(steps[1].shared.is_none());
    }

    #[test]
    fn a_run_that_spends_tokens_shares_nothing() {
        let spend = match grant("x", "a").action {
            PlannedAction::Flow(mut inner) => inner.remove(0),
            PlannedAction::One(_) => unreachable!("a grant is a flow"),
        };
        let mut steps = [grant("grant", "a"), spend];
        mark(&mut steps);
        assert!(steps[0].shared.is_none());
    }
}
