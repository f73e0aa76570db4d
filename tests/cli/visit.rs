//! `authspec visit TARGET URL`: somebody to log in for another tool.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Said, empty, riddle, say};

/// The authorization request of another tool, whose callback nobody serves.
fn request(issuer: &str) -> String {
    format!(
        "{issuer}/authorize?response_type=code&client_id=riddled&state=s-1\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback"
    )
}

/// A visit to a server whose login page only a recipe gets through.
fn visit(folder: &TempDir, issuer: &str, username: &str, options: &[&str]) -> Said {
    let file = format!(
        "authorization_server: {issuer}\nusers:\n  first: {{ username: {username}, password: {{ \
         value: none }} }}\nlogin: {{ username_field: badge, approve: Jo mei }}\n"
    );
    std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    let request = request(issuer);
    say(
        folder,
        &[&["visit", "target.yaml", &request], options].concat(),
    )
}

fn answer(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("one JSON document")
}

#[test]
fn a_visit_ends_at_the_callback_which_is_printed_and_not_requested() {
    let said = visit(&empty(), &riddle::start(), "alice", &[]);
    // The server asks for a badge and for no password.
    let wanted = json!({
        "format": 1,
        "callback": "http://127.0.0.1:1/callback?code=a-code-of-the-riddle-server&state=s-1",
        "logged_in_as": "alice",
        "consent": "approve",
        "stop_before": null,
    });
    assert_eq!(answer(said.ends_with(0)), wanted);
}

#[test]
fn a_page_without_a_way_on_is_shown() {
    let said = visit(&empty(), &riddle::start(), "mallory", &[]);
    let answer = answer(said.ends_with(0));
    let text = answer["page"]["text"].as_str().unwrap_or_default();
    assert!(text.contains("Nobody wears this badge here"), "{answer}");
    assert!(answer.get("callback").is_none(), "{answer}");
}

#[test]
fn nobody_is_visited_whom_the_target_file_does_not_name() {
    let folder = empty();
    visit(&folder, &riddle::start(), "alice", &[]).ends_with(0);
    let elsewhere = request(&riddle::start());
    let said = say(&folder, &["visit", "target.yaml", &elsewhere]);
    let answer = answer(said.ends_with(3));
    let reason = answer["gave_up"].as_str().unwrap_or_default();
    assert!(reason.contains("is not an allowed origin"), "{answer}");
}

#[test]
fn a_user_or_a_callback_that_is_not_there_is_a_usage_error() {
    let folder = empty();
    let issuer = riddle::start();
    visit(&folder, &issuer, "alice", &["--user", "third"])
        .ends_with(2)
        .remarks("help: add it to `users`, or take first");
    let bare = format!("{issuer}/authorize?response_type=code");
    say(&folder, &["visit", "target.yaml", &bare])
        .ends_with(2)
        .remarks("in quotes");
}
