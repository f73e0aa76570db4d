//! A mutation in one line, for reports.

use serde_json::Value;

use crate::suite::{Mutation, Params, whole_expression};

/// What is changed: `code_verifier = run.code_verifier[:-1], without client_id`. Never empty for a
/// mutation that changes something.
pub fn describe(mutation: &Mutation) -> String {
    let mut words = Vec::new();
    let mut each = |params: &Params, word: &dyn Fn(&str, &str) -> String| {
        words.extend(params.iter().map(|(name, value)| word(name, &told(value))));
    };
    each(&mutation.set, &|name, value| format!("{name} = {value}"));
    each(&mutation.append, &|name, value| {
        format!("{name} followed by {value}")
    });
    each(&mutation.repeat, &|name, value| {
        format!("{name} again as {value}")
    });
    each(&mutation.headers, &|name, value| {
        format!("header {name} = {value}")
    });
    words.extend(mutation.remove.iter().map(|name| format!("without {name}")));
    if let Some(forge) = &mutation.forge {
        let part = |part: &str, params: &Params| -> Vec<String> {
            let named = params.iter();
            named
                .map(|(name, value)| format!("{part} {name} = {}", told(value)))
                .collect()
        };
        words.extend(part("JWT header", &forge.header));
        words.extend(part("claim", &forge.claims));
        words.extend(member("signature", serde_json::to_value(forge.signature)));
    }
    let mut one = |name: &str, value: &Option<String>| {
        words.extend(
            value
                .as_ref()
                .map(|value| format!("{name} = {}", bare(value))),
        );
    };
    one("method", &mutation.method);
    one("user", &mutation.user);
    one("consent", &mutation.consent);
    one("stop before", &mutation.stop_before);
    one("browser", &mutation.browser);
    one("client", &mutation.client);
    if let Some(serve) = &mutation.serve {
        one("path of the document", &serve.path);
        one("address of the document", &serve.base);
        one("answer", &serve.body);
    }
    let status = mutation
        .serve
        .as_ref()
        .and_then(|serve| serve.status.as_ref());
    words.extend(member("status", serde_json::to_value(status)));
    words.extend(member("sent in", serde_json::to_value(mutation.send_in)));
    words.extend(member(
        "authentication",
        serde_json::to_value(mutation.authentication),
    ));
    words.extend(member(
        "seconds later",
        serde_json::to_value(&mutation.delay),
    ));
    words.extend(member("stage", serde_json::to_value(mutation.stage)));
    words.join(", ")
}

/// A member whose value is a word; absent ones are null.
fn member(name: &str, value: serde_json::Result<Value>) -> Option<String> {
    match value.ok()? {
        Value::Null => None,
        Value::String(word) => Some(format!("{name} = {}", bare(&word))),
        other => Some(format!("{name} = {other}")),
    }
}

/// A value as the suite wrote it; of a template that is all of it, the expression.
fn told(value: &Value) -> String {
    match value.as_str().and_then(whole_expression) {
        Some(expression) => expression.to_owned(),
        None => value.to_string(),
    }
}

fn bare(text: &str) -> &str {
    whole_expression(text).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(mutation: Value) -> String {
        describe(&serde_json::from_value(mutation).expect("a mutation"))
    }

    #[test]
    fn a_person_reads_what_was_changed() {
        for (mutation, words) in [
            (
                json!({"set": {"code_verifier": "{{ run.code_verifier[:-1] }}"}, "remove": ["a"]}),
                "code_verifier = run.code_verifier[:-1], without a",
            ),
            (
                json!({"set": {"x": "{{ a }}{{ b }}", "y": null}}),
                "x = \"{{ a }}{{ b }}\", y = null",
            ),
            (
                json!({"forge": {"header": {"alg": "none"}, "signature": "empty"}}),
                "JWT header alg = \"none\", signature = empty",
            ),
            (
                json!({"serve": {"path": "/a/../c", "status": 404, "body": "{{ case.body }}"}}),
                "path of the document = /a/../c, answer = case.body, status = 404",
            ),
            (
                json!({"append": {"uri": "x"}, "repeat": {"uri": "y"}, "headers": {"h": null}}),
                "uri followed by \"x\", uri again as \"y\", header h = null",
            ),
            (
                json!({"authentication": "nothing", "send_in": "query", "delay": 2, "user": "second"}),
                "user = second, sent in = query, authentication = nothing, seconds later = 2",
            ),
        ] {
            assert_eq!(told(mutation), words);
        }
    }
}
