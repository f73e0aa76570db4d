//! Any HTTP request.

use serde_json::{Map, Value, json};

use super::{At, Done, Halt};
use crate::run::http::Request;
use crate::run::jose;
use crate::run::parameters::{describe, pairs, with_query};
use crate::suite::Fetch;

/// Sends it; accepted where the status is 2xx.
pub async fn step(at: &At<'_>, fetch: &Fetch) -> Result<Done, Halt> {
    let url = at.string(&fetch.url)?;
    let mut query = pairs(&at.params(&fetch.query)?);
    let changes = &at.mutation.changes;
    let mut sent = Value::Null;
    let mut request = if let Some(form) = &fetch.form {
        let mut form = pairs(&at.params(form)?);
        changes.to_pairs(&mut form);
        sent = describe(&form);
        Request::form(with_query(&url, &query), &form)
    } else if let Some(json) = &fetch.json {
        let mut json = at.params(json)?;
        json.retain(|_, value| !value.is_null());
        changes.to_members(&mut json);
        sent = Value::Object(json.clone());
        Request::json(with_query(&url, &query), &Value::Object(json))
    } else {
        changes.to_pairs(&mut query);
        let mut request = Request::get(with_query(&url, &query));
        if let Some(body) = &fetch.body {
            request.body = Some(at.string(body)?.into_bytes());
        } else {
            sent = describe(&query);
        }
        request
    };
    if fetch.method != "GET" || request.body.is_none() {
        request.method.clone_from(&fetch.method);
    }
    request.headers.extend(pairs(&at.params(&fetch.headers)?));
    let answered = at.send("fetch", request).await;
    let mut done = answered.done(sent, |response, _| (200..300).contains(&response.status));
    add_signed_metadata(&mut done.result);
    Ok(done)
}

/// Adds what a metadata document says in signed form (RFC 8414 section 2.1, RFC 9728 section 2.2).
fn add_signed_metadata(result: &mut Map<String, Value>) {
    let decoded = result
        .get("json")
        .and_then(|json| json.get("signed_metadata"))
        .and_then(Value::as_str)
        .and_then(jose::decode);
    if let Some(token) = decoded {
        let parts = json!({ "header": token.header, "claims": token.claims });
        result.insert("signed_metadata".to_owned(), parts);
    }
}
