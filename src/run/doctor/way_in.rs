//! The examination itself, step by step.

use std::sync::Arc;

use super::{capabilities, variables};
use crate::plan::{Knowledge, PlannedRun};
use crate::run::action::{Discovery, discover};
use crate::run::execute::execute;
use crate::run::session::Session;
use crate::run::{
    Answer, Cancel, DoctorState, DoctorStep, Event, Events, Outcome, Presence, RunRecord,
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
    let found = unless(cancel, discover(session)).await.unwrap_or_default();
    let mut steps = Steps {
        list: Vec::new(),
        events,
    };
    variables::set(session, &found);
    let mut known = capabilities::of_discovery(session, &found);
    reachable(session, &found, &mut steps);
    discovery(session, &found, &mut steps);
    let mut knowledge = Knowledge {
        capabilities: known.clone(),
        variables: session.variables(),
        given_clients: session.target.clients.keys().cloned().collect(),
    };
    let run = if look_only { None } else { honest(&knowledge) };
    let record = match run {
        Some(run) => match unless(cancel, execute(session, &run)).await {
            Ok(record) => Some(record),
            Err(reason) => {
                steps.skip("login", &reason);
                capabilities::break_way_in(&reason, &mut known);
                None
            }
        },
        None => {
            steps.skip("login", &missing(&knowledge, look_only));
            None
        }
    };
    if let Some(record) = &record {
        capabilities::of_honest_run(record, &mut known);
        capabilities::of_registration(session, &mut known);
        if let Some(reason) = honest_steps(session, record, &mut steps) {
            capabilities::break_way_in(&reason, &mut known);
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

/// What `work` comes to, or why it was cut short.
async fn unless<T>(cancel: &Cancel, work: impl Future<Output = T>) -> Result<T, String> {
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
            status, headers, ..
        } => {
            let (state, mend) = match unwilling(status) {
                Some(mend) => (DoctorState::Notice, mend),
                None => (DoctorState::Ok, ""),
            };
            let found = format!("{} answers {status}", exchange.request.url);
            steps.add("reachable", state, found, mend, vec![first]);
            clock(&headers, steps, first);
        }
        Answer::Failed { kind, message } => steps.add(
            "reachable",
            DoctorState::Broken,
            format!("{}: {message}", exchange.request.url),
            mend_of(kind),
            vec![first],
        ),
    }
}

const fn mend_of(kind: crate::run::FailureKind) -> &'static str {
    use crate::run::FailureKind;
    match kind {
        FailureKind::Unreachable => "start the server, or correct the address in the target file",
        FailureKind::Tls => "give the certificate authority as `root_ca`, or mend the certificate",
        FailureKind::Timeout => "raise `limits.answer_timeout`, or look why the server is slow",
        FailureKind::Malformed => "the address does not speak HTTP: correct scheme and port",
        FailureKind::NotAllowed => {
            "name the origin in `allow_origins` (or use https, or set `insecure_http`)"
        }
        FailureKind::CapReached => "raise the cap in `limits`",
    }
}

const ELSEWHERE: &str = "the server sends this request elsewhere, and no such redirect is followed: correct the address";

/// What to do about a status that decides nothing.
const fn unwilling(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some(ELSEWHERE),
        429 => Some(
            "the server limits requests: wait, or ask for less (`limits.requests_per_second`, \
             `limits.token_request_interval`)",
        ),
        500.. => Some("look into the server's log: it fails by itself"),
        _ => None,
    }
}

/// What to do about an exchange that brought no usable answer; `None` where the answer is one.
fn mend_of_answer(session: &Session, exchanges: &[usize]) -> Option<&'static str> {
    let exchange = session.http.recorder().get(*exchanges.last()?)?;
    match exchange.answer {
        Answer::Failed { kind, .. } => Some(mend_of(kind)),
        Answer::Response { status, .. } => unwilling(status),
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
    match (&found.issuer, &found.server_metadata) {
        (Some(issuer), Some(_)) => steps.add(
            "discovery",
            DoctorState::Ok,
            format!("issuer {issuer}"),
            "",
            exchanges,
        ),
        (Some(issuer), None) => {
            let mend = mend_of_answer(session, &exchanges).unwrap_or(
                "correct `authorization_server`, or mend the metadata that the server publishes",
            );
            let found = format!("no metadata of {issuer}{}", tried(found));
            steps.add("discovery", DoctorState::Broken, found, mend, exchanges);
        }
        (None, _) if !session.target.access_tokens.is_empty() => {
            steps.skip(
                "discovery",
                "no authorization server is named; tokens were given",
            );
        }
        (None, _) => {
            let mend = mend_of_answer(session, &exchanges)
                .unwrap_or("give the issuer as `authorization_server`");
            let found = format!("nothing leads to an authorization server{}", tried(found));
            steps.add("discovery", DoctorState::Broken, found, mend, exchanges);
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

/// Tells the honest run's steps; the reason why the way in is broken, if it is.
fn honest_steps(session: &Session, record: &RunRecord, steps: &mut Steps<'_>) -> Option<String> {
    if let Some(fault) = &record.fault {
        steps.add(
            "login",
            DoctorState::Broken,
            fault.clone(),
            "report this as a bug of authspec",
            Vec::new(),
        );
        return Some(fault.clone());
    }
    for step in &record.steps {
        let (name, mend) = words(&step.action);
        let (state, found) = match &step.outcome {
            Outcome::Accepted => (DoctorState::Ok, accepted(&step.action).to_owned()),
            Outcome::Refused { reason } => (DoctorState::Broken, reason.clone()),
            Outcome::Undecided { reason } => (DoctorState::Broken, reason.clone()),
        };
        let broken = state == DoctorState::Broken;
        let mend = match broken {
            true => mend_of_answer(session, &step.exchanges)
                // A person's browser follows redirects: the last one is not to blame.
                .filter(|mend| step.action != "authorize" || *mend != ELSEWHERE)
                .unwrap_or(mend),
            false => "",
        };
        steps.add(name, state, found.clone(), mend, step.exchanges.clone());
        if broken && step.action != "call" {
            return Some(format!("the honest flow fails at {name}: {found}"));
        }
    }
    let stopped = record.stopped.as_ref()?;
    if record.steps.iter().any(|step| !step.outcome.is_accepted()) {
        return None;
    }
    let exchanges = record.stopped_by().to_vec();
    let (name, mend) = match record.steps.is_empty() {
        true => (
            "registration",
            mend_of_answer(session, &exchanges)
                .unwrap_or("let the harness register (`registration`), or give `clients.public`"),
        ),
        false => (
            words(&stopped.step).0,
            "look at the exchange: what came before brought nothing to go on with",
        ),
    };
    let found = stopped.reason.clone();
    steps.add(name, DoctorState::Broken, found, mend, exchanges);
    Some(format!(
        "the honest flow stops at {name}: {}",
        stopped.reason
    ))
}

fn words(action: &str) -> (&'static str, &'static str) {
    match action {
        "authorize" => (
            "login",
            "correct `users.first`, or steer the pages with `login` in the target file",
        ),
        "token" => (
            "token",
            "look at the exchange: the honest token request was refused",
        ),
        "call" => (
            "call",
            "name a harmless operation under `operations`, with the `scopes` that it needs",
        ),
        _ => ("step", ""),
    }
}

fn accepted(action: &str) -> &'static str {
    match action {
        "authorize" => "a code arrived",
        "token" => "an access token came",
        "call" => "the MCP server took it",
        _ => "done",
    }
}
