//! The steps of a check: the honest flow, what the check adds, the deviation, the expectation.

use std::io::Write;

use serde_json::Value;

use crate::cli::console::heading;
use crate::cli::failure::Failure;
use crate::judge::of_predicate;
use crate::plan::condition;
use crate::suite::{Action, Check, Matches, Mutation, Params, Suites};

/// Writes the steps, the mutated ones marked, and what must come of them.
pub fn write(
    suites: &Suites,
    check: &Check,
    row: Option<&Params>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let title = suites
        .flows
        .get(&check.flow)
        .map(|flow| flow.title.as_str());
    let title = title.unwrap_or_default();
    writeln!(out, "\n{}", heading(&format!("What it does: {title}")))?;
    let (mut with, _, steps) = suites.steps(&check.flow);
    with.extend(check.with.clone());
    let fill = Fill { with: &with, row };
    for (name, action) in steps.iter().chain(&check.steps) {
        let words = fill.into(what(action));
        step(name, &words, check.mutate.get(name), fill, out)?;
    }
    // A mutation of a step inside an inner flow.
    for (name, mutation) in check.mutate.iter().filter(|(name, _)| name.contains('/')) {
        writeln!(out, "* {name:<14} is changed:")?;
        deviation(mutation, fill, out)?;
    }
    if check.rounds > 1 {
        let rounds = check.rounds;
        writeln!(
            out,
            "  in {rounds} rounds, each afresh: it must hold in every one"
        )?;
    }
    expectation(check, fill, out)
}

/// What templates read that is known before any server is: the flow's parameters, and the row.
#[derive(Clone, Copy)]
struct Fill<'a> {
    with: &'a Params,
    row: Option<&'a Params>,
}

impl Fill<'_> {
    /// Puts it in where it is read as it is. What a row gives that is not chosen is called so.
    fn into(self, mut words: String) -> String {
        let rows = self.row.into_iter().map(|row| ("case", row));
        for (space, values) in rows.chain([("with", self.with)]) {
            for (name, value) in values {
                words = words.replace(&format!("{{{{ {space}.{name} }}}}"), &plain(value));
            }
        }
        while let Some((before, rest)) = words.split_once("{{ case.") {
            let Some((name, after)) = rest.split_once(" }}") else {
                break;
            };
            if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                break;
            }
            words = format!("{before}the case's {name}{after}");
        }
        words
    }
}

fn step(
    name: &str,
    words: &str,
    mutation: Option<&Mutation>,
    fill: Fill<'_>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mark = if mutation.is_some() { '*' } else { ' ' };
    writeln!(out, "{mark} {name:<14} {words}")?;
    match mutation {
        Some(mutation) => {
            writeln!(out, "    changed, and this alone:")?;
            deviation(mutation, fill, out)
        }
        None => Ok(()),
    }
}

/// An action in a few words.
fn what(action: &Action) -> String {
    match action {
        Action::Discover(_) => "discovery, from the MCP endpoint to the metadata".to_owned(),
        Action::Obtain(_) => "an access token by the honest way".to_owned(),
        Action::Fetch(step) => format!("{} {}", step.method, step.url),
        Action::Register(step) => format!("dynamic registration of the client {}", step.client),
        Action::Authorize(step) => format!(
            "authorization request of the client {}, login as {}, consent: {}",
            step.client, step.user, step.consent
        ),
        Action::Token(step) => format!("token request of the client {}", step.client),
        Action::Revoke(_) => "token revocation".to_owned(),
        Action::Introspect(_) => "token introspection".to_owned(),
        Action::Push(_) => "pushed authorization request".to_owned(),
        Action::Call(step) => match step.access_token {
            Some(_) => "a request to the MCP server with the token".to_owned(),
            None => "a request to the MCP server without a token".to_owned(),
        },
        Action::Repeat(step) => match step.times {
            1 => format!("{} once more", step.step),
            times => format!("{} {times} times more", step.step),
        },
        Action::Host(step) => match &step.client {
            Some(client) => format!("a document that describes the client {client}"),
            None => "a document that authspec hosts".to_owned(),
        },
        Action::Visits(_) => "who came for a hosted document".to_owned(),
        Action::Wait(step) => format!("wait {} seconds", plain(&step.seconds)),
        Action::Audit(_) => "a look into the audit log".to_owned(),
        Action::Sample(sample) => format!("how hard it is to guess {}", sample.of.words()),
        Action::Flow(step) => format!("the whole flow {}", step.id),
    }
}

fn deviation(mutation: &Mutation, fill: Fill<'_>, out: &mut impl Write) -> Result<(), Failure> {
    if let Ok(Value::Object(members)) = serde_json::to_value(mutation) {
        for (member, value) in members {
            match value {
                Value::Object(changes) => {
                    for (name, value) in changes {
                        let value = fill.into(plain(&value));
                        writeln!(out, "      {member} {name}: {value}")?;
                    }
                }
                other => writeln!(out, "      {member}: {}", fill.into(plain(&other)))?,
            }
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            items.join(", ")
        }
        other => other.to_string(),
    }
}

fn expectation(check: &Check, fill: Fill<'_>, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "\n{}", heading("What must come of it"))?;
    let expect = &check.expect;
    for (steps, words) in [
        (&expect.accepted, "is accepted"),
        (&expect.refused_at, "refuses, and nothing after it succeeds"),
        (&expect.may_refuse_at, "may refuse; where it does not:"),
        (&expect.at_most_one, "succeeds at most once in all"),
    ] {
        if !steps.is_empty() {
            writeln!(out, "  {} {words}", steps.join(" or "))?;
        }
    }
    if !expect.refused_at.is_empty() {
        writeln!(
            out,
            "  A refusal counts only if the same steps without the change are accepted, before and\n  \
             after."
        )?;
    }
    conditions(&check.matches, "", fill, out)?;
    if !check.given.is_empty() {
        writeln!(out, "  It applies only where")?;
        conditions(&check.given, "  ", fill, out)?;
    }
    for expression in &check.when {
        writeln!(out, "  It applies only {}", condition(expression))?;
    }
    Ok(())
}

fn conditions(
    matches: &Matches,
    indent: &str,
    fill: Fill<'_>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    for (step, paths) in matches {
        for (path, predicate) in paths {
            let wanted = fill.into(of_predicate(predicate));
            writeln!(out, "  {indent}{step} {path}: {wanted}")?;
        }
    }
    Ok(())
}
