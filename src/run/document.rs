//! An HTTP answer as a result document, the form in which checks read it.

use serde_json::{Map, Value, json};

use super::challenge::Challenges;
use super::http::{Failure, Response};
use super::{FailureKind, Outcome};

/// Longest `text` member.
const TEXT: usize = 4096;

/// The members that every HTTP answer has: `status`, `headers`, `media_type`, `json`, `text`,
/// `location`, `challenges`, `bearer`.
pub fn of_response(response: &Response) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("status".to_owned(), json!(response.status));
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in &response.headers {
        let value = String::from_utf8_lossy(value).into_owned();
        match headers.get_mut(&name.to_ascii_lowercase()) {
            Some(Value::String(text)) => {
                text.push_str(", ");
                text.push_str(&value);
            }
            _ => {
                headers.insert(name.to_ascii_lowercase(), Value::String(value));
            }
        }
    }
    document.insert("headers".to_owned(), Value::Object(headers));
    if let Some(content_type) = response.header("content-type") {
        let media_type = content_type.split(';').next().unwrap_or_default();
        document.insert(
            "media_type".to_owned(),
            Value::String(media_type.trim().to_ascii_lowercase()),
        );
    }
    if let Ok(value) = response.json() {
        document.insert("json".to_owned(), value);
    }
    let mut text = response.text();
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
    }
    document.insert("text".to_owned(), Value::String(text));
    if let Some(location) = response.header("location") {
        document.insert("location".to_owned(), Value::String(location));
    }
    let lines = response.header_all("www-authenticate");
    Challenges::parse(lines.iter().map(String::as_str)).describe(&mut document);
    document
}

/// What an answer comes to when its effect is told by `effect`.
///
/// A 429 or a 5xx decides nothing: the server did not get to the question. Neither does a success of
/// which only a part was read: the limit is ours.
pub fn outcome(response: &Response, effect: bool) -> Outcome {
    if let (true, Some(reason)) = ((200..300).contains(&response.status), response.cut()) {
        return Outcome::Undecided { reason };
    }
    if effect {
        return Outcome::Accepted;
    }
    match response.status {
        429 => Outcome::Undecided {
            reason: "the server asks to slow down (429)".to_owned(),
        },
        status @ 500.. => Outcome::Undecided {
            reason: format!("the server failed ({status})"),
        },
        _ => Outcome::Refused {
            reason: refusal(response),
        },
    }
}

/// What a transport failure comes to.
pub fn failed(failure: &Failure) -> Outcome {
    Outcome::Undecided {
        reason: match failure.kind {
            // It was never asked.
            FailureKind::CapReached => failure.message.clone(),
            _ => format!("no answer: {}", failure.message),
        },
    }
}

fn refusal(response: &Response) -> String {
    let json = response.json().ok();
    let error = json
        .as_ref()
        .and_then(|value| value.get("error"))
        .map(|error| match error {
            Value::String(text) => text.clone(),
            other => other
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or("error")
                .to_owned(),
        });
    match error {
        Some(error) => format!("{} {error}", response.status),
        None => response.status.to_string(),
    }
}
