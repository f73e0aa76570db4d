//! The last lines: how much was judged, what it cost, where the files are, and the answer.

use std::io;

use colored::Color;

use super::page::Page;
use crate::judge::{CaseResult, Verdict};
use crate::report::conformance::{self, Coverage};
use crate::report::text::{count, seconds, visible};
use crate::report::{ReportInput, summary};

/// How much of the requirement set was judged, what was sent, which files were written.
pub fn facts(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let counts = &input.recording.counts;
    let number = |number: u64, noun| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    page.blank()?;
    page.labelled(0, "Judged", &Coverage::of(input.judgement).sentence())?;
    if let Some(doubt) = summary::doubt(input.judgement) {
        page.labelled(0, "Doubtful", &doubt)?;
    }
    let sent = format!(
        "{}, {}, {}, {} in {}",
        number(counts.requests, "request"),
        number(counts.registrations, "registration"),
        number(counts.logins, "login"),
        number(counts.token_requests, "token call"),
        seconds(input.recording.took_ms)
    );
    page.labelled(0, "Sent", &sent)?;
    if let Some(slowed) = summary::slowed(input.recording) {
        page.labelled(0, "Slowed", &slowed)?;
    }
    let has_remark = |case: &&CaseResult| matches!(case.verdict, Verdict::Pass { remark: Some(_) });
    let remarks = input.judgement.cases.iter().filter(has_remark).count();
    if remarks > 0 && !page.is_verbose() {
        let remarks = count(remarks, "passed case");
        page.labelled(0, "Remarks", &format!("on {remarks}, shown by `-v`"))?;
    }
    let mut label = "Files";
    for file in &page.options().files {
        page.whole(0, label, &file.display().to_string())?;
        label = "";
    }
    Ok(())
}

/// The tally and the answer, on one line: all that a person in a hurry reads.
pub fn last_line(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let tally = summary::tally_line(&input.judgement.tally());
    let color = match input.judgement.exit_code() {
        0 => Color::Green,
        1 => Color::Red,
        4 => Color::Magenta,
        _ => Color::Yellow,
    };
    let tally = page.paint(&tally, color);
    page.line(&format!(
        "{tally}; {}",
        visible(&conformance::sentence(input))
    ))
}
