//! The live third-party servers: started by their own scripts on loopback, tested like any
//! stranger's, and compared with the findings that were confirmed by hand.
//!
//! A server whose runtime (node, python3) is missing is skipped with the reason. A finding that is
//! not in `findings.yaml` is either a regression of ours, a false alarm, or something to look into.
//! `AUTHSPEC_TARGETS` names another folder of servers than `fixtures/targets/`.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authspec::cli::{Conduct, DEFAULT_VERSION, conduct};
use authspec::judge::{CaseResult, Verdict};
use authspec::plan::Pattern;
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};
use common::findings::{Findings, Variant};
use common::server::{Server, missing_runtime};
use libtest_mimic::{Arguments, Failed, Trial};

/// More open MUST cases than this would say little of a server.
const MOST_OPEN_PERCENT: usize = 5;

fn main() {
    let arguments = Arguments::from_args();
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
    let folder = std::env::var_os("AUTHSPEC_TARGETS").map_or_else(own, PathBuf::from);
    let mut trials = Vec::new();
    for path in folders(&folder) {
        let findings = Findings::load(&path.join("findings.yaml"));
        for (name, variant) in findings.variants.clone() {
            let (path, findings) = (path.clone(), findings.clone());
            let title = format!("{} {name}", findings.server);
            if let Some(reason) = missing_runtime(&path) {
                println!("skipped {title}: {reason}");
                trials.push(Trial::test(title, || Ok(())).with_ignored_flag(true));
                continue;
            }
            trials.push(Trial::test(title, move || {
                compare(&path, &findings, &name, &variant)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("findings.yaml").is_file())
        .collect();
    found.sort();
    found
}

fn compare(path: &Path, findings: &Findings, name: &str, variant: &Variant) -> Result<(), Failed> {
    let suites = Suites::embedded().map_err(|problems| problems.to_string())?;
    let server = Server::start(path, variant)?;
    let (file, base) = TargetFile::load(&path.join("target.yaml"), &suites)
        .map_err(|problems| problems.to_string())?;
    let target =
        Target::resolve(server.at_its_port(file), &base).map_err(|errors| format!("{errors:?}"))?;
    let settings = Conduct {
        version: variant.mcp_version.unwrap_or(DEFAULT_VERSION),
        ..Conduct::default()
    };
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    let (recording, judgement) = common::runtime()
        .block_on(conduct(&suites, target, &settings, None, &cancelled))
        .map_err(|cause| cause.to_string())?;
    let mut wrong = differences(&judgement.cases, findings, name);
    wrong.extend(open_musts(&judgement.cases, findings, name));
    println!(
        "{} {name}: {} cases, {} requests, {} registrations, {} logins, {} token requests, {:.1} s",
        findings.server,
        judgement.cases.len(),
        recording.counts.requests,
        recording.counts.registrations,
        recording.counts.logins,
        recording.counts.token_requests,
        f64::from(u32::try_from(recording.took_ms).unwrap_or(u32::MAX)) / 1000.0,
    );
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Findings that are not listed, and listed ones that did not come.
fn differences(cases: &[CaseResult], findings: &Findings, name: &str) -> Vec<String> {
    let listed: Vec<(&String, Pattern)> = findings
        .of(name)
        .map(|case| {
            (
                case,
                Pattern::new(case).unwrap_or_else(|error| panic!("{case}: {error}")),
            )
        })
        .collect();
    let accused =
        |case: &&CaseResult| matches!(case.verdict, Verdict::Fail { .. } | Verdict::Warning { .. });
    let mut wrong: Vec<String> = cases
        .iter()
        .filter(accused)
        .filter(|case| !listed.iter().any(|(_, pattern)| pattern.selects(&case.id)))
        .map(|case| format!("not listed: {}: {:?}", case.id, case.verdict.findings()))
        .collect();
    let found: BTreeSet<&str> = cases
        .iter()
        .filter(accused)
        .map(|case| case.id.as_str())
        .collect();
    for (text, pattern) in listed {
        if !found.iter().any(|case| pattern.selects(case)) {
            wrong.push(format!("listed, but it did not come: {text}"));
        }
    }
    wrong
}

/// MUST cases that stayed open although nobody listed them, too many of them, and every harness
/// fault.
fn open_musts(cases: &[CaseResult], findings: &Findings, name: &str) -> Vec<String> {
    let expected: Vec<Pattern> = findings
        .open(name)
        .map(|case| Pattern::new(case).unwrap_or_else(|error| panic!("{case}: {error}")))
        .collect();
    let listed = |case: &CaseResult| expected.iter().any(|pattern| pattern.selects(&case.id));
    let applicable = cases
        .iter()
        .filter(|case| is_must(case) && !matches!(case.verdict, Verdict::NotApplicable { .. }))
        .count();
    let open: Vec<&CaseResult> = cases.iter().filter(|case| is_open_must(case)).collect();
    let mut wrong: Vec<String> = cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Error { .. }))
        .chain(open.iter().copied().filter(|case| !listed(case)))
        .map(|case| format!("open: {}: {:?}", case.id, case.verdict))
        .collect();
    if open.len() * 100 > applicable * MOST_OPEN_PERCENT {
        wrong.push(format!(
            "{} of {applicable} MUST cases are open",
            open.len()
        ));
    }
    wrong
}

fn is_must(case: &CaseResult) -> bool {
    case.level.is_some_and(authspec::suite::Level::is_must)
}

fn is_open_must(case: &CaseResult) -> bool {
    let open = matches!(
        case.verdict,
        Verdict::Inconclusive { .. } | Verdict::Untested { .. }
    );
    open && is_must(case)
}
