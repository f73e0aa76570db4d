//! `authspec serve`: what it is told must be so, or it says why not.

use super::served::Served;
use super::{empty, say};

#[test]
fn a_defect_keeps_the_policy_that_it_changes() {
    let folder = empty();
    let defect = "authorization/delegated-form-unbound";
    for command in ["demo", "serve"] {
        say(
            &folder,
            &[command, "--policy", "opaque", "--defect", defect],
        )
        .ends_with(2)
        .remarks(defect)
        .remarks("changes the policy delegated, and `--policy` names opaque");
    }
    let check = "authorization/pkce/verifier-wrong[other]";
    let defect = ["demo", "--defect", defect, "--check", check];
    say(
        &folder,
        &[defect.as_slice(), &["--policy", "delegated"]].concat(),
    )
    .ends_with(0);
}

#[test]
fn what_cannot_be_had_is_named() {
    let folder = empty();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    say(&folder, &["serve", "--port", &port])
        .ends_with(2)
        .remarks(&format!("127.0.0.1:{port}: "));
    say(&folder, &["serve", "--audit-log", "none/such.log"])
        .ends_with(2)
        .remarks("none/such.log: ");
}

#[test]
fn a_port_without_a_server_is_refused() {
    say(
        &empty(),
        &["serve", "--policy", "shared-origin", "--mcp-port", "1"],
    )
    .ends_with(2)
    .remarks("`--mcp-port` has no meaning here");
}

#[test]
fn a_target_file_in_another_folder_finds_the_audit_log() {
    let folder = empty();
    let target = folder.path().join("below/target.yaml");
    std::fs::create_dir(folder.path().join("below")).expect("a folder");
    let target = target.display().to_string();
    let log = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/serve-test.log");
    // Relative to where the program is started, which is here.
    let served = Served::start_with(&["--audit-log", "target/serve-test.log", "--target", &target]);
    let text = std::fs::read_to_string(&target).expect("the target file");
    drop(served);
    std::fs::remove_file(&log).expect("the log");
    assert!(text.contains(&format!("{log:?}")), "{text}");
}
