//! A guest's manners, measured at the server.

use std::sync::Arc;
use std::time::Duration;

use authspec::cli::{Conduct, ConductError, conduct};
use authspec::run::Recording;
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::outcome::{Outcome, always, target_file, test, told};
use super::servers::{Door, Fixture};
use super::{runtime, trial};

/// One trial for each promise.
pub fn trials(suites: &Arc<Suites>) -> Vec<Trial> {
    let promise = |name: &str, test: fn(&Suites) -> Result<(), String>| {
        let suites = suites.clone();
        trial(&format!("manners::{name}"), move || test(&suites))
    };
    vec![
        promise("rate", |suites| runtime().block_on(rate(suites))),
        promise("concurrency", |suites| {
            runtime().block_on(concurrency(suites))
        }),
        promise("registrations-capped", |suites| {
            runtime().block_on(capped(suites, "registrations", 1))
        }),
        promise("logins-capped", |suites| {
            runtime().block_on(capped(suites, "logins", 3))
        }),
        promise("token-requests-capped", |suites| {
            runtime().block_on(capped(suites, "token_requests", 3))
        }),
        promise("retry-after-honoured", |suites| {
            runtime().block_on(retry_after(suites))
        }),
        promise("time-limit-held", |suites| {
            runtime().block_on(time_limit(suites))
        }),
        promise("plain-http-refused", |suites| {
            runtime().block_on(plain_http(suites))
        }),
    ]
}

/// A door as a fixture's YAML would make it.
async fn door(answers: Value) -> Result<Door, String> {
    let fixture = json!({ "title": "", "answers": answers, "expect": {} });
    let fixture: Fixture = serde_json::from_value(fixture).map_err(|cause| cause.to_string())?;
    Door::open(&fixture)
        .await
        .map_err(|cause| cause.to_string())
}

async fn run(
    suites: &Suites,
    door: &Door,
    limits: Value,
    cases: &[&str],
) -> Result<Outcome, String> {
    let patch = json!({ "limits": limits });
    let file = target_file(door, patch.as_object().ok_or("no object")?)?;
    let cases: Vec<String> = cases.iter().map(|glob| (*glob).to_owned()).collect();
    test(suites, file, &cases).await
}

async fn rate(suites: &Suites) -> Result<(), String> {
    const RATE: usize = 20;
    let door = door(json!([])).await?;
    let limits = json!({ "requests_per_second": RATE });
    let outcome = run(
        suites,
        &door,
        limits,
        &["verifier-wrong[other]", "challenge/*"],
    )
    .await?;
    let mut wrong = always(&outcome);
    let seen = door.seen();
    if seen.len() < RATE {
        wrong.push(format!("only {} requests", seen.len()));
    }
    // In no second more than the rate; a request or two may be held up on their way.
    let second = Duration::from_millis(950);
    for (at, first) in seen.iter().enumerate() {
        let within = seen[at..]
            .iter()
            .filter(|later| later.at.duration_since(first.at) < second);
        let within = within.count();
        if within > RATE + 2 {
            wrong.push(format!("{within} requests in a second"));
            break;
        }
    }
    told(wrong, &outcome)
}

async fn concurrency(suites: &Suites) -> Result<(), String> {
    let door = door(json!([])).await?;
    let outcome = run(
        suites,
        &door,
        json!({ "concurrency": 2 }),
        &["authorization/pkce/*"],
    )
    .await?;
    let mut wrong = always(&outcome);
    // A connection that ends is counted a moment longer than its answer takes.
    if !(2..=3).contains(&door.most_in_flight()) {
        wrong.push(format!("{} requests at once", door.most_in_flight()));
    }
    told(wrong, &outcome)
}

async fn capped(suites: &Suites, limit: &str, cap: usize) -> Result<(), String> {
    let door = door(json!([])).await?;
    let cases = ["authorization/pkce/*", "token/code/*", "registration/**"];
    let outcome = run(suites, &door, json!({ limit: cap }), &cases).await?;
    let mut wrong = always(&outcome);
    let path = match limit {
        "registrations" => "/register",
        "logins" => "/login",
        _ => "/token",
    };
    if door.count("POST", path) != cap {
        wrong.push(format!("{} requests to {path}", door.count("POST", path)));
    }
    let reason = format!("the cap `limits.{limit}: {cap}` was reached; raise it");
    let mut held = 0;
    for case in &outcome.judgement.cases {
        match case.verdict.name() {
            "inconclusive" if format!("{:?}", case.verdict).contains(&reason) => held += 1,
            "fail" | "warning" => wrong.push(format!("{}: {:?}", case.id, case.verdict)),
            _ => {}
        }
    }
    if held == 0 {
        wrong.push(format!("no case says {reason:?}"));
    }
    told(wrong, &outcome)
}

async fn retry_after(suites: &Suites) -> Result<(), String> {
    let slow_down = json!([{
        "path": "/token", "times": 1, "answer": { "status": 429, "headers": [["Retry-After", "1"]] },
    }]);
    let door = door(slow_down).await?;
    let outcome = run(suites, &door, json!({}), &["verifier-wrong[other]"]).await?;
    let mut wrong = always(&outcome);
    let seen = door.seen();
    let mut asked = seen
        .iter()
        .filter(|seen| seen.path == "/token")
        .map(|seen| seen.at);
    match (asked.next(), asked.next()) {
        (Some(first), Some(second)) if second - first >= Duration::from_millis(990) => {}
        times => wrong.push(format!("asked at {times:?}")),
    }
    let verdicts = outcome
        .judgement
        .cases
        .iter()
        .map(|case| case.verdict.name());
    if verdicts.collect::<Vec<_>>() != ["pass"] {
        wrong.push("the case does not pass after the wait".to_owned());
    }
    told(wrong, &outcome)
}

/// When the time is over nothing more is asked, the rest says so, and clients are deleted still.
async fn time_limit(suites: &Suites) -> Result<(), String> {
    let door = door(json!([])).await?;
    let limits = json!({ "run_timeout": 2.0, "requests_per_second": 30 });
    let outcome = run(suites, &door, limits, &[]).await?;
    let mut wrong = always(&outcome);
    if outcome.took > Duration::from_secs(6) {
        wrong.push(format!("it took {:?}", outcome.took));
    }
    let Recording {
        interrupted,
        exchanges,
        ..
    } = &outcome.recording;
    if !interrupted
        .as_deref()
        .is_some_and(|why| why.contains("limits.run_timeout"))
    {
        wrong.push(format!("cut short: {interrupted:?}"));
    }
    let created = |exchange: &&authspec::run::Exchange| {
        exchange.request.url.ends_with("/register")
            && matches!(
                exchange.answer,
                authspec::run::Answer::Response { status: 201, .. }
            )
    };
    let created = exchanges.iter().filter(created).count();
    let deleted = door
        .seen()
        .iter()
        .filter(|seen| seen.method == "DELETE")
        .count();
    if created == 0 || created != deleted {
        wrong.push(format!(
            "{created} clients were registered and {deleted} deleted"
        ));
    }
    told(wrong, &outcome)
}

/// Plain http beyond loopback is not spoken without a word of the operator. The name never exists,
/// so nothing leaves the machine either way.
async fn plain_http(suites: &Suites) -> Result<(), String> {
    let file = TargetFile {
        mcp_server: Some("http://mcp.invalid/mcp".to_owned()),
        ..TargetFile::default()
    };
    let outcome = test(suites, file, &[]).await?;
    let mut wrong = always(&outcome);
    let said = outcome.recording.doctor.first();
    if !said.is_some_and(|step| {
        step.found.contains("plain http beyond loopback") && step.mend.contains("insecure_http")
    }) {
        wrong.push(format!("the doctor says {said:?}"));
    }
    let target = Target::resolve(
        TargetFile {
            mcp_server: Some("nonsense".to_owned()),
            ..TargetFile::default()
        },
        std::path::Path::new(""),
    );
    let target = target.map_err(|errors| format!("{errors:?}"))?;
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    let refused = conduct(suites, target, &Conduct::default(), None, &cancelled).await;
    if !matches!(refused, Err(ConductError::Address(_))) {
        wrong.push("an address that is no URL was accepted".to_owned());
    }
    told(wrong, &outcome)
}
