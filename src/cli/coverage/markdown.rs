//! Coverage as a page of Markdown.

use std::io::Write;

use super::text::{role, versions};
use super::{Coverage, Entry, Share, Standing};
use crate::cli::failure::Failure;

/// Shares first, then a table for each document.
pub(super) fn write(coverage: &Coverage, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "# Coverage\n")?;
    writeln!(
        out,
        "{} of {} requirements that bind a server and can be checked are ({} %); {} say why no \
         check tests them.",
        coverage.total.checked,
        coverage.total.to_check,
        coverage.total.percent,
        coverage.total.unchecked
    )?;
    for (title, parts) in coverage.shares() {
        writeln!(
            out,
            "\n| {title} | to check | checked | share | reason given |"
        )?;
        writeln!(out, "| --- | ---: | ---: | ---: | ---: |")?;
        for share in parts {
            let Share {
                of,
                to_check,
                checked,
                unchecked,
                percent,
            } = share;
            writeln!(
                out,
                "| {} | {to_check} | {checked} | {percent} % | {unchecked} |",
                cell(of)
            )?;
        }
    }
    let mut document = "";
    for entry in &coverage.requirements {
        if entry.document != document {
            writeln!(out, "\n## {}\n", entry.document)?;
            writeln!(
                out,
                "| requirement | level | role | MCP | checks | defects |"
            )?;
            writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
            document = &entry.document;
        }
        row(entry, out)?;
    }
    Ok(())
}

fn row(entry: &Entry, out: &mut impl Write) -> Result<(), Failure> {
    let list = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let checks = match entry.standing {
        Standing::Checked => list(&entry.checks),
        Standing::Unchecked => format!("not checked: {}", entry.unchecked),
        Standing::Open => "none".to_owned(),
        Standing::Client => "binds clients".to_owned(),
    };
    let remark = match entry.at_most_warns {
        Some(why) => format!(" (at most a warning: {why})"),
        None => String::new(),
    };
    writeln!(
        out,
        "| `{}`{remark} | {} | {} | {} | {} | {} |",
        entry.id,
        entry.level.as_str(),
        role(entry.role),
        versions(&entry.mcp_versions),
        cell(&checks),
        list(&entry.defects)
    )?;
    Ok(())
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
