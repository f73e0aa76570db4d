//! The login recipe: the few lines of the target file that steer the user agent where its own
//! eyes are not enough.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Driver;

/// How to get through the login and consent pages: who does it, and the lines that steer. All of it
/// is optional: ordinary pages need none.
///
/// A button is named by its visible text (any case) or by a CSS selector (`css:` in front).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Who drives the user agent; `form` unless given.
    #[serde(skip_serializing_if = "is_form")]
    pub driver: Driver,
    /// Name, `id` or label of the field for the user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username_field: Option<String>,
    /// Name, `id` or label of the field for the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_field: Option<String>,
    /// The button that submits the login form, or the link that leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submit: Option<String>,
    /// The button or link that says yes on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<String>,
    /// The button or link that says no on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<String>,
    /// Further fields to fill wherever a form has them: name, `id` or label to value.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub extra_fields: IndexMap<String, String>,
    /// A login endpoint that takes JSON, for login pages that are drawn by a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_login: Option<JsonLogin>,
}

fn is_form(driver: &Driver) -> bool {
    *driver == Driver::Form
}

/// A login by JSON: posted when a login page without a usable form is met; then the page that
/// asked for the login is loaded again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonLogin {
    /// Where to post, relative to the login page.
    pub url: String,
    /// Members; `{username}` and `{password}` in a value stand for the user's.
    pub body: IndexMap<String, String>,
}
