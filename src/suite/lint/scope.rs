//! What a template can read at its place: names that exist, and results that are there by then.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::findings::Findings;
use super::results::Members;
use super::texts::RESERVED;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::template::FUNCTIONS;
use crate::suite::{Params, Steps, Suites, Templates};

const RUN: [&str; 4] = ["state", "code_verifier", "code_challenge", "nonce"];
const DISCOVERY: [&str; 3] = ["resource_metadata_url", "metadata_url", "challenge"];
const HARNESS: [&str; 6] = [
    "jwks",
    "loopback_redirect",
    "https_redirect",
    "foreign_redirect",
    "secret_authentication",
    "user_grants",
];
const TARGET: [&str; 17] = [
    "assertion_issuer",
    "audit",
    "scope_wildcards",
    "users",
    "mcp_server",
    "scope",
    "scopes",
    "registration_scope",
    "operations",
    "handles",
    "elicitations",
    "second_resource",
    "limits",
    "mcp_version",
    "document_url",
    "private_document_url",
    "document_cache",
];
const CLIENT: [&str; 7] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "redirect_uris",
    "token_endpoint_auth_method",
    "registration_access_token",
    "registration_client_uri",
];
/// Functions that minijinja brings.
const BUILT_IN: [&str; 3] = ["range", "dict", "namespace"];

/// The names that templates can read at some place.
pub(super) struct Scope<'a> {
    pub(super) suites: &'a Suites,
    pub(super) templates: &'a Templates,
    /// Columns of the check's table; none where there is no table.
    pub(super) columns: Option<Vec<String>>,
    /// Parameters of the flow.
    pub(super) with: Vec<String>,
    /// All steps; those before `reached` have a result.
    pub(super) steps: &'a Steps,
    pub(super) reached: usize,
    /// Whether `client` is known: the step's action has one.
    pub(super) client: bool,
    /// Whether `self_url` is known: the step hosts a document.
    pub(super) self_url: bool,
    /// Only these names, where little is known yet.
    pub(super) only: Option<&'static [&'static str]>,
    /// The columns that were read.
    pub(super) read: &'a RefCell<BTreeSet<String>>,
}

impl Scope<'_> {
    /// Lints every string inside `value`.
    pub(super) fn value(&self, value: &Value, at: &Spot, found: &mut Findings<'_>) {
        match value {
            Value::String(text) => self.text(text, at, found),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &at.item(index), found);
                }
            }
            Value::Object(members) => self.params(members, at, found),
            _ => {}
        }
    }

    /// Lints every string inside the members.
    pub(super) fn params(&self, members: &Params, at: &Spot, found: &mut Findings<'_>) {
        for (name, member) in members {
            self.value(member, &at.key(name), found);
        }
    }

    /// Lints an expression that is written without braces.
    pub(super) fn expression(&self, text: &str, at: &Spot, found: &mut Findings<'_>) {
        if text.contains("{{") {
            found.error(
                at,
                "an expression is written here without braces",
                "remove `{{` and `}}`",
            );
            return;
        }
        self.names(&format!("{{{{ {text} }}}}"), text, at, found);
    }

    fn text(&self, text: &str, at: &Spot, found: &mut Findings<'_>) {
        if text.contains("{{") || text.contains("{%") {
            self.names(text, text, at, found);
        }
    }

    fn names(&self, template: &str, text: &str, at: &Spot, found: &mut Findings<'_>) {
        match self.templates.names(template) {
            Ok(names) => {
                for name in names {
                    self.name(&name, text, at, found);
                }
            }
            Err(error) => found.error(
                at,
                format!(
                    "the template does not read: {}",
                    error.detail().unwrap_or("it is not complete")
                ),
                "see \"Names in templates\" in suites/README.md; the language is that of minijinja",
            ),
        }
    }

    fn name(&self, name: &str, text: &str, at: &Spot, found: &mut Findings<'_>) {
        let path: Vec<&str> = name.split('.').collect();
        let (root, rest) = (path[0], &path[1..]);
        let spot = at.clone().word(name);
        if let Some(only) = self.only
            && !only.contains(&root)
        {
            found.error(
                &spot,
                format!("`{root}` is not known here"),
                format!("this place can read only {}", only.join(", ")),
            );
            return;
        }
        match root {
            "run" => member("run", rest, &RUN, &spot, found),
            "harness" => member("harness", rest, &HARNESS, &spot, found),
            "target" => member("target", rest, &TARGET, &spot, found),
            "discovery" => member("discovery", rest, &DISCOVERY, &spot, found),
            "client" if self.client => member("client", rest, &CLIENT, &spot, found),
            "client" => found.error(
                &spot,
                "this step has no client of its own",
                "name the profile: `clients.public.client_id`",
            ),
            "clients" => {
                let known: Vec<&str> = self.suites.clients.keys().map(String::as_str).collect();
                member("clients", rest, &known, &spot, found);
            }
            "with" => self.parameter(rest, &spot, found),
            "case" => self.column(rest, &spot, found),
            "resource" | "issuer" | "metadata" | "resource_metadata" => {}
            _ => self.step(root, rest, text, &spot, found),
        }
    }

    fn parameter(&self, rest: &[&str], spot: &Spot, found: &mut Findings<'_>) {
        let Some(first) = rest.first() else { return };
        if !self.with.iter().any(|known| known == first) {
            found.error(
                spot,
                format!("the flow has no parameter `{first}`"),
                suggest(first, self.with.iter().map(String::as_str)),
            );
        }
    }

    fn column(&self, rest: &[&str], spot: &Spot, found: &mut Findings<'_>) {
        let Some(columns) = &self.columns else {
            found.error(
                spot,
                "`case` is read, but no table gives it",
                "add `cases` (or `each`) to the check; a flow gets its values through `with`",
            );
            return;
        };
        let Some(first) = rest.first() else {
            self.read.borrow_mut().extend(columns.iter().cloned());
            return;
        };
        self.read.borrow_mut().insert((*first).to_owned());
        if *first != "case" && !columns.iter().any(|column| column == first) {
            found.error(
                spot,
                format!("no row has a column `{first}`"),
                suggest(first, columns.iter().map(String::as_str)),
            );
        }
    }

    fn step(&self, root: &str, rest: &[&str], text: &str, spot: &Spot, found: &mut Findings<'_>) {
        let Some((index, _, action)) = self.steps.get_full(root) else {
            if BUILT_IN.contains(&root) || (root == "self_url" && self.self_url) {
                return;
            }
            let called = text.contains(&format!("{root}("));
            let known = RESERVED
                .into_iter()
                .chain(self.steps.keys().map(String::as_str));
            let (message, help) = if called {
                (
                    format!("unknown function `{root}`"),
                    suggest(root, FUNCTIONS),
                )
            } else {
                (
                    format!("`{root}` is neither a name nor an earlier step"),
                    suggest(root, known),
                )
            };
            found.error(spot, message, help);
            return;
        };
        if index >= self.reached {
            found.error(
                spot,
                format!("the step `{root}` has no result yet: it comes later"),
                "read a step before this one, or change the order of the steps",
            );
            return;
        }
        let members = Members::of(action, self.steps, self.suites);
        if let Some((missing, known)) = members.missing(rest) {
            found.error(
                spot,
                format!("the result of `{root}` has no member `{missing}`"),
                suggest(missing, known.iter().map(String::as_str)),
            );
        }
    }
}

fn member(of: &str, rest: &[&str], known: &[&str], spot: &Spot, found: &mut Findings<'_>) {
    let Some(first) = rest.first() else { return };
    if !known.contains(first) {
        found.error(
            spot,
            format!("`{of}` has no member `{first}`"),
            suggest(first, known.iter().copied()),
        );
    }
}
