//! What a person would tell of a page that the walk saw: its fields and buttons, which of them the
//! walk knows by itself, and what else they could mean where it found no way on.

use super::choose::{Choice, Next, choose};
use super::consent::meaning_of;
use super::fill::{self, Person};
use super::page::{Field, FieldKind, Form, Page, read};
use super::{Consent, Credentials, PageKind, words};
use crate::target::Recipe;

/// A page with its forms.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Its title.
    pub title: String,
    /// What the page is taken for.
    pub kind: PageKind,
    /// The forms that a person could send.
    pub forms: Vec<FormSeen>,
    /// What of the recipe the walk would say by itself; a member is empty where the page has
    /// nothing of the kind.
    pub known: Recipe,
    /// Recipes that might lead on where no way on was found, best first.
    pub guesses: Vec<Recipe>,
}

/// A form as a person sees it. Values are left out: they may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormSeen {
    /// Where it is sent, as written; empty is the page itself.
    pub action: String,
    /// Name and label of each field that is typed, ticked or chosen.
    pub fields: Vec<(String, String)>,
    /// What is written on each button.
    pub buttons: Vec<String>,
}

/// Looks at the HTML of a page that was answered with `status`, by the eyes of `recipe`.
pub fn survey(html: &str, status: u16, recipe: &Recipe) -> Survey {
    let page = read(html, recipe);
    let somebody = Credentials {
        username: String::new(),
        password: String::new(),
    };
    let person = Person {
        login: Some(&somebody),
        consent: Consent::Approve,
        recipe,
    };
    let Choice { kind, next } = choose(&page, status, &person);
    let open = matches!(next, Next::Rest | Next::GiveUp(_)) && kind != PageKind::Error;
    let guesses = match page.captcha {
        true => Vec::new(),
        false => guesses(&page, open),
    };
    Survey {
        title: page.title.clone(),
        kind,
        forms: shown(&page).map(seen).collect(),
        known: known(&page, recipe),
        guesses,
    }
}

fn shown(page: &Page) -> impl Iterator<Item = &Form> {
    page.forms
        .iter()
        .filter(|form| !form.is_search && !words::leads_aside(&form.action))
}

fn seen(form: &Form) -> FormSeen {
    let label = |field: &Field| field.hint.split_whitespace().collect::<Vec<_>>().join(" ");
    let fields = form.fields.iter();
    let fields = fields.filter(|field| field.kind != FieldKind::Hidden && !field.name.is_empty());
    let buttons = form.buttons.iter().map(|button| match &button.text {
        text if text.trim().is_empty() => button.value.clone(),
        text => text.trim().to_owned(),
    });
    FormSeen {
        action: form.action.clone(),
        fields: fields
            .map(|field| (field.name.clone(), label(field)))
            .collect(),
        buttons: buttons.filter(|text| !text.is_empty()).collect(),
    }
}

fn known(page: &Page, recipe: &Recipe) -> Recipe {
    let mut known = Recipe::default();
    for form in shown(page) {
        let name = |index: usize| form.fields.get(index).map(|field| field.name.clone());
        let password = fill::password_field(form, recipe).and_then(name);
        if password.is_some() || knows_username(form) {
            known.username_field = fill::username_field(form, recipe).and_then(name);
            known.password_field = password;
        }
        let says = |wanted: fn(&words::Meaning) -> bool| {
            let mut buttons = form.buttons.iter();
            let found = buttons.find(|button| wanted(&meaning_of(button)))?;
            Some(found.text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        if let Some(deny) = says(|meaning| meaning.denies && !meaning.aside) {
            known.approve = says(|meaning| meaning.approves && !meaning.denies);
            known.deny = Some(deny);
        }
    }
    known
}

fn knows_username(form: &Form) -> bool {
    form.fields.iter().any(|field| {
        field.kind == FieldKind::Email
            || (field.kind == FieldKind::Text
                && words::username_score(&field.name, &field.autocomplete, &field.hint) > 0)
    })
}

/// Most recipes that one page gives: each costs a login.
const MOST_GUESSES: usize = 3;

/// Names for what the walk has no name for: a lone field to type into, and buttons in words that
/// it does not know. `open`: it found no way on at all.
fn guesses(page: &Page, open: bool) -> Vec<Recipe> {
    let mut guesses = Vec::new();
    for form in shown(page) {
        let typed = || form.fields.iter().filter(|field| field.is_typed());
        if typed().next().is_none() {
            guesses.extend(consents(form));
        } else if open && !knows_username(form) {
            let texts = typed().filter(|field| field.kind == FieldKind::Text);
            guesses.extend(texts.map(|field| Recipe {
                username_field: Some(field.name.clone()),
                ..Recipe::default()
            }));
        }
    }
    guesses.truncate(MOST_GUESSES);
    guesses
}

/// Each button as the one that says yes, where no word tells which one does. The walk has taken
/// the first, so that comes last.
fn consents(form: &Form) -> Vec<Recipe> {
    let texts: Vec<&str> = form
        .buttons
        .iter()
        .map(|button| button.text.trim())
        .collect();
    let is_told = form.buttons.iter().any(|button| {
        let meaning = meaning_of(button);
        meaning.approves || meaning.denies
    });
    if is_told || texts.len() < 2 || texts.iter().any(|text| text.is_empty()) {
        return Vec::new();
    }
    let other = |yes: usize| (texts.len() == 2).then(|| texts[1 - yes].to_owned());
    let recipe = |yes: usize| Recipe {
        approve: Some(texts[yes].to_owned()),
        deny: other(yes),
        ..Recipe::default()
    };
    (1..texts.len()).chain([0]).map(recipe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Survey {
        survey(html, 200, &Recipe::default())
    }

    #[test]
    fn a_login_page_is_told_by_its_fields_and_buttons_without_their_values() {
        let survey = of("<form action=/search role=search><input name=q></form>
            <form method=post action=/in><input type=hidden name=csrf value=s3cret>
            <label>E-mail <input name=mail value=s3cret></label><input type=password name=pw>
            <button>Sign in</button></form>");
        assert_eq!(survey.kind, PageKind::Login);
        let [form] = survey.forms.as_slice() else {
            panic!("{survey:?}")
        };
        assert_eq!(form.action, "/in");
        assert_eq!(form.fields[0], ("mail".to_owned(), "E-mail".to_owned()));
        assert_eq!(form.buttons, ["Sign in"]);
        assert_eq!(survey.known.username_field.as_deref(), Some("mail"));
        assert_eq!(survey.known.password_field.as_deref(), Some("pw"));
        assert!(survey.guesses.is_empty() && !format!("{survey:?}").contains("s3cret"));
    }

    #[test]
    fn buttons_in_unknown_words_are_guessed_the_second_first() {
        let html = "<form method=post><button name=a value=1>Nix da</button>
            <button name=a value=2>Jo mei</button></form>";
        let guesses = of(html).guesses;
        let said: Vec<_> = guesses
            .iter()
            .map(|guess| guess.approve.as_deref())
            .collect();
        assert_eq!(said, [Some("Jo mei"), Some("Nix da")]);
        assert_eq!(guesses[0].deny.as_deref(), Some("Nix da"));
        let known = of(&html.replace("Jo mei", "Allow").replace("Nix da", "Deny"));
        assert!(known.guesses.is_empty(), "{known:?}");
        assert_eq!(known.known.approve.as_deref(), Some("Allow"));
        assert_eq!(known.known.deny.as_deref(), Some("Deny"));
    }

    #[test]
    fn a_lone_field_of_unknown_name_may_be_the_user_name() {
        let html = "<form method=post><input name=badge><button>Verify</button></form>";
        let guesses = of(html).guesses;
        assert_eq!(guesses.len(), 1);
        assert_eq!(guesses[0].username_field.as_deref(), Some("badge"));
        let passed = survey(html, 200, &guesses[0]);
        assert_eq!(passed.kind, PageKind::Login);
    }

    #[test]
    fn an_error_page_and_a_captcha_are_no_riddle() {
        let error = survey(
            "<h1>Error</h1><form><input name=x></form>",
            400,
            &Recipe::default(),
        );
        assert!(error.guesses.is_empty(), "{error:?}");
        let captcha = of("<div class=g-recaptcha></div><form><input name=x></form>");
        assert!(captcha.guesses.is_empty(), "{captcha:?}");
    }
}
