//! What an answer proves, and what it does not.

use super::*;
use crate::run::user_agent::{Consent, Credentials};

fn visit() -> Visit {
    Visit {
        login: Some(Credentials {
            username: "alice".to_owned(),
            password: "wonderland-7".to_owned(),
        }),
        ..Visit::new("http://127.0.0.1:9/authorize")
    }
}

fn doubted(visit: &Visit, answer: &str) -> String {
    let answer = format!("{{\"format\": 1, {answer}}}");
    let answer = Answer::read(&answer).unwrap_or_else(|reason| panic!("{reason}"));
    doubt(visit, &answer).unwrap_or_default()
}

#[test]
fn a_visit_that_was_to_stop_counts_only_if_the_program_knew() {
    let stop = Visit {
        stop_before: Some(StopBefore::Login),
        ..visit()
    };
    let callback = r#""callback": "http://127.0.0.1:1/cb?code=1""#;
    assert!(doubted(&stop, callback).contains("does not say"));
    let knew = format!(r#"{callback}, "stop_before": "login""#);
    assert_eq!(doubted(&stop, &knew), "");
    let logged_in = format!(r#"{knew}, "logged_in_as": "alice""#);
    assert!(doubted(&stop, &logged_in).contains("logged in, though"));
    let stop = Visit {
        stop_before: Some(StopBefore::Consent),
        ..visit()
    };
    let said = format!(r#"{callback}, "stop_before": "consent", "consent": "approve""#);
    assert!(doubted(&stop, &said).contains("answered the consent page"));
}

#[test]
fn another_user_or_another_word_decides_nothing() {
    let page = r#""page": { "status": 200 }"#;
    let bob = format!(r#"{page}, "logged_in_as": "bob""#);
    assert!(doubted(&visit(), &bob).contains("\"bob\""));
    let denying = Visit {
        consent: Consent::Deny,
        ..visit()
    };
    let yes = format!(r#"{page}, "logged_in_as": "alice", "consent": "approve""#);
    assert!(doubted(&denying, &yes).contains("something else"));
    assert_eq!(doubted(&visit(), &yes), "");
    assert_eq!(doubted(&denying, page), "");
}

#[test]
fn an_answer_is_read_strictly() {
    for (answer, told) in [
        ("", "answered nothing"),
        ("{}", "missing field `format`"),
        (r#"{"format": 1, "call_back": "x"}"#, "call_back"),
        (r#"{"format": 1, "consent": "maybe"}"#, "maybe"),
        (r#"{"format": 9}"#, "format 9"),
    ] {
        let reason = Answer::read(answer).expect_err(answer);
        assert!(reason.contains(told), "{answer}: {reason}");
    }
}

#[test]
fn the_task_says_what_is_wanted() {
    let visit = visit();
    let limit = Duration::from_secs(9);
    let task = Task::of(&visit, "first-x", true, &Default::default(), limit);
    let task: serde_json::Value = serde_json::from_slice(&task.to_line()).unwrap();
    assert_eq!(task["username"], "alice");
    assert_eq!(task["consent"], "approve");
    assert_eq!(task["stop_before"], serde_json::Value::Null);
    assert_eq!(
        (&task["session"], &task["timeout"]),
        (&"first-x".into(), &9.into())
    );
}
