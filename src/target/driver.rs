//! Who drives the user agent through login and consent, and what each of them can do.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who drives the user agent. All come to the same three ends: a callback, a page, or a reason to
/// give up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// authspec itself, by plain HTTP and HTML forms.
    #[default]
    Form,
    /// Headless Chromium, for pages that need JavaScript; by the same recipe as `form`.
    Browser(BrowserDriver),
    /// A person with the own browser.
    Interactive(InteractiveDriver),
    /// A program of the operator's.
    Command(CommandDriver),
}

/// A program that gets one visit as a JSON document on its standard input and answers with one on
/// its standard output. It is started anew for each visit, in the target file's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandDriver {
    /// The program and its arguments. A path starts at the target file; a bare name is looked up
    /// in PATH.
    pub program: Vec<String>,
    /// Seconds for one visit; then the program is killed, with the processes that it started.
    #[serde(default = "a_minute")]
    pub timeout: u64,
    /// How many visits may be under way at the same time.
    #[serde(default = "four")]
    pub at_once: usize,
}

/// Headless Chromium. It reaches nobody by itself: authspec makes its requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrowserDriver {
    /// The program; a path starts at the target file. Unless given: `AUTHSPEC_CHROMIUM`, else what
    /// PATH has of Chromium and its kin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Seconds for one visit.
    pub timeout: u64,
    /// How many windows may be open at the same time.
    pub at_once: usize,
}

impl Default for BrowserDriver {
    fn default() -> Self {
        Self {
            path: None,
            timeout: 60,
            at_once: 2,
        }
    }
}

impl BrowserDriver {
    /// Where the program is, if it is anywhere.
    pub fn executable(&self, base: &Path) -> Option<PathBuf> {
        const NAMES: [&str; 6] = [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
            "chrome",
            "msedge",
        ];
        let given = self.path.as_ref().map(|path| base.join(path));
        let given = given.or_else(|| std::env::var_os("AUTHSPEC_CHROMIUM").map(PathBuf::from));
        match given {
            Some(path) => path.is_file().then_some(path),
            None => NAMES.iter().find_map(|name| on_path(name)),
        }
    }
}

/// The program of this name that PATH leads to.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut paths = std::env::split_paths(&paths).map(|folder| folder.join(name));
    paths.find_map(|path| {
        let exe = path.with_extension("exe");
        [path, exe].into_iter().find(|path| path.is_file())
    })
}

/// A person, who is told what to do one step at a time. authspec listens at the client's redirect
/// URI, which has to be `http` on loopback, as that of the clients is that it registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InteractiveDriver {
    /// Seconds for one step.
    pub timeout: u64,
    /// Open the browser; otherwise the address is only printed.
    pub open: bool,
}

impl Default for InteractiveDriver {
    fn default() -> Self {
        Self {
            timeout: 180,
            open: true,
        }
    }
}

const fn a_minute() -> u64 {
    60
}

const fn four() -> usize {
    4
}

/// Something that a case may want of the user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// Show every page on the way with its headers.
    ShowPages,
    /// Send the authorization request with another method than GET.
    OtherMethod,
    /// End on purpose before the login or the consent page.
    Stop,
    /// Tell how a deviating authorization request ends, which is mostly at a page.
    TellRefusals,
    /// See a callback that is not on loopback.
    SeeAnyCallback,
}

impl Driver {
    /// The word in the target file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Browser(_) => "browser",
            Self::Interactive(_) => "interactive",
            Self::Command(_) => "command",
        }
    }

    /// What to add to the target file for an ability that this driver has not; `None` where it has
    /// it.
    pub fn lacks(&self, ability: Ability) -> Option<String> {
        let able = "`login.driver: form` or `browser`";
        let why = match (self, ability) {
            (Self::Form | Self::Browser(_), _) => return None,
            (Self::Interactive(_), ability) => match ability {
                Ability::ShowPages => {
                    "which sees the pages (a person's browser shows authspec none)"
                }
                Ability::OtherMethod => "which can send the authorization request by POST",
                Ability::Stop => "which can end before the login or the consent page",
                Ability::TellRefusals => {
                    "which sees how a wrong authorization request ends (a person's browser shows authspec no error page)"
                }
                Ability::SeeAnyCallback => {
                    "which sees callbacks that are not on loopback (a person's browser shows authspec none)"
                }
            },
            (Self::Command(_), Ability::Stop | Ability::TellRefusals | Ability::SeeAnyCallback) => {
                return None;
            }
            (Self::Command(_), Ability::ShowPages) => {
                "which sees every page with its headers (a `command` tells only how a visit ended)"
            }
            (Self::Command(_), Ability::OtherMethod) => {
                "which can send the authorization request by POST (a `command` gets a URL to open)"
            }
        };
        Some(format!("{able}, {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_lacks_says_which_one_has_it() {
        let command = Driver::Command(CommandDriver {
            program: vec!["login".to_owned()],
            timeout: 1,
            at_once: 1,
        });
        for ability in [Ability::ShowPages, Ability::OtherMethod] {
            assert_eq!(Driver::Form.lacks(ability), None);
            let add = command.lacks(ability).expect("it lacks that");
            assert!(
                add.starts_with("`login.driver: form` or `browser`"),
                "{add}"
            );
        }
    }
}
