//! The scripts that look at a page and act on it.

use serde::{Deserialize, Serialize};

use crate::run::user_agent::fill::Fill;

/// A page as it is drawn.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Drawn {
    /// The document as text, each control numbered, what is not seen marked as hidden.
    pub html: String,
    /// `document.readyState` is `complete`.
    pub is_complete: bool,
    /// `document.cookie`.
    pub cookies: String,
    /// The address of the page.
    pub url: String,
}

/// Copies the document with what the screen shows: the values typed, what is hidden, what is
/// disabled. The page itself is not touched.
pub(super) const LOOK: &str = include_str!("look.js");

/// Fills fields and presses a control.
pub(super) fn act(fills: &[(usize, Fill)], click: Option<usize>) -> String {
    #[derive(Serialize)]
    struct Act<'a> {
        fills: Vec<(usize, Value<'a>)>,
        click: Option<usize>,
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Value<'a> {
        Text(&'a str),
        Checked(bool),
    }
    let act = Act {
        fills: fills
            .iter()
            .map(|(at, fill)| {
                let value = match fill {
                    Fill::Text(text) => Value::Text(text),
                    Fill::Checked(checked) => Value::Checked(*checked),
                };
                (*at, value)
            })
            .collect(),
        click,
    };
    // Numbers and text always serialize; JSON is JavaScript.
    let act = serde_json::to_string(&act).unwrap_or_default();
    format!("({})({act})", include_str!("act.js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_cannot_leave_its_string() {
        let script = act(&[(3, Fill::Text("\"); alert(1); (\"".to_owned()))], None);
        assert!(script.contains(r#"[3,"\"); alert(1); (\""]"#), "{script}");
    }
}
