//! What the template of a target file is given.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Seen;
use super::destination::Destination;
use super::login::{Attempt, PageOnTheWay};
use super::members::{self, Lack};
use super::operations::{self, Proposal};
use super::text::{Yaml, one_line};
use crate::plan::Plan;
use crate::report::text::{count, shorten};
use crate::run::user_agent::{FormSeen, PageKind};
use crate::run::{DoctorState, Presence};
use crate::suite::{ClientProfile, Suites, Templates, context};
use crate::target::Recipe;

/// What the file is made of.
pub struct Facts<'a> {
    /// Whose client profiles can be given.
    pub suites: &'a Suites,
    /// The last examination.
    pub seen: &'a Seen,
    /// What can be tested, and what is lacking for the rest.
    pub plan: &'a Plan,
    /// The scopes that are written down.
    pub scopes: Vec<String>,
    /// How many cases wait for a scope, where there is none.
    pub of_a_scope: usize,
    /// The login, if one was tried.
    pub attempt: Option<&'a Attempt>,
    /// The authorization server's origin, where nothing may be sent to it yet.
    pub other_origin: Option<&'a str>,
    /// Where the file goes.
    pub destination: &'a Destination,
}

impl Facts<'_> {
    /// What is lacking, by member. Whether clients are needed is not known of an authorization
    /// server that was left alone.
    pub fn lacks(&self) -> IndexMap<String, Lack> {
        let mut lacks = members::lacks(&self.plan.cases);
        if self.other_origin.is_some() {
            lacks.retain(|member, _| !member.starts_with("clients."));
        }
        if self.of_a_scope > 0 {
            let cases = self.of_a_scope;
            let adds = Vec::new();
            lacks.insert("scopes".to_owned(), Lack { cases, adds });
        }
        lacks
    }
}

/// The template's names.
#[derive(Debug, Serialize)]
pub struct View {
    name: String,
    shown: String,
    day: String,
    /// The target file so far.
    file: Value,
    first_user: Option<Yaml>,
    found: Vec<String>,
    has: Vec<String>,
    has_not: Vec<String>,
    /// What the doctor stumbled over, with the mend.
    troubles: Vec<String>,
    /// How many cases wait for each member.
    #[serde(skip)]
    pub waiting: IndexMap<String, usize>,
    other_origin: Option<String>,
    names_no_issuer: bool,
    login: Option<Login>,
    registers: bool,
    /// Some cases serve documents, whether or not they stand for clients.
    wants_documents: bool,
    takes_documents: bool,
    names_an_issuer: bool,
    clients: Vec<Line>,
    scopes: Vec<String>,
    listed_by_server: Vec<String>,
    wildcards: bool,
    operations: Vec<Line>,
    more_operations: usize,
    /// What could be signed if the key for it were there.
    plays_issuers: Vec<String>,
    offline_access: bool,
    /// What is lacking that no line above is for.
    others: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Login {
    worked: bool,
    recipe: Option<Yaml>,
    known: Option<Yaml>,
    pages: Vec<String>,
}

/// An entry to fill in, with a remark above it.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    remark: String,
    value: Yaml,
}

/// Members that the template has lines for.
const MEMBERS: [&str; 12] = [
    "users.first",
    "users.second",
    "operations",
    "second_resource",
    "audit_log",
    "allow_origins",
    "authorization_server",
    "registration",
    "scopes",
    "client_id_metadata",
    "played_issuers.access_tokens",
    "played_issuers.assertions",
];

/// Most scopes that are written down: as many as a run takes from the server's list.
const MOST_SCOPES: usize = 200;

impl View {
    /// What is known, put in order.
    pub fn new(facts: &Facts<'_>) -> Self {
        let (seen, file) = (facts.seen, &facts.seen.file);
        let lacks = facts.lacks();
        let variables = &seen.recording.variables;
        let metadata = &variables["metadata"];
        let scopes = facts.scopes.clone();
        let (proposals, more_operations) = operations::proposals(seen.honest.as_ref(), &scopes);
        let (has, has_not) = capabilities(seen);
        Self {
            name: file.name(),
            shown: facts.destination.shown(),
            day: seen.recording.started.chars().take(10).collect(),
            file: json!(file),
            first_user: file.users.get("first").map(|user| Yaml::of(&json!(user))),
            found: found(variables),
            has,
            has_not,
            troubles: troubles(seen),
            waiting: lacks
                .iter()
                .map(|(member, lack)| (member.clone(), lack.cases))
                .collect(),
            other_origin: facts.other_origin.map(str::to_owned),
            names_no_issuer: lacks.contains_key("authorization_server"),
            login: facts.attempt.map(login),
            registers: metadata["registration_endpoint"].is_string(),
            wants_documents: lacks.contains_key("client_id_metadata"),
            takes_documents: metadata["client_id_metadata_document_supported"] == json!(true),
            names_an_issuer: seen.recording.target.issuer.is_some(),
            clients: clients(facts.suites, variables, &lacks),
            wildcards: scopes.iter().any(|scope| scope.ends_with(":*")),
            scopes,
            listed_by_server: listed_by_server(metadata),
            operations: proposals.into_iter().map(Line::from).collect(),
            more_operations,
            plays_issuers: plays_issuers(&lacks),
            offline_access: wants_offline_access(seen, metadata),
            others: others(&lacks),
        }
    }
}

impl From<Proposal> for Line {
    fn from(proposal: Proposal) -> Self {
        Self {
            name: proposal.name,
            remark: proposal.remark,
            value: Yaml::of(&proposal.value),
        }
    }
}

/// What discovery found, a line each.
fn found(variables: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |what: &str, value: &Value| {
        let said = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items = items.iter().filter_map(Value::as_str);
                items.collect::<Vec<_>>().join(" ")
            }
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        found.push(format!("{what}: {}", shorten(&one_line(&said), 300)));
    };
    let (discovery, metadata) = (&variables["discovery"], &variables["metadata"]);
    add(
        "status of a request without a token",
        &discovery["probe_status"],
    );
    add("scope of the challenge", &discovery["challenge"]["scope"]);
    add("resource metadata", &discovery["resource_metadata_url"]);
    add("resource", &variables["resource"]);
    add("issuer", &variables["issuer"]);
    add("its metadata", &discovery["metadata_url"]);
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "registration_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "pushed_authorization_request_endpoint",
        "jwks_uri",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
        "code_challenge_methods_supported",
        "scopes_supported",
    ] {
        add(member, &metadata[member]);
    }
    found
}

/// What the target has, and what it has not with the reason. What the operator did not give stands
/// with the members.
fn capabilities(seen: &Seen) -> (Vec<String>, Vec<String>) {
    let (mut has, mut has_not) = (Vec::new(), Vec::new());
    for (name, presence) in &seen.recording.target.capabilities {
        let words = name.replace('_', " ");
        match presence {
            Presence::Present => has.push(words),
            Presence::Absent { reason } => has_not.push(format!("{words}: {reason}")),
            Presence::NotGiven { .. } | Presence::Broken { .. } => {}
        }
    }
    (has, has_not)
}

fn troubles(seen: &Seen) -> Vec<String> {
    let steps = seen.recording.doctor.iter();
    let bad = steps.filter(|step| matches!(step.state, DoctorState::Broken | DoctorState::Notice));
    bad.map(|step| match step.mend.is_empty() {
        true => format!("{}: {}", step.name, step.found),
        false => format!("{}: {}; mend: {}", step.name, step.found, step.mend),
    })
    .map(|said| shorten(&one_line(&said), 600))
    .collect()
}

fn others(lacks: &IndexMap<String, Lack>) -> Vec<String> {
    let mut others = Vec::new();
    for (member, lack) in lacks {
        if MEMBERS.contains(&member.as_str()) || member.starts_with("clients.") {
            continue;
        }
        let cases = count(lack.cases, "case");
        others.extend(lack.adds.iter().map(|add| format!("{add} ({cases})")));
    }
    others
}

fn login(attempt: &Attempt) -> Login {
    let mut known = Recipe::default();
    for page in &attempt.pages {
        let seen = page.survey.known.clone();
        known.username_field = seen.username_field.or(known.username_field);
        known.password_field = seen.password_field.or(known.password_field);
        known.approve = seen.approve.or(known.approve);
        known.deny = seen.deny.or(known.deny);
    }
    let said = |recipe: &Recipe| (*recipe != Recipe::default()).then(|| Yaml::of(&json!(recipe)));
    Login {
        worked: attempt.worked,
        recipe: said(&attempt.recipe),
        known: said(&known),
        pages: attempt.pages.iter().map(page).collect(),
    }
}

/// A page in one line: what it is, its fields, its buttons.
fn page(page: &PageOnTheWay) -> String {
    let kind = match page.survey.kind {
        PageKind::Login => "asks who the user is",
        PageKind::Consent => "asks for consent",
        PageKind::Error => "says that something is wrong",
        PageKind::Other => "is none that was understood",
    };
    let forms: Vec<String> = page.survey.forms.iter().map(form).collect();
    let title = match page.survey.title.trim() {
        "" => String::new(),
        title => format!(" \"{}\"", shorten(&one_line(title), 80)),
    };
    let request = shorten(&one_line(&page.request), 120);
    format!("{request}{title} {kind}: {}", forms.join("; "))
}

fn form(form: &FormSeen) -> String {
    let named = |(name, label): &(String, String)| match label.is_empty() {
        true => format!("`{name}`"),
        false => format!("`{name}` ({label})"),
    };
    let fields: Vec<String> = form.fields.iter().map(named).collect();
    let buttons: Vec<String> = form
        .buttons
        .iter()
        .map(|text| format!("`{text}`"))
        .collect();
    let list = |what: &str, items: Vec<String>| match items.is_empty() {
        true => format!("no {what}s"),
        false => format!("{what}s {}", items.join(", ")),
    };
    let said = format!("{}, {}", list("field", fields), list("button", buttons));
    shorten(&one_line(&said), 600)
}

/// Every client profile that is lacking, with a line to fill in.
fn clients(suites: &Suites, variables: &Value, lacks: &IndexMap<String, Lack>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, profile) in &suites.clients {
        let Some(lack) = lacks.get(&format!("clients.{name}")) else {
            continue;
        };
        let cases = count(lack.cases, "case");
        lines.push(Line {
            name: name.clone(),
            remark: format!("{} ({cases})", profile.title),
            value: Yaml::of(&given_client(name, profile, variables)),
        });
    }
    lines
}

fn given_client(name: &str, profile: &ClientProfile, variables: &Value) -> Value {
    let mut client = Map::new();
    client.insert("client_id".to_owned(), json!(format!("ID of {name}")));
    let templates = Templates::new();
    let rendered = |member: &str| {
        let template = profile.register.get(member)?;
        templates.render_value(template, &context(variables)).ok()
    };
    let method = rendered("token_endpoint_auth_method");
    let is_secret = method.is_some_and(|method| method != "none") || name == "introspector";
    if is_secret {
        let variable = format!("{}_SECRET", name.to_ascii_uppercase());
        client.insert("client_secret".to_owned(), json!({ "env": variable }));
    }
    let uris = match name {
        "short_lived" => Some(json!([variables["harness"]["loopback_redirect"]])),
        _ => rendered("redirect_uris"),
    };
    if let Some(uris) = uris.filter(|uris| uris.get(0).is_some()) {
        client.insert("redirect_uris".to_owned(), uris);
    }
    Value::Object(client)
}

fn plays_issuers(lacks: &IndexMap<String, Lack>) -> Vec<String> {
    let names = lacks.keys();
    let names = names.filter_map(|member| member.strip_prefix("played_issuers."));
    names.map(str::to_owned).collect()
}

/// The scopes to write down: those that the server lists, unless a login with them failed, and
/// without them did not.
pub fn scopes(seen: &Seen, attempt: Option<&Attempt>) -> Vec<String> {
    let variables = &seen.recording.variables;
    match (&seen.file, attempt) {
        (file, _) if !file.scopes.is_empty() => file.scopes.clone(),
        (file, _) if file.mcp_server.is_some() => {
            texts(&variables["resource_metadata"]["scopes_supported"])
        }
        (_, None) => listed_by_server(&variables["metadata"]),
        (_, Some(_)) => Vec::new(),
    }
}

fn texts(listed: &Value) -> Vec<String> {
    let listed = listed.as_array().into_iter().flatten();
    let texts = listed.filter_map(Value::as_str).map(str::to_owned);
    texts.take(MOST_SCOPES).collect()
}

/// The scopes that the authorization server lists, without those that open nothing by themselves.
pub fn listed_by_server(metadata: &Value) -> Vec<String> {
    let mut scopes = texts(&metadata["scopes_supported"]);
    scopes.retain(|scope| scope != "openid" && scope != "offline_access");
    scopes
}

/// Whether the honest grant brought no refresh token from a server that knows the scope for it
/// (OpenID Connect Core section 11).
fn wants_offline_access(seen: &Seen, metadata: &Value) -> bool {
    let refresh = seen.recording.target.capabilities.get("refresh_tokens");
    let listed = metadata["scopes_supported"].as_array();
    matches!(refresh, Some(Presence::Absent { .. }))
        && listed.is_some_and(|listed| listed.contains(&json!("offline_access")))
}
