//! Reads an answer within its limits of size and time.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use super::{Failure, Limits, Response};
use crate::run::FailureKind;

/// Turns what a transport received into a [`Response`]. `elapsed` is filled in by the caller.
pub(super) async fn read<B>(
    response: http::Response<B>,
    limits: &Limits,
    until: Instant,
    failure: impl FnOnce(B::Error) -> Failure,
) -> Result<Response, Failure>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (parts, mut body) = response.into_parts();
    check_headers(&parts.headers, limits)?;
    let stream = is_event_stream(&parts.headers);
    let mut bytes: Vec<u8> = Vec::new();
    let mut truncated = false;
    loop {
        let frame = match timeout_at(until, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return Err(failure(error)),
            // A stream that stays open has said what it has to say so far.
            Err(_) if stream && !bytes.is_empty() => {
                truncated = true;
                break;
            }
            Err(_) => return Err(timed_out(limits)),
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = limits.body.saturating_sub(bytes.len());
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            truncated = true;
            break;
        }
        if stream && holds_rpc_answer(&bytes) {
            break;
        }
    }
    Ok(Response {
        status: parts.status.as_u16(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: bytes,
        truncated,
        elapsed: std::time::Duration::ZERO,
        received_at: SystemTime::now(),
    })
}

/// The failure for an answer that was not whole in time.
pub(super) fn timed_out(limits: &Limits) -> Failure {
    let seconds = limits.answer.as_secs_f64();
    Failure::new(
        FailureKind::Timeout,
        format!("the answer was not complete after {seconds} s"),
    )
}

fn check_headers(headers: &HeaderMap, limits: &Limits) -> Result<(), Failure> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let malformed = |message| Err(Failure::new(FailureKind::Malformed, message));
    if headers.len() > limits.header_count {
        return malformed(format!("more than {} header lines", limits.header_count));
    }
    if bytes > limits.header_bytes {
        return malformed(format!(
            "more than {} bytes of headers",
            limits.header_bytes
        ));
    }
    Ok(())
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/event-stream")
        })
}

/// Whether an event stream holds a JSON-RPC response: then the call has its answer, and a server
/// that leaves the stream open (MCP transports, "sending messages to the server") costs no time.
fn holds_rpc_answer(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let Some(end) = text.rfind("\n\n") else {
        return false;
    };
    text[..end].split("\n\n").any(|event| {
        let data: Vec<&str> = event
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(|data| data.strip_prefix(' ').unwrap_or(data))
            .collect();
        serde_json::from_str::<serde_json::Value>(&data.join("\n")).is_ok_and(|message| {
            message.get("result").is_some()
                || message
                    .get("error")
                    .is_some_and(serde_json::Value::is_object)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_rpc_answer_in_an_event_stream_is_seen_when_its_event_is_complete() {
        assert!(holds_rpc_answer(
            b"event: message\ndata: {\"id\":1,\"result\":{}}\n\n"
        ));
        assert!(holds_rpc_answer(
            b": hi\r\n\r\ndata: {\"id\":1,\"error\":{}}\r\n\r\n"
        ));
        assert!(!holds_rpc_answer(b"data: {\"id\":1,\"result\":{}}\n"));
        assert!(!holds_rpc_answer(b"data: {\"method\":\"ping\"}\n\n"));
        assert!(!holds_rpc_answer(b"\xff\xfe\n\n"));
    }
}
