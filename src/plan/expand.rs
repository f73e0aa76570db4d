//! Turns a check's table into rows, and a row into the steps that decide it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::substitute::{Binding, mentions, substitute, substitute_expression};
use super::{PlannedAction, PlannedStep};
use crate::suite::{
    Action, Capability, Check, Each, OBTAIN_FLOW, Params, Steps, Suites, Templates,
};

/// One case before it is planned: its name and its row.
pub(crate) struct Row {
    /// `None` for a check without a table.
    pub name: Option<String>,
    /// The row's members.
    pub members: Params,
}

/// The rows of a check. `context` holds the target's own lists for `each`.
///
/// # Errors
/// An expression of `each` fails; the text says which.
pub(crate) fn rows(
    check: &Check,
    templates: &Templates,
    context: &minijinja::Value,
) -> Result<Vec<Row>, String> {
    if let Some(each) = &check.each {
        return each_rows(each, templates, context);
    }
    if check.cases.is_empty() {
        return Ok(vec![Row {
            name: None,
            members: Params::new(),
        }]);
    }
    Ok(check
        .cases
        .iter()
        .map(|members| Row {
            name: members.get("case").map(text_of),
            members: members.clone(),
        })
        .collect())
}

/// Most rows that a target's own lists may make of one check: a server must not decide how long a
/// run takes.
const MOST_ROWS: usize = 200;

fn each_rows(
    each: &Each,
    templates: &Templates,
    context: &minijinja::Value,
) -> Result<Vec<Row>, String> {
    let mut rows = vec![Params::new()];
    for (name, expression) in &each.of {
        let list = templates
            .evaluate(expression, context)
            .map_err(|cause| format!("each.of.{name}: {cause}"))?;
        let items = list.as_array().cloned().unwrap_or_default();
        if rows.len().saturating_mul(items.len()) > MOST_ROWS * MOST_ROWS {
            return Err(too_many());
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.insert(name.clone(), item.clone());
                    row
                })
            })
            .collect();
    }
    let mut kept: Vec<Row> = Vec::new();
    let mut names = BTreeSet::new();
    for row in rows {
        let context =
            crate::suite::context_over(crate::suite::context(json!({ "case": row })), context);
        if let Some(condition) = &each.condition {
            let holds = templates
                .evaluate(condition, &context)
                .map_err(|cause| format!("each.if: {cause}"))?;
            if holds != Value::Bool(true) {
                continue;
            }
        }
        let name = templates
            .render(&each.case, &context)
            .map_err(|cause| format!("each.case: {cause}"))?;
        let name = name_of(&text_of(&name));
        if !names.insert(name.clone()) {
            continue;
        }
        if kept.len() == MOST_ROWS {
            return Err(too_many());
        }
        let mut members: Params = row
            .iter()
            .map(|(name, value)| (name.clone(), as_data(value)))
            .collect();
        members.insert("case".to_owned(), as_data(&Value::String(name.clone())));
        kept.push(Row {
            name: Some(name),
            members,
        });
    }
    Ok(kept)
}

fn too_many() -> String {
    format!("the target's own lists make more than {MOST_ROWS} cases of it")
}

/// Longest name of a row that the target's own lists make.
const LONGEST_NAME: usize = 80;

/// A server's word as part of a case's id: short, and nothing in it acts on a display.
fn name_of(text: &str) -> String {
    text.chars()
        .take(LONGEST_NAME)
        .map(|letter| match letter.is_control() {
            true => char::REPLACEMENT_CHARACTER,
            false => letter,
        })
        .collect()
}

/// A value of the target as it may stand in a template: never read as one. A text that looks like
/// a template becomes an expression that gives just this text.
fn as_data(value: &Value) -> Value {
    match value {
        Value::String(text) if ["{{", "{%", "{#"].iter().any(|open| text.contains(open)) => {
            let literal = Value::String(text.clone()).to_string();
            let literal = literal
                .replace('{', "\\u007b")
                .replace('}', "\\u007d")
                .replace('%', "\\u0025");
            Value::String(format!("{{{{ {literal} }}}}"))
        }
        Value::Array(items) => items.iter().map(as_data).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), as_data(member)))
            .collect(),
        other => other.clone(),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A check without its table, also as the data that rows are put into.
pub(crate) struct Blank {
    /// The check: a case needs its own row only.
    pub check: Arc<Check>,
    value: Value,
}

impl Blank {
    /// # Errors
    /// The check cannot be written as data.
    pub fn of(check: &Check) -> Result<Self, String> {
        let check = Check {
            cases: Vec::new(),
            each: None,
            ..check.clone()
        };
        let value = serde_json::to_value(&check).map_err(|cause| cause.to_string())?;
        Ok(Self {
            check: Arc::new(check),
            value,
        })
    }
}

/// What of a check says how its flow is laid out.
#[derive(Deserialize)]
struct Head {
    flow: String,
    #[serde(default)]
    with: Params,
    #[serde(default)]
    needs: BTreeSet<Capability>,
}

/// A check with one row put into it, and the steps of its flow.
pub(crate) struct Expanded {
    /// The check with this row's values in its conditions and mutations.
    pub check: Check,
    /// The flow's steps, then the check's.
    pub steps: Vec<PlannedStep>,
    /// What the flows and the check say they need.
    pub needs: BTreeSet<Capability>,
}

/// A flow as data: its parameters, what it needs, its steps.
type FlowData = Rc<(Params, Vec<Capability>, Value)>;

/// A flow laid out with its parameters, and what it and its inner flows need.
struct Laid {
    with: Params,
    steps: Vec<PlannedStep>,
    needs: BTreeSet<Capability>,
}

/// Lays out steps of flows.
pub(crate) struct Layout<'a> {
    suites: &'a Suites,
    /// Somebody can log in, so `obtain` is a code grant.
    can_log_in: bool,
    /// Flows that were met already.
    known: RefCell<HashMap<String, FlowData>>,
    /// Flows that were laid out already, by name and given parameters: most runs go the same ways.
    laid: RefCell<HashMap<(String, String), Rc<Laid>>>,
    /// Actions that were met already, by their text: most runs begin alike.
    actions: RefCell<HashMap<String, Arc<Action>>>,
}

impl<'a> Layout<'a> {
    /// Over the flows of `suites`; `can_log_in` makes an `obtain` a code grant.
    pub fn new(suites: &'a Suites, can_log_in: bool) -> Self {
        Self {
            suites,
            can_log_in,
            known: RefCell::default(),
            laid: RefCell::default(),
            actions: RefCell::default(),
        }
    }

    /// Puts `row` into a check and lays out its steps.
    ///
    /// # Errors
    /// A mention that cannot be resolved; the text says which.
    pub fn expand(&self, blank: &Blank, row: &Params) -> Result<Expanded, String> {
        let row = Binding {
            name: "case",
            members: row,
        };
        let with_row = bind(&blank.value, &row)?;
        let value = with_row.as_ref().unwrap_or(&blank.value);
        let head: Head = read(value)?;
        let mut needs = head.needs;
        let laid = self.flow(&head.flow, &head.with)?;
        needs.extend(&laid.needs);
        let mut steps = laid.steps.clone();
        let with = Binding {
            name: "with",
            members: &laid.with,
        };
        let with_both = bind(value, &with)?;
        let mut check: Check = match with_both.as_ref().or(with_row.as_ref()) {
            Some(value) => read(value)?,
            None => (*blank.check).clone(),
        };
        steps.extend(self.steps(&check.steps, &mut needs)?);
        attach_mutations(&mut steps, &check, "");
        // They are in the steps now.
        check.mutate.clear();
        mark_probes(&mut steps, false, &|name| check.steps.contains_key(name));
        Ok(Expanded {
            check,
            steps,
            needs,
        })
    }

    /// What a check needs that is known without a row: what it says, and what its flow says.
    pub fn needs(&self, check: &Check) -> BTreeSet<Capability> {
        let mut needs: BTreeSet<Capability> = check.needs.iter().copied().collect();
        // Where a parameter hangs on the row, the check's own will do.
        if let Ok(laid) = self.flow(&check.flow, &Params::new()) {
            needs.extend(&laid.needs);
        }
        needs
    }

    /// The steps of a flow with its parameters put in.
    fn flow(&self, flow: &str, given: &Params) -> Result<Rc<Laid>, String> {
        let text = serde_json::to_string(given).map_err(|cause| cause.to_string())?;
        let key = (flow.to_owned(), text);
        if let Some(laid) = self.laid.borrow().get(&key) {
            return Ok(Rc::clone(laid));
        }
        let data = self.data(flow)?;
        let (defaults, flow_needs, value) = &*data;
        let mut needs: BTreeSet<Capability> = flow_needs.iter().copied().collect();
        let mut with = defaults.clone();
        with.extend(given.clone());
        let binding = Binding {
            name: "with",
            members: &with,
        };
        let steps: Steps = read(&substitute(value, &binding)?)?;
        let steps = self.steps(&steps, &mut needs)?;
        let laid = Rc::new(Laid { with, steps, needs });
        self.laid.borrow_mut().insert(key, Rc::clone(&laid));
        Ok(laid)
    }

    fn data(&self, flow: &str) -> Result<FlowData, String> {
        if let Some(known) = self.known.borrow().get(flow) {
            return Ok(Rc::clone(known));
        }
        if !self.suites.flows.contains_key(flow) {
            return Err(format!("there is no flow {flow:?}"));
        }
        let (with, needs, steps) = self.suites.steps(flow);
        let value = serde_json::to_value(&steps).map_err(|cause| cause.to_string())?;
        let data = Rc::new((with, needs, value));
        let mut known = self.known.borrow_mut();
        known.insert(flow.to_owned(), Rc::clone(&data));
        Ok(data)
    }

    fn inner(
        &self,
        flow: &str,
        given: &Params,
        needs: &mut BTreeSet<Capability>,
    ) -> Result<PlannedAction, String> {
        let laid = self.flow(flow, given)?;
        needs.extend(&laid.needs);
        Ok(PlannedAction::Flow(laid.steps.clone()))
    }

    fn shared(&self, action: &Action) -> Result<Arc<Action>, String> {
        let text = serde_json::to_string(action).map_err(|cause| cause.to_string())?;
        let mut actions = self.actions.borrow_mut();
        let known = actions.entry(text);
        Ok(Arc::clone(
            known.or_insert_with(|| Arc::new(action.clone())),
        ))
    }

    fn steps(
        &self,
        steps: &Steps,
        needs: &mut BTreeSet<Capability>,
    ) -> Result<Vec<PlannedStep>, String> {
        steps
            .iter()
            .map(|(name, action)| {
                let action = match action {
                    Action::Flow(inner) => self.inner(&inner.id, &inner.with, needs)?,
                    Action::Obtain(obtain) if self.can_log_in => {
                        self.inner(OBTAIN_FLOW, &obtain.parameters(), needs)?
                    }
                    other => PlannedAction::One(self.shared(other)?),
                };
                Ok(PlannedStep {
                    name: name.clone(),
                    action,
                    mutation: None,
                    shared: None,
                    is_probe: false,
                })
            })
            .collect()
    }
}

/// A check's data with `binding` put in, where they mention it. Conditions are expressions as they
/// stand.
fn bind(check: &Value, binding: &Binding<'_>) -> Result<Option<Value>, String> {
    if !mentions(check, binding) {
        return Ok(None);
    }
    let mut bound = substitute(check, binding)?;
    let conditions = bound.get_mut("when").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Value::String(expression) = condition {
            *expression = substitute_expression(expression, binding)?;
        }
    }
    Ok(Some(bound))
}

fn read<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, String> {
    T::deserialize(value).map_err(|cause| cause.to_string())
}

fn attach_mutations(steps: &mut [PlannedStep], check: &Check, prefix: &str) {
    for step in steps {
        let name = format!("{prefix}{}", step.name);
        if let PlannedAction::Flow(inner) = &mut step.action {
            attach_mutations(inner, check, &format!("{name}/"));
        }
        step.mutation = check
            .mutate
            .get(&name)
            .filter(|mutation| **mutation != crate::suite::Mutation::default())
            .cloned()
            .map(Box::new);
    }
}

/// The honest counterpart: no mutation, no repeated request.
pub(crate) fn honest(steps: &[PlannedStep]) -> Vec<PlannedStep> {
    steps
        .iter()
        .filter(|step| !is_repeat(step))
        .map(|step| PlannedStep {
            name: step.name.clone(),
            action: match &step.action {
                PlannedAction::Flow(inner) => PlannedAction::Flow(honest(inner)),
                one => one.clone(),
            },
            mutation: None,
            shared: None,
            is_probe: false,
        })
        .collect()
}

/// Marks every request from the first deviation on, and those of the check itself. Returns whether
/// anything deviates up to the end.
fn mark_probes(
    steps: &mut [PlannedStep],
    mut deviates: bool,
    is_own: &dyn Fn(&str) -> bool,
) -> bool {
    for step in steps {
        deviates |= step.mutation.is_some() || is_repeat(step);
        step.is_probe = deviates || is_own(&step.name);
        if let PlannedAction::Flow(inner) = &mut step.action {
            deviates = mark_probes(inner, deviates, &|_| false);
        }
    }
    deviates
}

/// Whether any step deviates from the honest flow.
pub(crate) fn is_hostile(steps: &[PlannedStep]) -> bool {
    steps.iter().any(|step| {
        step.mutation.is_some()
            || is_repeat(step)
            || matches!(&step.action, PlannedAction::Flow(inner) if is_hostile(inner))
    })
}

fn is_repeat(step: &PlannedStep) -> bool {
    matches!(step.one(), Some(Action::Repeat(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(scopes: Value) -> Result<Vec<Row>, String> {
        let each = serde_json::from_value(json!({
            "of": { "scope": "scopes" }, "case": "{{ case.scope }}",
        }));
        let each: Each = each.expect("a table");
        let context = crate::suite::context(json!({ "scopes": scopes }));
        each_rows(&each, &Templates::new(), &context)
    }

    #[test]
    fn the_honest_way_is_no_probe() {
        let step = |name: &str, action: Value| PlannedStep {
            name: name.to_owned(),
            action: PlannedAction::One(Arc::new(serde_json::from_value(action).expect("action"))),
            mutation: None,
            shared: None,
            is_probe: false,
        };
        let token = || step("token", json!({"token": {"client": "public", "form": {}}}));
        let mut deviating = token();
        deviating.mutation = Some(Box::new(crate::suite::Mutation {
            remove: vec!["code".to_owned()],
            ..crate::suite::Mutation::default()
        }));
        let inner = |steps| PlannedStep {
            action: PlannedAction::Flow(steps),
            ..step("grant", json!({"wait": {"seconds": 0}}))
        };
        let mut steps = vec![
            inner(vec![token()]),
            inner(vec![token(), deviating]),
            token(),
            step("own", json!({"call": {}})),
        ];
        let flags = |steps: &[PlannedStep]| -> Vec<bool> {
            let all = steps.iter().flat_map(|step| match &step.action {
                PlannedAction::Flow(inner) => inner.clone(),
                PlannedAction::One(_) => vec![step.clone()],
            });
            all.map(|step| step.is_probe).collect()
        };
        mark_probes(&mut steps, false, &|name| name == "own");
        assert_eq!(flags(&steps), [false, false, true, true, true]);
        let mut honest = honest(&steps);
        assert_eq!(flags(&honest), [false; 5]);
        mark_probes(&mut honest, false, &|name| name == "own");
        assert_eq!(flags(&honest), [false, false, false, false, true]);
    }

    #[test]
    fn a_servers_word_is_never_read_as_a_template() {
        let hostile = "a{{ 7 * 7 }}{% for x in range(9) %}\"\\\n{# ä #}\u{1F600}";
        let rows = each(json!([hostile])).expect("rows");
        let binding = Binding {
            name: "case",
            members: &rows[0].members,
        };
        let check = json!({
            "whole": "{{ case.scope }}", "part": "x {{ case.scope }}", "sum": "{{ 'y' ~ case.scope }}",
        });
        let bound = substitute(&check, &binding).expect("substitutes");
        let context = crate::suite::context(json!({}));
        let rendered = Templates::new().render_value(&bound, &context);
        assert_eq!(
            rendered.expect("renders"),
            json!({
                "whole": hostile, "part": format!("x {hostile}"), "sum": format!("y{hostile}"),
            })
        );
    }

    #[test]
    fn a_server_decides_neither_how_many_cases_there_are_nor_how_they_look() {
        let many: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        assert!(each(json!(many)).is_err_and(|cause| cause.contains("more than")));
        let rows = each(json!(["a", "a", "b\u{1b}[2J", "c".repeat(5000)])).expect("rows");
        let names: Vec<&str> = rows.iter().filter_map(|row| row.name.as_deref()).collect();
        assert_eq!(
            names,
            ["a", "b\u{fffd}[2J", "c".repeat(LONGEST_NAME).as_str()]
        );
    }
}
