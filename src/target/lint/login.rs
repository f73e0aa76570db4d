//! How to get through login and consent: selectors that parse, a program that is there.

use std::path::is_separator;

use scraper::Selector;

use super::Lint;
use crate::suite::Spot;
use crate::target::driver::on_path;
use crate::target::{BrowserDriver, CommandDriver, Driver};

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
            Driver::Browser(browser) => self.browser(browser, &at.key("driver").key("browser")),
            Driver::Interactive(person) => {
                let at = at.key("driver").key("interactive");
                self.between(&at, "timeout", person.timeout, 5, 3600);
            }
            Driver::Command(command) => self.command(command, &at.key("driver").key("command")),
        }
    }

    fn browser(&mut self, browser: &BrowserDriver, at: &Spot) {
        if !cfg!(feature = "browser") {
            self.error(
                &at.clone().name(),
                "this authspec was built without the driver `browser`",
                "build it with `cargo build --release --features browser`; `command` and `interactive` need no such thing",
            );
        } else if browser.executable(self.base).is_none() {
            let (spot, message) = match &browser.path {
                Some(path) => (at.key("path"), format!("there is no program at {path}")),
                None => (
                    at.clone().name(),
                    "there is no Chromium on this machine".to_owned(),
                ),
            };
            self.error(
                &spot,
                message,
                "install it (Debian: `apt-get install chromium`), or say where it is: `path`, or AUTHSPEC_CHROMIUM",
            );
        }
        self.between(at, "timeout", browser.timeout, 1, 600);
        self.between(at, "at_once", browser.at_once as u64, 1, 16);
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
            false => on_path(name).is_some(),
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
