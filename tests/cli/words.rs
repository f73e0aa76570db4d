//! What people read: help, version, lists, explanations, schemas.

use super::{empty, say};

#[test]
fn version_is_one_line() {
    let said = say(&empty(), &["--version"]);
    assert_eq!(
        said.ends_with(0).out,
        format!("authspec {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    insta::assert_snapshot!(say(&empty(), &["-h"]).ends_with(0).out);
}

#[test]
fn no_command_at_all_shows_the_help() {
    say(&empty(), &[]).ends_with(2).remarks("Usage: authspec");
}

#[test]
fn an_option_that_makes_no_sense_ends_with_2() {
    for arguments in [
        ["demo", "--rate", "-1"],
        ["demo", "--timeout", "0"],
        ["demo", "--timeout", "1e300"],
        ["demo", "--concurrency", "0"],
        ["demo", "--concurrency", "65"],
        ["demo", "--mcp-version", "2024-11-05"],
        ["demo", "--format", "pdf"],
        ["demo", "-q", "-v"],
    ] {
        say(&empty(), &arguments).ends_with(2);
    }
}

#[test]
fn what_is_missing_is_said_without_what_is_not() {
    say(&empty(), &["run"])
        .ends_with(2)
        .remarks("Usage: authspec run [OPTIONS] <TARGET>");
}

#[test]
fn a_check_is_explained() {
    let folder = empty();
    std::fs::create_dir_all(folder.path().join("mine/acme")).expect("a folder");
    let file = "title: Ours\nchecks:\n  - id: challenge-removed\n    title: Without a challenge \
                there is no token\n    why: A stolen code could be redeemed.\n    mend: Refuse \
                it.\n    requirements: [OAUTH21-7.5.2-challenge-required-public]\n    flow: \
                code_grant\n    mutate:\n      authorize: { remove: [code_challenge] }\n      \
                token: { set: { code_verifier: x } }\n    expect: { refused_at: [authorize, token] }\n";
    std::fs::write(folder.path().join("mine/acme/ours.yaml"), file).expect("the file");
    let said = say(
        &folder,
        &["explain", "challenge-removed", "--suites", "mine"],
    );
    insta::assert_snapshot!(said.ends_with(0).out);
}

#[test]
fn an_explanation_has_words_and_the_row_in_place_of_templates() {
    let folder = empty();
    let said = say(&folder, &["explain", "verifier-wrong[truncated]"]);
    said.ends_with(0).prints("set code_verifier: ");
    assert!(!said.out.contains("{{ case."), "{}", said.out);
    let said = say(&folder, &["explain", "verifier-wrong"]);
    said.prints("the case's ");
    let said = say(&folder, &["explain", "token/code/used-twice-at-once"]);
    said.ends_with(0).prints("in 10 rounds");
}

#[test]
fn areas_and_requirements_are_explained() {
    let folder = empty();
    say(&folder, &["explain", "authorization/pkce"])
        .ends_with(0)
        .prints("authorization/pkce/verifier-wrong");
    say(&folder, &["explain", "oauth21-4.1.3-verifier-wrong"])
        .ends_with(0)
        .prints("OAuth 2.1")
        .prints("Tested by")
        .prints("authorization/pkce/verifier-wrong");
    say(&folder, &["list", "requirements"])
        .prints("1 check ")
        .prints("no check ");
}

#[test]
fn an_unknown_check_or_case_is_a_mistake_that_names_the_nearest() {
    say(&empty(), &["explain", "verifier-wrnog"])
        .ends_with(2)
        .remarks("did you mean `verifier-wrong`?");
    say(&empty(), &["explain", "verifier-wrong[othr]"])
        .ends_with(2)
        .remarks("there is no case");
}

#[test]
fn lists_are_for_people_and_programs() {
    let folder = empty();
    for (what, entry) in [
        ("checks", "authorization/pkce/verifier-wrong"),
        ("requirements", "OAUTH21-4.1.3-verifier-wrong"),
        ("flows", "code_grant"),
        ("clients", "public"),
        ("defects", "pkce/verifier-ignored"),
        ("policies", "opaque"),
    ] {
        say(&folder, &["list", what]).ends_with(0).prints(entry);
        let said = say(&folder, &["list", what, "--json"]);
        let list: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        let list = list.as_array().expect("a list");
        assert!(list.iter().any(|item| item["id"] == entry), "{what}");
    }
}

#[test]
fn schemas_are_printed() {
    for kind in [
        "requirement",
        "flow",
        "check",
        "client",
        "target",
        "policy",
        "defect",
        "result",
    ] {
        let said = say(&empty(), &["schema", kind]);
        let schema: serde_json::Value = serde_json::from_str(&said.ends_with(0).out).expect("JSON");
        assert!(schema["properties"].is_object(), "{kind}");
    }
}
