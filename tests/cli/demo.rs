//! `authspec demo` against the servers inside the program.

use super::{empty, result, say};

const CHECK: &str = "authorization/pkce/verifier-wrong[other]";

#[test]
fn a_correct_server_passes_one_case() {
    let folder = empty();
    let said = say(&folder, &["demo", "--check", CHECK]);
    said.ends_with(0).prints("1 passed, 0 failed");
    let result = result(&folder);
    assert_eq!(result["cases"][0]["id"], CHECK);
    assert_eq!(result["cases"][0]["verdict"], "pass");
    for file in ["junit.xml", "report.html"] {
        assert!(
            folder.path().join("authspec-results").join(file).is_file(),
            "{file}"
        );
    }
}

#[test]
fn a_defect_fails_it_and_the_failure_can_be_repeated_alone() {
    let folder = empty();
    let defect = ["demo", "--defect", "verifier-ignored"];
    let said = say(
        &folder,
        &[defect.as_slice(), &["--check", "verifier-wrong*"]].concat(),
    );
    said.ends_with(1)
        .prints(&format!("FAIL {CHECK}"))
        .prints("curl")
        .remarks("defect pkce/verifier-ignored");
    let failed = result(&folder)["tally"]["fail"].as_u64();

    // Another version's result says nothing of this one.
    let other = ["--failed", "--mcp-version", "2025-06-18"];
    say(&folder, &[defect.as_slice(), &other].concat())
        .ends_with(2)
        .remarks("is the result of the reference servers by MCP 2025-11-25, and this is");
    let said = say(&folder, &[defect.as_slice(), &["--failed"]].concat());
    said.ends_with(1);
    assert_eq!(result(&folder)["tally"]["fail"].as_u64(), failed);
    assert_eq!(result(&folder)["tally"]["pass"], 0);

    say(&folder, &["demo", "--failed"]).ends_with(0);
    say(&folder, &["demo", "--failed"])
        .ends_with(2)
        .remarks("no case failed in authspec-results/result.json");
    say(&folder, &["demo", "--check", CHECK])
        .ends_with(0)
        .remarks("this run was a part");
}

#[test]
fn a_broken_should_is_a_failure_everywhere_when_strict() {
    let arguments = ["demo", "--defect", "discovery/challenge-without-scope"];
    let check = ["--suite", "discovery/challenge", "--format", "json"];
    let folder = empty();
    say(&folder, &[arguments.as_slice(), &check].concat())
        .ends_with(0)
        .remarks("warning");
    let said = say(
        &folder,
        &[arguments.as_slice(), &check, &["--strict"]].concat(),
    );
    said.ends_with(1).remarks("not conformant");
    let document = result(&folder);
    assert_eq!(document["tally"]["warning"], 0);
    assert_eq!(document["conformant"], false);
    say(&folder, &["demo", "--failed"]).ends_with(0);
}

#[test]
fn failed_without_a_result_says_what_to_do() {
    let said = say(&empty(), &["demo", "--failed"]);
    said.ends_with(2).remarks("run once without --failed");
}

#[test]
fn names_that_nobody_knows_are_mistakes() {
    for (arguments, near) in [
        (
            ["--check", "verifier-wrnog"],
            "did you mean `verifier-wrong`?",
        ),
        (
            ["--suite", "authorisation"],
            "did you mean `authorization`?",
        ),
        (
            ["--requirement", "OAUTH21-4.1.3-verifier-wrnog"],
            "OAUTH21-4.1.3-verifier-wrong",
        ),
        (
            ["--defect", "verifier-ignord"],
            "did you mean `verifier-ignored`?",
        ),
        (
            ["--defect", "pkce/verifier-ignord"],
            "did you mean `pkce/verifier-ignored`?",
        ),
        (["--policy", "opaqe"], "did you mean `opaque`?"),
        (["--policy", "nosuchx"], "are known here; the nearest is `"),
        (
            [
                "--check",
                "scopes/grid/denied[read_customer with mcp:tools:wether]",
            ],
            "did you mean `scopes/grid/denied[read_customer with mcp:tools:weather]`?",
        ),
    ] {
        let folder = empty();
        let said = say(&folder, &[&["demo"], arguments.as_slice()].concat());
        said.ends_with(2).remarks(near);
    }
}

#[test]
fn filters_that_leave_nothing_together_are_a_mistake() {
    let arguments = ["demo", "--check", "verifier-wrong*", "--suite", "token"];
    let said = say(&empty(), &arguments);
    said.ends_with(2).remarks("no case passes all the filters");
}

#[test]
fn a_dry_run_sends_discovery_alone_and_writes_no_file() {
    let folder = empty();
    let said = say(
        &folder,
        &["demo", "--dry-run", "--suite", "authorization/pkce"],
    );
    said.ends_with(0)
        .prints("Would send about")
        .prints("token call")
        .prints("No rate holds them")
        .prints("authorization/pkce/verifier-wrong[truncated]");
    assert!(!said.out.contains("{{"), "{}", said.out);
    let arguments = ["demo", "--dry-run", "-v", "--rate", "10", "--check", CHECK];
    let said = say(&folder, &arguments);
    said.ends_with(0)
        .prints("At 10 requests a second")
        .prints("c code_grant as public: authorize, token")
        .prints("authorize, token*");
    let said = say(&folder, &["demo", "--dry-run", "-q", "--check", CHECK]);
    assert_eq!(said.ends_with(0).out.lines().count(), 1);
    assert!(!folder.path().join("authspec-results").exists());
}

#[test]
fn the_estimate_is_near_what_is_sent() {
    let folder = empty();
    let said = say(&folder, &["demo", "--dry-run", "-q"]);
    let estimate = said
        .out
        .split(' ')
        .find_map(|word| word.parse::<f64>().ok());
    let estimate = estimate.expect("a number of requests");
    say(&folder, &["demo", "-q", "--format", "json"]).ends_with(0);
    let sent = result(&folder)["sent"]["requests"].as_f64();
    let ratio = estimate / sent.expect("a number of requests");
    assert!(
        (0.85..=1.15).contains(&ratio),
        "{estimate} is {ratio} of {sent:?}"
    );
}

#[test]
fn what_is_scarce_is_not_more_than_was_said() {
    for check in ["verifier-wrong[truncated]", "resource/handles/*"] {
        let folder = empty();
        let filter = ["demo", "-q", "--check", check];
        let said = say(&folder, &[filter.as_slice(), &["--dry-run"]].concat());
        let numbers: Vec<u64> = said
            .out
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        say(
            &folder,
            &[filter.as_slice(), &["--format", "json"]].concat(),
        )
        .ends_with(0);
        let sent = &result(&folder)["sent"];
        let kinds = ["registrations", "logins", "token_requests"];
        for (kind, said) in kinds.iter().zip(&numbers[1..]) {
            let sent = sent[kind].as_u64().expect("a number");
            assert!(sent <= *said, "{check}: {sent} {kind}, {said} were said");
        }
    }
}

#[test]
fn formats_are_chosen() {
    let folder = empty();
    let said = say(
        &folder,
        &[
            "demo", "--check", CHECK, "--format", "json", "--out", "here",
        ],
    );
    assert_eq!(said.ends_with(0).out, "");
    said.remarks("1 passed, 0 failed; nothing broken in the 1 MUST case that was selected");
    let document = super::read_json(&folder.path().join("here/result.json"));
    assert_eq!(document["conformant"], false);
    assert_eq!(document["partial"], true);
    let files = std::fs::read_dir(folder.path().join("here")).expect("the folder");
    let names: Vec<_> = files.flatten().map(|file| file.file_name()).collect();
    assert_eq!(names, ["result.json"]);
}

#[test]
fn a_policy_of_another_version_is_judged_by_it() {
    let folder = empty();
    let arguments = ["demo", "--policy", "mcp-2026-07-28", "--check", CHECK];
    say(&folder, &arguments)
        .ends_with(0)
        .prints("MCP 2026-07-28");
}
