//! The driver `interactive`: the program itself, with a scripted person as its $BROWSER.

use std::process::Command;

use authspec::cli::reference_target;
use authspec::reference::{Options, Policy, start};
use authspec::target::{Driver, InteractiveDriver, Secret, TargetFile};
use serde_json::Value;

const PERSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/user_agent/person.py");

/// What the program put out.
struct Told {
    results: Value,
    stderr: String,
    done: String,
}

/// Runs the program on reference servers; the person sits at `browser`.
fn run(cases: &[&str], browser: &str, change: impl FnOnce(&mut TargetFile)) -> Told {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    super::common::runtime().block_on(async {
        let running = start(Policy::default(), Vec::new(), Options::default())
            .await
            .expect("servers");
        let people: serde_json::Map<String, Value> = ["first", "second"]
            .iter()
            .zip(&running.users)
            .map(|(name, user)| {
                (
                    (*name).to_owned(),
                    serde_json::json!([user.name, user.password]),
                )
            })
            .collect();
        let mut file = reference_target(&running, None);
        for user in file.users.values_mut() {
            // A person knows the password, and authspec need not.
            user.password = None;
        }
        file.login.driver = Driver::Interactive(InteractiveDriver {
            timeout: 20,
            open: true,
        });
        change(&mut file);
        let text = serde_json::to_string(&file).expect("a target file");
        std::fs::write(at("target.yaml"), text).expect("the target file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_authspec"));
        command
            .args(["run", "target.yaml", "--out", "out", "--format", "json"])
            .args(cases.iter().flat_map(|case| ["--check", case]))
            .current_dir(folder.path())
            .env("BROWSER", browser)
            .env("SESSIONS", folder.path())
            .env("PEOPLE", Value::Object(people).to_string());
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("a thread")
            .expect("the program");
        running.stop().await;
        let result = std::fs::read_to_string(at("out/result.json"))
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        Told {
            results: serde_json::from_str(&result).expect("a result"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            done: std::fs::read_to_string(at("done")).unwrap_or_default(),
        }
    })
}

impl Told {
    fn cases(&self) -> impl Iterator<Item = (&str, &str, String)> {
        let cases = self.results["cases"].as_array().into_iter().flatten();
        cases.map(|case| {
            let text = |member: &str| case[member].as_str().unwrap_or_default();
            (text("id"), text("verdict"), case.to_string())
        })
    }
}

#[test]
fn a_person_logs_in_a_few_times_for_a_whole_run() {
    let cases = [
        "authorization/redirect-uri/**",
        "authorization/response/**",
        "token/code/**",
        "resource/transport/**",
    ];
    let told = run(&cases, &format!("python3 {PERSON}"), |_| {});
    let mut passed = 0;
    for (id, verdict, whole) in told.cases() {
        match verdict {
            "pass" => passed += 1,
            "not_applicable" => {}
            "untested" => assert!(
                whole.contains("`login.driver: form`") || whole.contains("audit_log"),
                "{id}: {whole}"
            ),
            _ => panic!("{id} is {verdict}: {whole}"),
        }
        if id == "authorization/response/denial-gives-no-code" {
            assert_eq!(verdict, "pass", "{whole}");
        }
    }
    assert!(passed > 10, "{passed} passed\n{}", told.stderr);
    let count = |words: &str| {
        told.done
            .lines()
            .filter(|line| line.starts_with(words))
            .count()
    };
    assert!((1..=2).contains(&count("login first")), "{}", told.done);
    assert_eq!(count("login second"), 1, "{}", told.done);
    // The tab stays: the browser is not opened anew for each visit.
    assert!(count("opened") <= 1, "{}", told.done);
    assert!(told.stderr.contains("log in as alice"), "{}", told.stderr);

    // In the same test, since the listener has one port. Nobody sits there: the doctor says so, and nobody is accused.
    let told = run(&["token/code/**"], "true", |file| {
        file.login.driver = Driver::Interactive(InteractiveDriver {
            timeout: 5,
            open: true,
        });
        for user in file.users.values_mut() {
            user.password = Some(Secret::Value("wonderland-7".to_owned()));
        }
    });
    for (id, verdict, whole) in told.cases() {
        let open = verdict == "inconclusive" && whole.contains("no callback came within");
        assert!(open || verdict == "not_applicable", "{id}: {whole}");
    }
}
