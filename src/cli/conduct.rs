//! One whole test of one target: doctor, plan, run, judge. Printing is somebody else's business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde_json::Value;

use crate::judge::{Judgement, Pending, Settings, judge};
use crate::plan::{
    Knowledge, Plan, PlanError, PlannedRun, Selection, Setting, honest_run, pays_to_share, plan,
};
use crate::run::http::{self, AllowedOrigins, Caps, Client, ClientError, Origin, Pace, Recorder};
use crate::run::redact::Vault;
use crate::run::{
    Cancel, Event, Events, Examined, Exchange, Executed, Outcome, Presence, RECORDING_FORMAT,
    Recording, RunRecord, Session, StepRecord, TargetFacts, examine, execute_plan, execute_run,
    unless,
};
use crate::suite::{Capability, McpVersion, Suites};
use crate::target::{Target, TargetFile};

/// The version that is judged unless somebody says otherwise.
pub const DEFAULT_VERSION: McpVersion = McpVersion::V20251125;

/// How a target is tested.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// The MCP version to judge by.
    pub version: McpVersion,
    /// Which cases.
    pub selection: Selection,
    /// A broken SHOULD is a failure, too.
    pub strict: bool,
    /// Only look: no registration, no login.
    pub look_only: bool,
    /// Runs at the same time.
    pub concurrency: usize,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            version: DEFAULT_VERSION,
            selection: Selection::default(),
            strict: false,
            look_only: false,
            concurrency: 8,
        }
    }
}

/// Why a test did not take place.
#[derive(Debug, thiserror::Error)]
pub enum ConductError {
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An address is not a URL.
    #[error("{0:?} is not an absolute http or https URL")]
    Address(String),
    /// A check cannot be planned.
    #[error("cannot plan {0}")]
    Plan(#[from] PlanError),
}

/// A target that has been examined and planned, but not yet tested.
pub struct Prepared {
    session: Arc<Session>,
    examined: Examined,
    plan: Arc<Plan>,
    proof: Option<RunRecord>,
    started: (String, Instant),
}

/// Examines the way in and makes the plan. Where `cancel` cuts that short, the plan builds on what
/// was found until then.
///
/// # Errors
/// The target cannot be addressed at all, or a suite does not fit it.
pub async fn prepare(
    suites: &Suites,
    target: Target,
    conduct: &Conduct,
    events: Option<&Events>,
    cancel: &Cancel,
) -> Result<Prepared, ConductError> {
    let started = (jiff::Timestamp::now().to_string(), Instant::now());
    let (session, examined) = enter(suites, target, conduct, events, cancel).await?;
    let (version, selection) = (conduct.version, &conduct.selection);
    let plan = match plan(suites, &examined.knowledge, version, selection) {
        Ok(plan) => plan,
        Err(error) => {
            // The doctor may have registered a client.
            session.clean_up().await;
            return Err(error.into());
        }
    };
    let proof = two_grants(suites, &session, &examined.knowledge, &plan, conduct);
    let proof = unless(cancel, proof).await.ok().flatten();
    Ok(Prepared {
        session,
        examined,
        plan: Arc::new(plan),
        proof,
        started,
    })
}

/// Takes the way in; the caller cleans up after it.
///
/// # Errors
/// The target cannot be addressed at all.
pub(super) async fn enter(
    suites: &Suites,
    target: Target,
    conduct: &Conduct,
    events: Option<&Events>,
    cancel: &Cancel,
) -> Result<(Arc<Session>, Examined), ConductError> {
    let client = client(&target, events)?;
    let session = Arc::new(Session::new(
        client,
        target,
        conduct.version,
        suites.clients.clone(),
    ));
    // Without an authorization server, a login brings no token.
    let given_token = !session.target.access_tokens.is_empty();
    let examined = examine(
        &session,
        conduct.look_only,
        |knowledge| honest(suites, knowledge, given_token),
        events,
        cancel,
    )
    .await;
    Ok((session, examined))
}

/// Finds out whether an earlier token outlives a later grant of the same client and user. If so, runs
/// that only present a token share one; if not, runs at the same time would end each other's.
async fn two_grants(
    suites: &Suites,
    session: &Arc<Session>,
    knowledge: &Knowledge,
    plan: &Plan,
    conduct: &Conduct,
) -> Option<RunRecord> {
    if conduct.look_only {
        return None;
    }
    let run = two_grants_run(suites, knowledge, plan, conduct)?;
    let record = execute_run(session, &run).await;
    if record
        .step("call")
        .is_some_and(|call| call.outcome.is_accepted())
    {
        session.grants.allow();
    }
    Some(record)
}

/// The run that finds it out, where that is worth the while.
fn two_grants_run(
    suites: &Suites,
    knowledge: &Knowledge,
    plan: &Plan,
    conduct: &Conduct,
) -> Option<PlannedRun> {
    let worth = (pays_to_share(plan) || plan.runs.len() >= conduct.concurrency)
        && knowledge.has(Capability::ResourceServer)
        && knowledge.has(Capability::Login);
    worth.then(|| honest_run(suites, knowledge, "two_grants").ok())?
}

/// Whether the later of two grants was made, and the earlier token then opened nothing.
fn grants_end_each_other(proof: &RunRecord) -> bool {
    let refused = |call: &StepRecord| matches!(call.outcome, Outcome::Refused { .. });
    let made = |grant: &StepRecord| grant.outcome.is_accepted();
    proof.step("later").is_some_and(made) && proof.step("call").is_some_and(refused)
}

/// The doctor's flow: the widest honest way that the target allows.
fn honest(suites: &Suites, knowledge: &Knowledge, given_token: bool) -> Option<PlannedRun> {
    let has = |capability| knowledge.has(capability);
    let token = has(Capability::Login)
        && has(Capability::AuthorizationCode)
        && has(Capability::PublicClient);
    let flow = match (token, has(Capability::ResourceServer)) {
        (true, true) => "code_grant_call",
        (true, false) => "code_grant",
        (false, true) if given_token => "good_call",
        _ => return None,
    };
    honest_run(suites, knowledge, flow).ok()
}

impl Prepared {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What a whole test would do besides its plan.
    pub fn setting(&self, suites: &Suites, conduct: &Conduct) -> Setting {
        let knowledge = &self.examined.knowledge;
        let given_token = !self.session.target.access_tokens.is_empty();
        let honest = honest(suites, knowledge, given_token);
        let proof = two_grants_run(suites, knowledge, &self.plan, conduct);
        let shares = proof.is_some();
        Setting {
            before: honest.into_iter().chain(proof).collect(),
            shares,
            at_once: conduct.concurrency,
        }
    }

    /// The target file that it was prepared for.
    pub fn file(&self) -> &TargetFile {
        &self.session.target.file
    }

    /// The most requests a second to one origin, if there is a limit.
    pub fn rate(&self) -> Option<f64> {
        rate(&self.session.target.file)
    }

    /// The secrets of the test so far, for whoever checks that none of them is told.
    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(self.session.http.vault())
    }

    /// What the doctor found.
    pub fn examined(&self) -> &Examined {
        &self.examined
    }

    /// Executes the plan, deletes the registered clients, and hands over the recording.
    pub async fn execute(
        self,
        conduct: &Conduct,
        events: Option<&Events>,
        cancel: &Cancel,
    ) -> (Arc<Plan>, Recording) {
        let already: IndexMap<_, _> = self
            .examined
            .honest
            .iter()
            .chain(&self.proof)
            .map(|record| (record.id.clone(), record.clone()))
            .collect();
        let pending = Pending::new(
            Arc::clone(&self.plan),
            self.recording(Executed::default(), Vec::new()),
        );
        self.session.end_early(pending);
        let apart = self.proof.as_ref().is_some_and(grants_end_each_other);
        let executed = execute_plan(
            &self.session,
            &self.plan,
            already,
            if apart { 1 } else { conduct.concurrency },
            events,
            cancel,
        )
        .await;
        self.clean_up(events).await;
        let recording = self.recording(executed, self.exchanges());
        (self.plan, recording)
    }

    async fn clean_up(&self, events: Option<&Events>) {
        let clients = self.session.managed_clients();
        if let Some(events) = events.filter(|_| clients > 0) {
            let _ = events.send(Event::CleaningUp { clients });
        }
        self.session.clean_up().await;
    }

    /// Ends without executing anything: deletes what the doctor registered.
    pub async fn dismiss(self, events: Option<&Events>) -> (Arc<Plan>, Recording) {
        self.clean_up(events).await;
        let recording = self.recording(Executed::default(), self.exchanges());
        (self.plan, recording)
    }

    fn exchanges(&self) -> Vec<Exchange> {
        self.session.http.recorder().take()
    }

    fn recording(&self, executed: Executed, exchanges: Vec<Exchange>) -> Recording {
        let session = &self.session;
        let variables = Value::Object(session.variables());
        let variables = session.http.vault().redact_value(&variables);
        let text = |name: &str| {
            variables
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Recording {
            format: RECORDING_FORMAT,
            target: TargetFacts {
                name: session.target.name(),
                mcp_server: session.target.file.mcp_server.clone(),
                issuer: text("issuer"),
                resource: text("resource"),
                capabilities: self
                    .examined
                    .knowledge
                    .capabilities
                    .iter()
                    .map(|(capability, presence)| (capability.word(), redact(session, presence)))
                    .collect(),
            },
            mcp_version: session.version,
            started: self.started.0.clone(),
            took_ms: u64::try_from(self.started.1.elapsed().as_millis()).unwrap_or(u64::MAX),
            counts: session.http.counts(),
            doctor: self.examined.steps.clone(),
            variables,
            order: executed.runs.keys().cloned().collect(),
            runs: executed.runs,
            last: executed.last,
            exchanges,
            interrupted: executed.interrupted,
        }
    }
}

fn redact(session: &Session, presence: &Presence) -> Presence {
    let vault = session.http.vault();
    match presence {
        Presence::Present => Presence::Present,
        Presence::Absent { reason } => Presence::Absent {
            reason: vault.redact_text(reason),
        },
        Presence::NotGiven { add } => Presence::NotGiven { add: add.clone() },
        Presence::Broken { reason } => Presence::Broken {
            reason: vault.redact_text(reason),
        },
    }
}

/// The verdicts on a recording.
pub fn verdicts(
    suites: &Suites,
    plan: &Plan,
    recording: &Recording,
    conduct: &Conduct,
) -> Judgement {
    judge(
        plan,
        recording,
        &Settings {
            strict: conduct.strict,
            partial: conduct.selection.is_partial(),
            requirement_set: format!("{}/{}", plan.mcp_version, suites.requirement_set),
            suite_digest: suites.digest.clone(),
        },
    )
}

/// Examines, tests and judges `target` from end to end.
///
/// # Errors
/// As [`prepare`].
pub async fn conduct(
    suites: &Suites,
    target: Target,
    conduct: &Conduct,
    events: Option<&Events>,
    cancel: &Cancel,
) -> Result<(Recording, Judgement), ConductError> {
    let prepared = prepare(suites, target, conduct, events, cancel).await?;
    let (plan, recording) = prepared.execute(conduct, events, cancel).await;
    let judgement = verdicts(suites, &plan, &recording, conduct);
    Ok((recording, judgement))
}

/// Every address that a target file names.
fn named(file: &TargetFile) -> impl Iterator<Item = &String> {
    let second = file.second_resource.iter();
    file.resource_urls()
        .chain(&file.authorization_server)
        .chain(&file.allow_origins)
        .chain(second.filter_map(|second| second.mcp_server.as_ref()))
}

/// The most requests a second to one origin.
fn rate(file: &TargetFile) -> Option<f64> {
    let is_loopback = |address| url::Url::parse(address).is_ok_and(|url| http::is_loopback(&url));
    match file.limits.requests_per_second {
        Some(rate) if rate > 0.0 => Some(rate),
        Some(_) => None,
        // A stranger's server is asked politely; one's own machine is not in need of it.
        None => (!named(file).all(|address| is_loopback(address))).then_some(20.0),
    }
}

/// The HTTP client with the limits of the target file.
pub(super) fn client(target: &Target, events: Option<&Events>) -> Result<Client, ConductError> {
    let file = &target.file;
    let mut origins = Vec::new();
    for address in named(file) {
        let origin = Origin::of(address).ok_or_else(|| ConductError::Address(address.clone()))?;
        origins.push(origin);
    }
    let limits = &file.limits;
    let seconds = |seconds: f64| Duration::from_secs_f64(seconds.clamp(0.0, 1e6));
    let options = http::Options {
        allowed: AllowedOrigins::new(origins),
        insecure_http: file.insecure_http,
        rate: rate(file),
        concurrency: limits.concurrency,
        limits: http::Limits {
            answer: seconds(limits.answer_timeout),
            body: limits.answer_bytes,
            max_retry_after: seconds(limits.longest_retry_after),
            run: Some(seconds(limits.run_timeout)),
            ..http::Limits::default()
        },
        caps: Caps {
            registrations: limits.registrations,
            logins: limits.logins,
            token_requests: limits.token_requests,
        },
        pace: Pace {
            token_requests: seconds(limits.token_request_interval),
            ..Pace::default()
        },
        extra_root: target.root_ca.clone(),
        events: events.cloned(),
    };
    Ok(Client::new(
        options,
        Arc::new(Vault::new()),
        Recorder::new(),
    )?)
}
