//! A form, filled and ready to be sent.

use super::fill::{self, Person};
use super::page::{Button, Encoding, Form};

/// A form, filled and ready to be sent.
#[derive(Debug)]
pub(super) struct Submission {
    pub action: String,
    pub post: bool,
    pub encoding: Encoding,
    pub members: Vec<(String, String)>,
    /// Equal for equal forms.
    pub fingerprint: String,
    pub with_password: bool,
    /// The person says who he is, which may be all that is asked.
    pub with_username: bool,
    pub consents: bool,
    /// The value of the scope that the person leaves out.
    pub declined: Option<String>,
    /// What a browser types and ticks, by the numbers of the fields.
    #[cfg(feature = "browser")]
    pub fills: Vec<(usize, fill::Fill)>,
    /// The number of the button.
    #[cfg(feature = "browser")]
    pub click: Option<usize>,
}

/// The form as the person fills it and submits it with the button.
pub(super) fn submission(
    form: &Form,
    button: Option<&Button>,
    person: &Person<'_>,
    consents: bool,
) -> Submission {
    let action = button
        .and_then(|b| b.form_action.as_deref())
        .unwrap_or(&form.action);
    Submission {
        action: action.to_owned(),
        post: button.and_then(|b| b.form_post).unwrap_or(form.post),
        encoding: button
            .and_then(|b| b.form_encoding)
            .unwrap_or(form.encoding),
        members: fill::members(form, button, person),
        fingerprint: fingerprint(form),
        with_password: fill::password_field(form, person.recipe).is_some(),
        with_username: person.login.is_some()
            && fill::username_field(form, person.recipe).is_some(),
        consents,
        declined: fill::declined(form, person),
        #[cfg(feature = "browser")]
        fills: fill::fills(form, person),
        #[cfg(feature = "browser")]
        click: button.and_then(|button| button.number),
    }
}

/// Path of the action and names of the fields; values such as CSRF tokens change each time.
fn fingerprint(form: &Form) -> String {
    let path = form.action.split(['?', '#']).next().unwrap_or_default();
    let names: Vec<&str> = form
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let buttons: Vec<&str> = form
        .buttons
        .iter()
        .map(|button| button.text.as_str())
        .collect();
    format!("{path} {} {}", names.join(","), buttons.join(","))
}
