//! Gathers what has a name, and finds the names that are given twice.

use std::collections::HashMap;

use super::findings::{Findings, place};
use crate::suite::Threat;
use crate::suite::load::{Files, Suites};
use crate::suite::problem::Problems;
use crate::suite::source::{Source, Spot};

/// Names that are taken, each with its place.
#[derive(Default)]
struct Taken<'f>(HashMap<String, (&'f Source, Spot)>);

impl<'f> Taken<'f> {
    /// Whether `name` is new; if not, a finding names both places.
    fn claim(
        &mut self,
        kind: &str,
        name: &str,
        source: &'f Source,
        spot: Spot,
        problems: &mut Problems,
    ) -> bool {
        if let Some((other, first)) = self.0.get(name) {
            let first = place(other, first);
            Findings::new(source, problems).error(
                &spot,
                format!("the {kind} `{name}` exists already"),
                format!("it stands in {first}; give this one another name"),
            );
            return false;
        }
        self.0.insert(name.to_owned(), (source, spot));
        true
    }
}

/// Fills the registry, the threats, the flows and the client profiles; finds duplicate names, those of checks
/// included.
pub(in crate::suite) fn names(files: &Files, suites: &mut Suites, problems: &mut Problems) {
    let mut taken = Taken::default();
    for read in &files.requirements {
        let mut file = read.value.clone();
        file.requirements.retain(|id, _| {
            let spot = Spot::root().key("requirements").key(id).name();
            taken.claim("requirement", id, &read.source, spot, problems)
        });
        if read.file.built_in {
            suites.built_in.extend(file.requirements.keys().cloned());
        }
        suites.registry.add(file);
    }
    for read in &files.sets {
        if read.value.set == suites.requirement_set {
            let set = read.value.requirements.clone();
            suites.counted.insert(read.value.mcp_version, set);
        }
    }
    let mut taken = Taken::default();
    for read in &files.threats {
        for (id, entry) in &read.value.threats {
            let spot = Spot::root().key("threats").key(id).name();
            if taken.claim("threat", id, &read.source, spot, problems) {
                suites.threats.insert(id.clone(), Threat::new(id, entry));
            }
        }
    }
    let mut taken = Taken::default();
    for read in &files.flows {
        for (id, flow) in &read.value.flows {
            let spot = Spot::root().key("flows").key(id).name();
            if taken.claim("flow", id, &read.source, spot, problems) {
                suites.flows.insert(id.clone(), flow.clone());
            }
        }
    }
    let mut taken = Taken::default();
    for read in &files.clients {
        for (name, profile) in &read.value.clients {
            let spot = Spot::root().key("clients").key(name).name();
            if taken.claim("client profile", name, &read.source, spot, problems) {
                suites.clients.insert(name.clone(), profile.clone());
            }
        }
    }
    let mut taken = Taken::default();
    for read in &files.checks {
        for (index, check) in read.value.checks.iter().enumerate() {
            let id = format!("{}/{}", read.file.area(), check.id);
            let spot = Spot::root().key("checks").item(index).key("id");
            taken.claim("check", &id, &read.source, spot, problems);
        }
    }
}
