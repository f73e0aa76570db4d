//! A second factor: what a user proves beside the password, which nobody can do for him here.

use super::SECOND_FACTOR;
use super::fill::Person;
use super::page::{Field, Form};
use super::words;

/// So many fields of one character make a code.
const CELLS: usize = 4;

/// The blank field of the form for a second factor that the recipe does not fill.
pub(super) fn asked<'f>(form: &'f Form, person: &Person<'_>) -> Option<&'f Field> {
    let cells = form.fields.iter().filter(|field| field.is_cell).count();
    let wanted = |field: &&Field| {
        words::is_second_factor(&field.name, &field.autocomplete)
            || (field.is_cell && cells >= CELLS)
    };
    let mut fields = form.fields.iter().enumerate();
    let found = fields.find(|(index, field)| is_blank(form, *index, person) && wanted(field));
    found.map(|(_, field)| field)
}

/// Whether the field is to be typed by the person, and the recipe says nothing of it.
pub(super) fn is_blank(form: &Form, index: usize, person: &Person<'_>) -> bool {
    let field = &form.fields[index];
    field.is_typed() && field.value.is_empty() && person.extra(form, index).is_none()
}

/// Why a page with such a field is not passed.
pub(super) fn reason(field: &Field) -> String {
    let name: String = field.name.chars().take(60).collect();
    format!(
        "{SECOND_FACTOR} (`{name}`): give a test user without one, or let a person or a program log in (`login.driver`)"
    )
}
