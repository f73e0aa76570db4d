//! An access token that the operator gave, where nobody can log in.

use serde_json::{Map, Value, json};

use super::client_request::add_tokens;
use super::{At, Done, Halt};
use crate::run::Outcome;
use crate::suite::Obtain;

/// The operator's token, in the shape of a code grant's results.
pub fn step(at: &At<'_>, obtain: &Obtain) -> Result<Done, Halt> {
    let user = obtain.user.as_deref().unwrap_or("first");
    let token = at
        .session
        .target
        .access_tokens
        .get(user)
        .ok_or_else(|| Halt::Stopped(format!("no access token was given for {user:?}")))?;
    let mut answer = Map::new();
    answer.insert("json".to_owned(), json!({ "access_token": token.expose() }));
    add_tokens(&mut answer);
    Ok(Done {
        outcome: Outcome::Accepted,
        result: Map::from_iter([("token".to_owned(), Value::Object(answer))]),
        exchanges: Vec::new(),
    })
}
