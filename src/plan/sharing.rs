//! Which grants may serve several runs.
//!
//! A token is not spent by being presented, so runs that do nothing but present one can share the
//! grant that it comes from. Whether the target lets an earlier token live is found out before
//! (`proof`); a server that revokes older grants gets a fresh one for each run.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Plan, PlannedAction, PlannedStep};
use crate::suite::Action;

/// Fewer shared grants than this are not worth the proof.
const WORTH_PROVING: usize = 4;

/// Marks the grants of a run that other runs may share, if its other steps only present tokens.
pub(crate) fn mark(steps: &mut [PlannedStep]) {
    let names: Vec<String> = steps.iter().map(|step| format!("{}.", step.name)).collect();
    let reads = |text: &str| names.iter().any(|name| text.contains(name.as_str()));
    let is_harmless = |step: &PlannedStep| match &step.action {
        PlannedAction::Flow(_) => true,
        PlannedAction::One(action) => match **action {
            Action::Call(_) | Action::Fetch(_) | Action::Wait(_) => true,
            // A machine's token takes nothing from a person's grant.
            Action::Token(ref token) => {
                step.mutation.is_none()
                    && token.form.get("grant_type").and_then(Value::as_str)
                        == Some("client_credentials")
            }
            _ => false,
        },
    };
    if !steps.iter().all(is_harmless) {
        return;
    }
    let mut own = BTreeSet::new();
    for step in steps {
        let PlannedAction::Flow(inner) = &step.action else {
            continue;
        };
        let text = serde_json::to_string(inner).unwrap_or_default();
        // A grant that reads what another step brought belongs to this run alone.
        if reads(&text) {
            continue;
        }
        let key = digest(inner);
        // Who asks for two equal grants wants two tokens.
        if own.insert(key.clone()) {
            step.shared = Some(key);
        }
    }
}

/// A short name for equal values.
pub(crate) fn digest(value: &impl Serialize) -> String {
    let text = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(text)
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
    fn a_grant_after_a_call_is_shared_and_a_second_equal_one_is_not() {
        let mut steps = [
            grant("alice", "a"),
            call(),
            grant("bob", "b"),
            call(),
            grant("again", "a"),
        ];
        mark(&mut steps);
        let shared = steps.each_ref().map(|step| step.shared.is_some());
        assert_eq!(shared, [true, false, true, false, false]);
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
