//! The servers, and what each of their variants came to: found out once, when first asked for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use authspec::cli::{Conduct, DEFAULT_VERSION, conduct};
use authspec::judge::{CaseResult, Verdict};
use authspec::plan::{Pattern, Selection};
use authspec::run::Counts;
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};

use crate::common;
use crate::common::findings::{Findings, Variant};
use crate::common::server::{Server, missing_runtime};

/// A folder of `fixtures/targets/`.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Its `findings.yaml`.
    pub findings: Findings,
}

/// What testing a variant came to.
pub struct Outcome {
    /// Every case that was planned.
    pub cases: Vec<CaseResult>,
    /// What was sent.
    pub counts: Counts,
    /// How long the run took, without the start of the server.
    pub seconds: f64,
}

type Cell = Arc<OnceLock<Result<Arc<Outcome>, String>>>;

/// All servers by the name of their folder.
pub struct Bench {
    /// The servers.
    pub folders: BTreeMap<String, Folder>,
    outcomes: Mutex<HashMap<(String, String), Cell>>,
}

impl Bench {
    /// Reads the `findings.yaml` of every server; a mistake in one is a failed test.
    pub fn load(folder: &Path) -> Self {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries
            .map(|entry| entry.path())
            .filter(|path| path.join("findings.yaml").is_file())
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?.to_owned();
                let findings = Findings::load(&path.join("findings.yaml"));
                Some((name, Folder { path, findings }))
            })
            .collect();
        Self {
            folders,
            outcomes: Mutex::default(),
        }
    }

    /// Why the server cannot be started here, if it cannot.
    pub fn missing(&self, server: &str) -> Option<String> {
        missing_runtime(&self.folders.get(server)?.path)
    }

    /// What testing a variant came to. The first who asks tests it, the others wait.
    pub fn outcome(&self, server: &str, variant: &str) -> Result<Arc<Outcome>, String> {
        let key = (server.to_owned(), variant.to_owned());
        let cell = {
            let mut outcomes = self.outcomes.lock();
            let outcomes = outcomes.as_mut().unwrap_or_else(|poison| poison.get_mut());
            Arc::clone(outcomes.entry(key).or_default())
        };
        cell.get_or_init(|| self.test(server, variant).map(Arc::new))
            .clone()
    }

    fn test(&self, server: &str, name: &str) -> Result<Outcome, String> {
        let folder = self.folders.get(server);
        let folder = folder.ok_or_else(|| format!("no server {server}"))?;
        let variant = folder.findings.variants.get(name);
        let variant = variant.ok_or_else(|| format!("{server} has no variant {name}"))?;
        let outcome = run(&folder.path, variant)?;
        println!(
            "{server} {name}: {} cases, {} requests, {} registrations, {} logins, {} token requests, {:.1} s",
            outcome.cases.len(),
            outcome.counts.requests,
            outcome.counts.registrations,
            outcome.counts.logins,
            outcome.counts.token_requests,
            outcome.seconds,
        );
        Ok(outcome)
    }
}

fn run(path: &Path, variant: &Variant) -> Result<Outcome, String> {
    let suites = Suites::embedded().map_err(|problems| problems.to_string())?;
    let server = Server::start(path, variant)?;
    let (file, base) = TargetFile::load(&path.join("target.yaml"), &suites)
        .map_err(|problems| problems.to_string())?;
    let target =
        Target::resolve(server.at_its_port(file), &base).map_err(|errors| format!("{errors:?}"))?;
    let settings = Conduct {
        version: variant.mcp_version.unwrap_or(DEFAULT_VERSION),
        selection: Selection {
            checks: patterns(&variant.cases),
            ..Selection::default()
        },
        ..Conduct::default()
    };
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    let (recording, judgement) = common::runtime()
        .block_on(conduct(&suites, target, &settings, None, &cancelled))
        .map_err(|cause| cause.to_string())?;
    Ok(Outcome {
        cases: judgement.cases,
        counts: recording.counts,
        seconds: f64::from(u32::try_from(recording.took_ms).unwrap_or(u32::MAX)) / 1000.0,
    })
}

/// The globs of a file of ours.
pub fn patterns<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<Pattern> {
    let compiled =
        |text: &String| Pattern::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    texts.into_iter().map(compiled).collect()
}

/// Whether the verdict says that the server is wrong.
pub fn accuses(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail { .. } | Verdict::Warning { .. })
}
