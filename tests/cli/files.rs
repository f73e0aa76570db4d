//! `authspec lint`, suites of the user, defect and policy files of the user.

use super::{empty, say};

#[test]
fn what_is_built_in_has_no_mistakes() {
    say(&empty(), &["lint"]).ends_with(0).remarks("0 errors");
}

#[test]
fn the_project_s_own_fixtures_are_told_apart() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let said = say(&empty(), &["lint", fixtures]);
    said.remarks("not looked at: hostile servers, findings and pairs");
    assert!(!said.err.contains("checks"), "{}", said.err);
}

#[test]
fn a_bad_suite_is_linted_with_line_caret_and_mend() {
    let folder = empty();
    std::fs::create_dir_all(folder.path().join("mine/acme")).expect("a folder");
    let file = "title: Ours\nchecks:\n  - id: ours\n    title: Ours\n    why: w\n    mend: m\n    \
                requirements: [OAUTH21-4.1.3-verifier-wrnog]\n    flow: code_grnt\n    \
                expect: { accepted: [token] }\n";
    std::fs::write(folder.path().join("mine/acme/ours.yaml"), file).expect("the file");
    let said = say(&folder, &["lint", "mine"]);
    said.ends_with(2)
        .remarks("mine/acme/ours.yaml:7:20")
        .remarks("^^^^^")
        .remarks("did you mean `code_grant`?");
    let said = say(&folder, &["demo", "--suites", "mine"]);
    said.ends_with(2).remarks("mine/acme/ours.yaml");
    assert!(!said.err.contains("warning"), "{}", said.err);
}

#[test]
fn a_suite_of_the_user_runs_beside_the_built_in_ones() {
    let folder = empty();
    std::fs::create_dir_all(folder.path().join("mine/acme")).expect("a folder");
    let file = "title: Ours\nchecks:\n  - id: ours\n    title: The code grant works\n    why: w\n    \
                mend: m\n    requirements: [OAUTH21-4.1.1-s256-supported]\n    flow: code_grant\n    \
                match: { token: { json/token_type: { one_of_any_case: [bearer] } } }\n";
    std::fs::write(folder.path().join("mine/acme/ours.yaml"), file).expect("the file");
    let said = say(&folder, &["demo", "--suites", "mine", "--suite", "acme"]);
    said.ends_with(0).prints("acme/ours: 1 passed");
    let said = say(&folder, &["lint", "mine"]);
    said.ends_with(0).remarks("0 errors");
    assert!(!said.err.contains("suites/"), "{}", said.err);
    say(&folder, &["explain", "ours", "--suites", "mine"])
        .ends_with(0)
        .prints("no defect inside this program makes it fail");
}

#[test]
fn a_defect_of_the_user_is_linted_and_used() {
    let folder = empty();
    let bad = "title: Wrong\nwhy: w\npolicy:\n  pkce: { verifer: ignored }\nkills:\n  - nothing\n";
    std::fs::write(folder.path().join("bad.yaml"), bad).expect("the file");
    say(&folder, &["lint", "bad.yaml"])
        .ends_with(2)
        .remarks("bad.yaml:4:11")
        .remarks("the policy has no decision `verifer` here")
        .remarks("no case is called `nothing`");
    let good = "title: Wrong\nwhy: w\nrewrite:\n  - when: { path: /token }\n    \
                change: [{ remove_header: Cache-Control }]\nkills: [token/response/*]\n";
    std::fs::write(folder.path().join("good.yaml"), good).expect("the file");
    say(&folder, &["lint", "good.yaml"]).ends_with(0);
    say(
        &folder,
        &["demo", "--defect", "good.yaml", "--suite", "token/response"],
    )
    .ends_with(1);
}

#[test]
fn a_target_file_is_linted_and_its_secrets_are_not_shown() {
    let folder = empty();
    let file = "mcp_server: https://mcp.example/mcp\nusers:\n  first: { username: a, password: \
                hunter2 }\n";
    std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    let said = say(&folder, &["lint", "target.yaml"]);
    said.ends_with(2)
        .remarks("a secret does not stand here as it is");
    assert!(!said.err.contains("hunter2"), "{}", said.err);
}
