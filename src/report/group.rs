//! By what a report groups its cases: a vendor reads by document, a security reviewer by threat, a
//! developer by endpoint.

use std::borrow::Cow;

use indexmap::IndexMap;

use crate::judge::{CaseResult, Judgement};
use crate::suite::Threat;

/// By what cases are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// The suite's folder and file.
    #[default]
    Area,
    /// The threat that the check stands against.
    Threat,
    /// The document of the strongest requirement.
    Document,
    /// The endpoint that the check is about.
    Endpoint,
}

/// Cases by group. Areas stand in suite order, other groups where their first case stands; what has
/// no group comes last.
pub fn groups(judgement: &Judgement, by: GroupBy) -> IndexMap<Cow<'_, str>, Vec<&CaseResult>> {
    let mut groups: IndexMap<Cow<'_, str>, Vec<&CaseResult>> = IndexMap::new();
    let mut rest = Vec::new();
    for case in &judgement.cases {
        match name(case, by) {
            Some(name) => groups.entry(name).or_default().push(case),
            None => rest.push(case),
        }
    }
    if !rest.is_empty() {
        groups.insert("nothing named".into(), rest);
    }
    groups
}

fn name(case: &CaseResult, by: GroupBy) -> Option<Cow<'_, str>> {
    match by {
        GroupBy::Area => Some(case.area.as_str().into()),
        GroupBy::Threat => case.threat.as_ref().map(|it| threat(it).into()),
        GroupBy::Document => Some(case.requirements.first()?.document.as_str().into()),
        GroupBy::Endpoint => Some(case.endpoint.as_str().into()),
    }
}

/// A threat in words: what happens, and where it is described.
pub fn threat(threat: &Threat) -> String {
    format!("{} ({})", threat.title, threat.sources.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn every_case_stands_in_one_group() {
        let sample = Sample::full();
        for by in [
            GroupBy::Area,
            GroupBy::Threat,
            GroupBy::Document,
            GroupBy::Endpoint,
        ] {
            let groups = groups(&sample.judgement, by);
            let all: usize = groups.values().map(Vec::len).sum();
            assert_eq!(all, sample.judgement.cases.len(), "{by:?}");
        }
        let by_threat = groups(&sample.judgement, GroupBy::Threat);
        let names: Vec<_> = by_threat.keys().collect();
        assert!(names[0].starts_with("Authorization code injection (RFC 9700 4.5"));
        assert_eq!(names.last().map(|name| &***name), Some("nothing named"));
    }
}
