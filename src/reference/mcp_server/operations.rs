//! Which operation a JSON-RPC message asks for, and the scope that it needs.
//!
//! The granular scope model: tools, resources and workflows each have scopes of their own. Lists and the
//! handshake need a valid token and no scope.

use serde_json::Value;

use super::tools::TOOLS;
use crate::reference::scope::{covers, is_scope_token};

/// Scope for reading customer data.
pub const READ: &str = "mcp:resources:customer-data:read";
/// Scope for changing customer data.
pub const WRITE: &str = "mcp:resources:customer-data:write";
/// Stem of the scopes for workflows.
pub const WORKFLOWS: &str = "mcp:exec:workflows:";

/// One operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// The JSON-RPC method.
    pub method: String,
    /// Method and target, for the audit log.
    pub name: String,
    /// The scope that it needs.
    pub needs: Option<String>,
}

/// The operation of a message.
pub fn of(method: &str, params: &Value) -> Operation {
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    let (target, needs) = match method {
        "tools/call" => (text("name"), tool_needs(text("name"), &params["arguments"])),
        "resources/read" | "resources/subscribe" => (text("uri"), Some(READ.to_owned())),
        _ => ("", None),
    };
    let name = match target {
        "" => method.to_owned(),
        // A line of the log stays a line, however long a name the client invents.
        _ => format!("{method} {}", target.chars().take(120).collect::<String>()),
    };
    Operation {
        method: method.to_owned(),
        name,
        needs,
    }
}

/// The scope of one tool call.
pub fn tool_needs(tool: &str, arguments: &Value) -> Option<String> {
    let known = TOOLS.iter().find(|known| known.name == tool)?;
    if tool != "run_workflow" {
        return known.scope.map(str::to_owned);
    }
    let workflow = arguments["name"].as_str().unwrap_or_default();
    let specific = format!("{WORKFLOWS}{workflow}");
    // A name that is longer than any workflow's must not end in a header.
    let fits = workflow.len() <= 64
        && is_scope_token(&specific)
        && specific.split(':').all(|part| !part.is_empty());
    Some(if fits {
        specific
    } else {
        format!("{WORKFLOWS}*")
    })
}

/// The scope to name in a challenge: the needed one where a client can ask for it, else the wildcard of
/// the server that covers it.
pub fn to_ask_for(needed: &str, supported: &[String]) -> String {
    let exact = supported.iter().find(|scope| *scope == needed);
    let covering = supported.iter().find(|scope| covers(scope, needed));
    exact
        .or(covering)
        .map_or_else(|| needed.to_owned(), String::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn needs(method: &str, params: Value) -> Option<String> {
        of(method, &params).needs
    }

    #[test]
    fn each_operation_has_its_scope() {
        let call = |name: &str, arguments: Value| {
            needs("tools/call", json!({"name": name, "arguments": arguments}))
        };
        assert_eq!(
            call("get_weather", json!({})).as_deref(),
            Some("mcp:tools:weather")
        );
        assert_eq!(call("update_customer", json!({})).as_deref(), Some(WRITE));
        assert_eq!(
            call("get_news_sentiment", json!({})).as_deref(),
            Some("news:read")
        );
        assert_eq!(call("whoami", json!({})), None);
        assert_eq!(
            call("run_workflow", json!({"name": "daily-report"})).as_deref(),
            Some("mcp:exec:workflows:daily-report")
        );
        assert_eq!(
            needs(
                "resources/read",
                json!({"uri": "customer-data://customers/42"})
            )
            .as_deref(),
            Some(READ)
        );
        assert_eq!(needs("tools/list", json!({})), None);
    }

    #[test]
    fn an_odd_workflow_name_needs_the_wildcard() {
        for name in [
            json!(""),
            json!("a b"),
            json!("a::b"),
            json!("*"),
            json!(7),
            json!("x\" ,"),
            json!("x".repeat(65)),
        ] {
            let needed = tool_needs("run_workflow", &json!({"name": name}));
            assert_eq!(needed.as_deref(), Some("mcp:exec:workflows:*"), "{name}");
        }
    }

    #[test]
    fn a_challenge_names_what_can_be_asked_for() {
        let supported =
            ["mcp:exec:workflows:*", "mcp:exec:workflows:daily-report"].map(String::from);
        assert_eq!(
            to_ask_for("mcp:exec:workflows:daily-report", &supported),
            supported[1]
        );
        assert_eq!(
            to_ask_for("mcp:exec:workflows:cleanup", &supported),
            supported[0]
        );
    }
}
