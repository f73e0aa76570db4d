//! What all rules know.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::findings::Findings;
use crate::suite::files::Holds;
use crate::suite::load::Files;
use crate::suite::names::suggest;
use crate::suite::source::Spot;
use crate::suite::{Suites, Templates};

/// What all rules know.
pub(super) struct Context<'a> {
    pub(super) suites: &'a Suites,
    pub(super) templates: Templates,
    /// Something of the kind could not be read, so that a name may only seem unknown.
    pub(super) flows_broken: bool,
    pub(super) clients_broken: bool,
    pub(super) requirements_broken: bool,
    pub(super) checks_broken: bool,
    pub(super) threats_broken: bool,
    /// The columns of the present check's table that a template read.
    pub(super) read: RefCell<BTreeSet<String>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(files: &Files, suites: &'a Suites) -> Self {
        let broken = |holds| files.broken.contains(&holds);
        Self {
            suites,
            templates: Templates::new(),
            flows_broken: broken(Holds::Flows),
            clients_broken: broken(Holds::Clients),
            requirements_broken: broken(Holds::Requirements),
            checks_broken: broken(Holds::Checks),
            threats_broken: broken(Holds::Threats),
            read: RefCell::default(),
        }
    }

    /// Whether there is a flow `id`; a finding if not.
    pub(super) fn flow(&self, id: &str, spot: &Spot, found: &mut Findings<'_>) -> bool {
        let known = self.suites.flows.contains_key(id);
        if !known && !self.flows_broken {
            found.error(
                spot,
                format!("unknown flow `{id}`"),
                suggest(id, self.suites.flows.keys().map(String::as_str)),
            );
        }
        known
    }
}
