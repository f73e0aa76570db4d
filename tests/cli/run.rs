//! `authspec run` and `authspec doctor` against URLs and target files.

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::served::Served;
use super::{empty, result, say};

#[test]
fn from_a_url_nothing_is_registered_and_nobody_logs_in() {
    let (served, folder) = (Served::start(), empty());
    let arguments = ["run", &served.mcp, "--allow-origin", &served.issuer];
    let said = say(&folder, &arguments);
    said.ends_with(0)
        .remarks("is taken as an MCP server")
        .prints("`users.first`")
        .prints("MUST cases (");
    let sent = &result(&folder)["sent"];
    assert_eq!(
        (&sent["registrations"], &sent["logins"]),
        (&0.into(), &0.into())
    );
    assert!(sent["requests"].as_u64().is_some_and(|sent| sent > 1));
}

#[test]
fn another_origin_is_left_alone_unless_allowed() {
    let (served, folder) = (Served::start(), empty());
    let said = say(&folder, &["run", &served.mcp]);
    said.remarks(&format!("add `--allow-origin {}`", served.issuer));
}

#[test]
fn an_origin_that_is_not_named_leaves_cases_untested_and_breaks_nothing() {
    let (served, folder) = (Served::start(), empty());
    let said = say(&folder, &["run", &served.mcp]);
    let missing = format!("`allow_origins: [{}]`", served.issuer);
    said.ends_with(0)
        .prints("discovery: notice")
        .prints(&missing);
    for word in ["broken", "inconclusive"] {
        assert!(!said.out.contains(word), "{word}: {}", said.out);
    }
    say(&folder, &["doctor", &served.mcp])
        .ends_with(0)
        .prints(&format!("--allow-origin {}", served.issuer));
}

#[test]
fn a_wrong_address_is_not_the_fault_of_the_server() {
    let (served, folder) = (Served::start(), empty());
    let origin = served.mcp.trim_end_matches("/mcp");
    let meant = format!("did you mean {}?", served.mcp);
    let said = say(&folder, &["run", origin]);
    said.ends_with(3).remarks(&meant).prints("0 failed, ");
    say(&folder, &["doctor", origin])
        .ends_with(3)
        .prints("look     reachable")
        .prints(&meant);
    let slash = format!("mcp_server: {}/\n", served.mcp);
    std::fs::write(folder.path().join("target.yaml"), slash).expect("the file");
    let said = say(&folder, &["run", "target.yaml"]);
    said.ends_with(3).prints(&meant).prints("0 failed, ");
}

#[test]
fn what_the_target_file_leaves_out_is_untested_and_no_case_vanishes() {
    let (served, folder) = (Served::start(), empty());
    served.describe(&folder);
    let said = say(&folder, &["run", "target.yaml", "--suite", "scopes/grid"]);
    said.prints("scopes/grid: 6 untested, 2 not applicable")
        .prints("not shown to be conformant")
        .prints("add to the target file: `operations` with the `scopes`");
    let file = folder.path().join("target.yaml");
    let one = "operations:\n  weather:\n    scopes: [mcp:tools:weather]\n    call: { tool: { name: \
               get_weather, arguments: { city: Lisbon } } }\n";
    let all = std::fs::read_to_string(&file).expect("the file") + one;
    std::fs::write(&file, all).expect("the file");
    let said = say(&folder, &["run", "target.yaml", "--suite", "scopes/grid"]);
    said.prints("`operations` with one that needs a scope");
}

#[test]
fn a_resource_at_whose_address_nothing_answers_proves_nothing() {
    let (served, folder) = (Served::start(), empty());
    served.describe(&folder);
    let file = folder.path().join("target.yaml");
    let text = std::fs::read_to_string(&file).expect("the file");
    let text = text.replace(&served.mcp, "http://127.0.0.1:1/mcp");
    std::fs::write(&file, text).expect("the file");
    let said = say(&folder, &["run", "target.yaml"]);
    said.ends_with(3).prints(" 0 failed, ");
    assert!(!said.out.contains("WARNING"), "{}", said.out);
}

#[test]
fn the_served_target_file_is_complete() {
    let folder = empty();
    let path = folder.path().join("served.yaml");
    let path = path.display().to_string();
    let _served = Served::start_with(&["--target", &path]);
    let said = say(&folder, &["run", &path, "--suite", "resource/audience"]);
    said.ends_with(0).prints("3 passed, 0 failed");
    std::fs::write(&path, "mcp_server: https://mcp.example/mcp\n").expect("the file");
    say(&folder, &["serve", "--target", &path])
        .ends_with(2)
        .remarks("was not written by `authspec serve`");
}

#[cfg(unix)]
#[test]
fn a_signal_in_the_doctor_is_not_the_fault_of_the_server() {
    let folder = empty();
    let ended = interrupted(&folder, |url| vec!["run".to_owned(), url]);
    let (out, err) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert!(
        !out.contains("broken") && !err.contains("is taken as"),
        "{out}\n{err}"
    );
    // What the target file lacks, or the version does not ask for, it lacks without Ctrl-C, too.
    for case in result(&folder)["cases"].as_array().expect("cases") {
        let open = match case["verdict"].as_str() {
            Some("not_applicable") => true,
            Some("untested") => case["reason"].to_string().contains("`clients."),
            _ => case["reason"] == "not run: Ctrl-C",
        };
        assert!(open, "{case}");
    }
}

#[test]
fn a_signal_while_versions_are_sought_ends_it() {
    let folder = empty();
    let ended = interrupted(&folder, |url| {
        let file = format!("mcp_server: {url}\n");
        std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
        ["run", "target.yaml", "--mcp-version", "auto"]
            .map(str::to_owned)
            .to_vec()
    });
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(err.matches("Ctrl-C").count(), 1, "{err}");
    assert!(err.contains("ended before a version was"), "{err}");
    assert!(!folder.path().join("authspec-results/result.json").exists());
}

/// Runs the program against a server that never answers, and sends SIGINT at the first request.
fn interrupted(folder: &TempDir, arguments: impl FnOnce(String) -> Vec<String>) -> Output {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let program = Command::new(env!("CARGO_BIN_EXE_authspec"))
        .args(arguments(format!("http://127.0.0.1:{port}/mcp")))
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let _asked = silent.accept().expect("the first request");
    let interrupt = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(interrupt.is_ok_and(|status| status.success()));
    let ended = program.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(3));
    ended
}

#[test]
fn an_issuer_is_told_from_an_mcp_server() {
    let (served, folder) = (Served::start(), empty());
    let said = say(&folder, &["run", &served.issuer]);
    said.ends_with(0)
        .remarks("is taken as an authorization server");
    say(&folder, &["doctor", &served.issuer])
        .ends_with(0)
        .prints(&format!("issuer {}", served.issuer));
}

#[test]
fn a_target_file_with_users_is_tested_through_the_login() {
    let (served, folder) = (Served::start(), empty());
    served.describe(&folder);
    let said = say(&folder, &["doctor", "target.yaml"]);
    said.ends_with(0)
        .prints("a code arrived")
        .prints("an access token came");
    let said = say(
        &folder,
        &["run", "target.yaml", "--check", "verifier-wrong[other]"],
    );
    said.ends_with(0).prints("1 passed");
    say(
        &folder,
        &[
            "run",
            "target.yaml",
            "-q",
            "--check",
            "verifier-wrong[other]",
        ],
    )
    .ends_with(0);
}

#[test]
fn a_target_that_does_not_answer_ends_with_3() {
    let folder = empty();
    let said = say(&folder, &["run", "http://127.0.0.1:9/mcp"]);
    said.ends_with(3).remarks("could not be reached");
    assert!(folder.path().join("authspec-results/result.json").is_file());
    say(&folder, &["doctor", "http://127.0.0.1:9/mcp"])
        .ends_with(3)
        .prints("mend: start the server");
}

#[test]
fn plain_http_to_another_machine_needs_a_word() {
    let said = say(&empty(), &["run", "http://mcp.example/mcp", "--dry-run"]);
    said.ends_with(2).remarks("--insecure-http");
}

#[test]
fn a_bad_target_file_ends_with_2_and_names_every_mistake() {
    let folder = empty();
    let file = "mcp_sever: https://mcp.example/mcp\nscopes: news:read\n";
    std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    let said = say(&folder, &["run", "target.yaml"]);
    said.ends_with(2)
        .remarks("target.yaml:1:1")
        .remarks("did you mean `mcp_server`?")
        .remarks("target.yaml:2:");
    let said = say(&folder, &["run", "nothing.yaml"]);
    said.ends_with(2)
        .remarks("give the path of a target file, or a URL");
}

#[cfg(unix)]
#[test]
fn the_first_signal_ends_the_run_early_and_cleans_up() {
    let folder = empty();
    let log = folder.path().join("audit.jsonl");
    let served = Served::start_with(&["--audit-log", &log.display().to_string()]);
    served.describe(&folder);
    let mut program = Command::new(env!("CARGO_BIN_EXE_authspec"))
        .args([
            "run",
            "target.yaml",
            "--suite",
            "authorization",
            "--rate",
            "10",
            "--format",
            "json",
        ])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Past the doctor, in the middle of the runs.
    wait_for(|| {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.matches("\"code_issued\"").count() > 2
    });
    let interrupt = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(interrupt.is_ok_and(|status| status.success()));
    let ended = program.wait().expect("it ends");
    assert_eq!(ended.code(), Some(3));
    let result = result(&folder);
    assert_eq!(result["interrupted"], "Ctrl-C");
    let exchanges = result["exchanges"].as_array().expect("exchanges");
    let deleted = |exchange: &&serde_json::Value| exchange["request"]["method"] == "DELETE";
    let registered = result["sent"]["registrations"].as_u64().unwrap_or_default();
    assert!(registered > 0);
    assert_eq!(exchanges.iter().filter(deleted).count() as u64, registered);
}

#[cfg(unix)]
fn wait_for(happened: impl Fn() -> bool) {
    for _ in 0..600 {
        if happened() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it did not happen within 30 seconds");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_a_normal_end() {
    let folder = empty();
    let mut program = Command::new(env!("CARGO_BIN_EXE_authspec"))
        .args(["list", "requirements"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(program.stdout.take());
    let ended = program.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn a_dry_run_says_which_caps_are_too_low() {
    let folder = empty();
    let served = Served::start();
    served.describe(&folder);
    let path = folder.path().join("target.yaml");
    let mut file = std::fs::read_to_string(&path).expect("the file");
    file.push_str("limits: { registrations: 2, logins: 1000 }\n");
    std::fs::write(&path, file).expect("the file");
    let said = say(
        &folder,
        &[
            "run",
            "target.yaml",
            "--dry-run",
            "-q",
            "--suite",
            "registration",
        ],
    );
    said.ends_with(0)
        .prints("would be above `limits.registrations: 2`: raise it, or cases stay open.");
    assert!(!said.out.contains("limits.logins"), "{}", said.out);
}
