//! What a server has given out freshly, kept as long as the run, and what is told of it: numbers.
//!
//! How hard a value is to guess shows only beside others of its kind, and a recording holds none of
//! them. So they are gathered here from every answer, at no request more, and looked at when all is
//! over.

mod estimate;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::engine::Executed;
use super::{Outcome, StepRecord};
use crate::suite::{Action, Sampled};
use crate::target::TargetFile;
use estimate::{Estimate, TooFew};

/// [`StepRecord::action`] of a step that looks at samples.
const SAMPLE: &str = "sample";

/// The values of one run, by kind, in the order in which they came.
#[derive(Default)]
pub struct Samples(Mutex<HashMap<Sampled, Vec<String>>>);

impl Samples {
    /// Notes a value.
    pub fn note(&self, of: Sampled, value: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(of).or_default();
        if !is_told_again(of) || !known.iter().any(|one| one == value) {
            known.push(value.to_owned());
        }
    }

    /// Notes what an accepted step brought.
    pub fn take(&self, action: &Action, result: &Map<String, Value>, file: &TargetFile) {
        let found = |of, member: &str, below: &str| {
            let value = result.get(member).and_then(|value| value.pointer(below));
            if let Some(value) = value.and_then(Value::as_str).filter(|v| !v.is_empty()) {
                self.note(of, value);
            }
        };
        match action {
            Action::Authorize(_) => found(Sampled::Code, "code", ""),
            Action::Token(_) => {
                found(Sampled::AccessToken, "json", "/access_token");
                found(Sampled::RefreshToken, "json", "/refresh_token");
            }
            Action::Call(call) => {
                if call.session.is_none() {
                    found(Sampled::SessionId, "session", "");
                }
                let minted = file
                    .handles
                    .values()
                    .filter(|one| one.from == call.operation);
                for handle in minted {
                    found(Sampled::Handle, "result", &format!("/{}", handle.at));
                }
            }
            _ => {}
        }
    }

    /// Writes into every step that looks at samples what there was in the end.
    pub fn tell(&self, executed: &mut Executed) {
        let runs = executed.runs.values_mut().chain(executed.last.values_mut());
        for step in runs.flat_map(|run| &mut run.steps) {
            if step.action == SAMPLE {
                self.tell_of(step);
            }
        }
    }

    fn tell_of(&self, step: &mut StepRecord) {
        let of = step.result.at("/of").map(serde_json::from_value::<Sampled>);
        let Some(Ok(of)) = of else {
            return;
        };
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let values = all.get(&of).map_or(&[] as &[String], Vec::as_slice);
        let count = values.len();
        let told = match estimate::of(values) {
            Ok(Estimate::Structured) => json!({ "of": of, "count": count, "structured": true }),
            Ok(Estimate::Random {
                length,
                random,
                bits,
            }) => json!({
                "of": of, "count": count, "structured": false,
                "length": length, "random": random, "bits": bits,
            }),
            Err(TooFew(alike)) => {
                step.outcome = Outcome::Undecided {
                    reason: format!("{alike} {} of one form are too few to tell", of.words()),
                };
                json!({ "of": of, "count": count, "structured": false })
            }
        };
        step.result = told.into();
    }
}

/// Whether the same value may come again though no other was made: the token of a grant that goes
/// on, the session of a later request.
const fn is_told_again(of: Sampled) -> bool {
    match of {
        Sampled::AccessToken | Sampled::RefreshToken | Sampled::SessionId => true,
        Sampled::Code | Sampled::ClientSecret | Sampled::Handle => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunRecord;
    use indexmap::IndexMap;

    fn told(samples: &Samples) -> StepRecord {
        let step = StepRecord {
            name: "drawn".to_owned(),
            action: SAMPLE.to_owned(),
            mutation: String::new(),
            outcome: Outcome::Accepted,
            result: json!({ "of": "code" }).into(),
            exchanges: Vec::new(),
        };
        let run = RunRecord {
            id: String::new(),
            title: String::new(),
            steps: vec![step],
            variables: Value::Null.into(),
            stopped: None,
            fault: None,
        };
        let mut executed = Executed {
            runs: IndexMap::from([("run".to_owned(), run)]),
            ..Executed::default()
        };
        samples.tell(&mut executed);
        executed.runs["run"].steps.remove(0)
    }

    #[test]
    fn only_numbers_are_told() {
        let samples = Samples::default();
        let action = json!({"authorize": {"client": "public", "query": {}}});
        let action: Action = serde_json::from_value(action).expect("an action");
        let file = TargetFile::default();
        assert!(matches!(told(&samples).outcome, Outcome::Undecided { .. }));
        for _ in 0..20 {
            let code = json!("a code that is always the same");
            samples.take(&action, &Map::from_iter([("code".to_owned(), code)]), &file);
        }
        let step = told(&samples);
        assert_eq!(step.outcome, Outcome::Accepted);
        assert_eq!(step.result.number_at("/count"), Some(20));
        assert_eq!(step.result.at("/bits"), Some(json!(0.0)));
        assert!(!step.result.read().to_string().contains("always"));
    }

    #[test]
    fn a_token_that_is_told_again_is_one_token() {
        let samples = Samples::default();
        for value in ["a", "b", "a"] {
            samples.note(Sampled::RefreshToken, value);
            samples.note(Sampled::Code, value);
        }
        let all = samples.0.lock().expect("a lock");
        assert_eq!(all[&Sampled::RefreshToken].len(), 2);
        assert_eq!(all[&Sampled::Code].len(), 3);
    }
}
