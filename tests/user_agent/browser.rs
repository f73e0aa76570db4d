//! The driver `browser`, on a login page that needs JavaScript: a script draws it, late, with fields
//! that have no names and a button that belongs to no form.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authspec::reference::Rewrite;
use authspec::run::{Answer, FailureKind};
use authspec::target::{BrowserDriver, Driver, TargetFile};
use serde_json::json;

use super::{Run, tested_with};

/// Takes the form out of the login page and has a script draw another in its place.
const DRAW: &str = r#"</form></script><div id="root"></div>
<script src="{foreign}/tracker.js"></script>
<script>
setTimeout(() => {
  const root = document.getElementById("root");
  root.innerHTML = `<p id=problem style="display: none">Wrong password</p>
    <label>Your name <input id=n></label> <label>Secret word <input id=p type=password></label>
    <button type=button id=b disabled>Enter</button>`;
  const hidden = new DOMParser().parseFromString(document.getElementById("t").textContent, "text/html").forms[0];
  const field = id => document.getElementById(id);
  root.addEventListener("input", () => { field("b").disabled = !(field("n").value && field("p").value) });
  field("b").onclick = async () => {
    const body = new URLSearchParams(new FormData(hidden));
    body.set("username", field("n").value);
    body.set("password", field("p").value);
    const answer = await fetch(hidden.getAttribute("action"), { method: "POST", body });
    document.open(); document.write(await answer.text()); document.close();
  };
}, 300);
</script>"#;

fn rewrites(foreign: &str) -> Vec<Rewrite> {
    let script = DRAW.replace("{foreign}", foreign);
    let rewrites = json!([{ "change": [
        { "remove_header": "Content-Security-Policy" },
        { "replace_text": { "from": "<form id=\"login\"", "to": "<script type=\"text/x\" id=\"t\"><form id=\"login\"" } },
        { "replace_text": { "from": "<button type=\"submit\">Log in</button>\n</form>", "to": script } },
    ] }]);
    serde_json::from_value(rewrites).expect("rewrites")
}

fn run(cases: &[&str], foreign: &str, change: impl FnOnce(&mut TargetFile)) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    tested_with(
        rewrites(foreign),
        json!({}),
        cases,
        folder.path(),
        async |_, file| change(file),
    )
}

const NOWHERE: &str = "http://127.0.0.1:9";

#[test]
fn a_login_that_a_script_draws_is_passed() {
    // Another origin, which the target file does not name and nobody may ask.
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", foreign.local_addr().expect("an address"));
    let visitors = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&visitors);
    std::thread::spawn(move || {
        for _ in foreign.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let cases = [
        "authorization/response/**",
        "authorization/redirect-uri/**",
        "authorization/request/**",
        "resource/transport/**",
    ];
    let run = run(&cases, &address, |file| {
        file.login.driver = Driver::Browser(BrowserDriver::default());
    });
    for case in run.sound() {
        let told = format!("{:?}", case.verdict);
        assert!(!told.contains("login.driver"), "{}: {told}", case.id);
    }
    for id in ["login-required", "denial-gives-no-code", "framing-refused"] {
        let id = format!("authorization/response/{id}");
        assert_eq!(run.verdict(&id).name(), "pass", "{id}");
    }
    assert_eq!(
        visitors.load(Ordering::SeqCst),
        0,
        "the foreign origin was asked"
    );
    let refused = run.recording.exchanges.iter().filter(|exchange| {
        exchange.request.url.starts_with(&address)
            && matches!(
                exchange.answer,
                Answer::Failed {
                    kind: FailureKind::NotAllowed,
                    ..
                }
            )
    });
    assert!(refused.count() > 0, "no page asked for it");
    let callbacks = |url: &str| url.contains("/callback?") || url.contains("attacker.");
    let asked: Vec<&str> = run
        .recording
        .exchanges
        .iter()
        .map(|exchange| exchange.request.url.as_str())
        .filter(|url| callbacks(url.split("/authorize").next().unwrap_or_default()))
        .collect();
    assert!(asked.is_empty(), "a callback was requested: {asked:?}");
    let recorded = serde_json::to_string(&run.recording).expect("a recording");
    for secret in ["wonderland-7", "builder-42"] {
        assert!(!recorded.contains(secret), "{secret} is in the recording");
    }
    println!("{:?}", run.recording.counts);
}

#[test]
fn plain_forms_say_that_a_browser_is_needed() {
    let case = "authorization/response/login-required";
    let run = run(&[case], NOWHERE, |_| {});
    let verdict = format!("{:?}", run.verdict(case));
    assert!(
        verdict.starts_with("Inconclusive") && verdict.contains("`login.driver"),
        "{verdict}"
    );
}

#[test]
fn a_recipe_that_fits_nothing_and_a_wrong_password_are_named() {
    let case = "authorization/response/login-required";
    for (password, field, told) in [
        ("not-the-one", None, "login"),
        (
            "wonderland-7",
            Some("user-name"),
            "`login.username_field: user-name`",
        ),
    ] {
        let run = run(&[case], NOWHERE, |file| {
            file.login.driver = Driver::Browser(BrowserDriver::default());
            file.login.username_field = field.map(str::to_owned);
            for user in file.users.values_mut() {
                user.password = Some(authspec::target::Secret::Value(password.to_owned()));
            }
        });
        let verdict = format!("{:?}", run.verdict(case));
        assert!(
            verdict.starts_with("Inconclusive") && verdict.contains(told),
            "{verdict}"
        );
    }
}
