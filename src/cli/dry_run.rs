//! `--dry-run`: the plan, and how much it would ask of the server.

use std::io::Write as _;

use indexmap::IndexMap;

use super::console::{Console, heading};
use super::failure::Failure;
use crate::plan::{Disposition, Plan, PlannedAction, PlannedStep};
use crate::report::terminal::Verbosity;
use crate::report::text::{count, visible};
use crate::run::{Counts, Recording};
use crate::target::Limits;

/// Prints the plan: how much is `asked`, then the cases by area, then (with `-v`) the runs. `rate`
/// is the most requests a second to one origin, `limits` are those of the target file.
pub fn print(
    plan: &Plan,
    asked: &Counts,
    recording: &Recording,
    (rate, limits): (Option<f64>, &Limits),
    console: &Console,
) -> Result<(), Failure> {
    let mut out = console.out();
    let costs = format!(
        "Would send about {}: {}, {}, {}.",
        number(asked.requests, "request"),
        number(asked.registrations, "registration"),
        number(asked.logins, "login"),
        number(asked.token_requests, "token call"),
    );
    if console.verbosity == Verbosity::Quiet {
        writeln!(out, "{costs}")?;
        caps(asked, limits, &mut out)?;
        out.flush()?;
        return Ok(());
    }
    let name = visible(&recording.target.name);
    let version = plan.mcp_version;
    let title = format!("Plan for {name}, judged by MCP {version}");
    writeln!(out, "{}", heading(&title))?;
    writeln!(out, "{costs} {}", pace(asked.requests, rate))?;
    let so_far = number(recording.counts.requests, "request");
    writeln!(out, "So far {so_far} went out, for discovery alone.")?;
    caps(asked, limits, &mut out)?;
    cases(plan, &mut out)?;
    if console.verbosity == Verbosity::Verbose {
        runs(plan, &mut out)?;
    }
    not_run(plan, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Says which caps of the target file are too low for so much.
fn caps(asked: &Counts, limits: &Limits, out: &mut impl std::io::Write) -> Result<(), Failure> {
    for (member, cap, asked, noun) in [
        (
            "registrations",
            limits.registrations,
            asked.registrations,
            "registration",
        ),
        ("logins", limits.logins, asked.logins, "login"),
        (
            "token_requests",
            limits.token_requests,
            asked.token_requests,
            "token call",
        ),
    ] {
        if let Some(cap) = cap.filter(|cap| *cap < asked) {
            let asked = number(asked, noun);
            writeln!(
                out,
                "{asked} would be above `limits.{member}: {cap}`: raise it, or cases stay open."
            )?;
        }
    }
    Ok(())
}

/// How long so many requests take where a rate holds them.
fn pace(requests: u64, rate: Option<f64>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = |rate: f64| (requests as f64 / rate).ceil();
    match rate {
        Some(rate) => format!(
            "At {rate} requests a second to one origin that takes up to {} seconds.",
            seconds(rate)
        ),
        None => "No rate holds them.".to_owned(),
    }
}

/// The cases that would run, by area.
fn cases(plan: &Plan, out: &mut impl std::io::Write) -> Result<(), Failure> {
    let mut areas: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for case in &plan.cases {
        if matches!(case.disposition, Disposition::Run { .. }) {
            areas.entry(&case.area).or_default().push(&case.id);
        }
    }
    for (area, ids) in areas {
        let title = format!("{area}: {}", count(ids.len(), "case"));
        writeln!(out, "\n{}", heading(&title))?;
        for id in ids {
            writeln!(out, "  {}", visible(id))?;
        }
    }
    Ok(())
}

/// The runs with their steps; a star marks the one that deviates.
fn runs(plan: &Plan, out: &mut impl std::io::Write) -> Result<(), Failure> {
    writeln!(
        out,
        "\n{}",
        heading("Runs (those marked with c are controls, sent first and last)")
    )?;
    let cases = cases_by_run(plan);
    for (id, run) in &plan.runs {
        let mark = if run.is_control { 'c' } else { ' ' };
        let clients = match run.clients.as_slice() {
            [] => String::new(),
            clients => format!(" as {}", clients.join(", ")),
        };
        let served = match cases.get(id.as_str()) {
            None => "control only".to_owned(),
            Some(served) => count(*served, "case"),
        };
        // What a mutation sets is a template until its run; the step that it is in says enough.
        let flow = run.title.split(": ").next().unwrap_or_default();
        let steps: Vec<String> = run.steps.iter().map(step).collect();
        writeln!(
            out,
            "{mark} {}{clients}: {}  ({served})",
            visible(flow),
            steps.join(", ")
        )?;
    }
    Ok(())
}

fn step(step: &PlannedStep) -> String {
    let deviates = match &step.action {
        PlannedAction::Flow(inner) => inner.iter().any(|inner| inner.mutation.is_some()),
        PlannedAction::One(_) => false,
    };
    let star = if deviates || step.mutation.is_some() {
        "*"
    } else {
        ""
    };
    format!("{}{star}", step.name)
}

fn number(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// How many cases each run decides.
fn cases_by_run(plan: &Plan) -> IndexMap<&str, usize> {
    let mut cases = IndexMap::new();
    for case in &plan.cases {
        for run in case.disposition.runs() {
            *cases.entry(run.as_str()).or_default() += 1;
        }
    }
    cases
}

/// What would not run, by reason.
fn not_run(plan: &Plan, out: &mut impl std::io::Write) -> Result<(), Failure> {
    let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
    let mut will_run = 0;
    for case in &plan.cases {
        let reason = match &case.disposition {
            Disposition::Run { .. } => {
                will_run += 1;
                continue;
            }
            Disposition::NotApplicable { reason } => format!("not applicable: {reason}"),
            Disposition::Untested { add } => format!("untested: the target file lacks {add}"),
            Disposition::Inconclusive { reason } => format!("inconclusive: {reason}"),
        };
        reasons.entry(reason).or_default().push(&case.id);
    }
    writeln!(
        out,
        "\n{}",
        heading(&format!("{} would run", count(will_run, "case")))
    )?;
    for (reason, cases) in reasons {
        writeln!(out, "{} {}", count(cases.len(), "case"), visible(&reason))?;
    }
    Ok(())
}
