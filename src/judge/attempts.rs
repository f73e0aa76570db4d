//! What the attempts of a `repeat` step came to, counted.

use serde_json::Value;

use super::standing::Standing;
use crate::run::{Outcome, StepRecord};

/// The attempts of one step. A step that is no `repeat` is one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempts {
    /// Had their effect.
    pub accepted: u64,
    /// Did not tell (429, 5xx, no answer).
    pub undecided: u64,
    /// In all.
    pub all: u64,
}

impl Attempts {
    /// Counts the attempts of a step; `None` where a `repeat` step's record lacks the counts.
    pub(super) fn of(step: &StepRecord) -> Option<Self> {
        if step.action != "repeat" {
            return Some(Self::one(&Standing::of(step)));
        }
        let result = step.result.read();
        let count = |name| result.get(name).and_then(Value::as_u64);
        let (Some(accepted), Some(all)) = (count("accepted"), count("attempts")) else {
            return None;
        };
        let answers = result.get("answers").and_then(Value::as_array);
        let open = answers.map_or(0, |answers| {
            answers
                .iter()
                .filter(|answer| tells_nothing(answer))
                .count() as u64
        });
        let seen = answers.map_or(all, |answers| answers.len() as u64);
        let mut undecided = open + all.saturating_sub(seen);
        if undecided == 0 && matches!(step.outcome, Outcome::Undecided { .. }) {
            undecided = 1;
        }
        Some(Self {
            accepted,
            undecided: undecided.min(all.saturating_sub(accepted)),
            all,
        })
    }

    fn one(standing: &Standing) -> Self {
        Self {
            accepted: u64::from(standing.is_accepted()),
            undecided: u64::from(matches!(
                standing,
                Standing::Broke(_) | Standing::Undecided(_)
            )),
            all: 1,
        }
    }
}

/// Whether an answer's status decides nothing: too many requests, or the server's own failure.
pub(super) fn is_open_status(status: u64) -> bool {
    status == 429 || status >= 500
}

/// Whether one attempt's result leaves its outcome open.
fn tells_nothing(answer: &Value) -> bool {
    match answer.get("outcome").and_then(Value::as_str) {
        Some(outcome) => outcome == "undecided",
        None => answer
            .get("status")
            .and_then(Value::as_u64)
            .is_none_or(is_open_status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::{accepted, broke, step};
    use serde_json::json;

    #[test]
    fn an_attempt_without_a_clear_answer_is_undecided() {
        let mut record = step("again", "repeat", accepted());
        record.result = json!({"accepted": 1, "attempts": 5, "answers": [
            {"status": 200}, {"status": 400}, {"status": 503}, {}
        ]})
        .into();
        let attempts = Attempts::of(&record).expect("counted");
        assert_eq!(attempts.accepted, 1);
        assert_eq!(attempts.undecided, 3, "503, no status, no answer at all");
    }

    #[test]
    fn a_failure_stays_open_where_effects_are_counted() {
        let one = Attempts::of(&step("token", "token", broke())).expect("one");
        assert_eq!((one.accepted, one.undecided, one.all), (0, 1, 1));
    }

    #[test]
    fn a_repeat_without_counts_counts_for_nothing() {
        let mut record = step("again", "repeat", accepted());
        record.result = json!({}).into();
        assert_eq!(Attempts::of(&record), None);
    }
}
