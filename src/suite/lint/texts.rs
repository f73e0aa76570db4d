//! Ids and the texts that people read.

use super::findings::Findings;
use crate::suite::names::{is_kebab, is_snake};
use crate::suite::source::Spot;

/// Longest title: it stands in one line of every report.
const TITLE: usize = 90;

/// The names that templates know already; a step of that name would hide one.
pub(super) const RESERVED: [&str; 13] = [
    "run",
    "case",
    "with",
    "client",
    "clients",
    "target",
    "resource",
    "issuer",
    "metadata",
    "resource_metadata",
    "discovery",
    "harness",
    "self_url",
];

/// The id of a check: it stands in a path, so lower-case words with hyphens.
pub(super) fn check_id(id: &str, spot: &Spot, found: &mut Findings<'_>) {
    if !is_kebab(id) {
        found.error(
            spot,
            format!("the id `{id}` is not lower-case words joined by hyphens"),
            format!("write `{}`", joined(id, '-')),
        );
    }
}

/// The name of a flow, step, parameter or client profile: templates read it.
pub(super) fn name(kind: &str, name: &str, spot: &Spot, found: &mut Findings<'_>) {
    if !is_snake(name) {
        found.error(
            spot,
            format!("the {kind} `{name}` is not lower-case words joined by underscores"),
            format!("templates read it as a name: write `{}`", joined(name, '_')),
        );
    }
}

/// The name of a step.
pub(super) fn step_name(step: &str, spot: &Spot, found: &mut Findings<'_>) {
    name("step", step, spot, found);
    if RESERVED.contains(&step) {
        found.error(
            spot,
            format!("`{step}` means something else in templates, so no step can be called that"),
            format!("give the step another name, such as `{step}_step`"),
        );
    }
}

/// The name of a row: it stands in brackets on the command line.
pub(super) fn row_name(name: &str, spot: &Spot, found: &mut Findings<'_>) {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._ ".contains(&byte);
    if name.is_empty() || !name.bytes().all(fits) {
        found.error(
            spot,
            format!(
                "the case name `{name}` holds more than letters, digits, `-`, `.`, `_` and spaces"
            ),
            "it selects the case on the command line and stands in every report: write plain words",
        );
    }
}

/// A title: a claim in one line.
pub(super) fn title(title: &str, spot: &Spot, found: &mut Findings<'_>) {
    required("title", title, spot, found);
    if title.chars().count() > TITLE {
        found.warning(
            spot,
            format!("this title is longer than {TITLE} characters"),
            "say the claim in one line; reasons belong into `why`",
        );
    }
    if title.ends_with('.') {
        found.warning(
            spot,
            "a title ends without a full stop",
            "remove the full stop",
        );
    }
}

/// A text that may not be empty.
pub(super) fn required(member: &str, text: &str, spot: &Spot, found: &mut Findings<'_>) {
    if text.trim().is_empty() {
        found.error(
            spot,
            format!("`{member}` is empty"),
            "write a sentence for the person who reads the report",
        );
    }
}

/// `text` as lower-case words with `joint` between them.
fn joined(text: &str, joint: char) -> String {
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(&joint.to_string())
}
