//! The result document of each action, as suites/README.md lists it.

use indexmap::IndexMap;

use crate::suite::{Action, OBTAIN_FLOW, Steps, Suites};

const HTTP: [&str; 10] = [
    "status",
    "headers",
    "media_type",
    "json",
    "text",
    "location",
    "challenges",
    "bearer",
    "challenge_error",
    "sent",
];

/// What can be read of a step's result.
#[derive(Clone, Debug)]
pub(super) enum Members {
    /// These members; what is below them depends on the server.
    Named(Vec<&'static str>),
    /// The steps of a flow, each with members of its own.
    Steps(IndexMap<String, Members>),
}

impl Members {
    /// The members of the result of `action`, which is one of `steps`.
    pub(super) fn of(action: &Action, steps: &Steps, suites: &Suites) -> Self {
        Self::within(action, steps, suites, 0)
    }

    fn within(action: &Action, steps: &Steps, suites: &Suites, depth: usize) -> Self {
        let http = |more: &[&'static str]| [HTTP.as_slice(), more].concat();
        Self::Named(match action {
            Action::Fetch(_) => http(&["signed_metadata"]),
            Action::Revoke(_) | Action::Introspect(_) | Action::Push(_) => http(&[]),
            Action::Discover(_) => vec![
                "probe",
                "issuer",
                "resource_metadata",
                "server_metadata",
                "tried",
            ],
            Action::Obtain(_) => return Self::of_flow(OBTAIN_FLOW, suites, depth),
            Action::Register(_) => http(&["client"]),
            Action::Token(_) => http(&["jwt", "id_token"]),
            Action::Call(_) => http(&[
                "stage",
                "result",
                "error",
                "protocol_version",
                "session",
                "session_printable",
            ]),
            Action::Authorize(_) => vec![
                "outcome",
                "code",
                "callback",
                "foreign",
                "page",
                "pages",
                "status",
                "framable_pages",
                "logged_in",
                "consented",
                "declined",
                "exposed",
                "delegated",
                "form",
                "handback",
                "sent",
            ],
            Action::Host(_) => vec!["url", "client"],
            Action::Visits(_) => vec!["requests", "count"],
            Action::Wait(_) => Vec::new(),
            Action::Audit(_) => vec!["entries", "found", "secrets_found"],
            Action::Sample(_) => vec!["count", "length", "random", "bits", "structured"],
            Action::Repeat(repeat) => {
                let own = ["answers", "accepted", "attempts"];
                let first = steps.get(&repeat.step).filter(|_| repeat.times == 1);
                let answer = match first {
                    Some(Action::Repeat(_) | Action::Flow(_) | Action::Obtain(_)) | None => {
                        Vec::new()
                    }
                    Some(action) => match Self::within(action, steps, suites, depth) {
                        Self::Named(names) => names,
                        Self::Steps(_) => Vec::new(),
                    },
                };
                [own.as_slice(), &answer].concat()
            }
            Action::Flow(flow) => return Self::of_flow(&flow.id, suites, depth),
        })
    }

    /// The steps of a flow; one that contains itself is reported elsewhere.
    fn of_flow(flow: &str, suites: &Suites, depth: usize) -> Self {
        let steps = if depth < 8 {
            suites.steps(flow).2
        } else {
            Steps::new()
        };
        let inner = steps
            .iter()
            .map(|(name, action)| {
                let members = Self::within(action, &steps, suites, depth + 1);
                (name.clone(), members)
            })
            .collect();
        Self::Steps(inner)
    }

    /// The first name of `path` that does not exist, with what exists in its place.
    pub(super) fn missing<'p>(&self, path: &[&'p str]) -> Option<(&'p str, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        match self {
            Self::Named(names) => (!names.contains(first)).then(|| {
                (
                    *first,
                    names.iter().map(|name| (*name).to_owned()).collect(),
                )
            }),
            Self::Steps(steps) => match steps.get(*first) {
                Some(members) => members.missing(rest),
                None => Some((*first, steps.keys().cloned().collect())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_action_gives_can_be_read() {
        let members = Members::Named(HTTP.to_vec());
        assert!(members.missing(&["json", "expires_in"]).is_none());
        let (name, known) = members.missing(&["code"]).expect("no such member");
        assert_eq!((name, known.len()), ("code", HTTP.len()));
    }
}
