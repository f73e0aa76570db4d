//! The scope check, message by message, before any of them runs.

use axum::response::Response;
use http::HeaderMap;
use serde_json::{Value, json};

use super::challenge::Refusal;
use super::credentials::text;
use super::endpoint::Call;
use super::incoming::method;
use super::operations::{self, Operation};
use super::policy::{BatchCheck, OperationFrom};
use super::scope::{self, Question};
use super::verify::Caller;
use crate::reference::scope::any_covers;

impl Call<'_> {
    /// The operations that the messages ask for. Notifications and answers are none.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let from = self.policy().access.operation_from;
        let requests = self
            .incoming
            .messages
            .iter()
            .filter(|message| message.get("id").is_some() && message.get("method").is_some());
        requests
            .map(|message| match from {
                OperationFrom::Headers if self.incoming.modern => {
                    from_headers(&self.parts.headers, message)
                }
                _ => operations::of(method(message), &message["params"]),
            })
            .collect()
    }

    /// The operations, if the caller may carry out all of them.
    pub(super) fn permit(&self, caller: &Caller) -> Result<Vec<Operation>, Box<Response>> {
        let operations = self.operations();
        let checked = match self.policy().access.batch_check {
            BatchCheck::EveryMessage => &operations[..],
            BatchCheck::FirstOnly => &operations[..operations.len().min(1)],
            BatchCheck::LastOnly => &operations[operations.len().saturating_sub(1)..],
            BatchCheck::None if self.incoming.batch => &[],
            BatchCheck::None => &operations[..],
        };
        let base = &self.policy().access.every_request_needs;
        let base = (!base.is_empty() && !any_covers(&caller.scopes, base)).then(|| base.clone());
        match base.or_else(|| checked.iter().find_map(|one| self.missing(caller, one))) {
            None => Ok(operations),
            Some(needed) => {
                let granted = caller.scopes.clone();
                let refusal = Refusal::InsufficientScope { granted, needed };
                Err(Box::new(self.refuse(&refusal, Some(caller), None)))
            }
        }
    }

    fn missing(&self, caller: &Caller, operation: &Operation) -> Option<String> {
        let policy = self.policy();
        let needed = operation.needs.as_ref()?;
        let trusted = policy.access.trusted_client_info.as_deref();
        if trusted.is_some() && trusted == self.incoming.client_info() {
            return None;
        }
        let question = Question {
            needed,
            method: &operation.method,
            modern: self.incoming.modern,
            known: &self.server.site.policy.scopes,
        };
        let permitted = scope::permits(caller, &question, policy.access.scope_check);
        (!permitted).then(|| needed.clone())
    }
}

fn from_headers(headers: &HeaderMap, message: &Value) -> Operation {
    let method = text(headers, "mcp-method").unwrap_or_default();
    let target = text(headers, "mcp-name").unwrap_or_default();
    let arguments = &message["params"]["arguments"];
    let params = json!({"name": target, "uri": target, "arguments": arguments});
    operations::of(&method, &params)
}
