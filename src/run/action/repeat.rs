//! The request of an earlier step again, once or several times, perhaps all at once.

use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::{At, Done, Earlier, Halt, authorize, call, client_request, fetch};
use crate::run::Outcome;
use crate::suite::{Action, Mutation, Repeat};

/// Sends the earlier step's request again; accepted where any attempt was.
pub async fn step(at: At<'_>, repeat: &Repeat, earlier: &Earlier<'_>) -> Result<Done, Halt> {
    let (action, mutation) = earlier(&repeat.step)
        .ok_or_else(|| Halt::Fault(format!("there is no step {:?} to repeat", repeat.step)))?;
    let mutation = merged(mutation, repeat.change.as_deref());
    let mut again = At::reach(at.session, at.scope, &action, Some(&mutation)).await?;
    let mut attempts = Vec::new();
    if repeat.at_once {
        let all = (0..repeat.times).map(|_| once(&again, &action));
        for attempt in join_all(all).await {
            attempts.push(attempt?);
        }
    } else {
        for _ in 0..repeat.times {
            attempts.push(match &action {
                Action::Authorize(step) => authorize::step(&mut again, step).await?,
                action => once(&again, action).await?,
            });
        }
    }
    // What a token request brings again may be what it brought before.
    if matches!(action, Action::Call(_)) {
        for attempt in &attempts {
            again.gather(&action, attempt);
        }
    }
    Ok(summary(attempts))
}

async fn once(at: &At<'_>, action: &Action) -> Result<Done, Halt> {
    match action {
        Action::Fetch(step) => fetch::step(at, step).await,
        Action::Call(step) => call::step(at, step).await,
        Action::Token(step)
        | Action::Revoke(step)
        | Action::Introspect(step)
        | Action::Push(step) => client_request::step(at, action, step).await,
        other => Err(Halt::Fault(format!(
            "a {} step cannot be repeated",
            other.word()
        ))),
    }
}

/// The earlier step's own deviation with the new one on top.
fn merged(earlier: Option<Mutation>, change: Option<&Mutation>) -> Mutation {
    let mut out = earlier.unwrap_or_default();
    // The wait belongs to the first time.
    out.delay = None;
    let Some(change) = change else {
        return out;
    };
    out.set.extend(change.set.clone());
    out.remove.extend(change.remove.iter().cloned());
    out.repeat.extend(change.repeat.clone());
    out.append.extend(change.append.clone());
    out.headers.extend(change.headers.clone());
    out.send_in = change.send_in.or(out.send_in);
    out.method = change.method.clone().or(out.method);
    out.authentication = change.authentication.or(out.authentication);
    out.forge = change.forge.clone().or(out.forge);
    out.delay.clone_from(&change.delay);
    out.user = change.user.clone().or(out.user);
    out.consent = change.consent.clone().or(out.consent);
    out.stop_before = change.stop_before.clone().or(out.stop_before);
    out.browser = change.browser.clone().or(out.browser);
    out.client = change.client.clone().or(out.client);
    out.stage = change.stage.or(out.stage);
    out.serve = change.serve.clone().or(out.serve);
    out
}

fn summary(attempts: Vec<Done>) -> Done {
    let accepted = attempts
        .iter()
        .filter(|attempt| attempt.outcome.is_accepted())
        .count();
    let outcome = attempts
        .iter()
        .map(|attempt| &attempt.outcome)
        .find(|outcome| outcome.is_accepted())
        .or_else(|| {
            let undecided = |attempt: &&Done| matches!(attempt.outcome, Outcome::Undecided { .. });
            attempts
                .iter()
                .find(undecided)
                .map(|attempt| &attempt.outcome)
        })
        .or_else(|| attempts.last().map(|attempt| &attempt.outcome))
        .cloned()
        .unwrap_or(Outcome::Undecided {
            reason: "nothing was sent".to_owned(),
        });
    let count = attempts.len();
    let exchanges = attempts
        .iter()
        .flat_map(|attempt| attempt.exchanges.iter().copied())
        .collect();
    let mut result = match <[Done; 1]>::try_from(attempts) {
        Ok([only]) => {
            let mut result = only.result.clone();
            result.insert("answers".to_owned(), json!([only.result]));
            result
        }
        Err(attempts) => {
            let answers: Vec<Value> = attempts
                .into_iter()
                .map(|attempt| Value::Object(attempt.result))
                .collect();
            Map::from_iter([("answers".to_owned(), Value::Array(answers))])
        }
    };
    result.insert("accepted".to_owned(), json!(accepted));
    result.insert("attempts".to_owned(), json!(count));
    Done {
        outcome,
        result,
        exchanges,
    }
}
