//! What a case wants of the user agent, and what becomes of it where the driver cannot do it.

use std::collections::BTreeSet;

use super::{Disposition, PlannedAction, PlannedStep};
use crate::suite::{Action, Check, ClientProfile, Mutation, Suites};
use crate::target::{Ability, Driver};

/// Why a case cannot run with this driver, if it cannot: it would prove nothing.
pub(crate) fn obstacle(
    suites: &Suites,
    check: &Check,
    steps: &[PlannedStep],
    driver: &Driver,
) -> Option<Disposition> {
    let mut wanted = BTreeSet::new();
    of_steps(suites, steps, &mut wanted);
    if looks_at_pages(check) {
        wanted.insert(Ability::ShowPages);
    }
    let add = wanted.into_iter().find_map(|ability| driver.lacks(ability));
    add.map(|add| Disposition::Untested { add })
}

fn of_steps(suites: &Suites, steps: &[PlannedStep], wanted: &mut BTreeSet<Ability>) {
    for step in steps {
        let action = match &step.action {
            PlannedAction::Flow(inner) => {
                of_steps(suites, inner, wanted);
                continue;
            }
            PlannedAction::One(action) => action,
        };
        let Action::Authorize(authorize) = &**action else {
            continue;
        };
        if authorize.stop_before.is_some() {
            wanted.insert(Ability::Stop);
        }
        let profile = suites.clients.get(&authorize.client);
        if profile.is_some_and(|profile| !is_on_loopback(profile)) {
            wanted.insert(Ability::SeeAnyCallback);
        }
        if let Some(mutation) = &step.mutation {
            of_mutation(mutation, wanted);
        }
    }
}

fn of_mutation(mutation: &Mutation, wanted: &mut BTreeSet<Ability>) {
    if mutation.method.as_deref().is_some_and(|m| m != "GET") {
        wanted.insert(Ability::OtherMethod);
    }
    if mutation.stop_before.is_some() {
        wanted.insert(Ability::Stop);
    }
    // What the person does is no deviation of the request.
    let request = Mutation {
        user: None,
        consent: None,
        stop_before: None,
        delay: None,
        ..mutation.clone()
    };
    if request != Mutation::default() {
        wanted.insert(Ability::TellRefusals);
    }
}

/// Whether the redirect URI that the profile registers is on loopback. A client of the target file
/// may have another; the visit then says so.
fn is_on_loopback(profile: &ClientProfile) -> bool {
    let uris = profile.register.get("redirect_uris");
    let first = uris.and_then(|uris| uris.get(0)?.as_str());
    first.is_none_or(|uri| uri.contains("loopback_redirect"))
}

/// Whether a condition is about the pages on the way, which no step but `authorize` has.
fn looks_at_pages(check: &Check) -> bool {
    let of_pages = |path: &String| {
        let member = path.split('/').next();
        matches!(member, Some("pages" | "framable_pages" | "declined"))
    };
    let conditions = check.given.values().chain(check.matches.values());
    conditions.flat_map(|of_step| of_step.keys()).any(of_pages)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::target::{CommandDriver, InteractiveDriver};

    fn authorize(mutation: Mutation) -> Vec<PlannedStep> {
        let action: Action =
            serde_json::from_value(json!({ "authorize": { "client": "public", "query": {} } }))
                .expect("an action");
        let step = |name: &str, action| PlannedStep {
            name: name.to_owned(),
            action,
            mutation: Some(Box::new(mutation.clone())),
            shared: None,
            is_probe: false,
        };
        let inner = step("authorize", PlannedAction::One(Arc::new(action)));
        vec![step("grant", PlannedAction::Flow(vec![inner]))]
    }

    fn command() -> Driver {
        Driver::Command(CommandDriver {
            program: vec!["login".to_owned()],
            timeout: 1,
            at_once: 1,
        })
    }

    fn lacks(check: &Check, steps: &[PlannedStep], driver: &Driver) -> bool {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        obstacle(&suites, check, steps, driver).is_some()
    }

    fn mutated(change: impl FnOnce(&mut Mutation)) -> Vec<PlannedStep> {
        let mut mutation = Mutation::default();
        change(&mut mutation);
        authorize(mutation)
    }

    #[test]
    fn a_visit_that_a_driver_cannot_make_is_not_planned() {
        let check = Check::of_flow("code_grant");
        let person = Driver::Interactive(InteractiveDriver::default());
        let (form, command) = (Driver::Form, command());
        let text = |text: &str| Some(text.to_owned());
        for (steps, by_command, by_person) in [
            (mutated(|_| {}), true, true),
            (mutated(|m| m.consent = text("deny")), true, true),
            (mutated(|m| m.user = text("second")), true, true),
            (mutated(|m| m.stop_before = text("consent")), true, false),
            (
                mutated(|m| m.remove = vec!["state".to_owned()]),
                true,
                false,
            ),
            (mutated(|m| m.client = text("https")), true, false),
            (mutated(|m| m.method = text("POST")), false, false),
        ] {
            assert!(!lacks(&check, &steps, &form), "{steps:?}");
            assert_eq!(!lacks(&check, &steps, &command), by_command, "{steps:?}");
            assert_eq!(!lacks(&check, &steps, &person), by_person, "{steps:?}");
        }
    }

    #[test]
    fn pages_that_nobody_saw_are_not_judged() {
        let mut check = Check::of_flow("code_grant");
        let path = "framable_pages".to_owned();
        let condition = serde_json::from_value(json!({ "equals": [] })).expect("a condition");
        let of_step = [(path, condition)].into_iter().collect();
        check.matches.insert("authorize".to_owned(), of_step);
        assert!(lacks(&check, &[], &command()));
        assert!(!lacks(&check, &[], &Driver::Form));
    }
}
