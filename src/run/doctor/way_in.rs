//! The examination itself, step by step.

use std::sync::Arc;

use super::{capabilities, variables};
use crate::plan::{Knowledge, PlannedRun};
use crate::run::action::{Discovery, discover};
use crate::run::execute::execute;
use crate::run::session::Session;
use crate::run::{Answer, DoctorState, DoctorStep, Event, Events, Outcome, Presence, RunRecord};
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
/// `look_only` nobody registers or logs in.
pub async fn examine(
    session: &Arc<Session>,
    look_only: bool,
    honest: impl FnOnce(&Knowledge) -> Option<PlannedRun>,
    events: Option<&Events>,
) -> Examined {
    let found = discover(session).await;
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
        Some(run) => Some(execute(session, &run).await),
        None => {
            steps.skip("login", &missing(&knowledge, look_only));
            None
        }
    };
    if let Some(record) = &record {
        capabilities::of_honest_run(record, &mut known);
        capabilities::of_registration(session, &mut known);
        if let Some(reason) = honest_steps(record, &mut steps) {
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
            steps.add(
                "reachable",
                DoctorState::Ok,
                format!("{} answers {status}", exchange.request.url),
                "",
                vec![first],
            );
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
            let tried: Vec<String> = found
                .tried
                .iter()
                .map(|(url, came)| format!("{url}: {came}"))
                .collect();
            steps.add(
                "discovery",
                DoctorState::Broken,
                format!("no metadata of {issuer} ({})", tried.join("; ")),
                "correct `authorization_server`, or name its origin in `allow_origins`",
                exchanges,
            );
        }
        (None, _) if !session.target.access_tokens.is_empty() => {
            steps.skip(
                "discovery",
                "no authorization server is named; tokens were given",
            );
        }
        (None, _) => steps.add(
            "discovery",
            DoctorState::Broken,
            "nothing leads to an authorization server".to_owned(),
            "give the issuer as `authorization_server`",
            exchanges,
        ),
    }
}

/// Tells the honest run's steps; the reason why the way in is broken, if it is.
fn honest_steps(record: &RunRecord, steps: &mut Steps<'_>) -> Option<String> {
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
        let mend = if broken { mend } else { "" };
        steps.add(name, state, found.clone(), mend, step.exchanges.clone());
        if broken && step.action != "call" {
            return Some(format!("the honest flow fails at {name}: {found}"));
        }
    }
    let stopped = record.stopped.as_ref()?;
    if record.steps.iter().any(|step| !step.outcome.is_accepted()) {
        return None;
    }
    steps.add(
        "registration",
        DoctorState::Broken,
        stopped.reason.clone(),
        "let the harness register (`registration`), or give `clients.public`",
        Vec::new(),
    );
    Some(stopped.reason.clone())
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
