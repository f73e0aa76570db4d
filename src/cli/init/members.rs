//! What the cases of a plan still want of the target file, by its members.

use indexmap::IndexMap;
use serde_json::{Value, json};

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

/// `knowledge` with one operation more where there is none: many checks have a case for each
/// operation, and without any nobody could count them. They still lack it.
pub fn supposing_an_operation(knowledge: &Knowledge) -> Knowledge {
    let mut supposed = knowledge.clone();
    let Some(target) = supposed.variables.get_mut("target") else {
        return supposed;
    };
    let scope = target["scopes"].as_array().and_then(|all| all.last());
    let scope = scope.map_or(Value::Null, |scope| scope["name"].clone());
    if let (Some(operations), true) = (target["operations"].as_array_mut(), scope.is_string())
        && operations.is_empty()
    {
        operations.push(json!({
            "name": "operation", "scopes": [scope], "scope": scope,
            "method": "tools/call", "params": {}, "request": "{}",
        }));
    }
    supposed
}

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
        (Some(map @ ("users" | "clients")), Some(entry)) => format!("{map}.{entry}"),
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
            ("a trusted issuer", "a trusted issuer"),
        ] {
            assert_eq!(member(add), wanted);
        }
    }
}
