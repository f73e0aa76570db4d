//! Mutations that fit the action that they change.

use serde_json::Value;

use super::findings::Findings;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Action, Mutation, Params, Place, Suites, whole_expression};

/// Members that fit every action that sends a request.
const ANY: [&str; 7] = [
    "set", "remove", "repeat", "append", "headers", "method", "delay",
];

/// Members that fit a document that the harness serves.
const DOCUMENT: [&str; 4] = ["set", "remove", "headers", "serve"];

/// Where a visit can stop.
pub(super) const STOPS: [&str; 3] = ["login", "consent", "handback"];

/// The members of a mutation that fit `action`.
fn fitting(action: &Action) -> Vec<&'static str> {
    let more: &[&'static str] = match action {
        Action::Host(_) => return DOCUMENT.to_vec(),
        Action::Authorize(_) => &[
            "send_in",
            "user",
            "consent",
            "stop_before",
            "browser",
            "client",
        ],
        Action::Token(_) | Action::Revoke(_) | Action::Introspect(_) | Action::Push(_) => {
            &["send_in", "authentication", "forge", "client"]
        }
        Action::Register(_) => &["client"],
        Action::Call(_) => &["send_in", "forge", "stage"],
        Action::Fetch(_) => &["send_in"],
        Action::Discover(_)
        | Action::Obtain(_)
        | Action::Repeat(_)
        | Action::Visits(_)
        | Action::Wait(_)
        | Action::Audit(_)
        | Action::Sample(_)
        | Action::Flow(_) => return Vec::new(),
    };
    [ANY.as_slice(), more].concat()
}

/// Lints a mutation of `action`, whose flow has the parameters `with`.
pub(super) fn lint(
    mutation: &Mutation,
    action: &Action,
    with: &Params,
    suites: &Suites,
    at: &Spot,
    found: &mut Findings<'_>,
) {
    let word = action.word();
    let fitting = fitting(action);
    if fitting.is_empty() {
        let help = match action {
            Action::Repeat(_) => "change what is sent again by `change`, inside the `repeat` step",
            _ => "mutate the step that sends the request",
        };
        found.error(
            &at.clone().name(),
            format!("a `{word}` step sends no request that could be mutated"),
            help,
        );
        return;
    }
    let Ok(Value::Object(given)) = serde_json::to_value(mutation) else {
        return;
    };
    if given.is_empty() {
        found.error(
            &at.clone().name(),
            "this mutation changes nothing",
            format!("add one of {}", fitting.join(", ")),
        );
    }
    for member in given.keys().map(String::as_str) {
        if !fitting.contains(&member) {
            found.error(
                &at.key(member).name(),
                format!("`{member}` is not for `{word}` steps"),
                format!("such a step takes {}", fitting.join(", ")),
            );
        }
    }
    existing(mutation, action, with, suites, at, found);
    words(mutation, action, at, found);
}

/// `remove`, `append` and `repeat` need a parameter that the step sends; `set` on a call one that
/// a call has.
fn existing(
    mutation: &Mutation,
    action: &Action,
    with: &Params,
    suites: &Suites,
    at: &Spot,
    found: &mut Findings<'_>,
) {
    let Some(sent) = sent(action, with, suites) else {
        return;
    };
    let mut named: Vec<(&str, Spot)> = Vec::new();
    for (index, name) in mutation.remove.iter().enumerate() {
        named.push((name, at.key("remove").item(index)));
    }
    for (member, params) in [("append", &mutation.append), ("repeat", &mutation.repeat)] {
        for name in params.keys() {
            named.push((name, at.key(member).key(name).name()));
        }
    }
    if matches!(action, Action::Call(_)) {
        for name in mutation.set.keys() {
            named.push((name, at.key("set").key(name).name()));
        }
    }
    for (name, spot) in named {
        if !sent.iter().any(|known| known == name) {
            found.error(
                &spot,
                format!("this `{}` step never sends `{name}`", action.word()),
                suggest(name, sent.iter().map(String::as_str)),
            );
        }
    }
}

/// The parameters that a step sends; none where only the run can tell.
fn sent(action: &Action, with: &Params, suites: &Suites) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |params: &Params| names.extend(params.keys().cloned());
    match action {
        // What an earlier step left over only the run can tell.
        Action::Authorize(authorize) if authorize.open.is_some() => return None,
        Action::Authorize(authorize) => {
            add(&authorize.query);
            names.push("client_id".to_owned());
        }
        Action::Token(request)
        | Action::Revoke(request)
        | Action::Introspect(request)
        | Action::Push(request) => {
            add(&request.form);
            for name in [
                "client_id",
                "client_secret",
                "client_assertion",
                "client_assertion_type",
            ] {
                names.push(name.to_owned());
            }
        }
        Action::Register(register) => {
            let profile = suites.clients.get(resolve(&register.client, with)?)?;
            add(&profile.register);
            add(&register.json);
        }
        Action::Host(host) => {
            if let Some(client) = &host.client {
                add(&suites.clients.get(resolve(client, with)?)?.register);
                names.push("client_id".to_owned());
            }
            names.extend(host.json.keys().cloned());
        }
        Action::Call(call) => {
            names.extend(call.params.keys().cloned());
            names.extend(["access_token", "operation", "session"].map(str::to_owned));
        }
        Action::Fetch(fetch) => {
            add(&fetch.query);
            for body in [&fetch.form, &fetch.json].into_iter().flatten() {
                names.extend(body.keys().cloned());
            }
        }
        _ => return None,
    }
    Some(names)
}

/// A client as named, or as the parameter that the name is made of says.
pub(super) fn resolve<'a>(client: &'a str, with: &'a Params) -> Option<&'a str> {
    if !client.contains("{{") {
        return Some(client);
    }
    let parameter = whole_expression(client)?.strip_prefix("with.")?;
    let value = with.get(parameter)?.as_str()?;
    (!value.contains("{{")).then_some(value)
}

/// Members whose values are words of a small list.
fn words(mutation: &Mutation, action: &Action, at: &Spot, found: &mut Findings<'_>) {
    let choices: [(&str, &Option<String>, &[&str]); 3] = [
        ("user", &mutation.user, &["first", "second"]),
        ("consent", &mutation.consent, &["approve", "deny", "narrow"]),
        ("stop_before", &mutation.stop_before, &STOPS),
    ];
    for (member, value, known) in choices {
        if let Some(value) = value {
            choice(value, known, &at.key(member), found);
        }
    }
    if mutation.send_in == Some(Place::Cookie) && !matches!(action, Action::Call(_)) {
        found.error(
            &at.key("send_in"),
            "only the access token of a `call` can be sent in a cookie",
            "write query, form or json",
        );
    }
    if let Some(delay) = &mutation.delay {
        number(delay, &at.key("delay"), found);
    }
}

/// A word of a small list, unless a template gives it.
pub(super) fn choice(value: &str, known: &[&str], spot: &Spot, found: &mut Findings<'_>) {
    if !value.contains("{{") && !known.contains(&value) {
        found.error(
            spot,
            format!("unknown word `{value}`"),
            suggest(value, known.iter().copied()),
        );
    }
}

/// A number that is not negative, or a template.
pub(super) fn number(value: &Value, spot: &Spot, found: &mut Findings<'_>) {
    let fits = match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number >= 0.0),
        Value::String(text) => text.contains("{{"),
        _ => false,
    };
    if !fits {
        found.error(
            spot,
            "expected a number of seconds that is not negative, or a template",
            "write a number such as `2`, without quotes or unit",
        );
    }
}
