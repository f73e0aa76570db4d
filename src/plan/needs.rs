//! What a case needs of the target, and what becomes of it where that is missing.

use std::collections::BTreeSet;

use super::{Disposition, Knowledge, PlannedAction, PlannedStep};
use crate::run::Presence;
use crate::suite::{Action, Call, Capability, Check, Mutation, Place, Signature, Suites};

/// What the steps need beyond what their flows say, and the client profiles that they use.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Capabilities.
    pub capabilities: BTreeSet<Capability>,
    /// Client profiles, in the order of first use.
    pub clients: Vec<String>,
    /// Those of them whose secret a step shows or changes.
    pub secrets: Vec<String>,
    /// A step names the resource.
    pub resource: bool,
}

impl Needs {
    /// Adds what `steps` imply.
    pub fn of_steps(&mut self, suites: &Suites, steps: &[PlannedStep]) {
        let registered: Vec<&str> = steps
            .iter()
            .filter(|step| step.one().is_some_and(Action::makes_a_client))
            .map(|step| step.name.as_str())
            .collect();
        for step in steps {
            match &step.action {
                PlannedAction::Flow(inner) => self.of_steps(suites, inner),
                PlannedAction::One(action) => self.of_action(suites, action, &registered),
            }
            if let Some(mutation) = &step.mutation {
                self.of_mutation(suites, mutation, &registered);
                if let (Some(forge), PlannedAction::One(action)) = (&mutation.forge, &step.action) {
                    self.of_forge(forge.signature, action);
                }
            }
            let text = serde_json::to_string(step).unwrap_or_default();
            self.of_mentions(suites, &text);
            self.of_secret(step, &text);
        }
    }

    /// Adds what a token of the operator does not bring: `check` looks at the grant behind it, or
    /// reads another member of its answer.
    pub fn of_grants(&mut self, check: &Check, steps: &[PlannedStep]) {
        let is_obtain = |step: &&PlannedStep| matches!(step.one(), Some(Action::Obtain(_)));
        let mut obtained = steps.iter().filter(is_obtain).peekable();
        if obtained.peek().is_none() {
            return;
        }
        let text = serde_json::to_string(&(check, steps)).unwrap_or_default();
        for step in obtained {
            let answer = format!("{}.token.json.", step.name);
            let reads_more = || {
                let rest = text.split(&answer).skip(1);
                rest.into_iter()
                    .any(|rest| !rest.starts_with("access_token"))
            };
            let looks_behind = || text.contains(&format!("\"{}/", step.name));
            if reads_more() || looks_behind() {
                self.add([Capability::Login]);
            }
        }
    }

    fn of_action(&mut self, suites: &Suites, action: &Action, registered: &[&str]) {
        use Capability::{
            AuditLog, AuthorizationCode, DocumentHost, DynamicRegistration, Introspection, Login,
            PushedAuthorizationRequests, ResourceServer, Revocation,
        };
        match action {
            Action::Register(_) => self.add([DynamicRegistration]),
            Action::Authorize(step) => {
                self.add([AuthorizationCode]);
                if step.stop_before.as_deref() != Some("login") {
                    self.add([Login]);
                }
                self.of_user(&step.user);
                self.of_client(suites, &step.client, registered);
            }
            Action::Token(step) => self.of_client(suites, &step.client, registered),
            Action::Revoke(step) => {
                self.add([Revocation]);
                self.of_client(suites, &step.client, registered);
            }
            Action::Introspect(step) => {
                self.add([Introspection]);
                self.of_client(suites, &step.client, registered);
            }
            Action::Push(step) => {
                self.add([PushedAuthorizationRequests]);
                self.of_client(suites, &step.client, registered);
            }
            Action::Call(step) => {
                self.add([ResourceServer]);
                if is_of_mcp(step) {
                    self.add([Capability::McpServer]);
                }
            }
            Action::Host(step) => {
                self.add([DocumentHost]);
                let profile = step
                    .client
                    .as_ref()
                    .and_then(|name| suites.clients.get(name));
                self.capabilities
                    .extend(profile.into_iter().flat_map(|profile| &profile.needs));
            }
            Action::Visits(_) => self.add([DocumentHost]),
            Action::Audit(_) => self.add([AuditLog]),
            Action::Repeat(step) => {
                if let Some(change) = &step.change {
                    self.of_mutation(suites, change, registered);
                }
            }
            Action::Obtain(obtain) => {
                self.add([Capability::AccessToken]);
                // A token of the operator is what it is; any other scope or resource needs a login.
                let asks = |value: &Option<serde_json::Value>, default: &str| {
                    value
                        .as_ref()
                        .is_some_and(|value| value.as_str() != Some(default))
                };
                if asks(&obtain.scope, "{{ target.scope }}")
                    || asks(&obtain.resource, "{{ resource }}")
                {
                    self.add([Login]);
                }
                if let Some(user) = &obtain.user {
                    self.of_user(user);
                }
            }
            Action::Discover(_)
            | Action::Fetch(_)
            | Action::Wait(_)
            | Action::Sample(_)
            | Action::Flow(_) => {}
        }
    }

    /// Adds what only an MCP server has, where `check` reads its address.
    pub fn of_address(&mut self, check: &Check, steps: &[PlannedStep]) {
        let rests_on = |capability| self.capabilities.contains(&capability);
        let looks =
            rests_on(Capability::ResourceServer) || rests_on(Capability::ProtectedResourceMetadata);
        if !looks || rests_on(Capability::McpServer) {
            return;
        }
        let text = serde_json::to_string(&(steps, &check.given, &check.matches));
        if text.is_ok_and(|text| text.contains("target.mcp_server")) {
            self.add([Capability::McpServer]);
        }
    }

    fn of_mutation(&mut self, suites: &Suites, mutation: &Mutation, registered: &[&str]) {
        // Only an MCP server has a handshake, and a body in JSON for every operation.
        if mutation.stage.is_some() || mutation.send_in == Some(Place::Json) {
            self.add([Capability::McpServer]);
        }
        if let Some(user) = &mutation.user {
            self.of_user(user);
        }
        if let Some(client) = &mutation.client {
            self.of_client(suites, client, registered);
        }
    }

    /// An assertion of a client is always there to be rebuilt, an access token only where it is a JWT.
    fn of_forge(&mut self, signature: Signature, action: &Action) {
        match action {
            Action::Call(_) | Action::Repeat(_) if signature == Signature::RightKey => {
                self.add([Capability::JwtAccessTokens, Capability::TrustedIssuer]);
            }
            Action::Call(_) | Action::Repeat(_) => self.add([Capability::JwtAccessTokens]),
            _ => {}
        }
    }

    fn of_user(&mut self, user: &str) {
        if user == "second" {
            self.add([Capability::SecondUser]);
        }
    }

    fn of_client(&mut self, suites: &Suites, client: &str, registered: &[&str]) {
        if registered.contains(&client) || self.clients.iter().any(|known| known == client) {
            return;
        }
        if let Some(profile) = suites.clients.get(client) {
            self.capabilities.extend(profile.needs.iter().copied());
            self.clients.push(client.to_owned());
        }
    }

    /// Profiles that templates mention as `clients.NAME`.
    fn of_mentions(&mut self, suites: &Suites, text: &str) {
        self.resource |= text.contains("{{ resource }}");
        for (at, _) in text.match_indices("clients.") {
            let name: String = text[at + "clients.".len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            self.of_client(suites, &name, &[]);
        }
    }

    /// A step that speaks of a secret means that of its client.
    fn of_secret(&mut self, step: &PlannedStep, text: &str) {
        let client = match step.one() {
            Some(
                Action::Token(step)
                | Action::Revoke(step)
                | Action::Introspect(step)
                | Action::Push(step),
            ) => &step.client,
            _ => return,
        };
        let speaks_of_it = text.contains("client_secret") || text.contains("basic_and_post");
        if speaks_of_it && !self.secrets.contains(client) {
            self.secrets.push(client.clone());
        }
    }

    fn add<const N: usize>(&mut self, capabilities: [Capability; N]) {
        self.capabilities.extend(capabilities);
    }
}

/// Whether a call means something to an MCP server alone.
fn is_of_mcp(step: &Call) -> bool {
    let named = ["list", "server/discover"].contains(&&*step.operation);
    let given = [&step.session, &step.server, &step.mcp_version];
    let has_more = !step.request.is_empty() || !step.params.is_empty();
    named || has_more || given.into_iter().any(Option::is_some)
}

/// Why a case with these needs cannot run, if it cannot.
///
/// What the server lacks comes before what the operator did not give, since giving it would not
/// help; a way in that is broken comes last.
pub(crate) fn obstacle(
    suites: &Suites,
    needs: &Needs,
    knowledge: &Knowledge,
) -> Option<Disposition> {
    let mut untested = None;
    let mut broken = None;
    for capability in &needs.capabilities {
        match knowledge.capabilities.get(capability) {
            Some(Presence::Absent { reason }) => {
                return Some(Disposition::NotApplicable {
                    reason: reason.clone(),
                });
            }
            Some(Presence::NotGiven { add }) => {
                untested.get_or_insert_with(|| Disposition::Untested { add: add.clone() });
            }
            Some(Presence::Broken { reason }) => {
                broken.get_or_insert_with(|| Disposition::Inconclusive {
                    reason: reason.clone(),
                });
            }
            Some(Presence::Present) | None => {}
        }
    }
    // Where nothing answers at its address, the resource is only what the target file says.
    if let (true, Some(Presence::Broken { reason })) = (
        needs.resource,
        knowledge.capabilities.get(&Capability::ResourceServer),
    ) {
        broken.get_or_insert_with(|| Disposition::Inconclusive {
            reason: reason.clone(),
        });
    }
    for client in &needs.clients {
        match missing_client(suites, client, knowledge) {
            Some(unknown @ Disposition::Inconclusive { .. }) => broken = broken.or(Some(unknown)),
            missing => untested = untested.or(missing),
        }
    }
    let secret = missing_secrets(needs, knowledge).next();
    let secret = secret.map(|add| Disposition::Untested { add });
    untested.or(secret).or(broken)
}

/// Everything that a case with these needs wants of the operator, each as the words of what to add;
/// nothing where the server lacks a part of it, since giving the rest would not help.
pub(crate) fn lacks(suites: &Suites, needs: &Needs, knowledge: &Knowledge) -> Vec<String> {
    let mut lacks = Vec::new();
    for capability in &needs.capabilities {
        match knowledge.capabilities.get(capability) {
            Some(Presence::Absent { .. }) => return Vec::new(),
            Some(Presence::NotGiven { add }) if !lacks.contains(add) => lacks.push(add.clone()),
            _ => {}
        }
    }
    for client in &needs.clients {
        if let Some(Disposition::Untested { add }) = missing_client(suites, client, knowledge)
            && !lacks.contains(&add)
        {
            lacks.push(add);
        }
    }
    lacks.extend(missing_secrets(needs, knowledge));
    lacks
}

/// What to add for secrets of clients that authenticate by a key.
fn missing_secrets<'a>(
    needs: &'a Needs,
    knowledge: &'a Knowledge,
) -> impl Iterator<Item = String> + 'a {
    let keyed = needs
        .secrets
        .iter()
        .filter(|client| knowledge.keyed_clients.contains(client));
    keyed.map(|client| {
        format!("`clients.{client}` with a `client_secret`: this one authenticates by a key")
    })
}

fn missing_client(suites: &Suites, client: &str, knowledge: &Knowledge) -> Option<Disposition> {
    if knowledge.given_clients.iter().any(|given| given == client) {
        return None;
    }
    let profile = suites.clients.get(client)?;
    let is_there = |capability| knowledge.capabilities.get(&capability) == Some(&Presence::Present);
    let takes_documents = profile.is_public()
        && is_there(Capability::ClientIdMetadataDocuments)
        && !profile.only_given;
    let or_documents = match takes_documents {
        true => ", or `client_id_metadata`",
        false => "",
    };
    let add = || Disposition::Untested {
        add: format!("`clients.{client}` ({}){or_documents}", profile.title),
    };
    if profile.only_given {
        return Some(add());
    }
    if takes_documents && is_there(Capability::DocumentHost) {
        return None;
    }
    match knowledge.capabilities.get(&Capability::DynamicRegistration) {
        Some(Presence::Present) | None => None,
        // Nobody knows whether the server registers clients.
        Some(Presence::Broken { reason }) => Some(Disposition::Inconclusive {
            reason: reason.clone(),
        }),
        Some(Presence::Absent { .. } | Presence::NotGiven { .. }) => Some(add()),
    }
}
