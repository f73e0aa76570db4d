//! Which cases a person asked for.

use std::collections::HashSet;

use globset::{Glob, GlobMatcher};

use super::PlannedCase;
use crate::suite::Role;

/// Filters; an empty list filters nothing, and a case must pass every list.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `--suite`: areas or their first folder (`authorization`, `authorization/pkce`).
    pub suites: Vec<String>,
    /// `--check`: globs on the case's id.
    pub checks: Vec<Pattern>,
    /// `--requirement`: globs on requirement ids.
    pub requirements: Vec<Pattern>,
    /// `--role`.
    pub role: Option<Role>,
    /// `--failed`: exact ids.
    pub only: Option<Vec<String>>,
    /// Exact ids that are left out.
    pub except: HashSet<String>,
}

/// A glob as it was typed.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The text.
    pub text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Compiles a glob. Brackets stand for themselves, since they are part of case ids.
    ///
    /// # Errors
    /// The text is not a glob.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let escaped = text.replace('[', "\\[").replace(']', "\\]");
        Ok(Self {
            text: text.to_owned(),
            matcher: Glob::new(&escaped)?.compile_matcher(),
        })
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }

    /// Whether it selects the case called `id`: by its id, by its check's id, or by a tail of
    /// either.
    pub fn selects(&self, id: &str) -> bool {
        names(self, id)
    }
}

impl Selection {
    /// Whether some filter is set, so that cases may be left out.
    pub fn is_partial(&self) -> bool {
        !(self.suites.is_empty()
            && self.checks.is_empty()
            && self.requirements.is_empty()
            && self.except.is_empty())
            || self.role.is_some()
            || self.only.is_some()
    }

    /// Whether the case called `id`, one of `all` of its check, passes the filters that look at names.
    /// A plan asks first, before it makes a case. What is a case's whole id means that case, whatever
    /// it would be as a glob.
    pub(super) fn wants_name(&self, area: &str, id: &str, all: &[String]) -> bool {
        let wants = |glob: &Pattern| match all.contains(&glob.text) {
            true => glob.text == id,
            false => names(glob, id),
        };
        self.wants_area(area)
            && (self.checks.is_empty() || self.checks.iter().any(wants))
            && self
                .only
                .as_ref()
                .is_none_or(|ids| ids.iter().any(|only| only == id))
            && !self.except.contains(id)
    }

    /// Whether `case` passes the filters that look at what it cites.
    pub(super) fn wants_cited(&self, case: &PlannedCase) -> bool {
        (self.requirements.is_empty()
            || case
                .requirements
                .iter()
                .any(|cited| self.requirements.iter().any(|glob| glob.matches(&cited.id))))
            && self.role.is_none_or(|role| {
                case.requirements
                    .iter()
                    .any(|cited| cited.requirement.role == role)
            })
    }

    fn wants_area(&self, area: &str) -> bool {
        self.suites.is_empty() || self.suites.iter().any(|suite| is_within(area, suite))
    }
}

/// Whether `area` is `suite` or lies in it.
pub fn is_within(area: &str, suite: &str) -> bool {
    area == suite || area.starts_with(&format!("{suite}/"))
}

/// A glob names a case by its id, by its check's id, or by a tail of either.
fn names(glob: &Pattern, id: &str) -> bool {
    let check = id.split('[').next().unwrap_or(id);
    let tail = check.rsplit('/').next().unwrap_or(check);
    let row_tail = id.rsplit_once('/').map_or(id, |_| {
        let start = check.len() - tail.len();
        &id[start..]
    });
    [id, check, tail, row_tail]
        .into_iter()
        .any(|name| glob.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(glob: &str, id: &str) -> bool {
        names(&Pattern::new(glob).expect("a glob"), id)
    }

    #[test]
    fn a_whole_id_means_that_case_and_no_other() {
        let ids = [
            "scopes/grid/denied[x with y:*]",
            "scopes/grid/denied[x with y:z]",
        ];
        let ids = ids.map(str::to_owned);
        let wanted = |text: &str| -> Vec<bool> {
            let selection = Selection {
                checks: vec![Pattern::new(text).expect("a glob")],
                ..Selection::default()
            };
            let wants = |id: &String| selection.wants_name("scopes/grid", id, &ids);
            ids.iter().map(wants).collect()
        };
        assert_eq!(wanted(&ids[0]), [true, false]);
        assert_eq!(wanted("scopes/grid/denied[x with *]"), [true, true]);
    }

    #[test]
    fn every_filter_makes_a_part() {
        assert!(!Selection::default().is_partial());
        let filtered = [
            Selection {
                suites: vec!["token".to_owned()],
                ..Selection::default()
            },
            Selection {
                role: Some(Role::ResourceServer),
                ..Selection::default()
            },
            Selection {
                only: Some(Vec::new()),
                ..Selection::default()
            },
        ];
        assert!(filtered.iter().all(Selection::is_partial));
    }

    #[test]
    fn a_case_is_selected_by_id_check_or_tail() {
        let id = "authorization/pkce/verifier-wrong[truncated]";
        assert!(selects("authorization/pkce/verifier-wrong[truncated]", id));
        assert!(selects("authorization/pkce/verifier-wrong", id));
        assert!(selects("verifier-*", id));
        assert!(selects("verifier-wrong[trunc*]", id));
        assert!(selects("*pkce*", id));
        assert!(!selects("verifier-wrong[other]", id));
    }
}
