//! Coverage for a person at a terminal.

use std::io::Write;

use super::{Coverage, Entry, Share, Standing};
use crate::cli::console::heading;
use crate::cli::failure::Failure;
use crate::report::terminal::Verbosity;
use crate::report::text::count;
use crate::suite::{McpVersion, Role};

/// Quiet, the shares alone; verbose, every check and defect by name.
pub(super) fn write(
    coverage: &Coverage,
    verbosity: Verbosity,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if verbosity > Verbosity::Quiet {
        let mut document = "";
        for entry in &coverage.requirements {
            if entry.document != document {
                let blank = if document.is_empty() { "" } else { "\n" };
                writeln!(out, "{blank}{}", heading(&entry.document))?;
                document = &entry.document;
            }
            requirement(entry, verbosity == Verbosity::Verbose, out)?;
        }
        writeln!(out)?;
    }
    for (title, shares) in coverage.shares() {
        let title = format!("By {title}");
        writeln!(
            out,
            "{}",
            heading(&format!(
                "{title:<52} to check  checked  share  reason given"
            ))
        )?;
        for each in shares {
            share(each, out)?;
        }
        writeln!(out)?;
    }
    share(&coverage.total, out)?;
    if !coverage.unproved.is_empty() {
        let checks = count(coverage.unproved.len(), "check");
        let names = coverage.unproved.join(", ");
        writeln!(out, "\n{checks} without a defect: {names}")?;
    }
    Ok(())
}

fn share(share: &Share, out: &mut impl Write) -> Result<(), Failure> {
    let Share {
        of,
        to_check,
        checked,
        unchecked,
        percent,
    } = share;
    writeln!(
        out,
        "  {of:<50} {to_check:>8} {checked:>8} {percent:>4} % {unchecked:>13}"
    )?;
    Ok(())
}

fn requirement(entry: &Entry, whole: bool, out: &mut impl Write) -> Result<(), Failure> {
    let role = role(entry.role);
    let versions = versions(&entry.mcp_versions);
    let (level, id) = (entry.level.as_str(), &entry.id);
    let state = match entry.standing {
        Standing::Client => "binds clients".to_owned(),
        Standing::Unchecked => "not checked".to_owned(),
        Standing::Open => "no check".to_owned(),
        Standing::Checked => format!(
            "{}, {}",
            count(entry.checks.len(), "check"),
            count(entry.defects.len(), "defect")
        ),
    };
    writeln!(
        out,
        "  {level:<10} {role:<6} {versions:<11} {id:<50} {state}"
    )?;
    if !entry.unchecked.is_empty() {
        writeln!(out, "      {}", entry.unchecked)?;
    }
    if let Some(why) = entry.at_most_warns {
        writeln!(out, "      at most a warning: {why}")?;
    }
    if whole {
        for check in &entry.checks {
            writeln!(out, "      check   {check}")?;
        }
        for defect in &entry.defects {
            writeln!(out, "      defect  {defect}")?;
        }
    }
    Ok(())
}

/// `AS`, `RS` or `client`.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::AuthorizationServer => "AS",
        Role::ResourceServer => "RS",
        Role::Client => "client",
    }
}

/// `all`, `2025-11-25+`, `-2025-06-18`, or the list; `feature` where no MCP version asks for it.
pub(super) fn versions(versions: &[McpVersion]) -> String {
    let all = McpVersion::ALL;
    let listed = |part: &[McpVersion]| {
        part.len() == versions.len() && part.iter().all(|version| versions.contains(version))
    };
    if versions.is_empty() {
        return "feature".to_owned();
    }
    if listed(&all) {
        return "all".to_owned();
    }
    for at in 1..all.len() {
        if listed(&all[at..]) && at + 1 < all.len() {
            return format!("{}+", all[at]);
        }
        if listed(&all[..at]) && at > 1 {
            return format!("-{}", all[at - 1]);
        }
    }
    let names: Vec<&str> = versions.iter().map(|version| version.as_str()).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_short() {
        let all = McpVersion::ALL;
        assert_eq!(versions(&[]), "feature");
        assert_eq!(versions(&all), "all");
        assert_eq!(versions(&all[2..]), "2025-11-25+");
        assert_eq!(versions(&all[..2]), "-2025-06-18");
        assert_eq!(versions(&all[3..]), "2026-07-28");
        assert_eq!(versions(&[all[0], all[2]]), "2025-03-26 2025-11-25");
    }
}
