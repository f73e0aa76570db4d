//! What to do about a login of the honest flow that brought no code.

use crate::run::user_agent::{CAPTCHA, LOCKED_OUT, SECOND_FACTOR};
use crate::run::{Outcome, StepRecord};
use crate::target::Driver;

/// Only somebody else than a form can pass.
const SOMEBODY_ELSE: &str = "no form passes that: turn it off for this test user, or let a person log \
    in (`login: { driver: { interactive: {} } }`) or a program of yours (`login: { driver: { \
    command: { program: [...] } } }`)";

const TOO_MANY: &str = "wait until the server takes logins again, or raise its limit for the test; \
    `limits.logins` caps those of a run";

const PROGRAM: &str = "mend the program of `login.driver.command`: give it the document that \
    README.md shows on standard input, and look what it answers";

const PERSON: &str = "log in when you are asked to, within `login.driver.interactive.timeout` \
    seconds; or let a program of yours do it (`login.driver: command`)";

const ORDINARY: &str = "correct `users.first`, or steer the pages with `login` in the target file";

/// What helps where `step`, a login by `driver`, did not end at a callback with a code.
pub fn mend(driver: &Driver, step: &StepRecord) -> &'static str {
    let Outcome::Undecided { reason } = &step.outcome else {
        return ORDINARY;
    };
    if [CAPTCHA, SECOND_FACTOR]
        .iter()
        .any(|said| reason.starts_with(said))
    {
        return SOMEBODY_ELSE;
    }
    if reason.starts_with(LOCKED_OUT) || reason.contains("answered 429") {
        return TOO_MANY;
    }
    match driver {
        Driver::Command(_) => PROGRAM,
        Driver::Interactive(_) => PERSON,
        Driver::Form | Driver::Browser(_) => ORDINARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::CommandDriver;

    fn of(driver: &Driver, outcome: Outcome) -> &'static str {
        let step = StepRecord {
            name: "authorize".to_owned(),
            action: "authorize".to_owned(),
            mutation: String::new(),
            outcome,
            result: serde_json::json!({}).into(),
            exchanges: Vec::new(),
        };
        mend(driver, &step)
    }

    fn undecided(reason: &str) -> Outcome {
        let reason = reason.to_owned();
        Outcome::Undecided { reason }
    }

    #[test]
    fn what_helps_is_said_of_each_way_to_get_stuck() {
        let command = Driver::Command(CommandDriver {
            program: vec!["login".to_owned()],
            timeout: 1,
            at_once: 1,
        });
        for (driver, reason, wanted) in [
            (&Driver::Form, "the page has a captcha", SOMEBODY_ELSE),
            (
                &Driver::Form,
                "the page asks for a second factor (`otp`): give a test user without one",
                SOMEBODY_ELSE,
            ),
            (
                &Driver::Form,
                "the server takes no more logins of this user: Locked",
                TOO_MANY,
            ),
            (&command, "`login` was answered 429", TOO_MANY),
            (&command, "`login` ended with exit status: 1", PROGRAM),
            (
                &Driver::Interactive(Default::default()),
                "no callback",
                PERSON,
            ),
            (&Driver::Form, "login refused: wrong password", ORDINARY),
        ] {
            assert_eq!(of(driver, undecided(reason)), wanted, "{reason}");
        }
        // The server said no to the request: the program did its part.
        let refused = Outcome::Refused {
            reason: "page 400".to_owned(),
        };
        assert_eq!(of(&command, refused), ORDINARY);
    }
}
