//! What a case wants of the user agent, and what becomes of it where the driver cannot do it.

use std::collections::BTreeSet;

use super::{Disposition, PlannedAction, PlannedStep};
use crate::suite::{Action, Check};
use crate::target::{Ability, Driver};

/// Why a case cannot run with this driver, if it cannot: it would prove nothing.
pub(crate) fn obstacle(
    check: &Check,
    steps: &[PlannedStep],
    driver: &Driver,
) -> Option<Disposition> {
    let mut wanted = BTreeSet::new();
    of_steps(steps, &mut wanted);
    if looks_at_pages(check) {
        wanted.insert(Ability::ShowPages);
    }
    let add = wanted.into_iter().find_map(|ability| driver.lacks(ability));
    add.map(|add| Disposition::Untested { add })
}

fn of_steps(steps: &[PlannedStep], wanted: &mut BTreeSet<Ability>) {
    for step in steps {
        match &step.action {
            PlannedAction::Flow(inner) => of_steps(inner, wanted),
            PlannedAction::One(action) if matches!(**action, Action::Authorize(_)) => {
                let method = step.mutation.as_ref().and_then(|m| m.method.as_deref());
                if method.is_some_and(|method| method != "GET") {
                    wanted.insert(Ability::OtherMethod);
                }
            }
            PlannedAction::One(_) => {}
        }
    }
}

/// Whether a condition is about the pages on the way, which no step but `authorize` has.
fn looks_at_pages(check: &Check) -> bool {
    let of_pages = |path: &String| {
        let member = path.split('/').next();
        matches!(member, Some("pages" | "framable_pages"))
    };
    let conditions = check.given.values().chain(check.matches.values());
    conditions.flat_map(|of_step| of_step.keys()).any(of_pages)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::suite::Mutation;
    use crate::target::CommandDriver;

    fn authorize(mutation: Mutation) -> Vec<PlannedStep> {
        let action: Action =
            serde_json::from_value(json!({ "authorize": { "client": "public", "query": {} } }))
                .expect("an action");
        let step = |name: &str, action| PlannedStep {
            name: name.to_owned(),
            action,
            mutation: Some(mutation.clone()),
            shared: None,
        };
        let inner = step("authorize", PlannedAction::One(Box::new(action)));
        vec![step("grant", PlannedAction::Flow(vec![inner]))]
    }

    fn command() -> Driver {
        Driver::Command(CommandDriver {
            program: vec!["login".to_owned()],
            timeout: 1,
            at_once: 1,
        })
    }

    #[test]
    fn a_post_is_not_left_to_a_program_that_opens_a_url() {
        let check = Check::of_flow("code_grant");
        let post = authorize(Mutation {
            method: Some("POST".to_owned()),
            ..Mutation::default()
        });
        let untested = |steps: &[PlannedStep], driver: &Driver| {
            matches!(
                obstacle(&check, steps, driver),
                Some(Disposition::Untested { .. })
            )
        };
        assert!(untested(&post, &command()));
        assert!(!untested(&post, &Driver::Form));
        assert!(!untested(&authorize(Mutation::default()), &command()));
    }

    #[test]
    fn pages_that_nobody_saw_are_not_judged() {
        let mut check = Check::of_flow("code_grant");
        let path = "framable_pages".to_owned();
        let condition = serde_json::from_value(json!({ "equals": [] })).expect("a condition");
        let of_step = [(path, condition)].into_iter().collect();
        check.matches.insert("authorize".to_owned(), of_step);
        assert!(obstacle(&check, &[], &command()).is_some());
        assert!(obstacle(&check, &[], &Driver::Form).is_none());
    }
}
