//! From filters as typed to a selection. A filter that matches nothing is a mistake that names
//! what was probably meant, never an empty green run.

use std::collections::HashSet;

use super::args::Filters;
use super::catalogue;
use super::failure::Failure;
use crate::plan::{Pattern, Plan, Selection, is_within};
use crate::suite::{LoadedCheck, Suites, suggest};

/// The selection that `filters` describe; `only` are the ids of `--failed`.
pub fn selection(
    filters: &Filters,
    suites: &Suites,
    only: Option<Vec<String>>,
) -> Result<Selection, Failure> {
    let areas: Vec<String> = filters.suite.iter().map(|area| bare(area)).collect();
    for area in &areas {
        if !suites
            .checks
            .iter()
            .any(|check| is_within(&check.area, area))
        {
            let known = catalogue::areas(suites);
            let known = known.iter().map(String::as_str);
            let help = match catalogue::names(suites).contains(area) {
                true => format!("that is a check: write `--check {area}`"),
                false => suggest(area, known),
            };
            return Err(matches_nothing("--suite", area, help));
        }
    }
    let checks = patterns("--check", &filters.check)?;
    for pattern in &checks {
        if !any(suites, |check| catalogue::selects(pattern, check)) {
            let known = catalogue::names(suites);
            let known = known.iter().map(String::as_str);
            let area = bare(&pattern.text);
            let help = match catalogue::areas(suites).contains(&area) {
                true => format!("that is an area: write `--suite {area}`"),
                false => nearest(&pattern.text, known),
            };
            return Err(matches_nothing("--check", &pattern.text, help));
        }
    }
    let requirements = patterns("--requirement", &filters.requirement)?;
    for pattern in &requirements {
        requirement_matches(pattern, suites)?;
    }
    Ok(Selection {
        suites: areas,
        checks,
        requirements,
        role: filters.role.map(Into::into),
        only,
        except: HashSet::new(),
    })
}

/// Looks once more when every case has its name, also those that a target makes: each `--check`
/// must match one of `all`, and some case must be left.
pub fn left(
    selection: &Selection,
    plan: &Plan,
    all: impl FnOnce() -> Vec<String>,
) -> Result<(), Failure> {
    let within = |pattern: &&Pattern| plan.cases.iter().any(|case| pattern.selects(&case.id));
    let checks = selection.checks.iter();
    let lost: Vec<&Pattern> = checks.filter(|pattern| !within(pattern)).collect();
    if !lost.is_empty() {
        let all = all();
        for pattern in lost {
            if !all.iter().any(|id| pattern.selects(id)) {
                let known = all.iter().map(String::as_str);
                let help = nearest(&pattern.text, known);
                return Err(matches_nothing("--check", &pattern.text, help));
            }
        }
    }
    if plan.cases.is_empty() {
        return Err(Failure::usage(
            "no case passes all the filters",
            "each filter matches something, but no case passes them all: leave one out",
        ));
    }
    Ok(())
}

fn any(suites: &Suites, fits: impl Fn(&LoadedCheck) -> bool) -> bool {
    suites.checks.iter().any(fits)
}

/// An area may be typed as the path of its file.
fn bare(area: &str) -> String {
    let area = area.strip_prefix("suites/").unwrap_or(area);
    let area = area.strip_suffix(".yaml").unwrap_or(area);
    area.trim_end_matches('/').to_owned()
}

fn patterns(option: &str, texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let compile = |text: &String| {
        Pattern::new(text).map_err(|cause| {
            Failure::usage(
                format!("{option} {text}: this is not a glob: {cause}"),
                "`*` stands for any characters, `?` for one, `{a,b}` for either",
            )
        })
    };
    texts.iter().map(compile).collect()
}

fn requirement_matches(pattern: &Pattern, suites: &Suites) -> Result<(), Failure> {
    let tested = any(suites, |check| {
        catalogue::cited(check).iter().any(|id| pattern.matches(id))
    });
    if tested {
        return Ok(());
    }
    let (option, text) = ("--requirement", &pattern.text);
    match suites.registry.ids().find(|id| pattern.matches(id)) {
        Some(known) => Err(Failure::usage(
            format!("{option} {text} matches requirements that no check tests, such as {known}"),
            "`authspec list requirements` says which are tested",
        )),
        None => {
            let help = requirement_help(text, suites);
            Err(matches_nothing(option, text, help))
        }
    }
}

/// What was probably meant by the beginning of requirements, or by the id of one.
fn requirement_help(text: &str, suites: &Suites) -> String {
    let bare = without_wildcards(text);
    if let Some(prefix) = begun(&bare, suites) {
        return format!("did you mean `{prefix}*`?");
    }
    if bare == text {
        return nearest(text, suites.registry.ids().collect::<Vec<_>>());
    }
    let globs = suites.registry.ids().flat_map(|id| {
        let ends = id.match_indices('-').map(|(at, _)| at);
        ends.take(2).map(|end| format!("{}*", &id[..end]))
    });
    let globs: HashSet<String> = globs.collect();
    let mut globs: Vec<&str> = globs.iter().map(String::as_str).collect();
    globs.sort_unstable();
    suggest(text, globs)
}

/// `text` as requirements begin that are spelled so, in any case of letters.
fn begun<'s>(text: &str, suites: &'s Suites) -> Option<&'s str> {
    let mut heads = suites.registry.ids().filter_map(|id| id.get(..text.len()));
    heads.find(|head| head.eq_ignore_ascii_case(text))
}

fn matches_nothing(option: &str, text: &str, help: String) -> Failure {
    Failure::usage(format!("{option} {text} matches nothing"), help)
}

/// The name nearest to a glob, its wildcards aside.
fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    suggest(&without_wildcards(text), known)
}

fn without_wildcards(text: &str) -> String {
    text.replace(['*', '?'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filters: Filters) -> String {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        match selection(&filters, &suites, None) {
            Ok(_) => panic!("{filters:?} is accepted"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn a_filter_that_matches_nothing_names_what_was_meant() {
        let one = |text: &str| vec![text.to_owned()];
        let said = refused(Filters {
            check: one("verifier-wrnog"),
            ..Filters::default()
        });
        assert!(said.contains("did you mean `verifier-wrong`?"), "{said}");
        let said = refused(Filters {
            suite: one("authorisation/pkce"),
            ..Filters::default()
        });
        assert!(
            said.contains("did you mean `authorization/pkce`?"),
            "{said}"
        );
        let said = refused(Filters {
            requirement: one("OAUTH21-4.1.3-verifer-wrong"),
            ..Filters::default()
        });
        assert!(said.contains("OAUTH21-4.1.3-verifier-wrong"), "{said}");
    }

    #[test]
    fn what_is_of_another_kind_or_the_beginning_of_a_name_is_recognized() {
        let one = |text: &str| vec![text.to_owned()];
        for (suite, check, requirement, help) in [
            ("pkce", "", "", "did you mean `authorization/pkce`?"),
            ("verifier-wrong", "", "", "write `--check verifier-wrong`"),
            (
                "",
                "authorization/pkce",
                "",
                "write `--suite authorization/pkce`",
            ),
            ("", "", "rfc9728-3.3", "did you mean `RFC9728-3.3*`?"),
            ("", "", "rfc9728-3*", "did you mean `RFC9728-3*`?"),
            ("", "", "RFC9728-33*", "did you mean `RFC9728-3.3*`?"),
            ("", "", "RFC9999*", "did you mean `RFC"),
            ("", "nosuch", "", "the nearest is `"),
        ] {
            let given = |text: &str| match text {
                "" => Vec::new(),
                text => one(text),
            };
            let said = refused(Filters {
                suite: given(suite),
                check: given(check),
                requirement: given(requirement),
                ..Filters::default()
            });
            assert!(said.contains(help), "{said}");
        }
    }

    #[test]
    fn a_requirement_without_a_check_is_told_from_an_unknown_one() {
        let said = refused(Filters {
            requirement: vec!["RFC9470-*".to_owned()],
            ..Filters::default()
        });
        assert!(said.contains("no check tests"), "{said}");
    }

    #[test]
    fn what_exists_is_selected() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let filters = Filters {
            suite: vec!["suites/authorization/pkce.yaml".to_owned()],
            check: vec!["verifier-wrong[truncated]".to_owned()],
            requirement: vec!["OAUTH21-4.1.3*".to_owned()],
            ..Filters::default()
        };
        let selection = selection(&filters, &suites, None);
        assert_eq!(
            selection.map(|it| it.suites).ok(),
            Some(vec!["authorization/pkce".to_owned()])
        );
    }
}
