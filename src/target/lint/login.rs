//! How to get through login and consent: selectors that parse, a program that is there.

use std::path::is_separator;

use scraper::Selector;

use super::Lint;
use crate::suite::Spot;
use crate::target::{CommandDriver, Driver};

impl Lint<'_> {
    pub(super) fn login(&mut self) {
        let at = Spot::root().key("login");
        let login = &self.target.login;
        for (member, wanted) in [
            ("submit", &login.submit),
            ("approve", &login.approve),
            ("deny", &login.deny),
        ] {
            let selector = wanted.as_deref().and_then(|text| text.strip_prefix("css:"));
            if selector.is_some_and(|text| Selector::parse(text.trim()).is_err()) {
                self.error(
                    &at.key(member),
                    "this is no CSS selector",
                    "write one that a browser's `document.querySelector` takes, or the text on the button without `css:`",
                );
            }
        }
        if let Some(json) = &login.json_login
            && !json.body.values().any(|value| value.contains("{password}"))
        {
            self.error(
                &at.key("json_login").key("body").name(),
                "no member of this login sends the password",
                "write `{username}` and `{password}` where the user's belong",
            );
        }
        match &login.driver {
            Driver::Form => {}
            Driver::Interactive(person) => {
                let at = at.key("driver").key("interactive");
                self.between(&at, "timeout", person.timeout, 5, 3600);
            }
            Driver::Command(command) => self.command(command, &at.key("driver").key("command")),
        }
    }

    fn command(&mut self, command: &CommandDriver, at: &Spot) {
        let Some(name) = command.program.first().filter(|name| !name.is_empty()) else {
            self.error(
                &at.key("program").name(),
                "no program is named",
                "write it with its arguments: `program: [python3, login.py]`",
            );
            return;
        };
        let is_there = match name.contains(is_separator) {
            true => self.base.join(name).is_file(),
            false => on_path(name),
        };
        if !is_there {
            self.error(
                &at.key("program").item(0),
                format!("there is no program `{name}`"),
                "a path starts at the target file (`./login`), a bare name is looked up in PATH",
            );
        }
        self.between(at, "timeout", command.timeout, 1, 600);
        self.between(at, "at_once", command.at_once as u64, 1, 64);
    }

    fn between(&mut self, at: &Spot, member: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.error(
                &at.key(member),
                format!("`{member}` lies between {least} and {most}"),
                "write a number in that range, or remove the member to get the default",
            );
        }
    }
}

/// Whether PATH leads to a program of this name.
fn on_path(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| {
        let path = folder.join(name);
        path.is_file() || path.with_extension("exe").is_file()
    })
}
