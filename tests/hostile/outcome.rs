//! Testing a hostile server, and what must hold of the outcome whatever it is.

use std::path::Path;
use std::time::{Duration, Instant};

use authspec::cli::{Conduct, conduct};
use authspec::judge::{CaseResult, Judgement, Verdict};
use authspec::plan::{Pattern, Selection};
use authspec::report::json::ResultDocument;
use authspec::report::{Format, GroupBy, ReportInput, write};
use authspec::run::{Answer, DoctorState, FailureKind, Recording};
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};
use serde_json::{Value, json};

use super::servers::{Door, Expected, Fixture};

/// The longest that a test of a hostile server may take.
const BOUND: Duration = Duration::from_secs(10);

/// What came of a test.
pub struct Outcome {
    /// The recording.
    pub recording: Recording,
    /// The verdicts.
    pub judgement: Judgement,
    /// How long it took.
    pub took: Duration,
}

/// Tests the server of a fixture.
pub async fn of_fixture(suites: &Suites, fixture: &Fixture) -> Result<(), String> {
    let door = Door::open(fixture)
        .await
        .map_err(|cause| cause.to_string())?;
    let file = target_file(&door, &fixture.target)?;
    let outcome = test(suites, file, &fixture.cases).await?;
    let mut wrong = always(&outcome);
    wrong.extend(expected(&fixture.expect, &outcome));
    if door.strangers() > 0 {
        wrong.push(format!("{} came to the foreign origin", door.strangers()));
    }
    let seen = door.seen().len();
    if fixture.expect.most_requests.is_some_and(|most| seen > most) {
        wrong.push(format!("the server saw {seen} requests"));
    }
    told(wrong, &outcome).map_err(|wrong| format!("{}\n{wrong}", fixture.title))
}

/// The target file for a door: an MCP server with two users and one operation, and short limits.
pub fn target_file(
    door: &Door,
    patch: &serde_json::Map<String, Value>,
) -> Result<TargetFile, String> {
    let mut file = json!({
        "mcp_server": format!("{}/mcp", door.names.origin),
        "users": {
            "first": { "username": "alice", "password": { "value": "wonderland-7" } },
            "second": { "username": "bob", "password": { "value": "builder-42" } },
        },
        "scopes": ["mcp:tools:weather", "news:read"],
        "operations": { "weather": {
            "scopes": ["mcp:tools:weather"],
            "call": { "tool": { "name": "get_weather", "arguments": { "city": "Lisbon" } } },
        } },
        "limits": {
            "answer_timeout": 4.0, "run_timeout": 9.0, "longest_wait": 0.5,
            "longest_retry_after": 1.0,
        },
    });
    merge(&mut file, &Value::Object(patch.clone()));
    let text = door.names.put_into(&file.to_string());
    serde_json::from_str(&text).map_err(|cause| cause.to_string())
}

fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(members), Value::Object(patch)) => {
            for (name, change) in patch {
                match change {
                    Value::Null => drop(members.shift_remove(name)),
                    _ => merge(members.entry(name.clone()).or_insert(Value::Null), change),
                }
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}

/// Tests a target from end to end.
pub async fn test(suites: &Suites, file: TargetFile, cases: &[String]) -> Result<Outcome, String> {
    let target = Target::resolve(file, Path::new("")).map_err(|errors| format!("{errors:?}"))?;
    let checks = cases.iter().map(|glob| Pattern::new(glob));
    let settings = Conduct {
        selection: Selection {
            checks: checks
                .collect::<Result<_, _>>()
                .map_err(|cause| cause.to_string())?,
            ..Selection::default()
        },
        ..Conduct::default()
    };
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    let started = Instant::now();
    // Longer than the bound, so that a run that is too slow is still looked at.
    let done = tokio::time::timeout(
        3 * BOUND,
        conduct(suites, target, &settings, None, &cancelled),
    );
    let (recording, judgement) = done
        .await
        .map_err(|_| "it does not end".to_owned())?
        .map_err(|cause| cause.to_string())?;
    Ok(Outcome {
        recording,
        judgement,
        took: started.elapsed(),
    })
}

/// What is wrong with an outcome, whatever the server did.
pub fn always(outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    if outcome.took > BOUND {
        wrong.push(format!("it took {:?}", outcome.took));
    }
    for case in &outcome.judgement.cases {
        match &case.verdict {
            Verdict::Error { fault } => wrong.push(format!("{}: error: {fault}", case.id)),
            Verdict::Fail { .. } if rests_on_us(case, &outcome.recording) => {
                wrong.push(format!("{} fails by our own doing", case.id));
            }
            Verdict::Inconclusive { reason } if reason.trim().is_empty() => {
                wrong.push(format!("{} is inconclusive without a reason", case.id));
            }
            _ => {}
        }
    }
    for step in &outcome.recording.doctor {
        let helps = !step.mend.is_empty() && !step.exchanges.is_empty() && !step.found.is_empty();
        if step.state == DoctorState::Broken && !helps {
            wrong.push(format!("the doctor does not help: {step:?}"));
        }
    }
    wrong.extend(written(outcome).err());
    wrong
}

/// Whether a case's last exchange is one that we did not send or did not wait for.
fn rests_on_us(case: &CaseResult, recording: &Recording) -> bool {
    let last = case
        .exchanges
        .last()
        .and_then(|at| recording.exchanges.get(*at));
    last.is_some_and(|exchange| {
        matches!(
            exchange.answer,
            Answer::Failed {
                kind: FailureKind::NotAllowed | FailureKind::CapReached | FailureKind::Timeout,
                ..
            }
        )
    })
}

/// Every format can be written, and read again by who reads it.
fn written(outcome: &Outcome) -> Result<(), String> {
    let input = ReportInput {
        recording: &outcome.recording,
        judgement: &outcome.judgement,
        group_by: GroupBy::default(),
    };
    for format in Format::ALL {
        let mut bytes = Vec::new();
        write(format, &input, &mut bytes).map_err(|cause| format!("{format}: {cause}"))?;
        let text = String::from_utf8(bytes).map_err(|cause| format!("{format}: {cause}"))?;
        let acts = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
        if text.chars().any(acts) {
            return Err(format!("{format}: control characters"));
        }
        match format {
            Format::Json => {
                serde_json::from_str::<ResultDocument<'_>>(&text)
                    .map_err(|cause| cause.to_string())?;
            }
            Format::Junit => read_xml(&text).map_err(|cause| format!("junit: {cause}"))?,
            Format::Terminal | Format::Html => {}
        }
    }
    let recording = serde_json::to_string(&outcome.recording).map_err(|cause| cause.to_string())?;
    serde_json::from_str::<Recording>(&recording).map_err(|cause| format!("recording: {cause}"))?;
    Ok(())
}

fn read_xml(text: &str) -> Result<(), String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut depth = 0_i32;
    loop {
        match reader.read_event().map_err(|cause| cause.to_string())? {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err("not closed".to_owned()),
            _ => {}
        }
    }
}

/// What differs from what a fixture expects.
fn expected(expect: &Expected, outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let doctor = &outcome.recording.doctor;
    let broken = doctor.iter().find(|step| step.state == DoctorState::Broken);
    match (&expect.broken, broken) {
        (None, None) => {}
        (Some(says), Some(step))
            if step.name == says.step
                && step.found.contains(&says.says)
                && step.mend.contains(&says.mend) => {}
        (wanted, came) => wrong.push(format!("broken: wanted {wanted:?}, came {came:?}")),
    }
    for says in &expect.notices {
        let says_so = |step: &&authspec::run::DoctorStep| {
            step.name == says.step
                && step.found.contains(&says.says)
                && step.mend.contains(&says.mend)
        };
        if !doctor.iter().any(|step| says_so(&step)) {
            wrong.push(format!("the doctor does not say {says:?}"));
        }
    }
    for known in &expect.cases {
        let fitting = matching(&known.case, &outcome.judgement);
        if fitting.is_empty() {
            wrong.push(format!("no case is {}", known.case));
        }
        for case in fitting {
            let text = format!("{:?}", case.verdict);
            if case.verdict.name() != known.is || !text.contains(&known.says) {
                wrong.push(format!(
                    "{}: wanted {} {:?}, came {text}",
                    case.id, known.is, known.says
                ));
            }
        }
    }
    let fails = |case: &CaseResult| matches!(case.verdict.name(), "fail" | "warning");
    for glob in &expect.fails {
        if !matching(glob, &outcome.judgement)
            .iter()
            .any(|case| fails(case))
        {
            wrong.push(format!("no case of {glob} fails"));
        }
    }
    for case in outcome.judgement.cases.iter().filter(|case| fails(case)) {
        let known = |glob: &String| Pattern::new(glob).is_ok_and(|glob| glob.selects(&case.id));
        if !expect.fails.iter().any(known) {
            wrong.push(format!("{} fails: {:?}", case.id, case.verdict.findings()));
        }
    }
    let interrupted = outcome.recording.interrupted.as_deref().unwrap_or_default();
    if !interrupted.contains(expect.interrupted.as_deref().unwrap_or_default())
        || (expect.interrupted.is_none() && !interrupted.is_empty())
    {
        wrong.push(format!("cut short: {interrupted:?}"));
    }
    wrong
}

fn matching<'j>(glob: &str, judgement: &'j Judgement) -> Vec<&'j CaseResult> {
    let Ok(pattern) = Pattern::new(glob) else {
        return Vec::new();
    };
    let cases = judgement.cases.iter();
    cases.filter(|case| pattern.selects(&case.id)).collect()
}

/// All that is wrong, with what helps to see why.
pub fn told(wrong: Vec<String>, outcome: &Outcome) -> Result<(), String> {
    if wrong.is_empty() {
        return Ok(());
    }
    let doctor: Vec<String> = outcome
        .recording
        .doctor
        .iter()
        .map(|step| {
            format!(
                "  {} {:?}: {} | {}",
                step.name, step.state, step.found, step.mend
            )
        })
        .collect();
    let mut tally = std::collections::BTreeMap::new();
    for case in &outcome.judgement.cases {
        *tally.entry(case.verdict.name()).or_insert(0) += 1;
    }
    Err(format!(
        "{}\nthe doctor:\n{}\n{tally:?} in {:?}, {} exchanges",
        wrong.join("\n"),
        doctor.join("\n"),
        outcome.took,
        outcome.recording.exchanges.len()
    ))
}
