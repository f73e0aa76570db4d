//! `authspec init URL`: from nothing to a target file, and from there to a report.

use std::path::Path;

use tempfile::TempDir;

use super::served::Served;
use super::{Said, authspec, empty, identities, result, riddle, say};

const PASSWORD: &str = "wonderland-7";

/// Runs with the variables that a target file may name.
fn say_with_secrets(folder: &TempDir, arguments: &[&str]) -> Said {
    let mut command = authspec(folder);
    for variable in [
        "ALICE",
        "FIRST_PASSWORD",
        "SECOND_PASSWORD",
        "ACCESS_TOKEN",
        "CONFIDENTIAL_SECRET",
        "MACHINE_SECRET",
        "INTROSPECTOR_SECRET",
    ] {
        command.env(variable, PASSWORD);
    }
    // Keys of issuers are named by what they are.
    for variable in ["ACCESS_TOKEN_KEY", "ASSERTION_KEY"] {
        command.env(variable, identities::ec_key());
    }
    Said::by(&mut command, arguments)
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).expect("the file")
}

/// The file with every member that it proposes.
fn filled_in(text: &str) -> String {
    let is_member = |rest: &str| !rest.starts_with(' ') || rest.starts_with("  ");
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && is_member(rest) => rest,
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    // Whoever fills it in knows two users.
    text.replace("second: { username: NAME", "second: { username: OTHER")
}

/// Checks that what the file proposes is right as it stands.
#[track_caller]
fn lints_filled_in(folder: &TempDir, text: &str) {
    let filled = filled_in(text);
    std::fs::write(folder.path().join("filled.yaml"), &filled).expect("the file");
    let said = say_with_secrets(folder, &["lint", "filled.yaml"]);
    assert!(!said.err.contains("error:"), "{}\n{filled}", said.err);
}

/// The operations that the reference servers logged for an event.
fn logged(log: &Path, event: &str) -> Vec<String> {
    let log = std::fs::read_to_string(log).expect("the log");
    let entries = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("an entry"));
    let of_event = entries.filter(|entry: &serde_json::Value| entry["event"] == event);
    of_event
        .map(|entry| entry["operation"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_newcomer_gets_from_a_url_to_a_report() {
    let folder = empty();
    let log = folder.path().join("audit.log");
    let served = Served::start_with(&["--audit-log", &log.display().to_string()]);
    let said = say_with_secrets(
        &folder,
        &[
            "init",
            &served.mcp,
            "--allow-origin",
            &served.issuer,
            "--user",
            "alice",
            "--password-env",
            "ALICE",
        ],
    );
    said.ends_with(0)
        .remarks("login        a code arrived")
        .remarks("target.yaml is written")
        .remarks("more wait for operations")
        .remarks("then: authspec run target.yaml");
    assert_eq!(said.out, "");
    // The list of tools was read, and none of them was called.
    assert_eq!(logged(&log, "access"), ["initialize", "tools/list"]);
    // The client that was registered for it is gone.
    assert_eq!(logged(&log, "registration").len(), 1);
    assert_eq!(logged(&log, "client_management"), ["DELETE"]);
    let text = read(&folder, "target.yaml");
    for part in [
        "  first: { username: alice, password: { env: ALICE } }",
        "#login: { username_field: username, password_field: password, approve: Allow, deny: Deny }",
        "#  get_weather: { scopes: [], call: { tool: { name: get_weather, arguments: { city: ",
        "# - authorization_endpoint: http",
        "registration:\n  allowed: true\n",
        "#  secret_authentication: client_secret_basic",
        "#client_id_metadata: { url:",
        "#played_issuers:\n",
        "#  access_tokens: { private_key: { env: ACCESS_TOKEN_KEY }, key_id: KID }",
        "#  token_leeway: ",
        "#  longest_wait: ",
        "#  code_lifetime: ",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let said = text.replace("\n# ", " ");
    for (member, part) in [
        ("client_id_metadata", "client ID metadata documents ("),
        ("played_issuers", "signs access tokens with ("),
    ] {
        assert!(said.contains(part), "no {part:?} in\n{text}");
        assert!(
            !said.contains(&format!("Also lacking: `{member}")),
            "{text}"
        );
    }
    assert!(!text.contains(PASSWORD));
    say_with_secrets(&folder, &["lint", "target.yaml"]).ends_with(0);
    say_with_secrets(
        &folder,
        &["run", "target.yaml", "--suite", "authorization/pkce"],
    )
    .ends_with(0)
    .prints(" 0 failed");
    // What it proposes can be filled in as it stands.
    lints_filled_in(&folder, &text);
}

#[test]
fn without_a_user_nothing_is_registered_and_all_that_is_public_is_told() {
    let folder = empty();
    let log = folder.path().join("audit.log");
    let served = Served::start_with(&["--audit-log", &log.display().to_string()]);
    let other = format!("come again with `--allow-origin {}`", served.issuer);
    let said = say(&folder, &["init", &served.mcp]);
    said.ends_with(0)
        .remarks("is taken as an MCP server")
        .remarks(&other)
        .remarks("more wait for users.first")
        .remarks("--user NAME --password-env VARIABLE");
    let text = read(&folder, "target.yaml");
    assert!(
        text.contains(&format!("#allow_origins: [\"{}\"]", served.issuer)),
        "{text}"
    );
    let said = say(
        &folder,
        &[
            "init",
            &served.mcp,
            "--allow-origin",
            &served.issuer,
            "--force",
        ],
    );
    said.ends_with(0).remarks("more wait for users.first");
    assert!(!said.err.contains("come again"), "{}", said.err);
    assert_eq!(logged(&log, "registration"), Vec::<String>::new());
    assert_eq!(logged(&log, "login"), Vec::<String>::new());
    let text = read(&folder, "target.yaml");
    assert!(
        text.contains(&format!("allow_origins: [\"{}\"]", served.issuer)),
        "{text}"
    );
    assert!(text.contains("#  first: { username: NAME"), "{text}");
    say(&folder, &["lint", "target.yaml"]).ends_with(0);
    say(&folder, &["run", "target.yaml", "--suite", "discovery"]).ends_with(0);
    assert_ne!(result(&folder)["cases"], serde_json::json!([]));
    lints_filled_in(&folder, &text);
}

#[test]
fn an_issuer_alone_gets_a_file_without_an_mcp_server() {
    let (served, folder) = (Served::start(), empty());
    let said = say_with_secrets(
        &folder,
        &[
            "init",
            &served.issuer,
            "--user",
            "alice",
            "--password-env",
            "ALICE",
            "--out",
            "-",
        ],
    );
    said.ends_with(0)
        .remarks("is taken as an authorization server")
        .prints(&format!("authorization_server: \"{}\"", served.issuer))
        // Without any scope there was no code.
        .prints("\nscopes: [\"mcp:tools:weather\"");
    for absent in ["\nmcp_server:", "tool:"] {
        assert!(!said.out.contains(absent), "{absent}: {}", said.out);
    }
    assert!(!folder.path().join("target.yaml").exists());
    std::fs::write(folder.path().join("target.yaml"), &said.out).expect("the file");
    say_with_secrets(
        &folder,
        &["run", "target.yaml", "--suite", "authorization/pkce"],
    )
    .ends_with(0);
}

#[test]
fn without_a_login_an_issuers_scopes_are_written_and_where_it_lists_none_they_are_counted() {
    let (served, folder) = (Served::start(), empty());
    say(&folder, &["init", &served.issuer, "--out", "-"])
        .ends_with(0)
        .prints("\nscopes: [\"mcp:tools:weather\"");
    let said = say(&folder, &["init", &riddle::start(), "--out", "-"]);
    let text = said.ends_with(0).out.replace("\n# ", " ");
    let counted = "that the users may be granted (";
    assert!(text.contains(counted), "{text}");
}

#[test]
fn a_server_that_fails_over_its_new_client_has_the_registration_named() {
    let (issuer, folder) = (riddle::start_failing(), empty());
    let file = format!(
        "authorization_server: {issuer}\nusers:\n  first: {{ username: alice, password: {{ value: \
         none }} }}\nlogin: {{ username_field: badge, approve: Jo mei }}\n"
    );
    std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(3)
        .prints("broken   token")
        .prints("`registration` of the target file changes that");
}

#[test]
fn a_server_from_before_resource_metadata_is_told_by_its_own() {
    let folder = empty();
    let policy = "title: No resource metadata\npolicy:\n  shared_origin: true\n  mcp_server: { \
                  metadata: { places: [] }, challenge: { resource_metadata: absent }, transport: { \
                  mcp_versions: [\"2025-03-26\"] } }\n";
    let path = folder.path().join("policy.yaml");
    std::fs::write(&path, policy).expect("the policy");
    let served = Served::start_with(&["--policy", &path.display().to_string()]);
    let tried = ["--user", "alice", "--password-env", "ALICE"];
    say_with_secrets(&folder, &[&["init", &served.mcp], &tried[..]].concat())
        .ends_with(0)
        .remarks("it is judged by MCP 2025-03-26")
        .remarks("login        a code arrived");
    let text = read(&folder, "target.yaml");
    assert!(text.contains("\nmcp_version: \"2025-03-26\"\n"), "{text}");
    let said = say_with_secrets(
        &folder,
        &["run", "target.yaml", "--suite", "authorization/pkce"],
    );
    said.ends_with(0).prints("MCP 2025-03-26");
}

#[test]
fn where_nothing_is_no_file_is_written() {
    let folder = empty();
    say(&folder, &["init", "http://127.0.0.1:9/mcp"])
        .ends_with(3)
        .remarks("mend: start the server")
        .remarks("could not be reached");
    let page = format!("{}/page", riddle::start());
    say(&folder, &["init", &page])
        .ends_with(3)
        .remarks("with a web page: give the MCP endpoint");
    let served = Served::start();
    let origin = served.mcp.trim_end_matches("/mcp");
    say(&folder, &["init", origin])
        .ends_with(3)
        .remarks(&format!("did you mean {}?", served.mcp));
    say(&folder, &["init", "mcp.example"])
        .ends_with(2)
        .remarks("is not a URL");
    assert!(!folder.path().join("target.yaml").exists());
}

#[test]
fn a_file_that_is_there_is_written_over_only_by_force() {
    let (served, folder) = (Served::start(), empty());
    std::fs::write(folder.path().join("target.yaml"), "mine\n").expect("the file");
    say(&folder, &["init", &served.mcp])
        .ends_with(2)
        .remarks("--force");
    assert_eq!(read(&folder, "target.yaml"), "mine\n");
    say(&folder, &["init", &served.mcp, "--force"]).ends_with(0);
    assert!(read(&folder, "target.yaml").contains(&served.mcp));
}

#[test]
fn a_login_that_fails_is_told_with_its_page_and_the_file_written() {
    let (served, folder) = (Served::start(), empty());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "wrong\n").expect("the secret");
    let said = say(
        &folder,
        &[
            "init",
            &served.mcp,
            "--allow-origin",
            &served.issuer,
            "--user",
            "alice",
            "--password-file",
            "secret",
        ],
    );
    said.ends_with(3)
        .remarks("login refused")
        .remarks("more wait for the login, which did not go through")
        .remarks("next: do what the doctor's mend says");
    let text = read(&folder, "target.yaml").replace("\n# ", " ");
    for part in [
        "password: { file: secret }",
        "The login was tried and did not go through",
        "fields `username` (Name), `password` (Password), buttons `Log in`",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    say(&folder, &["lint", "target.yaml"]).ends_with(0);
    std::fs::write(&secret, PASSWORD).expect("the secret");
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(0)
        .prints("a code arrived");
    say(&folder, &["init", &served.issuer, "--user", "alice"])
        .ends_with(2)
        .remarks("--password-env");
    let unset = [
        "--user",
        "alice",
        "--password-env",
        "NOT_SET_ANYWHERE",
        "--force",
    ];
    say(&folder, &[&["init", &served.issuer], &unset[..]].concat())
        .ends_with(2)
        .remarks("NOT_SET_ANYWHERE is not set");
}

#[test]
fn pages_in_unknown_words_are_guessed_and_the_recipe_is_written() {
    let (issuer, folder) = (riddle::start(), empty());
    let arguments = [
        "init",
        &issuer,
        "--user",
        "alice",
        "--password-env",
        "ALICE",
    ];
    say_with_secrets(&folder, &arguments)
        .ends_with(0)
        .remarks("login        a code arrived");
    let text = read(&folder, "target.yaml");
    let recipe = "login: { username_field: badge, approve: \"Jo mei\", deny: \"Nix da\" }";
    assert!(text.lines().any(|line| line == recipe), "{text}");
    say_with_secrets(&folder, &["doctor", "target.yaml"])
        .ends_with(0)
        .prints("a code arrived");
}
