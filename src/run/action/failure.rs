//! A failure of the server itself, asked about once more: the same again tells that it fails at
//! this very request, not that it was busy. What such a failure means is the judge's business.

use std::time::Duration;

use serde_json::Value;

use super::Done;
use crate::run::Outcome;
use crate::suite::Action;

/// Before the request is sent again: longer than a lock or a restart of a worker lasts.
pub const PAUSE: Duration = Duration::from_secs(1);

/// Whether the step is a request that can be sent again as it was. An `authorize` step is a whole
/// visit, and a `repeat` counts each answer.
pub const fn is_one_request(action: &Action) -> bool {
    matches!(
        action,
        Action::Fetch(_)
            | Action::Register(_)
            | Action::Token(_)
            | Action::Revoke(_)
            | Action::Introspect(_)
            | Action::Push(_)
            | Action::Call(_)
    )
}

/// The status of a failure that may be for good: 500 or 501 (RFC 9110 sections 15.6.1, 15.6.2). All
/// others are said of a gateway or of the moment, as is every answer with a `Retry-After`.
pub fn worth_asking_again(done: &Done) -> Option<u64> {
    if !matches!(done.outcome, Outcome::Undecided { .. }) {
        return None;
    }
    let status = done.result.get("status").and_then(Value::as_u64)?;
    let headers = done.result.get("headers");
    let will_pass = headers.is_some_and(|headers| headers.get("retry-after").is_some());
    (matches!(status, 500 | 501) && !will_pass).then_some(status)
}

/// What two equal requests came to, the first of which met `status`. Where the second met something
/// else, the first decides nothing, and neither does the second: what the first did is unknown, it
/// may have spent a code.
pub fn settle(first: Done, status: u64, second: Done) -> Done {
    let said = match &second.outcome {
        Outcome::Accepted => None,
        _ if worth_asking_again(&second) == Some(status) => Some(Outcome::Broke {
            reason: format!("the server failed twice with {status}"),
        }),
        Outcome::Refused { reason } | Outcome::Broke { reason } | Outcome::Undecided { reason } => {
            return Done {
                outcome: Outcome::Undecided {
                    reason: format!(
                        "the server failed ({status}); the same request sent again: {reason}"
                    ),
                },
                exchanges: together(&first, &second),
                result: first.result,
            };
        }
    };
    Done {
        outcome: said.unwrap_or(Outcome::Accepted),
        exchanges: together(&first, &second),
        result: second.result,
    }
}

fn together(first: &Done, second: &Done) -> Vec<usize> {
    let all = first.exchanges.iter().chain(&second.exchanges);
    all.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn done(status: u64, outcome: Outcome, exchange: usize) -> Done {
        let mut result = Map::new();
        result.insert("status".to_owned(), json!(status));
        result.insert("headers".to_owned(), json!({}));
        Done {
            outcome,
            result,
            exchanges: vec![exchange],
        }
    }

    fn failed(status: u64, exchange: usize) -> Done {
        let reason = format!("the server failed ({status})");
        done(status, Outcome::Undecided { reason }, exchange)
    }

    #[test]
    fn only_a_failure_that_may_be_for_good_is_asked_about_again() {
        for status in [500, 501] {
            assert_eq!(worth_asking_again(&failed(status, 0)), Some(status));
        }
        for status in [429, 502, 503, 504, 520] {
            assert_eq!(worth_asking_again(&failed(status, 0)), None, "{status}");
        }
        let token_in_a_failure = done(500, Outcome::Accepted, 0);
        assert_eq!(worth_asking_again(&token_in_a_failure), None);
        let mut patient = failed(500, 0);
        patient.result["headers"] = json!({"retry-after": "5"});
        assert_eq!(worth_asking_again(&patient), None);
    }

    #[test]
    fn the_same_failure_twice_is_told_apart_from_everything_else() {
        let twice = settle(failed(500, 3), 500, failed(500, 4));
        let reason = "the server failed twice with 500".to_owned();
        assert_eq!(twice.outcome, Outcome::Broke { reason });
        assert_eq!(twice.exchanges, [3, 4]);

        let mut busy = failed(500, 4);
        busy.result["headers"] = json!({"retry-after": "5"});
        let refused = Outcome::Refused {
            reason: "400 invalid_grant".to_owned(),
        };
        for second in [failed(501, 4), failed(503, 4), busy, done(400, refused, 4)] {
            let settled = settle(failed(500, 3), 500, second);
            assert!(matches!(settled.outcome, Outcome::Undecided { .. }));
            assert_eq!(settled.result["status"], 500);
            assert_eq!(settled.exchanges, [3, 4]);
        }
    }

    #[test]
    fn an_effect_of_the_second_request_is_one() {
        let settled = settle(failed(500, 3), 500, done(200, Outcome::Accepted, 4));
        assert_eq!(settled.outcome, Outcome::Accepted);
        assert_eq!(settled.result["status"], 200);
    }
}
