//! Every value of every decision describes servers that start and answer.

use authspec::reference::{Options, Policy, start};
use serde_json::{Value, json};

/// Patches that set one decision to one of its values, read from the schema of the policy.
fn patches() -> Vec<Value> {
    let schema = serde_json::to_value(schemars::schema_for!(Policy)).unwrap();
    let mut found = Vec::new();
    collect(&schema, &schema, &mut Vec::new(), &mut found);
    found
}

fn collect(root: &Value, section: &Value, path: &mut Vec<String>, found: &mut Vec<Value>) {
    let Some(properties) = section["properties"].as_object() else {
        return;
    };
    for (name, field) in properties {
        path.push(name.clone());
        let target = match field["$ref"].as_str() {
            Some(reference) => &root["$defs"][reference.trim_start_matches("#/$defs/")],
            None => field,
        };
        for value in target["oneOf"].as_array().into_iter().flatten() {
            if let Some(value) = value.get("const") {
                found.push(nested(path, value.clone()));
            }
        }
        if target["type"] == "boolean" {
            found.extend([true, false].map(|value| nested(path, json!(value))));
        }
        collect(root, target, path, found);
        path.pop();
    }
}

fn nested(path: &[String], value: Value) -> Value {
    path.iter()
        .rev()
        .fold(value, |inner, name| json!({ name: inner }))
}

#[tokio::test]
async fn every_value_of_every_decision_starts() {
    let patches = patches();
    assert!(patches.len() > 400, "{}", patches.len());
    let http = super::http();
    for patch in patches {
        let policy = Policy::patched(patch.clone()).unwrap_or_else(|e| panic!("{patch}: {e}"));
        let running = start(policy, Vec::new(), Options::default()).await.unwrap();
        let url = format!("{}/authorize?client_id=short-lived", running.issuer);
        let answer = http
            .get(&url)
            .send()
            .await
            .unwrap_or_else(|e| panic!("{patch}: {e}"));
        let is_told_to = patch["redirect_uris"]["omitted"] == "server_error"
            || patch["scope_rules"]["omitted"] == "server_error";
        assert!(answer.status() != 500 || is_told_to, "{patch}");
    }
}
