//! Fills a form as a person would and encodes it as a browser does (HTML, "Form submission").

use super::page::{Button, Encoding, Field, FieldKind, Form};
use super::words;
use super::{Consent, Credentials};
use crate::target::Recipe;

/// Who fills and what he wants.
pub(super) struct Person<'a> {
    pub login: Option<&'a Credentials>,
    pub consent: Consent,
    pub recipe: &'a Recipe,
}

impl<'a> Person<'a> {
    /// What the recipe types into the field.
    pub fn extra(&self, form: &Form, index: usize) -> Option<&'a String> {
        let (field, extra) = (&form.fields[index], &self.recipe.extra_fields);
        extra.get(&field.name).or_else(|| {
            let is_open = |field: &Field| field.is_typed() || field.kind == FieldKind::Select;
            let meant = |(wanted, _): &(&String, &String)| {
                is_open(field) && (field.id == **wanted || words::is_label(&field.hint, wanted))
            };
            extra.iter().find(meant).map(|(_, value)| value)
        })
    }
}

/// The field that the recipe names: by its name, its `id`, or else by what is written beside it.
fn named(form: &Form, wanted: &str, fits: impl Fn(&Field) -> bool) -> Option<usize> {
    let place = |is: &dyn Fn(&Field) -> bool| {
        let mut fields = form.fields.iter();
        fields.position(|field| fits(field) && is(field))
    };
    place(&|field| field.name == wanted || field.id == wanted)
        .or_else(|| place(&|field| words::is_label(&field.hint, wanted)))
        .or_else(|| place(&|field| words::has_phrase(&field.hint, wanted)))
}

/// The members that the form sends.
pub(super) fn members(
    form: &Form,
    button: Option<&Button>,
    person: &Person<'_>,
) -> Vec<(String, String)> {
    let values = Values::of(form, person);
    let mut members = Vec::new();
    for (index, field) in form.fields.iter().enumerate() {
        if !field.name.is_empty() {
            let value = values.of_field(index, field);
            members.extend(value.map(|value| (field.name.clone(), value)));
        }
    }
    if let Some(button) = button.filter(|button| !button.name.is_empty()) {
        members.push((button.name.clone(), button.value.clone()));
    }
    members
}

/// What a browser does to a field.
#[cfg(feature = "browser")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Types or chooses it.
    Text(String),
    /// Ticks it, or not.
    Checked(bool),
}

/// What is to be changed in the form, by the numbers of the fields.
#[cfg(feature = "browser")]
pub(super) fn fills(form: &Form, person: &Person<'_>) -> Vec<(usize, Fill)> {
    let values = Values::of(form, person);
    let fields = form.fields.iter().enumerate();
    fields
        .filter_map(|(index, field)| {
            let value = values.of_field(index, field);
            let fill = match field.kind {
                FieldKind::Checkbox if field.checked && value.is_none() => Fill::Checked(false),
                FieldKind::Checkbox | FieldKind::Radio => {
                    Fill::Checked(value.filter(|_| !field.checked).is_some().then_some(true)?)
                }
                _ => Fill::Text(value.filter(|value| *value != field.value)?),
            };
            Some((field.number?, fill))
        })
        .collect()
}

/// The values that a person gives the fields of a form.
struct Values<'a> {
    form: &'a Form,
    person: &'a Person<'a>,
    username: Option<usize>,
    password: Option<usize>,
    declined: Option<usize>,
}

impl<'a> Values<'a> {
    fn of(form: &'a Form, person: &'a Person<'a>) -> Self {
        Self {
            form,
            person,
            username: username_field(form, person.recipe),
            password: password_field(form, person.recipe),
            declined: declined_field(form, person),
        }
    }

    /// The value; `None` where the field sends none.
    fn of_field(&self, index: usize, field: &Field) -> Option<String> {
        let login = self.person.login;
        if let Some(value) = self.person.extra(self.form, index) {
            Some(value.clone())
        } else if Some(index) == self.username && (!field.read_only || field.value.is_empty()) {
            Some(login.map_or_else(|| field.value.clone(), |login| login.username.clone()))
        } else if Some(index) == self.password {
            Some(login.map_or_else(|| field.value.clone(), |login| login.password.clone()))
        } else if Some(index) == self.declined {
            None
        } else {
            preset(self.form, field, self.person.consent)
        }
    }
}

/// The value of the scope that the person takes out of the choice.
pub(super) fn declined(form: &Form, person: &Person<'_>) -> Option<String> {
    declined_field(form, person).map(|index| checked_value(&form.fields[index]))
}

/// Of several scopes that are ticked, and need not be, the last.
fn declined_field(form: &Form, person: &Person<'_>) -> Option<usize> {
    if person.consent != Consent::Narrow {
        return None;
    }
    let given = |field: &Field| {
        is_scope(field)
            && !person.recipe.extra_fields.contains_key(&field.name)
            && preset(form, field, person.consent).is_some()
    };
    let several = form.fields.iter().filter(|field| given(field)).count() > 1;
    let mut fields = form.fields.iter();
    fields
        .rposition(|field| given(field) && !field.required)
        .filter(|_| several)
}

fn preset(form: &Form, field: &Field, consent: Consent) -> Option<String> {
    match field.kind {
        FieldKind::Checkbox => {
            let scope = is_scope(field);
            let any = form
                .fields
                .iter()
                .any(|other| is_scope(other) && other.checked);
            let wanted =
                field.checked || field.required || (scope && !any && consent != Consent::Deny);
            wanted.then(|| checked_value(field))
        }
        FieldKind::Radio => {
            let chosen = chosen_radio(form, &field.name, consent)?;
            std::ptr::eq(chosen, field).then(|| checked_value(field))
        }
        // `checked` stands for "has an option".
        FieldKind::Select => field.checked.then(|| field.value.clone()),
        _ => Some(field.value.clone()),
    }
}

fn is_scope(field: &Field) -> bool {
    field.kind == FieldKind::Checkbox && field.name.to_ascii_lowercase().contains("scope")
}

fn checked_value(field: &Field) -> String {
    if field.value.is_empty() {
        "on".to_owned()
    } else {
        field.value.clone()
    }
}

fn chosen_radio<'f>(form: &'f Form, name: &str, consent: Consent) -> Option<&'f Field> {
    let group = || {
        form.fields
            .iter()
            .filter(|f| f.kind == FieldKind::Radio && f.name == name)
    };
    let meant = group().find(|field| {
        let meaning = words::meaning(&field.hint, &field.value);
        match consent {
            Consent::Approve | Consent::Narrow => meaning.approves,
            Consent::Deny => meaning.denies,
        }
    });
    // Two answers make a question of consent; one that fits alone may be anything.
    let question = group().any(|field| words::meaning(&field.hint, &field.value).denies);
    meant
        .filter(|_| question)
        .or_else(|| group().find(|field| field.checked))
        .or_else(|| group().find(|field| field.required))
}

/// Whether a group of radio buttons asks for consent and one of them says no.
pub(super) fn has_denying_radio(form: &Form) -> bool {
    form.fields.iter().any(|field| {
        field.kind == FieldKind::Radio && words::meaning(&field.hint, &field.value).denies
    })
}

/// The field for the user name.
pub(super) fn username_field(form: &Form, recipe: &Recipe) -> Option<usize> {
    let typed = |field: &Field| matches!(field.kind, FieldKind::Text | FieldKind::Email);
    if let Some(wanted) = &recipe.username_field {
        return named(form, wanted, typed);
    }
    let scored = form
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| typed(field))
        .map(|(index, field)| {
            let score = words::username_score(&field.name, &field.autocomplete, &field.hint)
                .max(words::username_score(&field.id, "", ""));
            let email = u32::from(field.kind == FieldKind::Email) * 5;
            (score.max(email), index)
        });
    let best = scored
        .clone()
        .max_by_key(|(score, index)| (*score, usize::MAX - index));
    match best {
        Some((0, _)) => {
            // Nameless but the only one before the password.
            let password = form
                .fields
                .iter()
                .position(|f| f.kind == FieldKind::Password)?;
            let before = scored
                .map(|(_, index)| index)
                .take_while(|index| *index < password);
            before.last()
        }
        Some((_, index)) => Some(index),
        None => None,
    }
}

/// The field for the password.
pub(super) fn password_field(form: &Form, recipe: &Recipe) -> Option<usize> {
    if let Some(wanted) = &recipe.password_field {
        return named(form, wanted, Field::is_typed);
    }
    form.fields
        .iter()
        .position(|field| field.kind == FieldKind::Password)
}

/// The content type of forms.
pub(super) const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// Content type and body of the members.
pub(super) fn encode(members: &[(String, String)], encoding: Encoding) -> (String, Vec<u8>) {
    match encoding {
        Encoding::UrlEncoded => (FORM_TYPE.to_owned(), query(members).into_bytes()),
        Encoding::Plain => {
            let lines: String = members
                .iter()
                .map(|(n, v)| format!("{n}={v}\r\n"))
                .collect();
            ("text/plain".to_owned(), lines.into_bytes())
        }
        Encoding::Multipart => multipart(members),
    }
}

/// Members as a query.
pub(super) fn query(members: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(members)
        .finish()
}

fn multipart(members: &[(String, String)]) -> (String, Vec<u8>) {
    let mut boundary = "----authspec-form".to_owned();
    while members
        .iter()
        .any(|(name, value)| name.contains(&boundary) || value.contains(&boundary))
    {
        boundary.push('-');
    }
    let mut body = String::new();
    for (name, value) in members {
        let name = name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    (
        format!("multipart/form-data; boundary={boundary}"),
        body.into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::user_agent::page::read;

    fn filled(html: &str, consent: Consent, recipe: &Recipe) -> String {
        let page = read(html, recipe);
        let login = Credentials {
            username: "alice".to_owned(),
            password: "pw".to_owned(),
        };
        let person = Person {
            login: Some(&login),
            consent,
            recipe,
        };
        query(&members(
            &page.forms[0],
            page.forms[0].buttons.first(),
            &person,
        ))
    }

    #[test]
    fn the_last_scope_that_is_no_must_is_left_out() {
        let scope = |value: &str, more: &str| {
            format!("<input type=checkbox name=scope value={value} {more}>")
        };
        let form = |scopes: &[String]| {
            format!(
                "<form>{}<button name=ok value=1>Allow</button></form>",
                scopes.concat()
            )
        };
        let narrowed = |html: &str| filled(html, Consent::Narrow, &Recipe::default());
        let ticked = [scope("a", "checked"), scope("b", "checked")];
        assert_eq!(narrowed(&form(&ticked)), "scope=a&ok=1");
        let blank = [scope("a", ""), scope("b", "")];
        assert_eq!(narrowed(&form(&blank)), "scope=a&ok=1");
        let needed = [scope("a", "checked"), scope("b", "checked required")];
        assert_eq!(narrowed(&form(&needed)), "scope=b&ok=1");
        assert_eq!(narrowed(&form(&ticked[..1])), "scope=a&ok=1");
        let all = filled(&form(&ticked), Consent::Approve, &Recipe::default());
        assert_eq!(all, "scope=a&scope=b&ok=1");
    }

    #[test]
    fn presets_stay_and_the_user_fills_in_what_is_asked() {
        let html =
            "<form><input type=hidden name=csrf value=1><input name=q1><input name=f value=x>
            <label>User <input name=f2></label><input type=password name=p><input type=checkbox
            name=terms required><input type=checkbox name=remember><select name=s></select>
            <button name=go value=1>Go</button></form>";
        let plain = Recipe::default();
        let wanted = "csrf=1&q1=&f=x&f2=alice&p=pw&terms=on&go=1";
        assert_eq!(filled(html, Consent::Approve, &plain), wanted);
        let recipe = Recipe {
            username_field: Some("q1".to_owned()),
            extra_fields: [("f".to_owned(), "y".to_owned())].into_iter().collect(),
            ..Recipe::default()
        };
        let wanted = "csrf=1&q1=alice&f=y&f2=&p=pw&terms=on&go=1";
        assert_eq!(filled(html, Consent::Approve, &recipe), wanted);
    }

    #[test]
    fn a_field_may_be_called_by_its_label() {
        let html = "<form><label for=x>Realm:</label><input id=x name=z1><label>Your handle
            <input name=a1></label><label>Magic Word <input type=password name=b1></label>
            <input type=password name=b2 placeholder='Old magic word'></form>";
        let recipe = Recipe {
            username_field: Some("handle".to_owned()),
            password_field: Some("Magic word".to_owned()),
            extra_fields: [("realm".to_owned(), "corp".to_owned())].into(),
            ..Recipe::default()
        };
        let wanted = "z1=corp&a1=alice&b1=pw&b2=";
        assert_eq!(filled(html, Consent::Approve, &recipe), wanted);
    }

    #[test]
    fn scopes_and_answers_are_chosen() {
        let html = "<form><input type=checkbox name=scope value=a><input type=checkbox name=scope
            value=b><input type=radio name=d value=deny checked><input type=radio name=d
            value=allow></form>";
        let recipe = Recipe::default();
        assert_eq!(
            filled(html, Consent::Approve, &recipe),
            "scope=a&scope=b&d=allow"
        );
        assert_eq!(filled(html, Consent::Deny, &recipe), "d=deny");
        let preset = html.replace("value=b>", "value=b checked>");
        assert_eq!(
            filled(&preset, Consent::Approve, &recipe),
            "scope=b&d=allow"
        );
    }

    #[test]
    fn multipart_is_framed() {
        let members = [("a\"".to_owned(), "----authspec-form".to_owned())];
        let (content_type, body) = encode(&members, Encoding::Multipart);
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=----authspec-form-"
        );
        let body = String::from_utf8(body).unwrap();
        assert!(
            body.contains("name=\"a%22\"\r\n\r\n----authspec-form\r\n"),
            "{body}"
        );
    }
}
