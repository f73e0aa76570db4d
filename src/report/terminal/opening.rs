//! The first lines: what was judged by what, and the way in.

use std::io;

use colored::Color;

use super::page::Page;
use crate::report::{ReportInput, summary};
use crate::run::DoctorState;

/// What was judged, by what.
pub fn header(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let facts = &input.recording.target;
    let place = facts.mcp_server.as_ref().or(facts.issuer.as_ref());
    let mut target = facts.name.clone();
    if let Some(place) = place.filter(|place| **place != facts.name) {
        target = format!("{target} ({place})");
    }
    let line = format!(
        "{} | {target} | MCP {} | requirements {} | suites {}",
        concat!("authspec ", env!("CARGO_PKG_VERSION")),
        input.recording.mcp_version,
        input.judgement.requirement_set,
        summary::short_digest(input.judgement)
    );
    let line = page.bold(&line);
    page.line(&line)?;
    if let Some(why) = &input.recording.interrupted {
        page.labelled(
            0,
            "Stopped",
            &format!("early: {why}; what is missing was not run"),
        )?;
    }
    Ok(())
}

/// The doctor's findings: what needs a look, or all of it.
pub fn doctor(input: &ReportInput<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let all = page.is_verbose();
    let needs_a_look = |state| matches!(state, DoctorState::Notice | DoctorState::Broken);
    let steps: Vec<_> = input.recording.doctor.iter().collect();
    let broken = |names: &[&str]| {
        let named = |name: &String| names.is_empty() || names.contains(&name.as_str());
        let mut broken = steps
            .iter()
            .filter(|step| step.state == DoctorState::Broken);
        broken.any(|step| named(&step.name))
    };
    // A refused connection or bad TLS says itself what it is.
    let whose = match broken(&["login", "token", "call"]) {
        true => ": this is the target file or the login, not the server",
        false => "",
    };
    let broken = broken(&[]);
    let shown = steps
        .into_iter()
        .filter(|step| all || needs_a_look(step.state));
    for (position, step) in shown.enumerate() {
        if position == 0 {
            page.blank()?;
            let title = page.bold("Doctor");
            page.line(&title)?;
        }
        let (word, color) = match step.state {
            DoctorState::Ok => ("ok", Color::Green),
            DoctorState::Notice => ("notice", Color::Yellow),
            DoctorState::Broken => ("broken", Color::Red),
            DoctorState::Skipped => ("skipped", Color::Cyan),
        };
        let word = page.paint(word, color);
        let name = page.bold(&step.name);
        page.line(&format!("  {name}: {word}"))?;
        page.labelled(4, "found", &step.found)?;
        if !step.mend.is_empty() {
            page.labelled(4, "mend", &step.mend)?;
        }
    }
    if broken {
        page.text(
            2,
            &format!("The way in is broken{whose}. What hangs on it is inconclusive."),
        )?;
    }
    Ok(())
}
