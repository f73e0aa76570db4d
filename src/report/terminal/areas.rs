//! The cases: counts for each area, failures in full, and what could not be judged by reason.

use std::io;

use indexmap::IndexMap;

use super::case;
use super::page::Page;
use super::{Options, Verbosity};
use crate::judge::{CaseResult, Verdict};
use crate::report::text::count;
use crate::report::{ReportInput, summary};

/// Every area with its count line, and the cases that a person has to see.
pub fn write(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let options = page.options();
    let strict = input.judgement.strict;
    let mut apart = true;
    for (area, cases) in summary::by_area(input.judgement) {
        if options.verbosity > Verbosity::Quiet {
            if apart {
                page.blank()?;
            }
            let area = page.bold(area);
            page.line(&format!("{area}: {}", counts(&cases)))?;
        }
        apart = false;
        for case in cases
            .into_iter()
            .filter(|case| shows(case, strict, options))
        {
            case::write(input, case, page)?;
            apart = true;
        }
    }
    Ok(())
}

fn shows(case: &CaseResult, strict: bool, options: &Options) -> bool {
    let failed = summary::counts_as_failed(case, strict);
    match options.verbosity {
        Verbosity::Quiet => failed || matches!(case.verdict, Verdict::Error { .. }),
        Verbosity::Normal => {
            matches!(
                case.verdict,
                Verdict::Fail { .. } | Verdict::Warning { .. } | Verdict::Error { .. }
            )
        }
        Verbosity::Verbose => true,
    }
}

fn counts(cases: &[&CaseResult]) -> String {
    let remarks = cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Pass { remark: Some(_) }))
        .count();
    let line = summary::tally_parts(&summary::tally(cases)).join(", ");
    match remarks {
        0 => line,
        _ => format!("{line} ({})", count(remarks, "remark")),
    }
}

/// Cases without pass or fail, grouped by verdict and reason, the largest group first.
pub fn not_judged(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let mut groups: IndexMap<(&str, &str), Vec<&CaseResult>> = IndexMap::new();
    for case in &input.judgement.cases {
        if let (Some(reason), false) = (
            summary::reason(&case.verdict),
            matches!(case.verdict, Verdict::Error { .. }),
        ) {
            let group = groups.entry((case.verdict.name(), reason));
            group.or_default().push(case);
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    groups.sort_by(|(name, _), cases, (other_name, _), others| {
        (rank(name), others.len()).cmp(&(rank(other_name), cases.len()))
    });
    page.blank()?;
    let title = page.bold("Not judged");
    page.line(&title)?;
    for ((verdict, reason), cases) in groups {
        let must = cases.iter().filter(|case| summary::is_must(case)).count();
        let must = match must {
            0 => String::new(),
            _ if verdict == "not_applicable" => String::new(),
            number => format!(", {number} of them MUST"),
        };
        let line = format!(
            "{} {}{must}: {reason}",
            count(cases.len(), "case"),
            verdict.replace('_', " ")
        );
        page.text(2, &line)?;
    }
    Ok(())
}

/// What the operator can mend comes first, what does not apply last.
fn rank(verdict: &str) -> usize {
    ["untested", "inconclusive", "not_applicable"]
        .iter()
        .position(|name| *name == verdict)
        .unwrap_or(usize::MAX)
}
