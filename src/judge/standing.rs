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
    /// It did not: the server failed at two equal requests with the same status.
    Broke(String),
    /// The answer does not tell.
    Undecided(String),
}

impl Standing {
    /// Reads a record with distrust: a refusal by 429 or 5xx is none, a
    /// repeated failure has the status of one, and of a `repeat` step
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
            Outcome::Broke { reason } => match status(step) {
                Some(500..=599) | None => Self::Broke(reason.clone()),
                Some(status) => Self::Undecided(format!("status {status}: {reason}")),
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
            Outcome::Broke { reason } => Self::Undecided(reason.clone()),
            Outcome::Accepted => {
                Self::Undecided("accepted, though no attempt had an effect".to_owned())
            }
        }
    }

    /// Whether the effect happened.
    pub(super) const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// Whether it certainly had no effect: the server said so, or failed at it for good.
    pub(super) const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Broke(_))
    }

    /// `was refused (REASON)`, for sentences that start with the step's name.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Accepted => "was accepted".to_owned(),
            Self::Refused(reason) => format!("was refused ({reason})"),
            Self::Broke(reason) => format!("was not accepted ({reason})"),
            Self::Undecided(reason) => format!("got no clear answer ({reason})"),
        }
    }
}

fn open_status(step: &StepRecord) -> Option<u64> {
    status(step).filter(|status| is_open_status(*status))
}

fn status(step: &StepRecord) -> Option<u64> {
    step.result.number_at("/status")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::{accepted, broke, refused, step};
    use serde_json::json;

    #[test]
    fn a_refusal_by_429_or_5xx_is_none() {
        for status in [429, 500, 503] {
            let mut record = step("token", "token", refused("no"));
            record.result = json!({ "status": status }).into();
            assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
        }
        assert_eq!(
            Standing::of(&step("token", "token", refused("no"))),
            Standing::Refused("no".to_owned())
        );
    }

    #[test]
    fn a_failure_that_repeats_is_no_refusal_by_word_and_has_the_status_of_one() {
        let mut record = step("token", "token", broke());
        record.result = json!({ "status": 500 }).into();
        let standing = Standing::of(&record);
        assert!(standing.is_refused() && !standing.is_accepted());
        assert_eq!(
            standing.said(),
            "was not accepted (the server failed twice with 500)"
        );
        for status in [200, 400, 429] {
            record.result = json!({ "status": status }).into();
            assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
        }
    }

    #[test]
    fn a_repeat_is_refused_only_if_no_attempt_was_accepted() {
        let mut record = step("again", "repeat", refused("invalid_grant"));
        record.result = json!({"accepted": 1, "attempts": 2,
            "answers": [{"status": 200}, {"status": 400}]})
        .into();
        assert_eq!(Standing::of(&record), Standing::Accepted);
        record.result = json!({"accepted": 0, "attempts": 2,
            "answers": [{"status": 400}, {"status": 503}]})
        .into();
        assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
        record.result = json!({"accepted": 0, "attempts": 2,
            "answers": [{"status": 400}, {"status": 400}]})
        .into();
        assert!(matches!(Standing::of(&record), Standing::Refused(_)));
        record.outcome = accepted();
        assert!(matches!(Standing::of(&record), Standing::Undecided(_)));
    }
}
