//! A pair of servers, and what a run against them brings to all trials that ask.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use authspec::judge::CaseResult;
use authspec::plan::{Pattern, Selection};
use authspec::suite::Suites;
use libtest_mimic::Failed;

use crate::common::{Servers, results};
use crate::company::Company;

/// The servers, and the run against them as soon as one trial asked for it.
pub struct Bench {
    suites: Arc<Suites>,
    /// What is tested.
    pub servers: Servers,
    /// What settles cases in advance.
    companies: Vec<Arc<Company>>,
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
            companies: Vec::new(),
            listed: Vec::new(),
            results: OnceLock::new(),
        }
    }

    /// Leaves out what a company settles, except for what is `listed`.
    pub fn in_company(self, companies: Vec<Arc<Company>>, listed: Vec<Pattern>) -> Self {
        Self {
            companies,
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

    fn settled(&self) -> HashSet<String> {
        let is_listed = |id: &str| self.listed.iter().any(|pattern| pattern.selects(id));
        let settled = self.companies.iter().flat_map(|company| company.settled());
        settled.filter(|id| !is_listed(id)).cloned().collect()
    }
}
