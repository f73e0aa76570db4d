//! Starting the reference servers and testing them, for the tests that need whole runs.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod findings;
pub mod pairs;
pub mod server;

use std::path::Path;
use std::sync::OnceLock;

use authspec::cli::fixtures::{Fixture, PolicyFile};
use authspec::cli::{Conduct, DEFAULT_VERSION, ReferenceDocuments, conduct, reference_target};
use authspec::judge::{CaseResult, Judgement};
use authspec::plan::Selection;
use authspec::reference::{Defect, Options, Policy, Rewrite, Running, start};
use authspec::run::Recording;
use authspec::suite::{McpVersion, Suites};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

/// Reference servers before they are started.
#[derive(Clone, Debug, PartialEq)]
pub struct Servers {
    /// Every decision.
    pub policy: Policy,
    rewrites: Vec<Rewrite>,
    /// The version to judge by.
    pub version: McpVersion,
}

impl Servers {
    /// The servers of a policy file.
    pub fn of_policy(file: &Fixture<PolicyFile>) -> Self {
        Self {
            policy: patched(Policy::default(), &file.value.policy, &file.id),
            rewrites: file.value.rewrite.clone(),
            version: file.value.mcp_version.unwrap_or(DEFAULT_VERSION),
        }
    }

    /// How they are tested.
    fn conduct(&self, selection: Selection) -> Conduct {
        Conduct {
            version: self.version,
            selection,
            ..Conduct::default()
        }
    }

    /// These servers with a defect.
    pub fn with(&self, defect: &Defect) -> Self {
        Self {
            policy: patched(self.policy.clone(), &defect.policy, &defect.title),
            rewrites: [&self.rewrites[..], &defect.rewrite].concat(),
            version: self.version,
        }
    }
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            rewrites: Vec::new(),
            version: DEFAULT_VERSION,
        }
    }
}

fn patched(base: Policy, patch: &serde_json::Map<String, serde_json::Value>, id: &str) -> Policy {
    base.patch(patch.clone().into())
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// The verdicts of the selected cases on these servers.
pub fn results(
    suites: &Suites,
    servers: &Servers,
    selection: Selection,
) -> Result<Vec<CaseResult>, String> {
    runtime().block_on(async {
        let documents = ReferenceDocuments::new().map_err(|cause| cause.to_string())?;
        let (running, log) = started(servers, &documents).await?;
        let settings = servers.conduct(selection);
        let done = tested(suites, &settings, &running, &documents, log.path()).await;
        running.stop().await;
        done.map(|(_, judgement)| judgement.cases)
    })
}

/// The recording of a whole run with so many runs at the same time.
pub fn whole_run(
    suites: &Suites,
    servers: &Servers,
    concurrency: usize,
) -> Result<Recording, String> {
    let settings = Conduct {
        concurrency,
        ..servers.conduct(Selection::default())
    };
    runtime().block_on(async {
        let documents = ReferenceDocuments::new().map_err(|cause| cause.to_string())?;
        let (running, log) = started(servers, &documents).await?;
        let done = tested(suites, &settings, &running, &documents, log.path()).await;
        running.stop().await;
        done.map(|(recording, _)| recording)
    })
}

async fn started(
    servers: &Servers,
    documents: &ReferenceDocuments,
) -> Result<(Running, NamedTempFile), String> {
    let log = NamedTempFile::new().map_err(|cause| cause.to_string())?;
    let known_host = documents.known_host().map_err(|cause| cause.to_string())?;
    let options = Options {
        audit_log: Some(log.path().to_owned()),
        known_host: Some(known_host),
        ..Options::default()
    };
    let running = start(servers.policy.clone(), servers.rewrites.clone(), options)
        .await
        .map_err(|cause| cause.to_string())?;
    Ok((running, log))
}

async fn tested(
    suites: &Suites,
    settings: &Conduct,
    running: &Running,
    documents: &ReferenceDocuments,
    log: &Path,
) -> Result<(Recording, Judgement), String> {
    let file = reference_target(running, Some(log));
    let target = documents
        .resolve(file, log)
        .map_err(|cause| cause.to_string())?;
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    conduct(suites, target, settings, None, &cancelled)
        .await
        .map_err(|cause| cause.to_string())
}

/// The runtime that all trials share.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap_or_else(|cause| panic!("{cause}")))
}
