//! A pair of servers, and what a run against them brings to all trials that ask.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use authspec::judge::CaseResult;
use authspec::plan::{Pattern, Selection};
use authspec::reference::Defect;
use authspec::suite::{Action, LoadedCheck, Suites};
use libtest_mimic::Failed;

use crate::common::{Servers, results};
use crate::company::Company;

/// The servers, and the run against them as soon as one trial asked for it.
pub struct Bench {
    suites: Arc<Suites>,
    /// What is tested.
    pub servers: Servers,
    /// What settles cases in advance.
    company: Option<Arc<Company>>,
    /// What nothing settles in advance.
    listed: Vec<Pattern>,
    results: OnceLock<Result<Vec<CaseResult>, String>>,
}

impl Bench {
    /// A whole run against these servers.
    pub fn new(suites: &Arc<Suites>, servers: Servers) -> Self {
        Self {
            suites: Arc::clone(suites),
            servers,
            company: None,
            listed: Vec::new(),
            results: OnceLock::new(),
        }
    }

    /// A whole run against these servers with a change.
    pub fn changed(&self, change: &Defect) -> Self {
        Self::new(&self.suites, self.servers.with(change))
    }

    /// Leaves out what a company settles, except for what is `listed`.
    pub fn in_company(self, company: Option<Arc<Company>>, listed: Vec<Pattern>) -> Self {
        Self {
            company,
            listed,
            ..self
        }
    }

    /// The cases that had to be run, with their verdicts; whoever asks first runs them.
    pub fn cases(&self) -> Result<&[CaseResult], Failed> {
        let made = self.results.get_or_init(|| {
            let selection = Selection {
                except: self.settled(),
                ..Selection::default()
            };
            results(&self.suites, &self.servers, selection)
        });
        match made {
            Ok(cases) => Ok(cases),
            Err(cause) => Err(cause.clone().into()),
        }
    }

    /// What needs no run here. A case that looks at what the whole run was given needs all of it: a part
    /// gives too little.
    fn settled(&self) -> HashSet<String> {
        let Some(company) = &self.company else {
            return HashSet::new();
        };
        let is_listed = |id: &str| self.listed.iter().any(|pattern| pattern.selects(id));
        let mut settled = company.settled().clone();
        settled.retain(|id| !is_listed(id));
        match company
            .cases_of(&sampling(&self.suites))
            .all(|id| settled.contains(id))
        {
            true => settled,
            false => HashSet::new(),
        }
    }
}

/// Ids of the checks that look at what the whole run was given.
pub fn sampling(suites: &Suites) -> Vec<String> {
    let samples = |action: &Action| matches!(action, Action::Sample(_));
    let checks = suites.checks.iter();
    let sampling = checks.filter(|loaded| loaded.check.steps.values().any(samples));
    sampling.map(LoadedCheck::id).collect()
}
