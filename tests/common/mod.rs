//! Starting the reference servers and testing them, for the tests that need whole runs.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod findings;
pub mod server;

use std::sync::OnceLock;

use authspec::cli::fixtures::{Fixture, PolicyFile};
use authspec::cli::{Conduct, DEFAULT_VERSION, conduct, reference_target};
use authspec::judge::{CaseResult, Judgement};
use authspec::reference::{Defect, Options, Policy, Rewrite, start};
use authspec::run::Recording;
use authspec::suite::{McpVersion, Suites};
use authspec::target::Target;
use tokio::runtime::Runtime;

/// Reference servers before they are started.
#[derive(Clone, Debug)]
pub struct Servers {
    policy: Policy,
    rewrites: Vec<Rewrite>,
    version: McpVersion,
}

impl Servers {
    /// The servers of a policy file.
    pub fn of_policy(file: &Fixture<PolicyFile>) -> Self {
        Self {
            policy: patched(Policy::default(), &file.value.policy, &file.id),
            rewrites: Vec::new(),
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
        servers
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

/// The verdicts of all cases on these servers.
pub fn results(suites: &Suites, servers: &Servers) -> Result<Vec<CaseResult>, String> {
    whole_run(suites, servers).map(|(_, judgement)| judgement.cases)
}

/// Recording and judgement of a whole run against these servers.
pub fn whole_run(suites: &Suites, servers: &Servers) -> Result<(Recording, Judgement), String> {
    runtime().block_on(async {
        let log = tempfile::NamedTempFile::new().map_err(|cause| cause.to_string())?;
        let options = Options {
            audit_log: Some(log.path().to_owned()),
            ..Options::default()
        };
        let running = start(servers.policy.clone(), servers.rewrites.clone(), options)
            .await
            .map_err(|cause| cause.to_string())?;
        let file = reference_target(&running, Some(log.path()));
        let target = Target::resolve(file, log.path()).map_err(|errors| format!("{errors:?}"))?;
        let settings = Conduct {
            version: servers.version,
            ..Conduct::default()
        };
        let (_cancel, cancelled) = tokio::sync::watch::channel(None);
        let done = conduct(suites, target, &settings, None, &cancelled)
            .await
            .map_err(|cause| cause.to_string());
        running.stop().await;
        done
    })
}

/// The runtime that all trials share.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap_or_else(|cause| panic!("{cause}")))
}
