//! Dynamic client registration (RFC 7591 section 3.1).

use serde_json::Value;

use super::{At, Done, Halt};
use crate::run::parameters::pairs;
use crate::suite::Register;

/// Registers; accepted where a `client_id` came out. The step's name is then a client.
pub async fn step(at: &mut At<'_>, name: &str, register: &Register) -> Result<Done, Halt> {
    let mut members = at
        .session
        .registration_members(&register.client, &at.context)
        .map_err(Halt::Fault)?;
    for (member, value) in at.params(&register.json)? {
        if value.is_null() {
            members.shift_remove(&member);
        } else {
            members.insert(member, value);
        }
    }
    at.mutation.changes.to_members(&mut members);
    let mut request = at
        .session
        .registration_request(&members)
        .map_err(Halt::Stopped)?;
    request
        .headers
        .extend(pairs(&at.params(&register.headers)?));
    let answered = at.send("register", request).await;
    let answer = answered.document.get("json").cloned().unwrap_or_default();
    let created = answered
        .response
        .as_ref()
        .is_ok_and(|response| (200..300).contains(&response.status));
    let client = created
        .then(|| at.session.adopt(&answer, &members))
        .flatten();
    let sent = Value::Object(members);
    let mut done = answered.done(sent, |_, _| client.is_some());
    if let Some(client) = client {
        done.result.insert("client".to_owned(), client.variables());
        at.scope.adopt(name, client);
    }
    Ok(done)
}
