//! Requests of the versions up to 2025-11-25: handshake, sessions, batches, event stream, DELETE.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::endpoint::{Call, method_not_allowed};
use super::execute::Answer;
use super::form::legacy_headers;
use super::incoming::{BATCH_VERSION, MODERN};
use super::policy::{
    AbsentVersion, Batches, EventStream, MissingSession, ModernEraSessions, SessionDelete,
    SessionMode, UnknownSession, UnsupportedVersion,
};
use super::sessions::{Session, may_use};
use super::tasks;
use super::verify::Caller;
use crate::reference::audit::Event;

const SESSION: &str = "mcp-session-id";
const STREAM_LIFETIME: Duration = Duration::from_secs(20);

impl Call<'_> {
    pub(super) async fn legacy_post(&self, caller: &Caller) -> Response {
        if !self.speaks_legacy() {
            return self.legacy_is_over();
        }
        if self.incoming.opens_session() {
            return self.handshake(caller).await;
        }
        let session = match self.session(caller) {
            Ok(session) => session,
            Err(response) => return *response,
        };
        let sent = self.header("mcp-protocol-version");
        let version = session
            .map(|session| session.version)
            .or_else(|| sent.clone());
        if let Err(response) = self.check_version(version.as_deref(), sent.as_deref()) {
            return *response;
        }
        if self.incoming.batch && !self.batch_is_allowed(version.as_deref()) {
            return self.protocol_error(StatusCode::BAD_REQUEST, -32600, "no batches", None);
        }
        let operations = match self.permit(caller) {
            Ok(operations) => operations,
            Err(response) => return *response,
        };
        let answer = match self.task(caller, version.as_deref()).await {
            Some(answer) => answer,
            None => self.run_each(caller, version.as_deref()).await,
        };
        self.log(caller, &operations, &answer);
        self.present(answer)
    }

    /// What a server of 2026-07-28 alone says to older clients (transports: -32020 without the version
    /// header, -32022 with the supported versions otherwise).
    fn legacy_is_over(&self) -> Response {
        let bad = StatusCode::BAD_REQUEST;
        let named = self.header("mcp-protocol-version");
        if named.is_none() && !self.incoming.has("initialize") {
            return self.protocol_error(
                bad,
                -32020,
                "the MCP-Protocol-Version header is missing",
                None,
            );
        }
        let data = json!({"supported": self.policy().transport.mcp_versions});
        self.protocol_error(bad, -32022, "unsupported protocol version", Some(data))
    }

    async fn handshake(&self, caller: &Caller) -> Response {
        let operations = match self.permit(caller) {
            Ok(operations) => operations,
            Err(response) => return *response,
        };
        let answer = self.run_each(caller, None).await;
        self.log(caller, &operations, &answer);
        let negotiated = answer.message().and_then(|message| {
            message["result"]["protocolVersion"]
                .as_str()
                .map(str::to_owned)
        });
        let answer = match negotiated.as_deref() {
            Some(tasks::VERSION) => tasks::declared(answer),
            _ => answer,
        };
        let mut response = self.present(answer);
        let policy = &self.policy().sessions;
        if let (Some(version), true) = (negotiated, policy.mode != SessionMode::Off) {
            let token = self.header("authorization").unwrap_or_default();
            let token = token.split_once(' ').map_or("none", |(_, token)| token);
            let id = self
                .server
                .sessions
                .open(caller, &version, token, policy.ids);
            if let Ok(id) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(SESSION, id);
            }
        }
        response
    }

    /// The session that the request names, if the caller may use it.
    fn session(&self, caller: &Caller) -> Result<Option<Session>, Box<Response>> {
        let policy = &self.policy().sessions;
        let Some(id) = self.header(SESSION) else {
            return match policy.mode {
                SessionMode::Required => Err(Box::new(self.missing_session())),
                SessionMode::Optional | SessionMode::Off => Ok(None),
            };
        };
        if policy.mode == SessionMode::Off {
            return Ok(None);
        }
        let session = self.server.sessions.get(&id);
        match session {
            Some(session) if may_use(&session, caller, &self.parts.method, policy.bound_to) => {
                Ok(Some(session))
            }
            None if policy.unknown == UnknownSession::Adopted => {
                self.server.sessions.adopt(&id, caller, "2025-11-25");
                Ok(self.server.sessions.get(&id))
            }
            found => {
                let reason = if found.is_some() {
                    "session of another"
                } else {
                    "unknown session"
                };
                let entry =
                    self.entry(Event::AccessDenied, Some(caller), self.operations().first());
                self.server.site.audit.record(entry.refused(reason));
                let status = match policy.unknown {
                    UnknownSession::BadRequest => StatusCode::BAD_REQUEST,
                    UnknownSession::Crash => StatusCode::INTERNAL_SERVER_ERROR,
                    _ => StatusCode::NOT_FOUND,
                };
                Err(Box::new(self.protocol_error(
                    status,
                    -32001,
                    "unknown session",
                    None,
                )))
            }
        }
    }

    /// Refuses a version header that names no version of these eras. 2025-03-26 knows no such header.
    fn check_version(
        &self,
        version: Option<&str>,
        sent: Option<&str>,
    ) -> Result<(), Box<Response>> {
        let policy = &self.policy().transport;
        let spoken = &policy.mcp_versions;
        if sent.is_none()
            && version != Some(BATCH_VERSION)
            && policy.absent_version == AbsentVersion::Refused
        {
            let bad = StatusCode::BAD_REQUEST;
            let refusal = self.protocol_error(bad, -32600, "no protocol version", None);
            return Err(Box::new(refusal));
        }
        let known = |version: &str| spoken.iter().any(|one| one == version && one != MODERN);
        let ignored = version == Some(BATCH_VERSION) || sent.is_none_or(known);
        let status = match policy.unsupported_version {
            _ if ignored => return Ok(()),
            UnsupportedVersion::Ignored => return Ok(()),
            UnsupportedVersion::Refused => StatusCode::BAD_REQUEST,
            UnsupportedVersion::Crash => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let data = json!({"supported": spoken, "requested": sent});
        let refusal =
            self.protocol_error(status, -32022, "unsupported protocol version", Some(data));
        Err(Box::new(refusal))
    }

    /// Batches exist in 2025-03-26 only, where the handshake is not part of one.
    fn batch_is_allowed(&self, version: Option<&str>) -> bool {
        let is_known = version.unwrap_or(BATCH_VERSION) == BATCH_VERSION
            || self.policy().transport.batches == Batches::EveryVersion;
        is_known && !self.incoming.messages.is_empty() && !self.incoming.has("initialize")
    }

    pub(super) async fn run_each(&self, caller: &Caller, version: Option<&str>) -> Answer {
        let known = version.filter(|version| {
            let spoken = &self.policy().transport.mcp_versions;
            spoken.iter().any(|one| one == version && one != MODERN)
        });
        let headers = legacy_headers(&self.parts.headers, known);
        let engine = &self.server.engine;
        if let ([message], false) = (&self.incoming.messages[..], self.incoming.batch) {
            return engine.run(message, headers, caller).await;
        }
        let mut answers = Vec::new();
        for message in &self.incoming.messages {
            answers.extend(engine.run(message, headers.clone(), caller).await.message());
        }
        if answers.is_empty() {
            let (content_type, body) = (None, Bytes::new());
            return Answer {
                status: StatusCode::ACCEPTED,
                content_type,
                body,
            };
        }
        Answer {
            status: StatusCode::OK,
            content_type: Some("application/json".into()),
            body: Value::Array(answers).to_string().into(),
        }
    }

    /// GET: a stream for messages of the server. Nothing is sent on it; it ends with the session.
    pub(super) fn event_stream(&self, caller: &Caller) -> Response {
        let policy = self.policy();
        let offered = policy.transport.event_stream == EventStream::Offered;
        if !offered || !self.speaks_legacy() || policy.sessions.mode == SessionMode::Off {
            return method_not_allowed();
        }
        let mut session = match self.session(caller) {
            Ok(Some(session)) => session,
            Ok(None) => return self.missing_session(),
            Err(response) => return *response,
        };
        let entry = self.entry(Event::Access, Some(caller), None);
        self.server.site.audit.record(entry.ok());
        let stream = async_stream::stream! {
            yield Ok::<_, std::convert::Infallible>(Bytes::from_static(b": open\n\n"));
            // Either way the stream is over.
            let _ = tokio::time::timeout(STREAM_LIFETIME, session.closed.changed()).await;
        };
        (
            [(CONTENT_TYPE, "text/event-stream")],
            Body::from_stream(stream),
        )
            .into_response()
    }

    /// DELETE: ends the session.
    pub(super) fn end_session(&self, caller: &Caller) -> Response {
        let policy = &self.policy().sessions;
        let allowed = policy.delete != SessionDelete::NotAllowed && policy.mode != SessionMode::Off;
        if !allowed || !self.speaks_legacy() {
            return method_not_allowed();
        }
        match (self.session(caller), self.header(SESSION)) {
            (Ok(_), Some(id)) => {
                let entry = self.entry(Event::Access, Some(caller), None);
                self.server.site.audit.record(entry.ok());
                if policy.delete == SessionDelete::Ends {
                    self.server.sessions.close(&id);
                }
                StatusCode::NO_CONTENT.into_response()
            }
            (Ok(_), None) => self.missing_session(),
            (Err(response), _) => *response,
        }
    }

    /// Under 2026-07-28 session IDs mean nothing, unless the policy says otherwise.
    pub(super) fn modern_session(&self) -> Option<Response> {
        let id = self.header(SESSION)?;
        let looked_up = self.policy().sessions.modern_era == ModernEraSessions::LookedUp;
        (looked_up && self.server.sessions.get(&id).is_none())
            .then(|| self.protocol_error(StatusCode::NOT_FOUND, -32001, "unknown session", None))
    }

    fn speaks_legacy(&self) -> bool {
        let spoken = &self.policy().transport.mcp_versions;
        spoken.iter().any(|version| version != MODERN)
    }

    fn missing_session(&self) -> Response {
        let status = match self.policy().sessions.missing {
            MissingSession::BadRequest => StatusCode::BAD_REQUEST,
            MissingSession::Crash => StatusCode::INTERNAL_SERVER_ERROR,
            MissingSession::NotFound => StatusCode::NOT_FOUND,
        };
        self.protocol_error(status, -32600, "a session ID is needed", None)
    }
}
