//! The cases: counts for each area (or whatever they are grouped by), failures in full, and what could not be judged by reason.

use std::io;

use super::case;
use super::page::Page;
use super::{Options, Verbosity};
use crate::judge::{CaseResult, Verdict};
use crate::report::text::count;
use crate::report::{ReportInput, group, summary};

/// Every group with its count line, and the cases that a person has to see.
pub fn write(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let options = page.options();
    let mut apart = true;
    for (area, cases) in group::groups(input.judgement, input.group_by) {
        if options.verbosity > Verbosity::Quiet {
            if apart {
                page.blank()?;
            }
            let area = page.bold(&area);
            page.line(&format!("{area}: {}", counts(&cases)))?;
        }
        apart = false;
        let cases: Vec<_> = cases
            .into_iter()
            .filter(|case| shows(case, options))
            .collect();
        // One defect fails a whole table; a person reads it once.
        let groups = match options.verbosity {
            Verbosity::Verbose => cases.iter().map(|case| vec![*case]).collect(),
            _ => summary::alike(&cases),
        };
        for group in groups {
            case::write(input, &group, page)?;
            apart = true;
        }
    }
    Ok(())
}

const fn shows(case: &CaseResult, options: &Options) -> bool {
    match options.verbosity {
        Verbosity::Quiet => matches!(case.verdict, Verdict::Fail { .. } | Verdict::Error { .. }),
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

/// Cases without pass or fail, grouped by reason.
pub fn not_judged(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    for (position, group) in summary::open(input.judgement).iter().enumerate() {
        if position == 0 {
            page.blank()?;
            let title = page.bold("Not judged");
            page.line(&title)?;
        }
        page.text(2, &format!("{}: {}", group.sentence(), group.reason))?;
    }
    if let Some(note) = summary::overlap(input.judgement) {
        page.text(2, note)?;
    }
    Ok(())
}
