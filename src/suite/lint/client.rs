//! Client profiles.

use super::context::Context;
use super::findings::Findings;
use super::step::Place;
use super::texts;
use crate::suite::source::Spot;
use crate::suite::{ClientFile, Params, Steps};

/// Lints a file of client profiles.
pub(super) fn file(file: &ClientFile, cx: &Context<'_>, found: &mut Findings<'_>) {
    let (steps, with) = (Steps::new(), Params::new());
    let place = Place {
        cx,
        all: &steps,
        with: &with,
        columns: None,
    };
    for (name, profile) in &file.clients {
        let at = Spot::root().key("clients").key(name);
        texts::name("client profile", name, &at.clone().name(), found);
        texts::title(&profile.title, &at.key("title"), found);
        if profile.only_given != profile.register.is_empty() {
            let (spot, message, help) = if profile.only_given {
                (
                    at.key("register").name(),
                    "a profile that is only given is never registered",
                    "remove `register`, or remove `only_given`",
                )
            } else {
                (
                    at.clone().name(),
                    "nothing says how this client is registered",
                    "add `register` with its metadata, or `only_given: true`",
                )
            };
            found.error(&spot, message, help);
        }
        let mut scope = place.scope(0, None);
        scope.only = Some(&["harness", "target", "issuer", "resource", "run"]);
        scope.params(&profile.register, &at.key("register"), found);
    }
}
