//! An MCP operation with the handshake that the version asks for.

use serde_json::{Map, Value, json};

use super::super::{Answered, At, Done, Halt};
use super::{Members, move_token};
use crate::run::Outcome;
use crate::run::mcp::{self, Envelope, Message};
use crate::run::redact::Kind;
use crate::suite::{Call, McpVersion, Stage};

/// Purposes of the handshake's requests.
const INITIALIZE: &str = "initialize";
const INITIALIZED: &str = "initialized";

/// Calls; accepted where a JSON-RPC result came for the operation.
pub async fn step(at: &At<'_>, step: &Call) -> Result<Done, Halt> {
    let call = Prepared::new(at, step).await?;
    if call.members.session.is_some() || call.version.is_stateless() {
        let session = call.members.session.clone();
        return Ok(call
            .operation(at, session.as_deref(), None, Vec::new())
            .await);
    }
    let answered = call
        .send(
            at,
            INITIALIZE,
            &Message::initialize(call.version),
            None,
            None,
        )
        .await;
    let mut exchanges = vec![answered.exchange];
    let (session, negotiated) = opened(&answered);
    let Some(negotiated) = negotiated else {
        return Ok(finish(at, answered, "initialize", exchanges, None));
    };
    if let Some(session) = &session {
        at.session.http.vault().learn(Kind::SessionId, session);
    }
    let initialized = Message::of_method("notifications/initialized");
    let told = call
        .send(
            at,
            INITIALIZED,
            &initialized,
            session.as_deref(),
            Some(&negotiated),
        )
        .await;
    exchanges.push(told.exchange);
    if told
        .response
        .as_ref()
        .is_ok_and(|answer| matches!(answer.status, 401 | 403))
    {
        return Ok(finish(at, told, "initialized", exchanges, session));
    }
    Ok(call
        .operation(at, session.as_deref(), Some(&negotiated), exchanges)
        .await)
}

/// The session and version of a successful `initialize`.
fn opened(answered: &Answered) -> (Option<String>, Option<String>) {
    let Ok(response) = &answered.response else {
        return (None, None);
    };
    let negotiated = (200..300)
        .contains(&response.status)
        .then(|| mcp::message_of(response))
        .flatten()
        .and_then(|message| {
            let version = message.get("result")?.get("protocolVersion")?;
            version.as_str().map(str::to_owned)
        });
    (response.header("mcp-session-id"), negotiated)
}

/// A call with its members rendered and mutated.
struct Prepared {
    url: String,
    version: McpVersion,
    message: Message,
    members: Members,
}

impl Prepared {
    async fn new(at: &At<'_>, step: &Call) -> Result<Self, Halt> {
        let url =
            match &step.server {
                Some(server) => at.string(server)?,
                None => at.session.target.file.mcp_server.clone().ok_or_else(|| {
                    Halt::Stopped("the target file names no mcp_server".to_owned())
                })?,
            };
        let version = match &step.mcp_version {
            None => at.session.version,
            Some(version) => {
                let version = at.string(version)?;
                McpVersion::parse(&version)
                    .ok_or_else(|| Halt::Fault(format!("{version:?} is no MCP version")))?
            }
        };
        let members = Members::of(at, step).await?;
        let mut message = match step.request.is_empty() {
            true => message(at, &members.operation)?,
            false => request(at.params(&step.request)?),
        };
        message.add(&members.params);
        Ok(Self {
            url,
            version,
            message,
            members,
        })
    }

    async fn send(
        &self,
        at: &At<'_>,
        purpose: &str,
        message: &Message,
        session: Option<&str>,
        negotiated: Option<&str>,
    ) -> Answered {
        let is_handshake = matches!(purpose, INITIALIZE | INITIALIZED);
        let is_honest = is_handshake && at.mutation.stage == Some(Stage::Operation);
        let access_token = match is_honest {
            true => &self.members.honest_token,
            false => &self.members.access_token,
        };
        let envelope = Envelope {
            url: &self.url,
            access_token: access_token.as_deref(),
            session,
            negotiated,
        };
        let mut request = mcp::request(self.version, message, &envelope);
        request.headers.extend(self.members.headers.iter().cloned());
        request.connection.clone_from(&self.members.connection);
        if is_honest {
            return at.send_honest(purpose, request).await;
        }
        if let (Some(place), Some(token)) = (at.mutation.send_in, &self.members.access_token) {
            move_token(&mut request, place, token);
        }
        at.send(purpose, request).await
    }

    async fn operation(
        &self,
        at: &At<'_>,
        session: Option<&str>,
        negotiated: Option<&str>,
        mut exchanges: Vec<usize>,
    ) -> Done {
        let answered = self
            .send(at, &self.message.method, &self.message, session, negotiated)
            .await;
        exchanges.push(answered.exchange);
        let mut done = finish(
            at,
            answered,
            "operation",
            exchanges,
            session.map(str::to_owned),
        );
        if let Some(version) = negotiated {
            done.result
                .insert("protocol_version".to_owned(), json!(version));
        }
        // Whoever answers a question and is asked again was not understood (MCP 2026-07-28).
        let is_answer = self.message.params.contains_key("inputResponses");
        let asked = done
            .result
            .get("result")
            .and_then(|result| result.get("inputRequests"));
        if is_answer && asked.is_some() && done.outcome.is_accepted() {
            done.outcome = Outcome::Refused {
                reason: "the question came again".to_owned(),
            };
        }
        done
    }
}

/// The request that a check gives itself.
fn request(mut members: Map<String, Value>) -> Message {
    let method = members.remove("method").unwrap_or_default();
    let mut message = Message::of_method(method.as_str().unwrap_or_default());
    if let Some(Value::Object(params)) = members.remove("params") {
        message.params = params;
    }
    message
}

/// The operation called `name`.
fn message(at: &At<'_>, name: &str) -> Result<Message, Halt> {
    let file = &at.session.target.file;
    let named = || {
        let operation = file.operations.get(name).map(|one| &one.call);
        let handle = || file.handles.get(name).map(|one| &one.call);
        let asked = || file.elicitations.get(name).map(|one| &one.call);
        operation.or_else(handle).or_else(asked)
    };
    let call = match name {
        "list" => None,
        "server/discover" => return Ok(Message::of_method(name)),
        "any" => file.operations.values().next().map(|one| &one.call),
        name => Some(
            named()
                .ok_or_else(|| Halt::Fault(format!("the target file has no operation {name:?}")))?,
        ),
    };
    let message = call.and_then(Message::of_operation);
    Ok(message.unwrap_or_else(|| Message::of_method("tools/list")))
}

/// Describes the last answer of a call.
fn finish(
    at: &At<'_>,
    answered: Answered,
    stage: &str,
    exchanges: Vec<usize>,
    session: Option<String>,
) -> Done {
    let message = answered
        .response
        .as_ref()
        .ok()
        .and_then(mcp::message_of)
        .unwrap_or_default();
    let result = message.get("result").cloned();
    let error = message.get("error").cloned();
    // A tool that ran and says isError had no effect that could be told apart from a refusal.
    let failed_tool = result
        .as_ref()
        .and_then(|result| result.get("isError"))
        .is_some_and(|flag| *flag == Value::Bool(true));
    let sent =
        json!({ "access_token": !at.mutation.changes.remove.contains(&"access_token".to_owned()) });
    let operation = stage == "operation";
    let mut done = answered.done(sent, |response, _| {
        operation && (200..300).contains(&response.status) && result.is_some() && !failed_tool
    });
    if let Outcome::Refused { reason } = &mut done.outcome {
        let success = done.result.get("status").and_then(Value::as_u64);
        let success = success.is_some_and(|status| (200..300).contains(&status));
        if failed_tool {
            *reason = "the tool answered isError".to_owned();
        } else if success && stage != "initialized" && error.is_none() {
            // A success that says nothing is no refusal: a page, a stream that stays silent.
            let reason = match (result.is_some(), stage) {
                (true, "initialize") => "initialize was answered without a protocolVersion",
                _ => "answered with success, but without a JSON-RPC answer",
            };
            done.outcome = Outcome::Undecided {
                reason: reason.to_owned(),
            };
        }
    }
    done.exchanges = exchanges;
    done.result.insert("stage".to_owned(), json!(stage));
    for (name, value) in [("result", result), ("error", error)] {
        if let Some(value) = value {
            done.result.insert(name.to_owned(), value);
        }
    }
    if let Some(session) = session {
        // Visible ASCII (MCP transports); the session itself stands in no recording.
        let printable = session.bytes().all(|byte| byte.is_ascii_graphic());
        done.result
            .insert("session_printable".to_owned(), json!(printable));
        done.result.insert("session".to_owned(), json!(session));
    }
    done
}
