//! `--dry-run`: the plan, and how much it would ask of the server.

use std::io::Write as _;

use indexmap::IndexMap;

use super::console::{Console, heading};
use super::failure::Failure;
use crate::plan::{Disposition, Knowledge, Plan, estimate};
use crate::report::text::{count, visible};
use crate::run::Recording;

/// Prints the plan.
pub fn print(
    plan: &Plan,
    knowledge: &Knowledge,
    recording: &Recording,
    console: &Console,
) -> Result<(), Failure> {
    let mut out = console.out();
    let name = visible(&recording.target.name);
    writeln!(
        out,
        "{}",
        heading(&format!(
            "Plan for {name}, judged by MCP {}",
            plan.mcp_version
        ))
    )?;
    let asked = estimate(plan, knowledge);
    writeln!(
        out,
        "Would send about {}: {}, {}, {}. So far {} went out, for discovery alone.",
        number(asked.requests, "request"),
        number(asked.registrations, "registration"),
        number(asked.logins, "login"),
        number(asked.token_requests, "token request"),
        number(recording.counts.requests, "request"),
    )?;
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
        let served = cases.get(id.as_str()).copied().unwrap_or_default();
        let served = match served {
            0 => "control only".to_owned(),
            served => count(served, "case"),
        };
        writeln!(out, "{mark} {}{clients}  ({served})", visible(&run.title))?;
    }
    not_run(plan, &mut out)?;
    out.flush()?;
    Ok(())
}

fn number(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// How many cases each run decides.
fn cases_by_run(plan: &Plan) -> IndexMap<&str, usize> {
    let mut cases = IndexMap::new();
    for case in &plan.cases {
        if let Disposition::Run { run, .. } = &case.disposition {
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
