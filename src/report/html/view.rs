//! What the page shows, ready for the template: no decision is left to it.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use crate::judge::{CaseResult, Finding, Verdict};
use crate::report::conformance::{self, Coverage};
use crate::report::text::{count, seconds, shorten, to_the_second};
use crate::report::{ReportInput, curl, group, summary};
use crate::run::{Answer, DoctorStep, Exchange};

/// A page of a megabyte is no help; the result document holds bodies in full.
const LONGEST_BODY: usize = 4000;

/// The page.
#[derive(Debug, Serialize)]
pub struct View<'a> {
    version: &'static str,
    target: &'a str,
    facts: Vec<(&'static str, String)>,
    interrupted: Option<&'a str>,
    /// `yes`, `no`, or `part` where nothing is broken in what was selected.
    answer: &'static str,
    conformance: String,
    tally: Vec<Count>,
    doctor: &'a [DoctorStep],
    /// Cases that failed, are warnings or errors.
    failing: Vec<CaseView<'a>>,
    open: Vec<OpenView<'a>>,
    overlap: Option<&'static str>,
    areas: Vec<AreaView<'a>>,
}

/// A verdict with its count; a button of the filter.
#[derive(Debug, Serialize)]
struct Count {
    verdict: &'static str,
    label: String,
    number: usize,
}

/// What could not be judged for one reason.
#[derive(Debug, Serialize)]
struct OpenView<'a> {
    verdict: &'static str,
    sentence: String,
    reason: Cow<'a, str>,
}

/// An area, or another group, without the cases that stand among the failing ones.
#[derive(Debug, Serialize)]
struct AreaView<'a> {
    name: Cow<'a, str>,
    anchor: String,
    counts: String,
    /// The first of its cases that stands among the failing ones.
    failing: Option<String>,
    cases: Vec<CaseView<'a>>,
}

#[derive(Debug, Serialize)]
struct CaseView<'a> {
    id: &'a str,
    anchor: String,
    /// Whether it is shown in full: the first case that stands out of each check.
    open: bool,
    title: &'a str,
    verdict: &'static str,
    label: String,
    level: &'static str,
    why: &'a str,
    mend: &'a str,
    reason: Option<Cow<'a, str>>,
    findings: Vec<&'a Finding>,
    clauses: Vec<Clause<'a>>,
    threat: Option<String>,
    control: Option<String>,
    changed: Vec<String>,
    curl: Option<String>,
    exchanges: Vec<ExchangeView<'a>>,
}

#[derive(Debug, Serialize)]
struct Clause<'a> {
    id: &'a str,
    text: String,
    /// Only if it leads to a page, never `javascript:`.
    link: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ExchangeView<'a> {
    heading: String,
    status: String,
    request: String,
    answer: String,
    purpose: &'a str,
}

impl<'a> View<'a> {
    pub fn new(input: &ReportInput<'a>) -> Self {
        let (recording, judgement) = (input.recording, input.judgement);
        let stands_out = |case: &&CaseResult| rank(case) < 3;
        let mut failing: Vec<&CaseResult> = judgement.cases.iter().filter(stands_out).collect();
        failing.sort_by_key(|case| rank(case));
        let mut seen = HashSet::new();
        let areas = group::groups(judgement, input.group_by).into_iter();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            target: &recording.target.name,
            facts: facts(input),
            interrupted: recording.interrupted.as_deref(),
            answer: answer(input),
            conformance: conformance::sentence(input),
            tally: tally(input),
            doctor: &recording.doctor,
            failing: failing
                .into_iter()
                .map(|case| CaseView {
                    open: seen.insert(summary::check(&case.id)),
                    ..CaseView::new(input, case)
                })
                .collect(),
            open: summary::open(judgement)
                .into_iter()
                .map(|group| OpenView {
                    verdict: group.verdict,
                    sentence: group.sentence(),
                    reason: group.reason,
                })
                .collect(),
            overlap: summary::overlap(judgement),
            areas: areas
                .map(|(name, cases)| AreaView {
                    anchor: anchor(&name),
                    name,
                    failing: cases
                        .iter()
                        .find(|case| rank(case) < 3)
                        .map(|case| anchor(&case.id)),
                    counts: summary::tally_parts(&summary::tally(&cases)).join(", "),
                    cases: cases
                        .into_iter()
                        .filter(|case| rank(case) == 3)
                        .map(|case| CaseView::new(input, case))
                        .collect(),
                })
                .collect(),
        }
    }
}

fn answer(input: &ReportInput<'_>) -> &'static str {
    match input.judgement.partial && conformance::shows_no_breach(input) {
        true => "part",
        false if conformance::is_conformant(input) => "yes",
        false => "no",
    }
}

/// What a link leads to. Whatever a server put into the name of a case, this is one word.
fn anchor(id: &str) -> String {
    let stays = |c: char| c.is_ascii_alphanumeric() || "-_./:[]".contains(c);
    id.chars().map(|c| if stays(c) { c } else { '-' }).collect()
}

/// The order in which a person should read.
const fn rank(case: &CaseResult) -> usize {
    match case.verdict {
        Verdict::Fail { .. } => 0,
        Verdict::Error { .. } => 1,
        Verdict::Warning { .. } => 2,
        _ => 3,
    }
}

fn facts(input: &ReportInput<'_>) -> Vec<(&'static str, String)> {
    let (recording, judgement) = (input.recording, input.judgement);
    let counts = &recording.counts;
    let mut facts = Vec::new();
    for (name, value) in [
        ("MCP server", &recording.target.mcp_server),
        ("Issuer", &recording.target.issuer),
    ] {
        facts.extend(value.clone().map(|value| (name, value)));
    }
    let number = |number: u64, noun| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    facts.extend([
        ("MCP version", recording.mcp_version.to_string()),
        ("Requirement set", judgement.requirement_set.clone()),
        ("Suite digest", summary::short_digest(judgement).to_owned()),
        ("Judged", Coverage::of(judgement).sentence()),
        (
            "Sent",
            format!(
                "{}, {}, {}, {}",
                number(counts.requests, "request"),
                number(counts.registrations, "registration"),
                number(counts.logins, "login"),
                number(counts.token_requests, "token call")
            ),
        ),
        (
            "Started",
            format!(
                "{}, took {}",
                to_the_second(&recording.started),
                seconds(recording.took_ms)
            ),
        ),
    ]);
    facts.extend(summary::slowed(recording).map(|slowed| ("Slowed", slowed)));
    facts.extend(summary::doubt(judgement).map(|doubt| ("Doubtful", doubt)));
    if judgement.strict {
        facts.push(("Strict", "a broken SHOULD is a failure, too".to_owned()));
    }
    if judgement.partial {
        facts.push(("Partial", "a filter left cases out".to_owned()));
    }
    facts
}

fn tally(input: &ReportInput<'_>) -> Vec<Count> {
    let tally = input.judgement.tally();
    [
        ("fail", tally.fail),
        ("error", tally.error),
        ("warning", tally.warning),
        ("inconclusive", tally.inconclusive),
        ("untested", tally.untested),
        ("not_applicable", tally.not_applicable),
        ("pass", tally.pass),
    ]
    .map(|(verdict, number)| Count {
        verdict,
        label: verdict.replace('_', " "),
        number,
    })
    .into()
}

impl<'a> CaseView<'a> {
    fn new(input: &ReportInput<'a>, case: &'a CaseResult) -> Self {
        let passed = matches!(case.verdict, Verdict::Pass { .. });
        let findings = match &case.verdict {
            Verdict::Pass { remark } => remark.iter().collect(),
            verdict => verdict.findings().iter().collect(),
        };
        let shown: &[usize] = if passed { &[] } else { &case.exchanges };
        let exchanges = shown
            .iter()
            .filter_map(|at| input.recording.exchanges.get(*at));
        let deciding = input.deciding(case).filter(|_| !passed);
        Self {
            id: &case.id,
            anchor: anchor(&case.id),
            open: false,
            title: &case.title,
            verdict: case.verdict.name(),
            label: case.verdict.name().replace('_', " "),
            level: case.level.map_or("", |level| level.as_str()),
            why: &case.why,
            mend: &case.mend,
            reason: summary::reason(&case.verdict),
            findings,
            clauses: case.requirements.iter().map(clause).collect(),
            threat: case.threat.as_ref().map(group::threat),
            control: case
                .control
                .as_ref()
                .map(|control| format!("{}: {}", control.title, summary::control(control))),
            changed: input.changed(case),
            curl: deciding.map(|exchange| curl::command(&exchange.request)),
            exchanges: exchanges.map(ExchangeView::new).collect(),
        }
    }
}

fn clause(cited: &crate::suite::Cited) -> Clause<'_> {
    Clause {
        id: &cited.id,
        text: summary::clause(cited),
        link: cited
            .url
            .starts_with("https://")
            .then_some(cited.url.as_str()),
    }
}

impl<'a> ExchangeView<'a> {
    fn new(exchange: &'a Exchange) -> Self {
        let request = &exchange.request;
        let (status, answer) = match &exchange.answer {
            Answer::Failed { message, .. } => ("no answer".to_owned(), message.clone()),
            Answer::Response {
                status,
                headers,
                body,
                truncated,
            } => {
                let cut = if *truncated {
                    "\n(cut at the limit)"
                } else {
                    ""
                };
                (
                    status.to_string(),
                    format!("{}{cut}", message(headers, body)),
                )
            }
        };
        Self {
            heading: format!("{} {}", request.method, request.url),
            status,
            request: message(
                &request.headers,
                request.body.as_deref().unwrap_or_default(),
            ),
            answer,
            purpose: &exchange.purpose,
        }
    }
}

fn message(headers: &[(String, String)], body: &str) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"));
    let headers: String = headers.collect();
    format!("{headers}\n{}", shorten(body, LONGEST_BODY))
        .trim_end()
        .to_owned()
}
