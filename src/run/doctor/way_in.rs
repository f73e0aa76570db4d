//! The examination itself, step by step.

use std::sync::Arc;

use super::{capabilities, honest_run, login, mends, variables};
use crate::plan::{Knowledge, PlannedRun};
use crate::run::action::{Discovery, discover};
use crate::run::execute::execute;
use crate::run::session::{REGISTER_CLIENT, Session};
use crate::run::{
    Answer, Cancel, DoctorState, DoctorStep, Event, Events, FailureKind, Outcome, Presence,
    RunRecord, StepRecord,
};
use crate::suite::Capability;

/// What the doctor found.
pub struct Examined {
    /// Each step.
    pub steps: Vec<DoctorStep>,
    /// What the plan builds on.
    pub knowledge: Knowledge,
    /// The honest run, which serves as a control too.
    pub honest: Option<RunRecord>,
}

/// Examines the way in. `honest` makes the honest run once discovery has said what is there; with
/// `look_only` nobody registers or logs in. Where `cancel` cuts it short, what was found until then
/// counts.
pub async fn examine(
    session: &Arc<Session>,
    look_only: bool,
    honest: impl FnOnce(&Knowledge) -> Option<PlannedRun>,
    events: Option<&Events>,
    cancel: &Cancel,
) -> Examined {
    let mut steps = Steps {
        list: Vec::new(),
        events,
    };
    let found = match unless(cancel, discover(session)).await {
        Ok(found) => found,
        Err(reason) => return cut_short(session, &reason, steps),
    };
    variables::set(session, &found);
    let mut known = capabilities::of_discovery(session, &found);
    reachable(session, &found, &mut steps);
    discovery(session, &found, &mut steps);
    let mut knowledge = knowledge(session, known.clone());
    let run = if look_only { None } else { honest(&knowledge) };
    session.publish_texts(&run);
    let record = match run {
        Some(run) => match unless(cancel, execute(session, &run)).await {
            Ok(record) => Some(record),
            Err(reason) => {
                steps.skip("login", &reason);
                let not_run = Presence::Broken {
                    reason: format!("not run: {reason}"),
                };
                honest_run::break_way_in(&not_run, &mut known);
                None
            }
        },
        None => {
            steps.skip("login", &missing(&knowledge, look_only));
            None
        }
    };
    if let Some(record) = &record {
        honest_run::of_honest_run(record, &mut known);
        honest_run::of_registration(session, &mut known);
        if let Some(instead) = honest_steps(session, record, &mut steps) {
            honest_run::break_way_in(&instead, &mut known);
        }
    }
    knowledge.capabilities = known;
    knowledge.variables = session.variables();
    Examined {
        steps: steps.list,
        knowledge,
        honest: record,
    }
}

/// What is found where nothing was found out: whoever ended it is no fault of the server's.
fn cut_short(session: &Session, reason: &str, mut steps: Steps<'_>) -> Examined {
    for name in ["reachable", "discovery", "login"] {
        steps.skip(name, reason);
    }
    variables::set(session, &Discovery::default());
    Examined {
        steps: steps.list,
        knowledge: knowledge(session, capabilities::of_nothing(reason)),
        honest: None,
    }
}

fn knowledge(session: &Session, capabilities: capabilities::Capabilities) -> Knowledge {
    let clients = session.target.clients.iter();
    let keyed =
        clients.filter(|(_, client)| client.key.is_some() && client.client_secret.is_none());
    Knowledge {
        capabilities,
        variables: session.variables(),
        given_clients: session.target.clients.keys().cloned().collect(),
        keyed_clients: keyed.map(|(profile, _)| profile.clone()).collect(),
        driver: session.target.file.login.driver.clone(),
    }
}

/// What `work` comes to, or why it was cut short.
pub async fn unless<T>(cancel: &Cancel, work: impl Future<Output = T>) -> Result<T, String> {
    let mut cancel = cancel.clone();
    let cut_short = async {
        match cancel.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            // Nobody is left who could.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        reason = cut_short => Err(reason),
        done = work => Ok(done),
    }
}

struct Steps<'a> {
    list: Vec<DoctorStep>,
    events: Option<&'a Events>,
}

impl Steps<'_> {
    fn add(
        &mut self,
        name: &str,
        state: DoctorState,
        found: String,
        mend: &str,
        exchanges: Vec<usize>,
    ) {
        let step = DoctorStep {
            name: name.to_owned(),
            state,
            found,
            mend: mend.to_owned(),
            exchanges,
        };
        if let Some(events) = self.events {
            let _ = events.send(Event::Doctor(step.clone()));
        }
        self.list.push(step);
    }

    fn skip(&mut self, name: &str, found: &str) {
        self.add(name, DoctorState::Skipped, found.to_owned(), "", Vec::new());
    }
}

fn missing(knowledge: &Knowledge, look_only: bool) -> String {
    if look_only {
        return "no registration and no login were asked for".to_owned();
    }
    [
        Capability::AuthorizationServerMetadata,
        Capability::AuthorizationCode,
        Capability::Login,
        Capability::PublicClient,
        Capability::AccessToken,
    ]
    .iter()
    .find_map(|capability| match knowledge.capabilities.get(capability)? {
        Presence::Present => None,
        Presence::Absent { reason } | Presence::Broken { reason } => Some(reason.clone()),
        Presence::NotGiven { add } => Some(format!("the target file lacks {add}")),
    })
    .unwrap_or_else(|| "no honest flow fits this target".to_owned())
}

fn reachable(session: &Session, found: &Discovery, steps: &mut Steps<'_>) {
    let Some(&first) = found.exchanges.first() else {
        steps.skip("reachable", "no address was given");
        return;
    };
    let Some(exchange) = session.http.recorder().get(first) else {
        return;
    };
    match exchange.answer {
        Answer::Response {
            status,
            ref headers,
            ..
        } => {
            let mend = match capabilities::nothing_there(&session.target.file, found) {
                Some(nothing) => Some(match nothing.meant {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => {
                        "nothing is at this address: correct it; many MCP servers are at `/mcp`"
                            .to_owned()
                    }
                }),
                None => mends::of_status(status).map(str::to_owned),
            };
            let state = match mend {
                Some(_) => DoctorState::Notice,
                None => DoctorState::Ok,
            };
            let found = format!("{} answers {status}", exchange.request.url);
            steps.add(
                "reachable",
                state,
                found,
                &mend.unwrap_or_default(),
                vec![first],
            );
            if exchange.request.url.starts_with("https:") {
                let found = "the certificate is trusted".to_owned();
                steps.add("tls", DoctorState::Ok, found, "", vec![first]);
            }
            clock(headers, steps, first);
        }
        Answer::Failed { ref message, kind } => steps.add(
            match kind {
                FailureKind::Tls => "tls",
                _ => "reachable",
            },
            DoctorState::Broken,
            format!("{}: {message}", exchange.request.url),
            &mends::of_failure(session, &exchange),
            vec![first],
        ),
    }
}

/// Seconds by which clocks may differ before lifetimes look wrong.
const SKEW: i64 = 30;

fn clock(headers: &[(String, String)], steps: &mut Steps<'_>, exchange: usize) {
    let date = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("date"))
        .and_then(|(_, value)| jiff::fmt::rfc2822::parse(value).ok());
    let Some(date) = date else {
        steps.skip("clock", "the server sends no Date");
        return;
    };
    let skew = (date.timestamp().as_second() - jiff::Timestamp::now().as_second()).abs();
    let (state, mend) = if skew <= SKEW {
        (DoctorState::Ok, "")
    } else {
        (
            DoctorState::Notice,
            "set both clocks right: lifetimes and forged dates are judged by ours",
        )
    };
    steps.add(
        "clock",
        state,
        format!("{skew} s apart"),
        mend,
        vec![exchange],
    );
}

fn discovery(session: &Session, found: &Discovery, steps: &mut Steps<'_>) {
    let exchanges = found.exchanges.clone();
    let outside = found.server_outside.as_ref();
    let outside = outside.or_else(|| {
        let leads_on = found.issuer.is_some();
        found.resource_outside.as_ref().filter(|_| !leads_on)
    });
    if let Some(url) = outside {
        let found = match &found.issuer {
            Some(issuer) => format!("the metadata of {issuer} were not asked for"),
            None => format!("{url} was not asked for"),
        };
        let mend = format!("add {}", mends::permission(session, url));
        steps.add("discovery", DoctorState::Notice, found, &mend, exchanges);
        return;
    }
    if let Some(meant) = capabilities::meant_issuer(&session.target.file, found) {
        let written = found.issuer.as_deref().unwrap_or_default();
        let found = capabilities::mistaken(written, &meant);
        let mend = format!("write `authorization_server: {meant}`");
        steps.add("discovery", DoctorState::Broken, found, &mend, exchanges);
        return;
    }
    match (&found.issuer, &found.server_metadata) {
        (Some(issuer), Some(_)) => steps.add(
            "discovery",
            DoctorState::Ok,
            format!("issuer {issuer}"),
            "",
            exchanges,
        ),
        (Some(issuer), None) => {
            let mend = mends::of_answer(session, &exchanges).unwrap_or_else(|| {
                "correct `authorization_server`, or mend the metadata that the server publishes"
                    .to_owned()
            });
            let found = format!("no metadata of {issuer}{}", tried(found));
            steps.add("discovery", DoctorState::Broken, found, &mend, exchanges);
        }
        (None, _) if !session.target.access_tokens.is_empty() => {
            steps.skip(
                "discovery",
                "no authorization server is named; tokens were given",
            );
        }
        (None, _) => {
            if capabilities::nothing_there(&session.target.file, found).is_some() {
                steps.skip("discovery", "the address leads nowhere");
                return;
            }
            let mend = mends::of_answer(session, &exchanges)
                .unwrap_or_else(|| "give the issuer as `authorization_server`".to_owned());
            let found = format!("nothing leads to an authorization server{}", tried(found));
            steps.add("discovery", DoctorState::Broken, found, &mend, exchanges);
        }
    }
}

/// What was tried in vain, in parentheses.
fn tried(found: &Discovery) -> String {
    let tried: Vec<String> = found
        .tried
        .iter()
        .map(|(url, came)| format!("{url}: {came}"))
        .collect();
    match tried.is_empty() {
        true => String::new(),
        false => format!(" ({})", tried.join("; ")),
    }
}

/// Tells the honest run's steps; what stands for the way in where it does not lead to the end.
fn honest_steps(session: &Session, record: &RunRecord, steps: &mut Steps<'_>) -> Option<Presence> {
    if let Some(fault) = &record.fault {
        steps.add(
            "login",
            DoctorState::Broken,
            fault.clone(),
            "report this as a bug of authspec",
            Vec::new(),
        );
        return Some(broken(fault.clone()));
    }
    if let Some(exchange) = registration(session) {
        let found = "a client was registered".to_owned();
        steps.add("registration", DoctorState::Ok, found, "", vec![exchange]);
    }
    for step in &record.steps {
        let (name, mend) = words(session, step);
        let reason = match &step.outcome {
            Outcome::Accepted => {
                let (state, found, mend) = match other_version(session, step) {
                    Some((found, mend)) => (DoctorState::Notice, found, mend),
                    None => (
                        DoctorState::Ok,
                        accepted(session, &step.action).to_owned(),
                        String::new(),
                    ),
                };
                steps.add(name, state, found, &mend, step.exchanges.clone());
                continue;
            }
            Outcome::Refused { reason }
            | Outcome::Broke { reason }
            | Outcome::Undecided { reason } => reason.clone(),
        };
        if let Some(absent) = honest_run::no_code_grant(session, step) {
            let mend =
                "nothing, if the server has no code grant; else list it, or let the client use it";
            let state = DoctorState::Notice;
            steps.add(name, state, reason, mend, step.exchanges.clone());
            return Some(absent);
        }
        let instead = ended(
            session,
            steps,
            Ended {
                name,
                found: reason.clone(),
                mend: mends::of_document(session, step)
                    .or_else(|| mends::of_error(step))
                    .or_else(|| mends::of_version(step))
                    .or_else(|| mends::of_token(session, step))
                    .unwrap_or(mend),
                exchanges: step.exchanges.clone(),
                is_browser: step.action == "authorize",
            },
        );
        if step.action != "call" {
            let failed = || broken(format!("the honest flow fails at {name}: {reason}"));
            return Some(instead.unwrap_or_else(failed));
        }
    }
    let stopped = record.stopped.as_ref()?;
    if record.steps.iter().any(|step| !step.outcome.is_accepted()) {
        return None;
    }
    let (name, mend) = match record.steps.is_empty() {
        true => (
            "registration",
            "let the harness register (`registration`), or give `clients.public`",
        ),
        false => (
            name(&stopped.step),
            "look at the exchange: what came before brought nothing to go on with",
        ),
    };
    let instead = ended(
        session,
        steps,
        Ended {
            name,
            found: stopped.reason.clone(),
            mend: mends::of_stop(&stopped.reason).unwrap_or(mend),
            exchanges: record.stopped_by().to_vec(),
            is_browser: false,
        },
    );
    let reason = &stopped.reason;
    let stops = || broken(format!("the honest flow stops at {name}: {reason}"));
    Some(instead.unwrap_or_else(stops))
}

/// The exchange by which a client of the honest run was registered, if one was.
fn registration(session: &Session) -> Option<usize> {
    let recorder = session.http.recorder();
    let is_registration = |at: &usize| {
        let exchange = recorder.get(*at);
        exchange.is_some_and(|exchange| exchange.purpose == REGISTER_CLIENT)
    };
    let first = (0..recorder.len()).find(is_registration);
    first.filter(|_| session.registered_clients() > 0)
}

/// What to say where `initialize` was answered with another version than the one that is judged by
/// (MCP lifecycle, version negotiation).
fn other_version(session: &Session, step: &StepRecord) -> Option<(String, String)> {
    let version = step.result.text_at("/protocol_version")?;
    (version != session.version.as_str()).then(|| {
        (
            format!("the MCP server took it, and speaks MCP {version}"),
            format!("`--mcp-version {version}` judges by that version, `auto` by all it speaks"),
        )
    })
}

fn broken(reason: String) -> Presence {
    Presence::Broken { reason }
}

/// A step of the honest run that did not go through.
struct Ended<'a> {
    name: &'a str,
    found: String,
    mend: &'a str,
    exchanges: Vec<usize>,
    /// A person's browser follows redirects: the last one is not to blame.
    is_browser: bool,
}

/// Tells it. Where only a permission is missing nothing is broken, and what the target file lacks
/// for it comes back.
fn ended(session: &Session, steps: &mut Steps<'_>, ended: Ended<'_>) -> Option<Presence> {
    let missing = mends::missing_permission(session, &ended.exchanges);
    let state = match missing {
        Some(_) => DoctorState::Notice,
        None => DoctorState::Broken,
    };
    let mend = mends::of_answer(session, &ended.exchanges)
        .filter(|mend| !ended.is_browser || mend != mends::ELSEWHERE)
        .unwrap_or_else(|| ended.mend.to_owned());
    steps.add(ended.name, state, ended.found, &mend, ended.exchanges);
    missing.map(|add| Presence::NotGiven { add })
}

/// What a step is called, and what to do where nothing else is known of it.
fn words(session: &Session, step: &StepRecord) -> (&'static str, &'static str) {
    let mend = match step.action.as_str() {
        "authorize" => login::mend(&session.target.file.login.driver, step),
        "token" => "look at the exchange: the honest token request was refused",
        "call" => "name a harmless operation under `operations`, with the `scopes` that it needs",
        _ => "",
    };
    (name(&step.action), mend)
}

fn name(action: &str) -> &'static str {
    match action {
        "authorize" => "login",
        "token" => "token",
        "call" => "call",
        // Where nobody logs in, a token is obtained from the target file.
        "obtain" => "token",
        _ => "step",
    }
}

fn accepted(session: &Session, action: &str) -> &'static str {
    match action {
        "authorize" => "a code arrived",
        "token" => "an access token came",
        "call" if session.target.file.is_plain_api() => "the API took it",
        "call" => "the MCP server took it",
        "obtain" => "it is given in the target file",
        _ => "done",
    }
}
