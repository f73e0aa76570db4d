//! The question of consent: which control says what the person wants.

use super::Consent;
use super::choose::Next;
use super::factor;
use super::fill::{self, Person};
use super::page::{Button, Form, Link, Page};
use super::submission::submission;
use super::words::{self, Meaning};

pub(super) fn no_way_to_deny() -> Next {
    Next::GiveUp("no button or link that denies was found: name it as `deny`".to_owned())
}

/// Whether the form asks a yes-or-no question with its buttons.
pub(super) fn asks_consent(form: &Form) -> bool {
    form.buttons
        .iter()
        .any(|button| meaning_of(button).denies && !meaning_of(button).aside)
        && form
            .buttons
            .iter()
            .any(|button| meaning_of(button).approves)
}

/// Whether a yes and a no are to be had on the page, or what the recipe calls its answer.
pub(super) fn has_answers(page: &Page, person: &Person<'_>) -> bool {
    let buttons = || {
        page.forms
            .iter()
            .flat_map(|form| &form.buttons)
            .map(meaning_of)
    };
    let says = |wanted: fn(&Meaning) -> bool| buttons().any(|meaning| wanted(&meaning));
    (says(|meaning| meaning.approves) && says(|meaning| meaning.denies && !meaning.aside))
        || page
            .forms
            .iter()
            .any(|form| by_recipe(form, person).is_some())
        || link_by_recipe(page, person).is_some()
}

pub(super) fn by_recipe<'f>(form: &'f Form, person: &Person<'_>) -> Option<&'f Button> {
    let wanted = match person.consent {
        Consent::Approve | Consent::Narrow => person.recipe.approve.as_deref(),
        Consent::Deny => person.recipe.deny.as_deref(),
    }?;
    form.buttons.iter().find(|button| {
        let marked = match person.consent {
            Consent::Approve | Consent::Narrow => button.marks.approve,
            Consent::Deny => button.marks.deny,
        };
        marked || is_called(wanted, &button.text, &button.value)
    })
}

/// The button of the form that says what the person wants.
pub(super) fn answer<'f>(page: &Page, form: &'f Form, person: &Person<'_>) -> Option<&'f Button> {
    by_recipe(form, person).or_else(|| match person.consent {
        Consent::Approve | Consent::Narrow => best(form, |meaning| {
            4 * i32::from(meaning.approves) + i32::from(meaning.logs_in)
                - 9 * i32::from(meaning.denies)
                - 5 * i32::from(meaning.aside)
        }),
        Consent::Deny => {
            let denying = |button: &&Button| meaning_of(button).denies;
            form.buttons.iter().find(denying).or_else(|| {
                let alone = page.forms.len() == 1 && fill::has_denying_radio(form);
                form.buttons.first().filter(|_| alone)
            })
        }
    })
}

/// The first of the buttons with the highest score, if that is not negative.
pub(super) fn best(form: &Form, score: impl Fn(Meaning) -> i32) -> Option<&Button> {
    let scored = form
        .buttons
        .iter()
        .map(|button| (score(meaning_of(button)), button));
    let mut best: Option<(i32, &Button)> = None;
    for (score, button) in scored.filter(|(score, _)| *score >= 0) {
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, button));
        }
    }
    best.map(|(_, button)| button)
}

pub(super) fn meaning_of(button: &Button) -> Meaning {
    words::meaning(&button.text, &format!("{} {}", button.value, button.name))
}

pub(super) fn is_called(wanted: &str, text: &str, value: &str) -> bool {
    text.eq_ignore_ascii_case(wanted.trim()) || value.eq_ignore_ascii_case(wanted.trim())
}

/// What to do on a page that asks for consent; `None` when it does not.
pub(super) fn consent(page: &Page, person: &Person<'_>) -> Option<Next> {
    let candidates = || {
        page.forms.iter().filter(|form| {
            !form.is_search && !words::leads_aside(&form.action) && !form.buttons.is_empty()
        })
    };
    let approving = candidates()
        .filter(|form| {
            asks_consent(form)
                || best(form, approval).is_some_and(|b| form.post || meaning_of(b).approves)
        })
        .max_by_key(|form| {
            let best = form
                .buttons
                .iter()
                .map(|button| approval(meaning_of(button)))
                .max();
            (best, asks_consent(form), form.post)
        });
    // Be it to go on or to cancel: it is no question of consent.
    let chosen = |form: &&Form| by_recipe(form, person).is_some();
    if let Some(field) = approving.and_then(|form| factor::asked(form, person))
        && !page.forms.iter().any(|form| chosen(&form))
    {
        return Some(Next::GiveUp(factor::reason(field)));
    }
    let deny_link = || {
        let by_words = page.links.iter().find(|link| {
            let meaning = words::meaning(&link.text, "");
            meaning.denies && !meaning.aside && link.text.len() <= 40 && leads_somewhere(link)
        });
        link_by_recipe(page, person).or(by_words)
    };
    match person.consent {
        Consent::Approve | Consent::Narrow => {
            approve(page, approving, deny_link().is_some(), person)
        }
        Consent::Deny => {
            let form = candidates().find(|form| answer(page, form, person).is_some());
            match (form, deny_link()) {
                (Some(form), _) => {
                    let button = answer(page, form, person);
                    Some(Next::Submit(submission(form, button, person, true)))
                }
                (None, Some(link)) => Some(Next::Follow {
                    reference: link.href.clone(),
                    consents: true,
                    link: link.number,
                }),
                (None, None) => approving.map(|_| no_way_to_deny()),
            }
        }
    }
}

fn approval(meaning: Meaning) -> i32 {
    3 * i32::from(meaning.approves) - 9 * i32::from(meaning.denies) - 5 * i32::from(meaning.aside)
}

fn approve(page: &Page, form: Option<&Form>, can_deny: bool, person: &Person<'_>) -> Option<Next> {
    if let Some(form) = page
        .forms
        .iter()
        .find(|form| by_recipe(form, person).is_some())
    {
        let button = by_recipe(form, person);
        return Some(Next::Submit(submission(form, button, person, true)));
    }
    if let Some(link) = link_by_recipe(page, person) {
        return Some(Next::Follow {
            reference: link.href.clone(),
            consents: true,
            link: link.number,
        });
    }
    if let Some(form) = form {
        let mut fields = form.fields.iter().enumerate();
        let blank = fields.find(|(index, field)| {
            !field.name.is_empty() && factor::is_blank(form, *index, person)
        });
        if let Some((_, field)) = blank.filter(|_| !asks_consent(form)) {
            let name: String = field.name.chars().take(60).collect();
            return Some(Next::GiveUp(match words::speaks_of_code(&field.hint) {
                true => factor::reason(field),
                false => format!("the page asks for `{name}`: add it to `login.extra_fields`"),
            }));
        }
        let button = answer(page, form, person);
        return Some(Next::Submit(submission(form, button, person, true)));
    }
    // A link that says yes counts only beside one that says no: pages are full of links.
    let yes = |link: &&Link| words::meaning(&link.text, "").approves && leads_somewhere(link);
    let link = page.links.iter().find(yes).filter(|_| can_deny)?;
    Some(Next::Follow {
        reference: link.href.clone(),
        consents: true,
        link: link.number,
    })
}

fn link_by_recipe<'p>(page: &'p Page, person: &Person<'_>) -> Option<&'p Link> {
    let wanted = match person.consent {
        Consent::Approve | Consent::Narrow => person.recipe.approve.as_deref(),
        Consent::Deny => person.recipe.deny.as_deref(),
    }?;
    page.links.iter().find(|link| {
        let marked = match person.consent {
            Consent::Approve | Consent::Narrow => link.marks.approve,
            Consent::Deny => link.marks.deny,
        };
        marked || is_called(wanted, &link.text, "")
    })
}

/// In a browser any link may lead on, by its script.
fn leads_somewhere(link: &Link) -> bool {
    if link.number.is_some() {
        return true;
    }
    let href = link.href.trim();
    !href.is_empty()
        && !href.starts_with('#')
        && !href.to_ascii_lowercase().starts_with("javascript:")
}
