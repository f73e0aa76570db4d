//! Tasks of MCP 2025-11-25: a tool call whose result is fetched later.
//!
//! A task belongs to the user who began it: to everybody else it does not exist (MCP tasks, "task
//! isolation and access control"). The tools here are done at once, so every task is completed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use http::StatusCode;
use rand::Rng;
use serde_json::{Value, json};

use super::endpoint::Call;
use super::execute::Answer;
use super::incoming::method;
use super::policy::TaskOwner;
use super::verify::Caller;

/// The only version with tasks in its core.
pub(super) const VERSION: &str = "2025-11-25";

/// When every task began.
const BEGAN: &str = "2025-11-25T00:00:00Z";

/// Tasks by identifier: who began it, and its result.
#[derive(Debug, Default)]
pub struct Tasks(Mutex<HashMap<String, (String, Value)>>);

impl Tasks {
    fn add(&self, user: &str, result: Value) -> String {
        let id = BASE64URL.encode(rand::thread_rng().r#gen::<[u8; 24]>());
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.insert(id.clone(), (user.to_owned(), result));
        id
    }

    fn result(&self, id: &str, user: &str, owner: TaskOwner) -> Option<Value> {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (beginner, result) = tasks.get(id)?;
        let visible = beginner == user || owner == TaskOwner::Anyone;
        visible.then(|| result.clone())
    }

    fn list(&self, user: &str, owner: TaskOwner) -> Vec<Value> {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let visible = tasks
            .iter()
            .filter(|(_, (beginner, _))| beginner == user || owner != TaskOwner::Caller);
        visible.map(|(id, _)| describe(id)).collect()
    }
}

/// The answer to `initialize`, with what these servers can do with tasks.
pub(super) fn declared(mut answer: Answer) -> Answer {
    if let Some(mut message) = answer.message() {
        message["result"]["capabilities"]["tasks"] =
            json!({ "list": {}, "requests": { "tools": { "call": {} } } });
        answer.body = message.to_string().into();
    }
    answer
}

fn describe(id: &str) -> Value {
    json!({ "taskId": id, "status": "completed", "createdAt": BEGAN, "lastUpdatedAt": BEGAN, "ttl": null })
}

impl Call<'_> {
    /// The answer, where the message is about a task.
    pub(super) async fn task(&self, caller: &Caller, version: Option<&str>) -> Option<Answer> {
        let [message] = &self.incoming.messages[..] else {
            return None;
        };
        if self.incoming.batch || version != Some(VERSION) {
            return None;
        }
        let (tasks, owner) = (&self.server.tasks, self.policy().access.task_owner);
        let params = &message["params"];
        let id = params["taskId"].as_str().unwrap_or_default();
        let known = tasks.result(id, &caller.user, owner);
        let result = match method(message) {
            "tools/call" if params["task"].is_object() => {
                let answer = self.run_each(caller, version).await;
                let Some(result) = answer.message()?.get("result").cloned() else {
                    return Some(answer);
                };
                let id = tasks.add(&caller.user, result);
                Some(json!({ "task": describe(&id) }))
            }
            "tasks/list" => Some(json!({ "tasks": tasks.list(&caller.user, owner) })),
            "tasks/get" => known.map(|_| describe(id)),
            "tasks/result" => known,
            _ => return None,
        };
        let mut answer = json!({ "jsonrpc": "2.0", "id": message["id"] });
        match result {
            Some(result) => answer["result"] = result,
            None => answer["error"] = json!({ "code": -32602, "message": "no such task" }),
        }
        Some(Answer {
            status: StatusCode::OK,
            content_type: Some("application/json".into()),
            body: answer.to_string().into(),
        })
    }
}
