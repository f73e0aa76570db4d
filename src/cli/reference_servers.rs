//! Which reference servers `demo` and `serve` start: a policy, and perhaps one defect.

use std::path::Path;

use super::args::Which;
use super::failure::Failure;
use super::fixtures::{self, Fixture, PolicyFile};
use crate::reference::{Defect, Policy, Rewrite};
use crate::suite::{McpVersion, Suites, near, suggest};

/// Servers before they are started.
#[derive(Debug)]
pub struct Servers {
    /// Every decision.
    pub policy: Policy,
    /// Answers that are changed.
    pub rewrites: Vec<Rewrite>,
    /// The version that the policy is meant to be judged by.
    pub mcp_version: Option<McpVersion>,
    /// What is special about them, for people; empty for the default policy.
    pub about: Vec<String>,
}

impl Servers {
    /// Finds policy and defect; a name that nobody knows is a mistake that says what was meant, and
    /// so is a policy that is not the one that the defect changes: over another it may do nothing.
    pub fn find(which: &Which, suites: &Suites) -> Result<Self, Failure> {
        let defect = match &which.defect {
            Some(name) => Some(find_defect(name, suites)?),
            None => None,
        };
        let base = defect.as_ref().and_then(|found| found.value.base.clone());
        let policy = match which.policy.as_ref().or(base.as_ref()) {
            Some(name) => Some(find_policy(name)?),
            None => None,
        };
        if let (Some(defect), Some(base), Some(policy)) = (&defect, &base, &policy)
            && policy.id != *base
        {
            let message = format!(
                "the defect {} changes the policy {base}, and `--policy` names {}",
                defect.id, policy.id
            );
            return Err(Failure::usage(
                message,
                "leave `--policy` out: the defect brings its own",
            ));
        }
        Self::of(defect.as_ref(), policy.as_ref())
    }

    /// The servers of a defect over a policy file.
    pub fn of(
        defect: Option<&Fixture<Defect>>,
        base: Option<&Fixture<PolicyFile>>,
    ) -> Result<Self, Failure> {
        let mut servers = Self {
            policy: Policy::default(),
            rewrites: Vec::new(),
            mcp_version: None,
            about: Vec::new(),
        };
        let wrong = |cause: crate::reference::PolicyError| Failure::usage(cause.to_string(), "");
        if let Some(base) = base {
            let patch = base.value.policy.clone().into();
            servers.policy = servers.policy.patch(patch).map_err(wrong)?;
            servers.rewrites.clone_from(&base.value.rewrite);
            servers.mcp_version = base.value.mcp_version;
            servers
                .about
                .push(format!("policy {}: {}", base.id, base.value.title));
        }
        if let Some(defect) = defect {
            let patch = defect.value.policy.clone().into();
            servers.policy = servers.policy.patch(patch).map_err(wrong)?;
            servers.rewrites.extend_from_slice(&defect.value.rewrite);
            servers
                .about
                .push(format!("defect {}: {}", defect.id, defect.value.title));
        }
        Ok(servers)
    }
}

fn find_defect(name: &str, suites: &Suites) -> Result<Fixture<Defect>, Failure> {
    if is_file(name) {
        return Ok(fixtures::defect_file(Path::new(name), suites)?);
    }
    pick("defect", name, fixtures::defects(suites)?)
}

fn find_policy(name: &str) -> Result<Fixture<PolicyFile>, Failure> {
    if is_file(name) {
        return Ok(fixtures::policy_file(Path::new(name))?);
    }
    pick("policy", name, fixtures::policies()?)
}

/// A path, not the name of something built in.
fn is_file(name: &str) -> bool {
    name.ends_with(".yaml") || Path::new(name).is_file()
}

/// The fixture called `name`, or the only one whose last part is that.
fn pick<T>(kind: &str, name: &str, all: Vec<Fixture<T>>) -> Result<Fixture<T>, Failure> {
    let tail = |fixture: &Fixture<T>| fixture.id.rsplit('/').next() == Some(name);
    let tails: Vec<&str> = all
        .iter()
        .filter(|fixture| tail(fixture))
        .map(|fixture| fixture.id.as_str())
        .collect();
    let id = match all.iter().find(|fixture| fixture.id == name) {
        Some(exact) => exact.id.clone(),
        None => match tails.as_slice() {
            [only] => (*only).to_owned(),
            [] => {
                let ids = all.iter().map(|fixture| fixture.id.as_str());
                // The last part alone is enough, and is what people type.
                let tails = ids.clone().filter_map(|id| id.rsplit('/').next());
                let help = match near(name, tails).filter(|_| !name.contains('/')) {
                    Some(found) => format!("did you mean `{found}`?"),
                    None => suggest(name, ids),
                };
                return Err(Failure::usage(format!("there is no {kind} {name}"), help));
            }
            several => {
                let message = format!("{kind} {name} may be any of {}", several.join(", "));
                return Err(Failure::usage(message, "give the whole id"));
            }
        },
    };
    let found = all.into_iter().find(|fixture| fixture.id == id);
    found.ok_or_else(|| Failure::Harness(format!("the {kind} {id} has vanished")))
}
