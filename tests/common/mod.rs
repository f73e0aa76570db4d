//! Starting the reference servers and testing them, for the tests that need whole runs.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod findings;
pub mod server;

use std::path::Path;
use std::sync::OnceLock;

use authspec::cli::fixtures::{Fixture, PolicyFile};
use authspec::cli::{Conduct, DEFAULT_VERSION, conduct, reference_target};
use authspec::judge::{CaseResult, Judgement};
use authspec::plan::Selection;
use authspec::reference::{Defect, Options, Policy, Rewrite, Running, start};
use authspec::run::Recording;
use authspec::suite::{McpVersion, Suites};
use authspec::target::Target;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

/// Reference servers before they are started.
#[derive(Clone, Debug)]
pub struct Servers {
    /// Every decision.
    pub policy: Policy,
    rewrites: Vec<Rewrite>,
    /// The version to judge by.
    pub version: McpVersion,
    /// Only the MCP server differs from its base, so only cases that ask it can differ.
    only_mcp_server: bool,
}

impl Servers {
    /// The servers of a policy file.
    pub fn of_policy(file: &Fixture<PolicyFile>) -> Self {
        Self {
            policy: patched(Policy::default(), &file.value.policy, &file.id),
            rewrites: Vec::new(),
            only_mcp_server: false,
            version: file.value.mcp_version.unwrap_or(DEFAULT_VERSION),
        }
    }

    /// The servers of a defect over its base.
    pub fn of_defect(defect: &Fixture<Defect>, policies: &[Fixture<PolicyFile>]) -> Self {
        let base = defect.value.base.as_ref().map(|name| {
            policies
                .iter()
                .find(|policy| policy.id == *name)
                .unwrap_or_else(|| panic!("{}: no policy {name}", defect.id))
        });
        let mut servers = base.map_or_else(Self::default, Self::of_policy);
        servers.policy = patched(servers.policy, &defect.value.policy, &defect.id);
        servers.rewrites.clone_from(&defect.value.rewrite);
        servers.only_mcp_server = defect.value.base.is_none()
            && defect.value.rewrite.is_empty()
            && defect
                .value
                .policy
                .keys()
                .all(|section| section == "mcp_server");
        servers
    }
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            rewrites: Vec::new(),
            only_mcp_server: false,
            version: DEFAULT_VERSION,
        }
    }
}

fn patched(base: Policy, patch: &serde_json::Map<String, serde_json::Value>, id: &str) -> Policy {
    base.patch(patch.clone().into())
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// The verdicts of all cases on these servers.
pub fn results(suites: &Suites, servers: &Servers) -> Result<Vec<CaseResult>, String> {
    let selection = if servers.only_mcp_server {
        Selection {
            only: Some(cases_that_ask_the_mcp_server(suites)?.to_vec()),
            ..Selection::default()
        }
    } else {
        Selection::default()
    };
    run_of(suites, servers, selection).map(|(_, judgement)| judgement.cases)
}

/// The cases whose run sends anything to the MCP server, or reads the audit log that both servers
/// write; no other case can tell a wrong MCP server from a right one.
fn cases_that_ask_the_mcp_server(suites: &Suites) -> Result<&'static [String], String> {
    static CASES: OnceLock<Result<Vec<String>, String>> = OnceLock::new();
    let made = CASES.get_or_init(|| {
        let (recording, judgement) = whole_run(suites, &Servers::default())?;
        let server = recording.target.mcp_server.clone().unwrap_or_default();
        let origin = server.trim_end_matches("/mcp").to_owned();
        let asks = |case: &CaseResult| {
            let Some(run) = case.run.as_ref().and_then(|run| recording.runs.get(run)) else {
                return true;
            };
            run.steps.iter().any(|step| {
                let to_server = |index: &usize| {
                    let exchange = recording.exchanges.get(*index);
                    exchange.is_some_and(|exchange| exchange.request.url.starts_with(&origin))
                };
                step.action == "audit" || step.exchanges.iter().any(to_server)
            })
        };
        let asking = judgement.cases.iter().filter(|case| asks(case));
        Ok(asking.map(|case| case.id.clone()).collect())
    });
    made.as_deref().map_err(Clone::clone)
}

/// Recording and judgement of a whole run against these servers.
pub fn whole_run(suites: &Suites, servers: &Servers) -> Result<(Recording, Judgement), String> {
    run_of(suites, servers, Selection::default())
}

/// A whole run without the cases that let time pass, and what `then` makes of its recording while
/// the servers are still there.
pub fn run_and_then<T>(
    suites: &Suites,
    servers: &Servers,
    then: impl AsyncFnOnce(&Recording) -> T,
) -> Result<(Recording, T), String> {
    let mut suites = suites.clone();
    suites.checks.retain(|check| {
        let delays = |mutation: &authspec::suite::Mutation| mutation.delay.is_some();
        !check.check.mutate.values().any(delays)
    });
    runtime().block_on(async {
        let (running, log) = started(servers).await?;
        let done = tested(&suites, servers, Selection::default(), &running, log.path()).await?;
        let then = then(&done.0).await;
        running.stop().await;
        Ok((done.0, then))
    })
}

fn run_of(
    suites: &Suites,
    servers: &Servers,
    selection: Selection,
) -> Result<(Recording, Judgement), String> {
    runtime().block_on(async {
        let (running, log) = started(servers).await?;
        let done = tested(suites, servers, selection, &running, log.path()).await;
        running.stop().await;
        done
    })
}

async fn started(servers: &Servers) -> Result<(Running, NamedTempFile), String> {
    let log = NamedTempFile::new().map_err(|cause| cause.to_string())?;
    let options = Options {
        audit_log: Some(log.path().to_owned()),
        ..Options::default()
    };
    let running = start(servers.policy.clone(), servers.rewrites.clone(), options)
        .await
        .map_err(|cause| cause.to_string())?;
    Ok((running, log))
}

async fn tested(
    suites: &Suites,
    servers: &Servers,
    selection: Selection,
    running: &Running,
    log: &Path,
) -> Result<(Recording, Judgement), String> {
    let file = reference_target(running, Some(log));
    let target = Target::resolve(file, log).map_err(|errors| format!("{errors:?}"))?;
    let settings = Conduct {
        version: servers.version,
        selection,
        ..Conduct::default()
    };
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    conduct(suites, target, &settings, None, &cancelled)
        .await
        .map_err(|cause| cause.to_string())
}

/// The runtime that all trials share.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap_or_else(|cause| panic!("{cause}")))
}
