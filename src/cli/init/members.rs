//! What the cases of a plan still want of the target file, by its members.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::json;

use crate::plan::{Disposition, Knowledge, PlannedCase};

/// What hangs on one member of the target file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// How many cases.
    pub cases: usize,
    /// What to add, in the plan's words.
    pub adds: Vec<String>,
}

/// How many cases can run, and how many apply as far as anybody knows.
pub fn coverage(cases: &[PlannedCase]) -> (usize, usize) {
    let runs = |case: &&PlannedCase| matches!(case.disposition, Disposition::Run { .. });
    (
        cases.iter().filter(runs).count(),
        cases.iter().filter(|case| applies(case)).count(),
    )
}

/// The members that are lacking. A case that lacks several counts for each.
pub fn lacks(cases: &[PlannedCase]) -> IndexMap<String, Lack> {
    let mut lacks: IndexMap<String, Lack> = IndexMap::new();
    for case in cases.iter().filter(|case| applies(case)) {
        let mut counted: Vec<String> = Vec::new();
        for add in &case.lacks {
            let member = member(add);
            let lack = lacks.entry(member.clone()).or_default();
            if !lack.adds.contains(add) {
                lack.adds.push(add.clone());
            }
            if !counted.contains(&member) {
                lack.cases += 1;
                counted.push(member);
            }
        }
    }
    lacks
}

/// How many cases wait for a way in that was tried and found broken.
pub fn stuck(cases: &[PlannedCase]) -> usize {
    let is_stuck =
        |case: &&PlannedCase| matches!(case.disposition, Disposition::Inconclusive { .. });
    cases.iter().filter(is_stuck).count()
}

/// How many cases there are with a scope, and not without.
pub fn of_a_scope(with: &[PlannedCase], without: &[PlannedCase]) -> usize {
    let known: HashSet<&str> = without.iter().map(|case| case.id.as_str()).collect();
    let more = with.iter().filter(|case| applies(case));
    more.filter(|case| !known.contains(case.id.as_str()))
        .count()
}

/// `knowledge` with these scopes where it has none, and with one operation more where there is
/// none: many checks have a case for each scope or operation, and without any nobody could count
/// them. They still lack the operation.
pub fn supposing(knowledge: &Knowledge, scopes: &[String]) -> Knowledge {
    let mut supposed = knowledge.clone();
    let Some(target) = supposed.variables.get_mut("target") else {
        return supposed;
    };
    if let Some(known) = target["scopes"].as_array_mut()
        && known.is_empty()
    {
        let named = |scope| json!({ "name": scope, "scope": scope });
        known.extend(scopes.iter().map(named));
    }
    let scope = target["scopes"].as_array().and_then(|all| all.last());
    let scope = scope.map_or_else(|| json!(SOME_SCOPE), |scope| scope["name"].clone());
    if let Some(operations) = target["operations"].as_array_mut()
        && operations.is_empty()
    {
        operations.push(json!({
            "name": "operation", "scopes": [scope], "scope": scope,
            "method": "tools/call", "params": {}, "request": "{}",
        }));
    }
    supposed
}

/// What a scope is called where nobody knows one.
pub const SOME_SCOPE: &str = "some:scope";

fn applies(case: &PlannedCase) -> bool {
    !matches!(case.disposition, Disposition::NotApplicable { .. })
}

/// The member that words such as "`users.first` (username and password)" are about; the words
/// themselves where they name none.
fn member(add: &str) -> String {
    let Some(quoted) = add.split('`').nth(1) else {
        return add.to_owned();
    };
    let name = quoted.split([':', ' ']).next().unwrap_or(quoted);
    let mut parts = name.splitn(3, '.');
    match (parts.next(), parts.next()) {
        (Some(map @ ("users" | "clients" | "played_issuers")), Some(entry)) => {
            format!("{map}.{entry}")
        }
        (Some(first), _) => first.to_owned(),
        (None, _) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_plan_name_a_member() {
        for (add, wanted) in [
            ("`users.first` (username and password), so", "users.first"),
            (
                "`clients.machine`: the server registers none",
                "clients.machine",
            ),
            (
                "`second_resource.mcp_server`, the endpoint",
                "second_resource",
            ),
            (
                "`allow_origins: [https://a.example]` (or `x`)",
                "allow_origins",
            ),
            (
                "`operations` with the `scopes` that each needs",
                "operations",
            ),
            (
                "`played_issuers.access_tokens`, the key that signs",
                "played_issuers.access_tokens",
            ),
            ("a trusted issuer", "a trusted issuer"),
        ] {
            assert_eq!(member(add), wanted);
        }
    }
}
