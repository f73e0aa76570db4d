//! One case: what was wanted, what came, by which clause, how its control went, and a command
//! that repeats it.

use std::io;

use super::page::Page;
use crate::judge::{CaseResult, Finding, Verdict};
use crate::report::text::shorten;
use crate::report::{ReportInput, curl, group, summary};

/// A server may answer with a book; the result file holds all of it.
const LONGEST: usize = 400;

/// Writes the first of `cases` in full if it failed, in a line or two otherwise. The others are
/// those that failed in the same way; they are named.
pub fn write(
    input: &ReportInput<'_>,
    cases: &[&CaseResult],
    page: &mut Page<'_>,
) -> io::Result<()> {
    let Some((case, others)) = cases.split_first() else {
        return Ok(());
    };
    let word = page.verdict(case);
    let id = page.bold(&case.id);
    let level = case.level.map_or("no level", |level| level.as_str());
    page.line(&format!("{word} {id} ({level})"))?;
    match &case.verdict {
        Verdict::Pass { remark: None } => Ok(()),
        Verdict::Pass {
            remark: Some(remark),
        } => finding(remark, page),
        Verdict::Fail { findings } | Verdict::Warning { findings } => {
            page.text(2, &case.title)?;
            if !others.is_empty() {
                let rows: Vec<&str> = others.iter().map(|case| summary::row(&case.id)).collect();
                page.labelled(2, "also", &rows.join(" "))?;
            }
            for each in findings {
                finding(each, page)?;
            }
            evidence(input, case, page)
        }
        Verdict::Error { fault } => {
            page.labelled(2, "fault", fault)?;
            page.text(2, "This is a fault of authspec, not of the server.")
        }
        other => page.labelled(2, "reason", &summary::reason(other).unwrap_or_default()),
    }
}

fn finding(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    page.labelled(2, "wanted", &shorten(&finding.wanted, LONGEST))?;
    let place = match finding.path.as_str() {
        "" => format!("step {}", finding.step),
        path => format!("step {}, {}", finding.step, shorten(path, LONGEST)),
    };
    let came = shorten(&finding.came, LONGEST);
    page.labelled(2, "came", &format!("{came} ({place})"))
}

fn evidence(input: &ReportInput<'_>, case: &CaseResult, page: &mut Page<'_>) -> io::Result<()> {
    for cited in case.requirements.iter() {
        page.labelled(2, "clause", &summary::clause(cited))?;
    }
    if let Some(threat) = &case.threat {
        page.labelled(2, "threat", &group::threat(threat))?;
    }
    if let Some(control) = &case.control {
        let how = summary::control(control);
        page.labelled(2, "control", &format!("{}: {how}", control.title))?;
    }
    if !case.mend.is_empty() {
        page.labelled(2, "mend", &case.mend)?;
    }
    for changed in input.changed(case) {
        page.labelled(2, "changed", &changed)?;
    }
    match input.deciding(case) {
        None => Ok(()),
        Some(exchange) => page.whole(2, "repeat", &curl::command(&exchange.request)),
    }
}
