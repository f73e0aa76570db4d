//! An operation of a plain HTTP API. Whether it was carried out is told by the text that the target
//! file names (`shows`), since a status may lie: a login page comes with 200.

use serde_json::{Value, json};

use super::super::{At, Done, Halt};
use super::{Members, move_token};
use crate::run::Outcome;
use crate::run::http::Request;
use crate::suite::Call;
use crate::target::HttpCall;

/// The request, without a token.
pub fn request(call: &HttpCall) -> Request {
    let mut request = match &call.json {
        Some(json) => Request::json(&call.url, &json!(json)),
        None => Request::get(call.url.clone()),
    };
    request.method = call.method.as_str().to_owned();
    request.header("Accept", "application/json, */*;q=0.5")
}

pub(super) async fn step(at: &At<'_>, step: &Call) -> Result<Done, Halt> {
    let members = Members::of(at, step).await?;
    let mut operations = at.session.target.file.http_operations();
    let call = match members.operation.as_str() {
        "any" => operations.next(),
        wanted => operations.find(|(name, _)| *name == wanted),
    };
    let Some((_, call)) = call else {
        let name = &members.operation;
        return Err(Halt::Fault(format!("the API has no operation {name:?}")));
    };
    let mut request = request(call);
    if let Some(token) = &members.access_token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    request.headers.extend(members.headers);
    request.connection = members.connection;
    if let (Some(place), Some(token)) = (at.mutation.send_in, &members.access_token) {
        move_token(&mut request, place, token);
    }
    let answered = at.send("operation", request).await;
    let shown = answered
        .response
        .as_ref()
        .is_ok_and(|response| response.text().contains(&call.shows));
    let sent = json!({ "access_token": members.access_token.is_some() });
    let mut done = answered.done(sent, |response, _| {
        shown && (200..300).contains(&response.status)
    });
    let status = done.result.get("status").and_then(Value::as_u64);
    let succeeded = status.is_some_and(|status| (200..300).contains(&status));
    if succeeded && matches!(done.outcome, Outcome::Refused { .. }) {
        done.outcome = Outcome::Undecided {
            reason: "answered with success, but without the text that `shows` names".to_owned(),
        };
    }
    done.result.insert("stage".to_owned(), json!("operation"));
    if shown {
        let whole = done.result.get("json").or_else(|| done.result.get("text"));
        let whole = whole.cloned().unwrap_or_default();
        done.result.insert("result".to_owned(), whole);
    }
    Ok(done)
}
