//! The driver `command`: with a real program in Python, and with bad ones.

use std::path::Path;

use authspec::judge::Verdict;
use authspec::target::{CommandDriver, Driver, TargetFile};
use serde_json::json;

use super::run;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/user_agent/login.py");

/// `env` hands the folder for the sessions over, as a shell script of the operator's might.
fn python(sessions: &Path) -> impl FnOnce(&mut TargetFile) {
    let sessions = format!("SESSIONS={}", sessions.display());
    drive(&["env", &sessions, "python3", PROGRAM])
}

fn drive(program: &[&str]) -> impl FnOnce(&mut TargetFile) + use<> {
    let program = program.iter().map(|word| (*word).to_owned()).collect();
    move |file| {
        file.login.driver = Driver::Command(CommandDriver {
            program,
            timeout: 20,
            at_once: 4,
        });
    }
}

#[test]
fn a_program_serves_every_kind_of_visit() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        "authorization/redirect-uri/**",
        "authorization/request/**",
        "authorization/response/**",
        "resource/transport/*",
    ];
    let run = run(json!({}), &cases, folder.path(), python(folder.path()));
    let untested: Vec<(&str, String)> = run
        .sound()
        .into_iter()
        .map(|case| (case.id.as_str(), format!("{:?}", case.verdict)))
        .collect();
    for (id, told) in &untested {
        let by_driver = told.contains("`login.driver: form`");
        assert!(by_driver || told.contains("audit_log"), "{id}: {told}");
    }
    assert!(
        untested
            .iter()
            .any(|(id, _)| id.ends_with("framing-refused")),
        "{untested:?}"
    );
    for id in ["login-required", "denial-gives-no-code", "consent-denied"] {
        let id = format!("authorization/response/{id}");
        assert!(matches!(run.verdict(&id), Verdict::Pass { .. }), "{id}");
    }
    // Sessions were kept: far fewer logins than visits.
    let counts = run.recording.counts;
    let runs = run
        .recording
        .runs
        .values()
        .chain(run.recording.last.values());
    let steps = runs.flat_map(|run| &run.steps);
    let visits = steps.filter(|step| step.action == "authorize").count();
    assert!(counts.logins as usize * 2 < visits, "{visits}: {counts:?}");
    let recorded = serde_json::to_string(&run.recording).expect("a recording");
    for secret in ["wonderland-7", "builder-42"] {
        assert!(!recorded.contains(secret), "{secret} is in the recording");
    }
}

#[test]
fn a_wrong_server_is_found_by_a_program_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for (policy, case) in [
        (
            json!({ "authorization": { "denial": "issues_code" } }),
            "authorization/response/denial-gives-no-code",
        ),
        (
            json!({ "authorization": { "login": "skipped" } }),
            "authorization/response/login-required",
        ),
    ] {
        let run = run(policy, &[case], folder.path(), python(folder.path()));
        assert!(
            matches!(run.verdict(case), Verdict::Fail { .. }),
            "{case}: {:?}",
            run.verdict(case)
        );
    }
}

#[test]
fn a_program_that_fails_accuses_nobody_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = "authorization/response/login-required";
    for (script, told) in [
        ("exit 0", "answered nothing"),
        ("echo '<html>'", "no answer"),
        ("echo '{\"format\": 2, \"gave_up\": \"x\"}'", "format 2"),
        (
            "echo '{\"format\": 1, \"gave_up\": \"it asks for a code\"}'",
            "gave up: it asks for a code",
        ),
        ("echo '{\"format\": 1}'", "must answer with one of"),
        ("echo oh no >&2; exit 7", "exit status: 7: oh no"),
    ] {
        let run = run(
            json!({}),
            &[case],
            folder.path(),
            drive(&["sh", "-c", script]),
        );
        let verdict = format!("{:?}", run.verdict(case));
        assert!(
            verdict.starts_with("Inconclusive")
                && verdict.contains(told)
                && verdict.contains("`sh -c"),
            "{script}: {verdict}"
        );
    }
}
