//! Refusing a request, and writing to the audit log what was carried out and what was not.
//!
//! Entries name user, client, operation, scope, outcome and reason; a token reaches them only through the
//! audit policy's own switch.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::challenge::{self, Refusal, Setting};
use super::endpoint::Call;
use super::execute::Answer;
use super::incoming::method;
use super::operations::Operation;
use super::policy::{CheckOrder, RefusalBody};
use super::verify::Caller;
use crate::reference::audit::{Entry, Event};

impl Call<'_> {
    /// Refuses, and says so in the log. Where the policy lets operations run before the check, this is
    /// where they have run.
    pub(super) fn refuse(
        &self,
        refusal: &Refusal,
        caller: Option<&Caller>,
        token: Option<&str>,
    ) -> Response {
        let operations = self.operations();
        let lacking = match refusal {
            Refusal::InsufficientScope { needed, .. } => operations
                .iter()
                .find(|one| one.needs.as_ref() == Some(needed)),
            _ => operations.first(),
        };
        let entry = self.entry(Event::AccessDenied, caller, lacking);
        self.server
            .site
            .audit
            .record(entry.refused(refusal.reason()));
        let setting = Setting {
            policy: self.policy(),
            resource: self.resource,
            origin: &self.server.site.mcp_origin,
            issuer: &self.server.site.issuer,
            scopes: &self.server.site.policy.scopes,
            headers: &self.parts.headers,
            needed: lacking.and_then(|one| one.needs.as_deref()),
            token,
            result: self.run_all_the_same(refusal, caller, token),
        };
        challenge::respond(refusal, &setting)
    }

    fn run_all_the_same(
        &self,
        refusal: &Refusal,
        caller: Option<&Caller>,
        token: Option<&str>,
    ) -> Option<Value> {
        let policy = self.policy();
        let runs = match policy.access.check_order {
            CheckOrder::BeforeExecution => policy.challenge.body == RefusalBody::Result,
            CheckOrder::AfterExecution => true,
            CheckOrder::ScopeAfterExecution => matches!(refusal, Refusal::InsufficientScope { .. }),
        };
        if !runs {
            return None;
        }
        let claimed = caller.cloned().or_else(|| Some(Caller::unverified(token?)));
        let caller = claimed.unwrap_or_else(Caller::anonymous);
        let engine = &self.server.engine;
        let mut last = None;
        for message in &self.incoming.messages {
            last = engine
                .perform(method(message), &message["params"], &caller)
                .or(last);
        }
        last
    }

    /// Writes one entry for each operation that was carried out.
    pub(super) fn log(&self, caller: &Caller, operations: &[Operation], answer: &Answer) {
        let failed = answer
            .message()
            .is_some_and(|message| message.get("error").is_some());
        for operation in operations {
            let entry = self.entry(Event::Access, Some(caller), Some(operation));
            let entry = if failed {
                entry.with("outcome", "error")
            } else {
                entry.ok()
            };
            self.server.site.audit.record(entry);
        }
    }

    pub(super) fn entry(
        &self,
        event: Event,
        caller: Option<&Caller>,
        operation: Option<&Operation>,
    ) -> Entry {
        let mut entry = Entry::new(event).resource(&self.resource.identifier);
        if let Some(caller) = caller {
            entry = entry.user(&caller.user).client(&caller.client_id);
        }
        let name = operation.map_or_else(|| self.parts.method.to_string(), |one| one.name.clone());
        entry = entry.operation(name);
        if let Some(needs) = operation.and_then(|one| one.needs.as_ref()) {
            entry = entry.scope(needs);
        }
        match self.header("authorization") {
            Some(token) => entry.credential(token),
            None => entry,
        }
    }

    /// A JSON-RPC error with an HTTP status, for a request that was let in but cannot be served.
    pub(super) fn protocol_error(
        &self,
        status: StatusCode,
        code: i64,
        message: &str,
        data: Option<Value>,
    ) -> Response {
        let mut error = json!({"code": code, "message": message});
        if let Some(data) = data {
            error["data"] = data;
        }
        let single = self
            .incoming
            .messages
            .first()
            .filter(|_| !self.incoming.batch);
        let id = single.and_then(|message| message.get("id"));
        let body = json!({"jsonrpc": "2.0", "id": id, "error": error});
        (status, axum::Json(body)).into_response()
    }
}
