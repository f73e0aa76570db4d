//! What a recorded step proves: its effect, its refusal, or nothing.

use super::attempts::{Attempts, is_open_status};
use crate::run::{Outcome, StepRecord};

/// A step's outcome as the judge takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The effect happened.
    Accepted,
    /// It did not, and the server said so.
    Refused(String),
    /// The answer does not tell.
    Undecided(String),
}

impl Standing {
    /// Reads a record with distrust: a refusal by 429 or 5xx is none, and of a `repeat` step
    /// every single attempt must have been refused.
    pub(super) fn of(step: &StepRecord) -> Self {
        if step.action == "repeat" {
            return Self::of_attempts(step);
        }
        match &step.outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Undecided { reason } => Self::Undecided(reason.clone()),
            Outcome::Refused { reason } => match open_status(step) {
                Some(status) => Self::Undecided(format!("status {status}: {reason}")),
                None => Self::Refused(reason.clone()),
            },
        }
    }

    fn of_attempts(step: &StepRecord) -> Self {
        let Some(attempts) = Attempts::of(step) else {
            return Self::Undecided("the attempts were not counted".to_owned());
        };
        match &step.outcome {
            _ if attempts.accepted > 0 => Self::Accepted,
            Outcome::Undecided { reason } => Self::Undecided(reason.clone()),
            _ if attempts.all == 0 => Self::Undecided("no attempt was made".to_owned()),
            _ if attempts.undecided > 0 => Self::Undecided(format!(
                "{} of {} attempts got no clear answer",
                attempts.undecided, attempts.all
            )),
            Outcome::Refused { reason } => Self::Refused(reason.clone()),
            Outcome::Accepted => {
                Self::Undecided("accepted, though no attempt had an effect".to_owned())
            }
        }
    }

    /// Whether the effect happened.
    pub(super) const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// `was refused (REASON)`, for sentences that start with the step's name.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Accepted => "was accepted".to_owned(),
            Self::Refused(reason) => format!("was refused ({reason})"),
            Self::Undecided(reason) => format!("got no clear answer ({reason})"),
        }
    }
}

fn open_status(step: &StepRecord) -> Option<u64> {
    let status = step.result.get("status")?.as_u64()?;
    is_open_status(status).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::{accepted, refused, step};
    use serde_json::json;

    #[test]
    fn a_refusal_by_429_or_5xx_is_none() {
        for status in [429, 500, 503] {
            let mut record = step("token", "token", refused("no"));
            record.result = json!({ "status": status });
            assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
        }
        assert_eq!(
            Standing::of(&step("token", "token", refused("no"))),
            Standing::Refused("no".to_owned())
        );
    }

    #[test]
    fn a_repeat_is_refused_only_if_no_attempt_was_accepted() {
        let mut record = step("again", "repeat", refused("invalid_grant"));
        record.result = json!({"accepted": 1, "attempts": 2,
            "answers": [{"status": 200}, {"status": 400}]});
        assert_eq!(Standing::of(&record), Standing::Accepted);
        record.result = json!({"accepted": 0, "attempts": 2,
            "answers": [{"status": 400}, {"status": 503}]});
        assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
        record.result = json!({"accepted": 0, "attempts": 2,
            "answers": [{"status": 400}, {"status": 400}]});
        assert!(matches!(Standing::of(&record), Standing::Refused(_)));
        record.outcome = accepted();
        assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
    }
}
