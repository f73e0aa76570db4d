//! Steps of flows and checks: what they name exists, and their small words are right.

use std::collections::BTreeSet;

use super::context::Context;
use super::findings::Findings;
use super::mutation::{self, STOPS, choice, number};
use super::scope::Scope;
use super::texts;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Action, Authorize, Fetch, Host, McpVersion, Params, Repeat, Steps, SubFlow};

/// Steps in their surroundings.
pub(super) struct Place<'a> {
    pub(super) cx: &'a Context<'a>,
    /// All steps: those of the flows before, then the own ones.
    pub(super) all: &'a Steps,
    /// The flow's parameters with their values.
    pub(super) with: &'a Params,
    /// The table's columns; none in a flow.
    pub(super) columns: Option<Vec<String>>,
}

impl<'a> Place<'a> {
    /// What templates can read once `reached` steps have a result.
    pub(super) fn scope(&self, reached: usize, action: Option<&Action>) -> Scope<'_> {
        Scope {
            suites: self.cx.suites,
            templates: &self.cx.templates,
            columns: self.columns.clone(),
            with: self.with.keys().cloned().collect(),
            steps: self.all,
            reached,
            client: action.is_none_or(|action| self.has_client(action)),
            self_url: matches!(action, Some(Action::Host(_))),
            only: None,
            read: &self.cx.read,
        }
    }

    fn has_client(&self, action: &Action) -> bool {
        match action {
            Action::Register(_)
            | Action::Authorize(_)
            | Action::Token(_)
            | Action::Revoke(_)
            | Action::Introspect(_)
            | Action::Push(_) => true,
            Action::Repeat(repeat) => match self.all.get(&repeat.step) {
                Some(Action::Repeat(_)) | None => true,
                Some(action) => self.has_client(action),
            },
            _ => false,
        }
    }

    /// Lints the own steps, which stand at `at`; those of `inherited` are there already.
    pub(super) fn steps(
        &self,
        own: &Steps,
        inherited: &Steps,
        at: &Spot,
        found: &mut Findings<'_>,
    ) {
        for (name, action) in own {
            let spot = at.key(name);
            texts::step_name(name, &spot.clone().name(), found);
            if inherited.contains_key(name) {
                found.error(
                    &spot.clone().name(),
                    format!("the flow has a step `{name}` already"),
                    "give this step another name; a check changes the step of its flow by `mutate`",
                );
                continue;
            }
            let index = self.all.get_index_of(name).unwrap_or(0);
            let inner = spot.key(action.word());
            self.action(action, index, &inner, found);
            if let Ok(value) = serde_json::to_value(action) {
                self.scope(index, Some(action)).value(&value, &spot, found);
            }
        }
    }

    fn action(&self, action: &Action, index: usize, at: &Spot, found: &mut Findings<'_>) {
        match action {
            Action::Discover(_) => {}
            Action::Obtain(step) => {
                if let Some(client) = &step.client {
                    self.client(client, index, &at.key("client"), found);
                }
            }
            Action::Fetch(step) => fetch(step, at, found),
            Action::Register(step) => self.profile(&step.client, &at.key("client"), found),
            Action::Authorize(step) => {
                self.client(&step.client, index, &at.key("client"), found);
                authorize(step, at, found);
            }
            Action::Token(step)
            | Action::Revoke(step)
            | Action::Introspect(step)
            | Action::Push(step) => self.client(&step.client, index, &at.key("client"), found),
            Action::Call(step) => {
                if let Some(version) = &step.mcp_version {
                    let known = McpVersion::ALL.map(McpVersion::as_str);
                    choice(version, &known, &at.key("mcp_version"), found);
                }
            }
            Action::Repeat(step) => self.repeat(step, index, at, found),
            Action::Host(step) => {
                if let Some(client) = &step.client {
                    self.profile(client, &at.key("client"), found);
                }
                host(step, at, found);
            }
            Action::Visits(_) | Action::Sample(_) => {}
            Action::Wait(step) => number(&step.seconds, &at.key("seconds"), found),
            Action::Audit(step) => {
                for (index, text) in step.entry.iter().enumerate() {
                    if text.trim().is_empty() {
                        found.error(
                            &at.key("entry").item(index),
                            "every entry of a log holds an empty text",
                            "write a text that stands in the wanted entry only",
                        );
                    }
                }
            }
            Action::Flow(step) => self.sub_flow(step, at, found),
        }
    }

    /// A client profile or an earlier `register` step, unless a template gives it.
    pub(super) fn client(
        &self,
        client: &str,
        reached: usize,
        spot: &Spot,
        found: &mut Findings<'_>,
    ) {
        if client.contains("{{") || self.cx.suites.clients.contains_key(client) {
            return;
        }
        match self.all.get_full(client) {
            Some((index, _, action)) if action.makes_a_client() && index < reached => {}
            Some((_, _, action)) if action.makes_a_client() => found.error(
                spot,
                format!("the step `{client}` registers its client later"),
                "put the step that makes the client before this one",
            ),
            Some(_) => found.error(
                spot,
                format!("the step `{client}` registers no client"),
                "name a client profile or a `register` step",
            ),
            None => self.unknown_client(client, spot, found),
        }
    }

    fn profile(&self, client: &str, spot: &Spot, found: &mut Findings<'_>) {
        if !client.contains("{{") && !self.cx.suites.clients.contains_key(client) {
            self.unknown_client(client, spot, found);
        }
    }

    fn unknown_client(&self, client: &str, spot: &Spot, found: &mut Findings<'_>) {
        if !self.cx.clients_broken {
            found.error(
                spot,
                format!("unknown client profile `{client}`"),
                suggest(client, self.cx.suites.clients.keys().map(String::as_str)),
            );
        }
    }

    fn repeat(&self, step: &Repeat, index: usize, at: &Spot, found: &mut Findings<'_>) {
        let spot = at.key("step");
        match self.all.get_full(&step.step) {
            Some((first, _, _)) if first >= index => found.error(
                &spot,
                format!("the step `{}` comes later", step.step),
                "repeat a step that stands before this one",
            ),
            Some((_, _, action)) => {
                if let Some(change) = &step.change {
                    let at = at.key("change");
                    mutation::lint(change, action, self.with, self.cx.suites, &at, found);
                } else if matches!(
                    action,
                    Action::Wait(_)
                        | Action::Host(_)
                        | Action::Visits(_)
                        | Action::Audit(_)
                        | Action::Sample(_)
                        | Action::Flow(_)
                ) {
                    found.error(
                        &spot,
                        format!("a `{}` step sends no request to repeat", action.word()),
                        "repeat the step that sends the request",
                    );
                }
            }
            None => found.error(
                &spot,
                format!("unknown step `{}`", step.step),
                suggest(&step.step, self.all.keys().map(String::as_str)),
            ),
        }
        if step.times == 0 {
            found.error(
                &at.key("times"),
                "a request that is repeated no times is not sent",
                "write 1 or more, or remove the step",
            );
        }
        if step.at_once && step.times == 1 {
            found.warning(
                &at.key("at_once"),
                "a single request is never at once with another",
                "write `times: 2` or more, or remove `at_once`",
            );
        }
    }

    fn sub_flow(&self, step: &SubFlow, at: &Spot, found: &mut Findings<'_>) {
        if !self.cx.flow(&step.id, &at.key("id"), found) {
            return;
        }
        let (with, ..) = self.cx.suites.steps(&step.id);
        parameters(&step.with, &with, &step.id, &at.key("with"), found);
    }
}

/// Parameters that the flow `id` declares.
pub(super) fn parameters(
    given: &Params,
    declared: &Params,
    id: &str,
    at: &Spot,
    found: &mut Findings<'_>,
) {
    let known: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
    for name in given.keys() {
        if !known.contains(name.as_str()) {
            found.error(
                &at.key(name).name(),
                format!("the flow `{id}` has no parameter `{name}`"),
                suggest(name, known.iter().copied()),
            );
        }
    }
}

fn fetch(step: &Fetch, at: &Spot, found: &mut Findings<'_>) {
    let bodies: Vec<&str> = [
        ("form", step.form.is_some()),
        ("json", step.json.is_some()),
        ("body", step.body.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect();
    if let [_, second, ..] = bodies.as_slice() {
        found.error(
            &at.key(second).name(),
            "a request has one body only",
            "keep one of form, json and body",
        );
    }
}

fn authorize(step: &Authorize, at: &Spot, found: &mut Findings<'_>) {
    choice(&step.user, &["first", "second"], &at.key("user"), found);
    choice(
        &step.consent,
        &["approve", "deny", "narrow"],
        &at.key("consent"),
        found,
    );
    if let Some(stop) = &step.stop_before {
        choice(stop, &STOPS, &at.key("stop_before"), found);
    }
}

fn host(step: &Host, at: &Spot, found: &mut Findings<'_>) {
    if !step.path.is_empty() && !step.path.starts_with('/') && !step.path.contains("{{") {
        found.error(
            &at.key("path"),
            "a path begins with a slash",
            format!("write `/{}`", step.path),
        );
    }
    if !(100..600).contains(&step.status) {
        found.error(
            &at.key("status"),
            "an HTTP status lies between 100 and 599",
            "write the status of the answer, such as 200",
        );
    }
}
