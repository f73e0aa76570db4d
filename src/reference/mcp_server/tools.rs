//! The tools: what they are called, what scope each needs, and what they answer.
//!
//! Authorization is not decided here, except for whose data and whose runs a caller reaches.

use serde_json::{Value, json};

use super::answers::{sentiment, weather};
use super::customers::{Customers, STEM};
use super::operations::WRITE;
use super::policy::{AccessPolicy, CustomerDataOwner};
use super::questions::Questions;
use super::runs::Runs;
use super::verify::Caller;

/// A tool.
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Its arguments, all of them strings.
    pub arguments: &'static [&'static str],
    /// The scope that it needs; `run_workflow` derives one from its argument.
    pub scope: Option<&'static str>,
}

/// Every tool.
pub const TOOLS: [Tool; 8] = [
    Tool {
        name: "get_weather",
        description: "The weather in a city",
        arguments: &["city"],
        scope: Some("mcp:tools:weather"),
    },
    Tool {
        name: "update_customer",
        description: "Adds a note to a customer's record",
        arguments: &["id", "note"],
        scope: Some(WRITE),
    },
    Tool {
        name: "archive_customer",
        description: "Puts a customer's record away, once the user has confirmed it",
        arguments: &["id"],
        scope: Some(WRITE),
    },
    Tool {
        name: "link_account",
        description: "Links an account elsewhere, once the user has logged in on a page for it",
        arguments: &[],
        scope: Some(WRITE),
    },
    Tool {
        name: "run_workflow",
        description: "Runs a named workflow",
        arguments: &["name"],
        scope: Some("mcp:exec:workflows:*"),
    },
    Tool {
        name: "get_workflow_run",
        description: "How a workflow run went, by the handle that run_workflow gave",
        arguments: &["run"],
        scope: None,
    },
    Tool {
        name: "get_news_sentiment",
        description: "How the news speaks of a company, by its ticker symbol",
        arguments: &["ticker"],
        scope: Some("news:read"),
    },
    Tool {
        name: "whoami",
        description: "Who the server thinks is calling",
        arguments: &[],
        scope: None,
    },
];

impl Tool {
    /// JSON Schema of the arguments.
    pub fn schema(&self) -> serde_json::Map<String, Value> {
        let mut properties = serde_json::Map::new();
        for argument in self.arguments {
            properties.insert((*argument).to_owned(), json!({"type": "string"}));
        }
        let mut schema = serde_json::Map::new();
        schema.insert("type".into(), json!("object"));
        schema.insert("properties".into(), Value::Object(properties));
        schema.insert("required".into(), json!(self.arguments));
        schema
    }
}

/// What the server keeps.
#[derive(Debug, Default)]
pub struct Data {
    /// Customer data.
    pub customers: Customers,
    /// Workflow runs.
    pub runs: Runs,
    /// Questions to users.
    pub questions: Questions,
}

/// What a tool works with.
pub struct Workbench<'w> {
    /// Who calls.
    pub caller: &'w Caller,
    /// What the server keeps.
    pub data: &'w Data,
    /// Whose data a caller reaches.
    pub access: &'w AccessPolicy,
}

/// Why a call has no result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// No tool of that name.
    #[error("unknown tool")]
    Unknown,
    /// An argument is missing or no text.
    #[error("argument {0} is missing")]
    Argument(&'static str),
    /// The tool ran and found nothing of that name that the caller may see.
    #[error("no such {0}")]
    Nothing(&'static str),
}

/// Calls a tool.
pub fn call(name: &str, arguments: &Value, bench: &Workbench<'_>) -> Result<Value, ToolError> {
    let tool = TOOLS
        .iter()
        .find(|tool| tool.name == name)
        .ok_or(ToolError::Unknown)?;
    for argument in tool.arguments {
        if !arguments[*argument].is_string() {
            return Err(ToolError::Argument(argument));
        }
    }
    let text = |argument: &str| arguments[argument].as_str().unwrap_or_default();
    Ok(match name {
        "get_weather" => weather(text("city")),
        "update_customer" => {
            let owner = owner_of(bench, arguments["user"].as_str());
            let (customers, mode) = (&bench.data.customers, bench.access.customer_data_owner);
            let notes = customers.add(text("id"), owner, text("note"), mode);
            json!({"id": text("id"), "notes": notes.ok_or(ToolError::Nothing("customer"))?})
        }
        // The record itself is never shown: who confirmed is.
        "archive_customer" => {
            json!({"id": text("id"), "status": "archived", "user": bench.caller.user})
        }
        "link_account" => json!({"status": "linked", "user": bench.caller.user}),
        "run_workflow" => {
            let handles = bench.access.run_handles;
            let run = bench
                .data
                .runs
                .start(&bench.caller.user, text("name"), handles);
            json!({"workflow": text("name"), "status": "completed", "run": run})
        }
        "get_workflow_run" => {
            let (user, owner) = (&bench.caller.user, bench.access.run_owner);
            let run = bench.data.runs.look(text("run"), user, owner);
            run.ok_or(ToolError::Nothing("workflow run"))?
        }
        "get_news_sentiment" => sentiment(text("ticker")),
        _ => {
            let Caller {
                user,
                client_id,
                scopes,
                ..
            } = bench.caller;
            json!({"user": user, "client_id": client_id, "scope": scopes.join(" ")})
        }
    })
}

/// Reads a resource: a customer's record as JSON.
pub fn read(uri: &str, bench: &Workbench<'_>) -> Option<Value> {
    let (id, query) = uri
        .strip_prefix(STEM)?
        .split_once('?')
        .unwrap_or((uri.strip_prefix(STEM)?, ""));
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user");
    let owner = owner_of(bench, named.as_ref().map(|(_, user)| user.as_ref()));
    let mode = bench.access.customer_data_owner;
    bench.data.customers.read(id, owner, mode)
}

fn owner_of<'o>(bench: &'o Workbench<'_>, named: Option<&'o str>) -> &'o str {
    match (bench.access.customer_data_owner, named) {
        (CustomerDataOwner::Argument, Some(named)) => named,
        _ => &bench.caller.user,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_bench<T>(owner: CustomerDataOwner, run: impl FnOnce(&Workbench<'_>) -> T) -> T {
        let caller = Caller {
            user: "alice".into(),
            client_id: "c".into(),
            ..Caller::default()
        };
        let access = AccessPolicy {
            customer_data_owner: owner,
            ..AccessPolicy::default()
        };
        run(&Workbench {
            caller: &caller,
            data: &Data::default(),
            access: &access,
        })
    }

    #[test]
    fn a_note_is_read_back_by_its_writer() {
        with_bench(CustomerDataOwner::Caller, |bench| {
            call(
                "update_customer",
                &json!({"id": "42", "note": "hello"}),
                bench,
            )
            .unwrap();
            let record = read("customer-data://customers/42", bench).unwrap();
            assert_eq!(record["notes"], json!(["hello"]));
            let other = read("customer-data://customers/42?user=bob", bench).unwrap();
            assert_eq!(other["user"], "alice");
        });
        with_bench(CustomerDataOwner::Argument, |bench| {
            let other = read("customer-data://customers/42?user=bob", bench).unwrap();
            assert_eq!(other["user"], "bob");
        });
    }

    #[test]
    fn wrong_arguments_are_named() {
        with_bench(CustomerDataOwner::Caller, |bench| {
            assert_eq!(call("nothing", &json!({}), bench), Err(ToolError::Unknown));
            assert_eq!(
                call("get_weather", &json!({}), bench),
                Err(ToolError::Argument("city"))
            );
        });
    }
}
