//! Forms and their controls (HTML, section "Forms").

/// A form.
#[derive(Clone, Debug, Default)]
pub(in crate::run::user_agent) struct Form {
    pub id: String,
    pub name: String,
    /// `action`, unresolved; empty is the page itself.
    pub action: String,
    pub post: bool,
    pub encoding: Encoding,
    pub fields: Vec<Field>,
    pub buttons: Vec<Button>,
    /// A script submits it as soon as the page is there.
    pub submits_itself: bool,
    /// `role=search` or a field of type search.
    pub is_search: bool,
}

/// How a form is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run::user_agent) enum Encoding {
    #[default]
    UrlEncoded,
    Multipart,
    Plain,
}

/// What kind of field it is, as far as filling goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run::user_agent) enum FieldKind {
    /// One line of text of any kind that a person types.
    #[default]
    Text,
    Email,
    Password,
    Hidden,
    Checkbox,
    Radio,
    Select,
}

/// A field with its preset value.
#[derive(Clone, Debug, Default)]
pub(in crate::run::user_agent) struct Field {
    pub id: String,
    pub name: String,
    pub kind: FieldKind,
    pub value: String,
    /// Checked, for checkboxes and radio buttons.
    pub checked: bool,
    pub required: bool,
    pub read_only: bool,
    pub autocomplete: String,
    /// It takes one character: a code is typed into several of them.
    pub is_cell: bool,
    /// Label and placeholder.
    pub hint: String,
    /// Its number among the page's controls, where a browser has given it one.
    #[cfg_attr(
        not(feature = "browser"),
        expect(dead_code, reason = "only a browser needs it")
    )]
    pub number: Option<usize>,
}

impl Field {
    /// Whether a person could type into it.
    pub fn is_typed(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::Text | FieldKind::Email | FieldKind::Password
        )
    }
}

/// Which selectors of the recipe a control matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run::user_agent) struct Marks {
    pub submit: bool,
    pub approve: bool,
    pub deny: bool,
}

/// A button that submits.
#[derive(Clone, Debug, Default)]
pub(in crate::run::user_agent) struct Button {
    pub name: String,
    pub value: String,
    /// What is written on it.
    pub text: String,
    pub form_action: Option<String>,
    pub form_post: Option<bool>,
    pub form_encoding: Option<Encoding>,
    pub marks: Marks,
    #[cfg_attr(
        not(feature = "browser"),
        expect(dead_code, reason = "only a browser needs it")
    )]
    pub number: Option<usize>,
}

/// A link.
#[derive(Clone, Debug, Default)]
pub(in crate::run::user_agent) struct Link {
    pub href: String,
    pub text: String,
    pub marks: Marks,
    pub number: Option<usize>,
}
