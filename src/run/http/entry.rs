//! Makes the recorded, redacted form of an exchange.

use super::wire::AGENT;
use super::{Failure, Request, Response};
use crate::run::redact::{Body, Vault};
use crate::run::{Answer, Exchange, RecordedRequest};

/// The exchange as it is recorded; index and times are the caller's. Secrets are learned from both
/// sides before either is written down, so an echo of a secret is caught in the same exchange.
pub(super) fn of(
    vault: &Vault,
    purpose: &str,
    request: &Request,
    answer: &Result<Response, Failure>,
    kept: usize,
) -> Exchange {
    let mut sent = request.body.as_deref().map(Body::of);
    vault.absorb_request(&request.url, &request.headers, sent.as_mut());
    let answer = answer.as_ref().map(|response| {
        let mut body = Body::of(&response.body);
        vault.absorb_response(&response.headers, &mut body);
        (response, body)
    });
    Exchange {
        index: 0,
        purpose: vault.redact_text(purpose),
        request: recorded_request(vault, request, sent.as_ref(), kept),
        answer: match answer {
            Ok((response, body)) => recorded_response(vault, response, &body, kept),
            Err(failure) => Answer::Failed {
                kind: failure.kind,
                message: vault.redact_text(&failure.message),
            },
        },
        started_ms: 0,
        took_ms: 0.0,
    }
}

fn recorded_request(
    vault: &Vault,
    request: &Request,
    body: Option<&Body<'_>>,
    kept: usize,
) -> RecordedRequest {
    let mut headers = request.headers.clone();
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("user-agent"))
    {
        headers.push(("user-agent".to_owned(), AGENT.to_owned()));
    }
    RecordedRequest {
        method: request.method.clone(),
        url: vault.redact_url(&request.url),
        headers: vault.redact_headers(&headers),
        body: body.map(|body| cut(vault.redact_body(body), kept).0),
    }
}

fn recorded_response(vault: &Vault, response: &Response, body: &Body<'_>, kept: usize) -> Answer {
    let headers: Vec<(String, String)> = response
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    let (body, cut) = cut(vault.redact_body(body), kept);
    Answer::Response {
        status: response.status,
        headers: vault.redact_headers(&headers),
        body,
        truncated: response.truncated || cut,
    }
}

/// Cuts after redaction: cutting first could leave half a secret that nothing recognizes.
fn cut(mut text: String, kept: usize) -> (String, bool) {
    if text.len() <= kept {
        text.shrink_to_fit();
        return (text, false);
    }
    let end = (0..=kept)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    text.truncate(end);
    text.shrink_to_fit();
    (text, true)
}
