//! What templates in conditions can read: the recording's and the run's names, and the results
//! of the run's steps, all redacted. Equal secrets have equal markers, so comparing still works.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use crate::plan::PlannedRun;
use crate::run::{Recording, RunRecord};
use crate::suite::{Action, Params, Templates, context, context_over, document};

/// The language, the same for every condition.
static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::new);

/// The names for the conditions on one step.
pub(super) struct Scope<'r> {
    recording: &'r Recording,
    run: &'r RunRecord,
    row: &'r Params,
    client: Option<&'r str>,
    made: OnceCell<minijinja::Value>,
}

impl<'r> Scope<'r> {
    /// The names that conditions on `step` of `run` can read.
    pub(super) fn of(
        recording: &'r Recording,
        run: &'r RunRecord,
        planned: Option<&'r PlannedRun>,
        row: &'r Params,
        step: &str,
    ) -> Self {
        Self {
            recording,
            run,
            row,
            client: planned.and_then(|planned| client_of(planned, step)),
            made: OnceCell::new(),
        }
    }

    /// Renders every string inside `value`.
    ///
    /// # Errors
    /// Says which name is not there, or what else is wrong.
    pub(super) fn render(&self, value: &Value) -> Result<Value, String> {
        if !has_template(value) {
            return Ok(value.clone());
        }
        let names = self.made.get_or_init(|| self.names());
        TEMPLATES
            .render_value(value, names)
            .map_err(|cause| format!("cannot evaluate {value}: {cause}"))
    }

    /// Renders a text.
    ///
    /// # Errors
    /// As [`Self::render`], and if the value is no text.
    pub(super) fn render_text(&self, text: &str) -> Result<String, String> {
        match self.render(&Value::String(text.to_owned()))? {
            Value::String(text) => Ok(text),
            other => Err(format!("cannot evaluate {text}: {other} is not a string")),
        }
    }

    /// All names; a condition reads few of them, and only these are put into the language's terms.
    fn names(&self) -> minijinja::Value {
        let mut names = members(&self.recording.variables);
        if let Value::Object(own) = self.run.variables.read() {
            names.extend(own);
        }
        // An inner flow's own record holds nothing that those of its steps do not.
        for step in self.run.steps.iter().filter(|step| !step.is_flow()) {
            insert(&mut names, &step.name, step.result.read());
        }
        let client = self.client.and_then(|name| {
            let profile = names.get("clients").and_then(|clients| clients.get(name));
            profile.or_else(|| names.get(name)?.get("client")).cloned()
        });
        if let Some(client) = client {
            names.insert("client".to_owned(), client);
        }
        let rendered = names.get("case").map(members).unwrap_or_default();
        let names = document(Arc::new(Value::Object(names)));
        let row = self.case(rendered, &names);
        context_over(BTreeMap::from([("case", context(row))]).into(), &names)
    }

    /// The row: as the run rendered it, the rest rendered here. A member that cannot be rendered
    /// is left out, so that reading it is an error that names it.
    fn case(
        &self,
        mut rendered: Map<String, Value>,
        names: &minijinja::Value,
    ) -> Map<String, Value> {
        let mut row = Map::new();
        for (name, value) in self.row {
            let value = match rendered.remove(name) {
                Some(value) => Some(value),
                None if !has_template(value) => Some(value.clone()),
                None => TEMPLATES.render_value(value, names).ok(),
            };
            row.extend(value.map(|value| (name.clone(), value)));
        }
        row
    }
}

/// Puts a step's result under its name; `outer/inner` stands inside `outer`.
fn insert(names: &mut Map<String, Value>, name: &str, result: Value) {
    match name.split_once('/') {
        None => {
            names.insert(name.to_owned(), result);
        }
        Some((outer, inner)) => {
            let place = names
                .entry(outer.to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(place) = place {
                insert(place, inner, result);
            }
        }
    }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{") || text.contains("{%"),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(members) => members.values().any(has_template),
        _ => false,
    }
}

/// The client (profile or `register` step) that a step is sent as.
fn client_of<'r>(planned: &'r PlannedRun, step: &str) -> Option<&'r str> {
    let step = planned.step(step)?;
    let action = step.one()?;
    let other = step.mutation.as_ref().and_then(|m| m.client.as_deref());
    let own = match action {
        action if action.makes_a_client() => Some(step.name.as_str()),
        Action::Authorize(authorize) => Some(authorize.client.as_str()),
        Action::Token(request)
        | Action::Revoke(request)
        | Action::Introspect(request)
        | Action::Push(request) => Some(request.client.as_str()),
        Action::Repeat(repeat) => return other.or_else(|| client_of(planned, &repeat.step)),
        _ => None,
    };
    other.or(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::sample::Sample;
    use serde_json::json;

    fn render(template: &str) -> Result<Value, String> {
        let mut parts = Sample::verifier_wrong().parts();
        parts.recording.variables = json!({"issuer": "https://as.example"});
        let planned = parts.plan.runs.first().expect("a run").1.clone();
        let run = parts.recording.runs.get_mut("run").expect("the run");
        run.variables = json!({
            "run": {"state": "s"}, "clients": {"public": {"client_id": "c1"}},
            "client": {"client_id": "last"}
        })
        .into();
        run.steps[0].result = json!({"code": "[code:8:0123456789ab]"}).into();
        let mut inner = run.steps[0].clone();
        inner.name = "other/token".to_owned();
        inner.result = json!({"status": 200}).into();
        let mut flow = inner.clone();
        run.steps.push(inner);
        flow.name = "other".to_owned();
        flow.action = "flow".to_owned();
        flow.result = Value::Null.into();
        run.steps.push(flow);
        let row = json!({"case": "x", "want": "{{ issuer }}/x"});
        let row = row.as_object().cloned().unwrap_or_default();
        let run = &parts.recording.runs["run"];
        Scope::of(&parts.recording, run, Some(&planned), &row, "token").render(&json!(template))
    }

    #[test]
    fn reads_recording_run_row_client_and_steps() {
        assert_eq!(render("{{ issuer }}"), Ok(json!("https://as.example")));
        assert_eq!(render("{{ run.state }}"), Ok(json!("s")));
        assert_eq!(render("{{ case.want }}"), Ok(json!("https://as.example/x")));
        assert_eq!(render("{{ client.client_id }}"), Ok(json!("c1")));
        assert_eq!(
            render("{{ authorize.code }}"),
            Ok(json!("[code:8:0123456789ab]"))
        );
        assert_eq!(render("{{ other.token.status }}"), Ok(json!(200)));
    }

    #[test]
    fn an_absent_name_is_an_error_that_says_so() {
        let error = render("{{ token.json.gone }}").expect_err("absent");
        assert!(error.starts_with("cannot evaluate"), "{error}");
    }
}
