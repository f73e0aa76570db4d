//! Operations to propose: the tools of `tools/list`, with arguments that their schemas accept.
//! None of them is called.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::text::one_line;
use crate::report::text::shorten;
use crate::run::RunRecord;

/// Most tools that are proposed; the file is for people.
const MOST: usize = 20;

/// A proposed operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its name in the target file.
    pub name: String,
    /// What the server says of the tool.
    pub remark: String,
    /// The entry of `operations`.
    pub value: Value,
    rank: u8,
}

/// The tools of the honest run's `tools/list`, those that say they only read first; and how many
/// more there are.
pub fn proposals(honest: Option<&RunRecord>, scopes: &[String]) -> (Vec<Proposal>, usize) {
    let call = honest.and_then(|run| run.step("call"));
    let tools = call.and_then(|call| call.result.at("/result/tools"));
    let mut names = BTreeSet::new();
    let mut proposals: Vec<Proposal> = tools
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tool| proposal(tool, scopes, &mut names))
        .collect();
    proposals.sort_by_key(|proposal| proposal.rank);
    let more = proposals.len().saturating_sub(MOST);
    proposals.truncate(MOST);
    (proposals, more)
}

fn proposal(tool: &Value, scopes: &[String], names: &mut BTreeSet<String>) -> Option<Proposal> {
    let tool_name = tool.get("name")?.as_str()?;
    let hint = |name: &str| {
        tool.pointer("/annotations")
            .and_then(|a| a.get(name)?.as_bool())
    };
    let (rank, hinted) = match (hint("readOnlyHint"), hint("destructiveHint")) {
        (Some(true), _) => (0, "It says that it only reads."),
        (Some(false), Some(true)) => (2, "It says that it may destroy something: leave it out."),
        (Some(false), _) => (
            2,
            "It says that it changes something: think before you name it.",
        ),
        (None, _) => (1, "It does not say whether it changes anything."),
    };
    let said = tool.get("description").and_then(Value::as_str);
    let said = shorten(&one_line(said.unwrap_or_default()), 160);
    let full_stop = if said.is_empty() || said.ends_with('.') {
        ""
    } else {
        "."
    };
    let schema = tool.get("inputSchema").unwrap_or(&Value::Null);
    Some(Proposal {
        name: name_of(tool_name, names),
        remark: format!(
            "{said}{full_stop} {hinted}{}",
            sounds_like(tool_name, scopes)
        )
        .trim_start()
        .to_owned(),
        // A wrong scope would accuse the server, so a person has to write it.
        value: json!({
            "scopes": [],
            "call": { "tool": { "name": tool_name, "arguments": arguments(schema) } },
        }),
        rank,
    })
}

/// A name for people: letters, digits and underscores, each once, none that checks reserve.
fn name_of(tool: &str, names: &mut BTreeSet<String>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain: String = tool
        .chars()
        .take(60)
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let first = match plain.as_str() {
        "" | "any" | "list" => format!("tool_{plain}"),
        _ => plain,
    };
    let mut name = first.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{first}_{number}");
        number += 1;
    }
    name
}

/// The scopes that share a word with the tool's name: a hint, no more.
fn sounds_like(tool: &str, scopes: &[String]) -> String {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let long = words.filter(|word| word.len() > 3 && *word != "tools");
        long.map(str::to_ascii_lowercase).collect::<BTreeSet<_>>()
    };
    let of_tool = words(tool);
    let alike = scopes
        .iter()
        .filter(|scope| !words(scope).is_disjoint(&of_tool));
    let alike: Vec<String> = alike.map(|scope| format!("`{scope}`")).collect();
    match alike.is_empty() {
        true => String::new(),
        false => format!(" Its scope may be {}.", alike.join(" or ")),
    }
}

/// Values for what the schema requires.
fn arguments(schema: &Value) -> Map<String, Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    names
        .map(|name| {
            let property = schema.pointer("/properties").and_then(|all| all.get(name));
            (name.to_owned(), sample(property.unwrap_or(&Value::Null), 0))
        })
        .collect()
}

/// Deeper schemas get an empty object: a person has to look at them anyway.
const DEEPEST: usize = 3;

/// A value that a JSON Schema accepts as far as its plain keywords say.
fn sample(schema: &Value, depth: usize) -> Value {
    let first = |name: &str| schema.get(name).and_then(|list| list.get(0));
    let given = schema
        .get("const")
        .or_else(|| schema.get("default").filter(|value| !value.is_null()))
        .or_else(|| first("examples"))
        .or_else(|| first("enum"));
    if let Some(value) = given {
        return value.clone();
    }
    if let Some(choice) = first("anyOf").or_else(|| first("oneOf"))
        && depth < DEEPEST
    {
        return sample(choice, depth + 1);
    }
    let kind = schema.get("type");
    let kind = kind.and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("array") => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            let items = schema.get("items").filter(|_| least > 0 && depth < DEEPEST);
            let items = items.map(|items| sample(items, depth + 1));
            json!(items.into_iter().collect::<Vec<_>>())
        }
        Some("object") if depth < DEEPEST => {
            let required = schema.get("required").and_then(Value::as_array);
            let members = required.into_iter().flatten().filter_map(|name| {
                let name = name.as_str()?;
                let property = schema.get("properties")?.get(name)?;
                Some((name.to_owned(), sample(property, depth + 1)))
            });
            Value::Object(members.collect())
        }
        Some("object") => json!({}),
        Some("null") => Value::Null,
        _ => json!(match schema.get("format").and_then(Value::as_str) {
            Some("uri" | "url") => "https://authspec.example/",
            Some("email") => "somebody@authspec.example",
            Some("date") => "2026-01-01",
            Some("date-time") => "2026-01-01T00:00:00Z",
            _ => "authspec",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Outcome, StepRecord};

    fn listed(tools: Value) -> RunRecord {
        RunRecord {
            id: String::new(),
            title: String::new(),
            steps: vec![StepRecord {
                name: "call".to_owned(),
                action: "call".to_owned(),
                mutation: String::new(),
                outcome: Outcome::Accepted,
                result: json!({ "result": { "tools": tools } }).into(),
                exchanges: Vec::new(),
            }],
            variables: json!(null).into(),
            stopped: None,
            fault: None,
        }
    }

    #[test]
    fn tools_that_only_read_come_first_and_names_are_unique() {
        let run = listed(json!([
            { "name": "wipe", "annotations": { "readOnlyHint": false, "destructiveHint": true } },
            { "name": "any" },
            { "name": "get weather", "description": "The\nweather", "annotations": { "readOnlyHint": true } },
            { "name": "get-weather" },
            { "title": "no name" },
        ]));
        let scopes = ["mcp:tools:weather".to_owned(), "news:read".to_owned()];
        let (proposals, more) = proposals(Some(&run), &scopes);
        let names: Vec<_> = proposals.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["get_weather", "tool_any", "get_weather_2", "wipe"]);
        assert_eq!(more, 0);
        assert_eq!(
            proposals[0].remark,
            "The weather. It says that it only reads. Its scope may be `mcp:tools:weather`."
        );
        assert_eq!(proposals[0].value["scopes"], json!([]));
        assert_eq!(proposals[0].value["call"]["tool"]["name"], "get weather");
    }

    #[test]
    fn arguments_are_what_the_schema_requires() {
        let schema = json!({
            "required": ["city", "unit", "days", "when", "who", "tags", "site"],
            "properties": {
                "city": { "type": "string" }, "unit": { "enum": ["C", "F"] },
                "days": { "type": "integer", "minimum": 2 },
                "when": { "type": "string", "format": "date" },
                "who": { "type": "object", "required": ["id"], "properties": { "id": { "type": ["string", "null"] } } },
                "tags": { "type": "array", "minItems": 1, "items": { "type": "boolean" } },
                "site": { "anyOf": [{ "type": "string", "format": "uri" }, { "type": "null" }] },
                "left_out": { "type": "string" }
            }
        });
        assert_eq!(
            Value::Object(arguments(&schema)),
            json!({
                "city": "authspec", "unit": "C", "days": 2, "when": "2026-01-01",
                "who": { "id": "authspec" }, "tags": [false], "site": "https://authspec.example/"
            })
        );
        assert!(arguments(&json!("no schema")).is_empty());
    }

    #[test]
    fn without_a_list_there_is_nothing_to_propose() {
        assert_eq!(proposals(None, &[]), (Vec::new(), 0));
        assert_eq!(
            proposals(Some(&listed(json!("none"))), &[]),
            (Vec::new(), 0)
        );
    }
}
