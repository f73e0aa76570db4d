//! The tools: what they are called, what scope each needs, and what they answer.
//!
//! Answers are made up from the arguments, so that they are the same each time and need no network.

use serde_json::{Value, json};

use super::customers::{Customers, STEM};
use super::operations::WRITE;
use super::policy::CustomerDataOwner;
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
pub const TOOLS: [Tool; 5] = [
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
        name: "run_workflow",
        description: "Runs a named workflow",
        arguments: &["name"],
        scope: Some("mcp:exec:workflows:*"),
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

/// What a tool works with.
pub struct Workbench<'w> {
    /// Who calls.
    pub caller: &'w Caller,
    /// Customer data.
    pub customers: &'w Customers,
    /// Whose data a caller reaches.
    pub owner: CustomerDataOwner,
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
    /// The tool ran and has no answer.
    #[error("no such customer")]
    NoCustomer,
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
            let notes = bench
                .customers
                .add(text("id"), owner, text("note"), bench.owner);
            json!({"id": text("id"), "notes": notes.ok_or(ToolError::NoCustomer)?})
        }
        "run_workflow" => json!({"workflow": text("name"), "status": "completed"}),
        "get_news_sentiment" => sentiment(text("ticker")),
        _ => {
            json!({"user": bench.caller.user, "client_id": bench.caller.client_id, "scope": bench.caller.scopes.join(" ")})
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
    bench.customers.read(id, owner, bench.owner)
}

fn owner_of<'o>(bench: &'o Workbench<'_>, named: Option<&'o str>) -> &'o str {
    match (bench.owner, named) {
        (CustomerDataOwner::Argument, Some(named)) => named,
        _ => &bench.caller.user,
    }
}

fn weather(city: &str) -> Value {
    let seed = seed(city);
    let sky = ["clear", "cloudy", "rain", "fog"][(seed % 4) as usize];
    json!({"city": city, "celsius": (seed % 35) as i64 - 5, "sky": sky})
}

fn sentiment(ticker: &str) -> Value {
    let seed = seed(ticker);
    let (score, headlines) = ((seed % 200) as f64 / 100.0 - 1.0, 3 + seed % 20);
    let mood = if score > 0.0 {
        "optimistic"
    } else {
        "cautious"
    };
    json!({
        "ticker": ticker,
        "average_score": score,
        "headlines": headlines,
        "sample_headlines": [
            format!("Analysts {mood} about {ticker}"),
            format!("{ticker} publishes its quarterly figures"),
        ],
    })
}

/// FNV-1a: small, and the same on every machine.
fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
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
        let customers = Customers::default();
        run(&Workbench {
            caller: &caller,
            customers: &customers,
            owner,
        })
    }

    #[test]
    fn answers_are_the_same_each_time() {
        with_bench(CustomerDataOwner::Caller, |bench| {
            let ask = || call("get_news_sentiment", &json!({"ticker": "ACME"}), bench).unwrap();
            assert_eq!(ask(), ask());
            let score = ask()["average_score"].as_f64().unwrap();
            assert!((-1.0..=1.0).contains(&score));
            assert_eq!(ask()["sample_headlines"].as_array().unwrap().len(), 2);
        });
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
