//! No secret of a run stands in anything that the run puts out.
//!
//! A whole run uses thousands of secrets: passwords, codes, verifiers, tokens, cookies, client
//! secrets, assertions, sessions. Each output is searched for every one of them, in every spelling
//! that gives it away.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use authspec::cli::{Conduct, fixtures, prepare, reference_target, verdicts};
use authspec::judge::Judgement;
use authspec::plan::Plan;
use authspec::reference::{Options, start};
use authspec::report::terminal::{self, Verbosity};
use authspec::report::{Format, GroupBy, ReportInput, curl, write};
use authspec::run::redact::{Kind, Vault};
use authspec::run::{Event, Recording};
use authspec::suite::Suites;
use authspec::target::{Target, TargetFile};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use common::Servers;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What a run used and what it put out.
struct Run {
    vault: Arc<Vault>,
    plan: Arc<Plan>,
    recording: Recording,
    judgement: Judgement,
    events: Vec<Event>,
    dry: String,
}

#[test]
fn no_output_of_a_run_with_jwts_tells_a_secret() {
    tells_nothing(None);
}

#[test]
fn no_output_of_a_run_with_opaque_tokens_tells_a_secret() {
    tells_nothing(Some("opaque"));
}

#[test]
fn a_text_that_tells_a_secret_is_found_in_every_spelling() {
    let vault = Vault::new();
    let secret = "s3cr3t/with+signs=&\"ä";
    vault.learn(Kind::ClientSecret, secret);
    let json = serde_json::Value::from(secret).to_string();
    for spelling in [
        format!("a log line: {secret}"),
        format!("?x={}", utf8_percent_encode(secret, NON_ALPHANUMERIC)),
        format!("Basic {}", BASE64_STANDARD.encode(secret)),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
        json.clone(),
        serde_json::Value::from(json).to_string(),
        format!("{:?}", (secret, 1)),
    ] {
        assert_eq!(
            vault.kinds_in(&spelling),
            [Kind::ClientSecret],
            "{spelling}"
        );
    }
    assert_eq!(vault.kinds_in(&vault.redact_text(secret)), []);
}

fn tells_nothing(policy: Option<&str>) {
    let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
    let run = common::runtime().block_on(run(&suites, policy));
    let kinds = used(&run);
    for kind in [
        "password",
        "code",
        "code_verifier",
        "access_token",
        "refresh_token",
        "cookie",
    ] {
        assert!(
            kinds.contains_key(kind),
            "the run used no {kind}: {kinds:?}"
        );
    }
    let outputs = outputs(&run);
    let mut told = Vec::new();
    for (name, text) in &outputs {
        assert!(!text.is_empty(), "{name} is empty");
        let found = run.vault.kinds_in(text);
        if !found.is_empty() {
            told.push(format!(
                "{name} tells {found:?}: {}",
                first(&run.vault, text)
            ));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
    // It would be found: the same output with one live secret in it.
    for password in ["wonderland-7", "builder-42"] {
        let html = outputs.get("html").map(String::as_str).unwrap_or_default();
        let leaky = format!("{html}<!-- {password} -->");
        assert_eq!(run.vault.kinds_in(&leaky), [Kind::Password]);
    }
}

/// Tests the reference servers of a policy.
async fn run(suites: &Suites, policy: Option<&str>) -> Run {
    let servers = policy.map_or_else(Servers::default, called);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let options = Options {
        audit_log: Some(log.path().to_owned()),
        ..Options::default()
    };
    let running = start(servers.policy.clone(), Vec::new(), options)
        .await
        .expect("servers");
    let file = reference_target(&running, Some(log.path()));
    let dry = dry_run(&file).await;
    let target = Target::resolve(file, log.path()).expect("a target");
    let settings = Conduct {
        version: servers.version,
        ..Conduct::default()
    };
    let (_cancel, cancelled) = tokio::sync::watch::channel(None);
    let (events, mut coming) = tokio::sync::mpsc::unbounded_channel();
    let prepared = prepare(suites, target, &settings, Some(&events), &cancelled).await;
    let prepared = prepared.expect("a plan");
    let vault = prepared.vault();
    let (plan, recording) = prepared.execute(&settings, Some(&events), &cancelled).await;
    let judgement = verdicts(suites, &plan, &recording, &settings);
    running.stop().await;
    let mut told = Vec::new();
    while let Ok(event) = coming.try_recv() {
        told.push(event);
    }
    Run {
        vault,
        plan,
        recording,
        judgement,
        events: told,
        dry,
    }
}

fn called(policy: &str) -> Servers {
    let policies = fixtures::policies().unwrap_or_else(|problems| panic!("{problems}"));
    let file = policies.iter().find(|file| file.id == policy);
    Servers::of_policy(file.unwrap_or_else(|| panic!("no policy {policy}")))
}

/// What the program says of the plan.
async fn dry_run(file: &TargetFile) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let text = serde_json::to_string(file).expect("a target file");
    std::fs::write(folder.path().join("target.yaml"), text).expect("a target file");
    let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_authspec"))
        .args(["run", "target.yaml", "--dry-run", "-v", "--color", "never"])
        .current_dir(folder.path())
        .output()
        .await
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(said.status.success(), "{}", text(&said.stderr));
    text(&said.stdout) + &text(&said.stderr)
}

/// Everything that the run put out, by name.
fn outputs(run: &Run) -> BTreeMap<&'static str, String> {
    let input = ReportInput {
        recording: &run.recording,
        judgement: &run.judgement,
        group_by: GroupBy::default(),
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let mut outputs = BTreeMap::new();
    for format in Format::ALL {
        let mut out = Vec::new();
        write(format, &input, &mut out).expect("a report");
        outputs.insert(format.name(), text(out));
    }
    let options = terminal::Options {
        verbosity: Verbosity::Verbose,
        ..terminal::Options::default()
    };
    let mut out = Vec::new();
    terminal::write(&input, &options, &mut out).expect("a report");
    outputs.insert("terminal, verbose", text(out));
    let exchanges = run.recording.exchanges.iter();
    let lines: Vec<String> = exchanges
        .map(|exchange| curl::command(&exchange.request))
        .collect();
    outputs.insert("curl", lines.join("\n"));
    let recording = serde_json::to_string_pretty(&run.recording).expect("a recording");
    outputs.insert("the recording", recording);
    outputs.insert("the recording, debugged", format!("{:#?}", run.recording));
    outputs.insert("the judgement, debugged", format!("{:#?}", run.judgement));
    outputs.insert("the plan, debugged", format!("{:#?}", run.plan));
    outputs.insert("the dry run", run.dry.clone());
    let events: Vec<String> = run
        .events
        .iter()
        .map(|event| format!("{event:?}"))
        .collect();
    outputs.insert("events", events.join("\n"));
    outputs
}

/// How many markers of each kind the recording holds.
fn used(run: &Run) -> BTreeMap<String, usize> {
    let text = serde_json::to_string(&run.recording).expect("a recording");
    let marker = regex::Regex::new(r"\[([a-z_]+):\d+:[0-9a-f]{12}\]").expect("a pattern");
    let mut kinds = BTreeMap::new();
    for found in marker.captures_iter(&text) {
        *kinds.entry(found[1].to_owned()).or_insert(0) += 1;
    }
    kinds
}

/// The shortest part of the text that tells something, with what stands before it.
fn first(vault: &Vault, text: &str) -> String {
    let tells = |part: &str| !vault.kinds_in(part).is_empty();
    let Some(line) = text.lines().find(|line| tells(line)) else {
        return "over several lines".to_owned();
    };
    let letters: Vec<char> = line.chars().collect();
    let part = |from: usize, to: usize| letters[from..to].iter().collect::<String>();
    let (mut from, mut to) = (0, letters.len());
    while from + 1 < to && tells(&part(from, to - 1)) {
        to -= 1;
    }
    while from + 1 < to && tells(&part(from + 1, to)) {
        from += 1;
    }
    let before = part(from.saturating_sub(80), from);
    format!("{:?} after {before:?}", part(from, to))
}
