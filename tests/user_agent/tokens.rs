//! No login at all: the operator gives access tokens in files, and the MCP server is tested with
//! them.

use std::collections::BTreeSet;
use std::sync::Arc;

use authspec::reference::Running;
use authspec::run::http::{AllowedOrigins, Client, Options, Origin, Recorder};
use authspec::run::redact::Vault;
use authspec::run::user_agent::{CookieJar, Credentials, UserAgent, Visit, VisitOutcome};
use authspec::target::{Secret, Target, TargetFile};
use serde_json::{Value, json};

use super::run_with;

const CALLBACK: &str = "http://127.0.0.1:33418/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A token for all scopes of a user, as an operator would get one by hand.
async fn token(running: &Running, user: usize, scope: &str) -> String {
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let origin = &running.authorization_server_origin;
    let post = |path: &str| http.post(format!("{origin}{path}"));
    let document = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "scope": scope });
    let client: Value = answer(post("/register").json(&document)).await;
    let client_id = client["client_id"].as_str().expect("a client_id");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "x"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", &running.mcp_url),
        ])
        .finish();
    let options = Options {
        allowed: AllowedOrigins::new(Origin::of(origin)),
        concurrency: 1,
        ..Options::default()
    };
    let harness = Client::new(options, Arc::new(Vault::new()), Recorder::new()).expect("a client");
    let target = Target::resolve(TargetFile::default(), "".as_ref()).expect("a target");
    let visit = Visit {
        redirect_uris: vec![CALLBACK.to_owned()],
        requested_redirect_uri: Some(CALLBACK.to_owned()),
        login: Some(Credentials {
            username: running.users[user].name.clone(),
            password: running.users[user].password.clone(),
        }),
        ..Visit::new(format!("{origin}/authorize?{query}"))
    };
    let agent = UserAgent::new(&target);
    let visited = agent
        .authorize(&harness, &mut CookieJar::new(), visit, &target.file.login)
        .await;
    let VisitOutcome::Callback { params, .. } = visited.outcome else {
        panic!("{:?}", visited.outcome);
    };
    let code = params
        .iter()
        .find(|(name, _)| name == "code")
        .expect("a code");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("redirect_uri", CALLBACK),
        ("code", &code.1),
        ("code_verifier", VERIFIER),
        ("resource", &running.mcp_url),
    ];
    let tokens: Value = answer(post("/token").form(&form)).await;
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.expect("an answer");
    response.json().await.expect("a document")
}

#[test]
fn the_mcp_server_is_tested_with_given_tokens_alone() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    let run = run_with(&["**"], folder.path(), async move |running, file| {
        let scope = file.scopes.join(" ");
        for (user, name) in ["first", "second"].into_iter().enumerate() {
            let token = token(running, user, &scope).await;
            std::fs::write(path.join(name), format!("{token}\n")).expect("a file");
            let secret = Secret::File(name.to_owned());
            file.access_tokens.insert(name.to_owned(), secret);
        }
        file.users.clear();
        file.clients.clear();
        file.registration.allowed = false;
    });
    let untested: BTreeSet<&str> = run.sound().iter().map(|case| case.id.as_str()).collect();
    let passed = run.by_verdict().remove("pass").unwrap_or_default();
    let of_server = |area: &str| {
        passed
            .iter()
            .filter(|case| case.area.starts_with(area))
            .count()
    };
    println!(
        "{} passed, {} untested: {untested:#?}",
        passed.len(),
        untested.len()
    );
    assert!(
        of_server("resource") > 30,
        "{} of the resource server",
        of_server("resource")
    );
    assert!(of_server("discovery") > 10, "{}", of_server("discovery"));
    let counts = run.recording.counts;
    assert_eq!(
        (counts.logins, counts.registrations, counts.token_requests),
        (0, 0, 0)
    );
}
