//! Decides what a person would do on a page.

use super::consent::{
    answer, asks_consent, best, by_recipe, consent, has_answers, is_called, meaning_of,
    no_way_to_deny,
};
use super::factor;
use super::fill::{self, Person};
use super::page::{Field, FieldKind, Form, Link, Page};
use super::submission::{Submission, submission};
use super::words;
use super::{Consent, PageKind, start_of};
use crate::target::Recipe;

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// Submit a form.
    Submit(Submission),
    /// Follow a reference.
    Follow {
        reference: String,
        consents: bool,
        /// The number of the link, where a browser has given it one.
        #[cfg_attr(
            not(feature = "browser"),
            expect(dead_code, reason = "only a browser needs it")
        )]
        link: Option<usize>,
    },
    /// Ask the login endpoint of the recipe.
    JsonLogin,
    /// There is no way on.
    Rest,
    /// Nothing can be said.
    GiveUp(String),
}

/// What a page is and what to do there.
pub(super) struct Choice {
    pub kind: PageKind,
    pub next: Next,
}

/// Longer refreshes are for people who fell asleep.
const MAX_REFRESH: u32 = 10;

pub(super) fn choose(page: &Page, status: u16, person: &Person<'_>) -> Choice {
    if let Some((0..=1, target)) = &page.refresh {
        return Choice {
            kind: PageKind::Other,
            next: follow(target),
        };
    }
    if let Some(form) = page.forms.iter().find(|form| goes_by_itself(form)) {
        let next = Next::Submit(submission(form, None, person, false));
        return Choice {
            kind: PageKind::Other,
            next,
        };
    }
    if let Some(form) = login_form(page, person.recipe) {
        return Choice {
            kind: PageKind::Login,
            next: log_in(page, form, person),
        };
    }
    // A title alone makes no error of a page on which a yes and a no are to be had, nor of one
    // for which the recipe names the answer: an app may be called anything.
    let says_error = words::is_error(&page.title) || words::is_error(&page.heading);
    let error = status >= 400 || (says_error && !has_answers(page, person));
    let is_question = has_answers(page, person);
    if !error && !is_question && words::waits_for_device(&page.text) {
        return Choice {
            kind: PageKind::Other,
            next: Next::GiveUp(format!(
                "the page waits for a second factor ({}): give a test user without one, or let a person or a program log in (`login.driver`)",
                start_of(&page.text, 100)
            )),
        };
    }
    if !error && let Some(next) = consent(page, person) {
        return Choice {
            kind: PageKind::Consent,
            next,
        };
    }
    let kind = if error {
        PageKind::Error
    } else {
        PageKind::Other
    };
    if let Some((0..=MAX_REFRESH, target)) = &page.refresh {
        return Choice {
            kind,
            next: follow(target),
        };
    }
    if let Some(target) = &page.script_target {
        return Choice {
            kind,
            next: follow(target),
        };
    }
    if page.loose_password {
        return Choice {
            kind: PageKind::Login,
            next: drawn_login(person),
        };
    }
    // A page that is all script says nothing to us, least of all no.
    let is_bare = page.text.len() < 40
        || words::names_login(&page.title)
        || words::names_login(&page.heading);
    if page.has_script && is_bare && page.forms.is_empty() && !error {
        return Choice {
            kind,
            next: drawn_login(person),
        };
    }
    let next = match submit_link(page, person).filter(|_| status < 400) {
        Some(link) => Next::Follow {
            reference: link.href.clone(),
            consents: false,
            link: link.number,
        },
        None => Next::Rest,
    };
    Choice { kind, next }
}

/// The link by which the recipe goes on to the login.
fn submit_link<'p>(page: &'p Page, person: &Person<'_>) -> Option<&'p Link> {
    let wanted = person.recipe.submit.as_deref()?;
    let called = |link: &&Link| link.marks.submit || is_called(wanted, &link.text, "");
    page.links.iter().find(called)
}

fn follow(reference: &str) -> Next {
    Next::Follow {
        reference: reference.to_owned(),
        consents: false,
        link: None,
    }
}

fn drawn_login(person: &Person<'_>) -> Next {
    if person.recipe.json_login.is_some() && person.login.is_some() {
        return Next::JsonLogin;
    }
    Next::GiveUp(
        "the page is drawn by a script, which plain forms cannot pass: give `login.json_login`, or another `login.driver`"
            .to_owned(),
    )
}

/// Whether a script submits the form and a person has nothing to say.
fn goes_by_itself(form: &Form) -> bool {
    const ANSWERS: &[&str] = &[
        "code",
        "error",
        "id_token",
        "access_token",
        "SAMLResponse",
        "response",
    ];
    let answers = form
        .fields
        .iter()
        .any(|field| ANSWERS.contains(&field.name.as_str()));
    form.submits_itself
        && !form.fields.iter().any(Field::is_typed)
        && (form.buttons.is_empty() || answers)
}

fn login_form<'p>(page: &'p Page, recipe: &Recipe) -> Option<&'p Form> {
    let usable = |form: &&Form| !form.is_search && !words::leads_aside(&form.action);
    let passwords = |form: &Form| {
        form.fields
            .iter()
            .filter(|field| field.kind == FieldKind::Password)
            .count()
    };
    let new = |form: &Form| {
        passwords(form) > 1
            || form
                .fields
                .iter()
                .any(|f| f.autocomplete.contains("new-password"))
    };
    let forms = || page.forms.iter().filter(usable);
    forms()
        .find(|form| passwords(form) == 1 && !new(form))
        .or_else(|| {
            forms().find(|form| {
                passwords(form) > 0
                    && fill::password_field(form, recipe).is_some()
                    && page.forms.len() == 1
            })
        })
        .or_else(|| {
            forms().find(|form| {
                fill::username_field(form, recipe).is_some_and(|index| {
                    let field = &form.fields[index];
                    recipe.username_field.is_some()
                        || words::username_score(&field.name, &field.autocomplete, &field.hint) > 0
                        || field.kind == FieldKind::Email
                })
            })
        })
}

fn log_in(page: &Page, form: &Form, person: &Person<'_>) -> Next {
    let factor = factor::asked(form, person).filter(|field| !words::is_optional(&field.hint));
    if let Some(field) = factor.filter(|_| person.login.is_some()) {
        return Next::GiveUp(factor::reason(field));
    }
    let asks = asks_consent(form);
    if asks || by_recipe(form, person).is_some() {
        return match answer(page, form, person) {
            Some(button) => Next::Submit(submission(form, Some(button), person, asks)),
            None => no_way_to_deny(),
        };
    }
    let wanted = person.recipe.submit.as_deref();
    let button = form
        .buttons
        .iter()
        .find(|button| {
            wanted.is_some_and(|w| button.marks.submit || is_called(w, &button.text, &button.value))
        })
        .or_else(|| {
            best(form, |meaning| {
                3 * i32::from(meaning.logs_in) + 2 * i32::from(meaning.approves)
                    - 5 * i32::from(meaning.denies)
                    - 4 * i32::from(meaning.aside)
            })
        });
    let only_allows = button
        .map(meaning_of)
        .is_some_and(|meaning| meaning.approves && !meaning.logs_in);
    if only_allows && person.consent == Consent::Deny && person.login.is_some() {
        // The button that denies may have a form of its own.
        return consent(page, person).unwrap_or_else(no_way_to_deny);
    }
    Next::Submit(submission(form, button, person, only_allows))
}

#[cfg(test)]
mod tests {
    use super::super::Credentials;
    use super::super::page::read;
    use super::*;

    fn chosen(html: &str, consent: Consent, recipe: &Recipe) -> String {
        let login = Credentials {
            username: "alice".to_owned(),
            password: "pw".to_owned(),
        };
        let person = Person {
            login: Some(&login),
            consent,
            recipe,
        };
        let Choice { kind, next } = choose(&read(html, recipe), 200, &person);
        match next {
            Next::Submit(s) => format!("{kind:?} {} {}", s.action, fill::query(&s.members)),
            Next::Follow { reference, .. } => format!("{kind:?} -> {reference}"),
            Next::JsonLogin => format!("{kind:?} json"),
            Next::Rest => format!("{kind:?} rest"),
            Next::GiveUp(reason) => format!("{kind:?} gives up: {reason}"),
        }
    }

    fn both(html: &str) -> [String; 2] {
        [Consent::Approve, Consent::Deny].map(|consent| chosen(html, consent, &Recipe::default()))
    }

    #[test]
    fn the_first_button_may_be_deny() {
        let html = "<h1>App wants access</h1><form method=post action=/c>
            <button name=action value=deny>Deny</button><button name=action value=approve>Allow Access</button></form>";
        assert_eq!(
            both(html),
            ["Consent /c action=approve", "Consent /c action=deny"]
        );
    }

    #[test]
    fn consent_may_be_denied_by_a_link_or_a_nameless_button() {
        let html = "<form method=post action=/i><input type=hidden name=prompt value=consent>
            <button autofocus>Continue</button></form><a href=/i/abort>[ Cancel ]</a>";
        assert_eq!(
            both(html),
            ["Consent /i prompt=consent", "Consent -> /i/abort"]
        );
        let html = "<form method=post><input type=submit value=Cancel>
            <input type=submit name=allow value=Authorize></form>";
        assert_eq!(both(html), ["Consent  allow=Authorize", "Consent  "]);
        let html = "<form method=post><button>Weiter so</button></form>";
        assert_eq!(
            chosen(html, Consent::Approve, &Recipe::default()),
            "Consent  "
        );
        assert!(both(html)[1].contains("gives up: no button or link that denies"));
        let links = "<a href=/yes>Allow</a> <a href=/no>Deny</a> <a href=#>Cancel</a>";
        assert_eq!(both(links), ["Consent -> /yes", "Consent -> /no"]);
    }

    #[test]
    fn two_forms_for_two_answers_are_told_apart() {
        let html = "<form method=post action=/no><button>Deny</button></form>
            <form method=post action=/yes><button>Allow</button></form>";
        assert_eq!(both(html), ["Consent /yes ", "Consent /no "]);
    }

    #[test]
    fn login_and_consent_in_one_form_obey_both() {
        let html = "<form method=post action=/l><input name=username><input type=password name=password>
            <button name=d value=allow>Allow</button><button name=d value=deny>Deny</button></form>";
        let [yes, no] = both(html);
        assert_eq!(yes, "Login /l username=alice&password=pw&d=allow");
        assert_eq!(no, "Login /l username=alice&password=pw&d=deny");
    }

    #[test]
    fn other_forms_on_a_login_page_are_left_alone() {
        let html = "<form action=/search><input type=search name=q><button>Search</button></form>
            <form method=post action=/register><input name=email><input type=password name=p1>
            <input type=password name=p2><button>Create account</button></form>
            <form method=post action=/login><input type=email name=e><input type=password name=p>
            <button name=sso value=google>Sign in with Google</button><button>Sign in</button></form>";
        assert_eq!(both(html)[0], "Login /login e=alice&p=pw");
    }

    #[test]
    fn a_user_name_may_be_asked_first_and_a_subject_alone() {
        let html = "<form method=post><input name=identifier autocomplete=username><button>Next</button></form>";
        assert_eq!(both(html)[0], "Login  identifier=alice");
        let html = "<form method=post><input name=sub><button>Authorize</button></form>";
        assert_eq!(both(html)[0], "Login  sub=alice");
    }

    #[test]
    fn pages_without_a_way_on_are_left_alone() {
        for html in [
            "<h1>Error: invalid redirect_uri</h1><form method=post><button>Try again</button></form>",
            "<p>The client is not known here, ask its owner.</p><a href=/>Home</a>",
            "<p>Sorry, that did not work out as it should.</p><form action=/logout method=post><button>Log out</button></form>",
        ] {
            assert!(both(html)[0].ends_with("rest"), "{html}: {}", both(html)[0]);
        }
        assert!(
            both("<div id=root></div><script src=/app.js></script>")[0]
                .contains("drawn by a script")
        );
        assert!(
            both("<form method=post><input name=otp><button>Verify</button></form>")[0]
                .contains("`otp`")
        );
    }

    #[test]
    fn a_second_factor_is_no_question_of_consent() {
        let otp = "<form method=post><label>Code <input name=otp autocomplete=one-time-code></label>
            <button name=a value=go>Continue</button><button name=a value=no>Cancel</button></form>";
        let cells: String = (0..6)
            .map(|cell| format!("<input name=d{cell} maxlength=1>"))
            .collect();
        let cells = format!("<form method=post>{cells}<button>Verify</button></form>");
        let mail = "<form method=post><label>Code sent to your e-mail <input name=answer></label>
            <button>Verify</button></form>";
        let login = "<form method=post><input name=user><input type=password name=pw>
            <input name=otp><button>Sign in</button></form>";
        for (html, named) in [
            (otp, "otp"),
            (&cells, "d0"),
            (mail, "answer"),
            (login, "otp"),
        ] {
            for chosen in both(html) {
                let is_told = chosen.contains(&format!("second factor (`{named}`)"));
                let denies = html == mail && chosen.contains("no button or link that denies");
                assert!(is_told || denies, "{html}: {chosen}");
            }
        }
        let device = "<h1>Check your phone</h1><form method=post><button>Continue</button></form>";
        assert!(both(device)[0].contains("waits for a second factor (Check your phone"));
        let optional = login.replace("name=otp", "name=otp placeholder='Code, if you have one'");
        assert_eq!(both(&optional)[0], "Login  user=alice&pw=pw&otp=");
        let recipe = Recipe {
            extra_fields: [("otp".to_owned(), "123456".to_owned())].into(),
            ..Recipe::default()
        };
        assert_eq!(
            [login, otp].map(|html| chosen(html, Consent::Approve, &recipe)),
            [
                "Login  user=alice&pw=pw&otp=123456",
                "Consent  otp=123456&a=go"
            ]
        );
    }

    #[test]
    fn an_answer_outranks_the_words_of_an_error() {
        let title = "<h1>Unknown app wants access</h1><form method=post>";
        let buttons = "<button name=a value=1>Allow</button><button name=a value=0>Deny</button>";
        let html = format!("{title}{buttons}</form>");
        assert_eq!(both(&html), ["Consent  a=1", "Consent  a=0"]);
        let recipe = Recipe {
            approve: Some("Jo mei".to_owned()),
            ..Recipe::default()
        };
        let html = format!("{title}<button name=a value=1>Jo mei</button></form>");
        assert!(both(&html)[0].ends_with("rest"));
        assert_eq!(chosen(&html, Consent::Approve, &recipe), "Consent  a=1");
    }

    #[test]
    fn the_recipe_may_go_on_by_a_link() {
        let html = "<h1>Welcome</h1><a href=/google>Continue with Google</a>
            <a href='/login?form=1'>Log in with a password</a>";
        assert!(both(html)[0].ends_with("rest"));
        let recipe = Recipe {
            submit: Some("Log in with a password".to_owned()),
            ..Recipe::default()
        };
        assert_eq!(
            chosen(html, Consent::Approve, &recipe),
            "Other -> /login?form=1"
        );
    }

    #[test]
    fn the_recipe_decides() {
        let recipe = Recipe {
            approve: Some("css:#b2".to_owned()),
            deny: Some("nix da".to_owned()),
            ..Recipe::default()
        };
        let html = "<form method=post><button name=b value=1>Allow</button>
            <button name=b value=2 id=b2>Jo mei</button><button name=b value=3>Nix da</button></form>";
        assert_eq!(chosen(html, Consent::Approve, &recipe), "Consent  b=2");
        assert_eq!(chosen(html, Consent::Deny, &recipe), "Consent  b=3");
    }

    #[test]
    fn a_denying_button_beside_the_login_has_a_form_of_its_own() {
        let html = "<form method=post action=/a><input name=sub><button>Authorize</button></form>
            <form method=post action=/d><button name=action value=deny>Deny</button></form>";
        assert_eq!(both(html), ["Login /a sub=alice", "Login /d action=deny"]);
    }

    #[test]
    fn self_submitting_forms_and_refreshes_are_followed() {
        let html = "<body onload='document.forms[0].submit()'><form method=post action=http://c/cb>
            <input type=hidden name=code value=1></form>";
        assert_eq!(both(html)[1], "Other http://c/cb code=1");
        assert_eq!(
            both("<meta http-equiv=refresh content='0;url=/n'>")[0],
            "Other -> /n"
        );
        let slow =
            "<meta http-equiv=refresh content='300;url=/timeout'><form method=post action=/l>
            <input name=user><input type=password name=p></form>";
        assert_eq!(both(slow)[0], "Login /l user=alice&p=pw");
    }
}
