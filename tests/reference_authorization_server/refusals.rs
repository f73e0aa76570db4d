//! What the default policy refuses.

use serde_json::{Value, json};

use super::browser::Browser;
use super::client::{CALLBACK, CHALLENGE, Client, Server, VERIFIER};

fn error(answer: (u16, Value)) -> String {
    assert!(answer.0 >= 400 && answer.0 < 500, "{answer:?}");
    answer.1["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn unknown_clients_and_redirect_uris_get_a_page() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    for changes in [
        [("client_id", "unknown")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example/cb")],
        [("redirect_uri", "http://127.0.0.1:33418/callback/")],
        [("redirect_uri", "http://127.0.0.1:1@evil.example/callback")],
    ] {
        let page = server.authorize(&client, &changes).await;
        assert_eq!(
            (page.status.as_u16(), page.location),
            (400, None),
            "{changes:?}"
        );
    }
    let other_port = [("redirect_uri", "http://127.0.0.1:5555/callback")];
    let page = server.authorize(&client, &other_port).await;
    assert!(
        page.location
            .unwrap()
            .starts_with("http://127.0.0.1:5555/callback?code=")
    );
}

#[tokio::test]
async fn other_errors_go_back_to_the_client_after_login() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let fragment = format!("{}#x", server.running.mcp_url);
    for (change, expected) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("scope", "admin"), "invalid_scope"),
        (
            ("resource", "https://unknown.example/mcp"),
            "invalid_target",
        ),
        (("resource", fragment.as_str()), "invalid_target"),
        (
            ("request_uri", "https://x.example/r"),
            "request_uri_not_supported",
        ),
    ] {
        let page = server.authorize(&client, &[change]).await;
        assert_eq!(
            page.callback("error").as_deref(),
            Some(expected),
            "{change:?}"
        );
        assert_eq!(page.callback("state").as_deref(), Some("a state"));
        assert_eq!(
            page.callback("iss").as_deref(),
            Some(server.running.issuer.as_str())
        );
        let first = Browser::new()
            .get(&server.authorization_url(&client, &[change]))
            .await;
        assert_eq!(first.location, None, "nothing goes anywhere before login");
    }
    let twice = format!(
        "{}&code_challenge={CHALLENGE}",
        server.authorization_url(&client, &[])
    );
    let mut browser = Browser::new();
    let login = browser.get(&twice).await;
    let page = browser.log_in(&login, "alice", "wonderland-7").await;
    assert_eq!(page.callback("error").as_deref(), Some("invalid_request"));
    let twice = format!("{}&redirect_uri=x", server.authorization_url(&client, &[]));
    assert_eq!(Browser::new().get(&twice).await.status, 400);
}

#[tokio::test]
async fn forms_of_another_session_do_nothing() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let mut browser = Browser::new();
    let login = browser.get(&server.authorization_url(&client, &[])).await;
    let consent = browser.log_in(&login, "alice", "wonderland-7").await;
    let (action, mut fields) = consent.form();
    fields.push(("decision".into(), "approve".into()));
    assert_eq!(Browser::new().post(&action, &fields).await.status, 400);
    fields.retain(|(name, _)| name != "csrf");
    assert_eq!(browser.post(&action, &fields).await.status, 403);
    let mut second = Browser::new();
    let login = second.get(&server.authorization_url(&client, &[])).await;
    let other = second.log_in(&login, "bob", "builder-4").await;
    let (_, mut mixed) = other.form();
    mixed.push(("decision".into(), "approve".into()));
    assert_eq!(browser.post(&action, &mixed).await.status, 400);
}

#[tokio::test]
async fn a_code_is_bound_to_client_verifier_and_redirect_uri() {
    let server = Server::start(json!({})).await;
    let (client, other) = (server.client("none").await, server.client("none").await);
    let code = server.code(&client).await;
    assert_eq!(
        error(server.redeem(&other, &code, &[]).await),
        "invalid_grant"
    );
    let longer = format!("{VERIFIER}x");
    for verifier in ["", CHALLENGE] {
        let change = [("code_verifier", verifier)];
        assert_eq!(
            error(server.redeem(&client, &code, &change).await),
            "invalid_grant"
        );
    }
    let change = [("redirect_uri", "http://127.0.0.1:33418/other")];
    assert_eq!(
        error(server.redeem(&client, &code, &change).await),
        "invalid_grant"
    );
    let change = [("resource", server.running.second_mcp_url.as_str())];
    assert_eq!(
        error(server.redeem(&client, &code, &change).await),
        "invalid_target"
    );
    let (status, _) = server.redeem(&client, &code, &[]).await;
    assert_eq!(status, 200, "failed attempts have not burnt the code");
    let code = server.code(&client).await;
    for _ in 0..3 {
        server
            .redeem(&client, &code, &[("code_verifier", longer.as_str())])
            .await;
    }
    assert_eq!(
        error(server.redeem(&client, &code, &[]).await),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_code_used_twice_takes_its_tokens_along() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let code = server.code(&client).await;
    let (_, tokens) = server.redeem(&client, &code, &[]).await;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let wrong = [("code_verifier", CHALLENGE)];
    assert_eq!(
        error(server.redeem(&client, &code, &wrong).await),
        "invalid_grant"
    );
    assert!(
        server.is_active(access).await,
        "a replay without the verifier ends nothing"
    );
    assert_eq!(
        error(server.redeem(&client, &code, &[]).await),
        "invalid_grant"
    );
    assert!(!server.is_active(access).await);
    assert_eq!(
        error(server.refresh(&client, refresh, &[]).await),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_family() {
    let server = Server::start(json!({})).await;
    let (client, other) = (server.client("none").await, server.client("none").await);
    let tokens = server.tokens(&client).await;
    let first = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(
        error(server.refresh(&other, first, &[]).await),
        "invalid_grant"
    );
    let wide = [("scope", "mcp:exec:workflows:*")];
    assert_eq!(
        error(server.refresh(&client, first, &wide).await),
        "invalid_scope"
    );
    let elsewhere = [("resource", server.running.second_mcp_url.as_str())];
    assert_eq!(
        error(server.refresh(&client, first, &elsewhere).await),
        "invalid_target"
    );
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        error(server.refresh(&client, access, &[]).await),
        "invalid_grant"
    );
    let (status, fresh) = server.refresh(&client, first, &[]).await;
    assert_eq!(status, 200);
    assert_eq!(
        error(server.refresh(&client, first, &[]).await),
        "invalid_grant"
    );
    let second = fresh["refresh_token"].as_str().unwrap();
    assert_eq!(
        error(server.refresh(&client, second, &[]).await),
        "invalid_grant"
    );
    assert!(
        !server
            .is_active(fresh["access_token"].as_str().unwrap())
            .await
    );
}

#[tokio::test]
async fn clients_cannot_pass_for_others() {
    let server = Server::start(json!({})).await;
    let client = server.client("client_secret_basic").await;
    let public = server.client("none").await;
    let code = server.code(&client).await;
    let nobody = Client {
        secret: None,
        ..client.clone()
    };
    let wrong = Client {
        secret: Some("wrong".into()),
        ..client.clone()
    };
    let unknown = Client {
        id: "unknown".into(),
        ..nobody.clone()
    };
    let invented = Client {
        secret: Some("invented".into()),
        ..public.clone()
    };
    for caller in [&nobody, &wrong, &unknown, &invented] {
        assert_eq!(
            error(server.redeem(caller, &code, &[]).await),
            "invalid_client"
        );
    }
    let form = [("grant_type", "client_credentials")];
    assert_eq!(
        error(server.post("/token", &public, &form).await),
        "unauthorized_client"
    );
    let request = server.http.post(server.url("/token")).form(&form);
    let answer = request
        .basic_auth(&client.id, Some("wrong"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic")
    );
    let tokens = server.tokens(&public).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", access)])
            .await
            .0,
        200
    );
    assert!(
        server.is_active(access).await,
        "another client's token is left alone"
    );
}

#[tokio::test]
async fn malformed_token_requests_are_refused() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let code = server.code(&client).await;
    assert_eq!(
        server
            .http
            .get(server.url("/token"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    let missing = server.post("/token", &client, &[("code", &code)]).await;
    assert_eq!(error(missing), "invalid_request");
    let password = server
        .post("/token", &client, &[("grant_type", "password")])
        .await;
    assert_eq!(error(password), "unsupported_grant_type");
    let twice = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code", &code),
    ];
    assert_eq!(
        error(server.post("/token", &client, &twice).await),
        "invalid_request"
    );
    let query = format!("/token?code={code}&code_verifier={VERIFIER}&redirect_uri={CALLBACK}");
    let in_query = server
        .post(&query, &client, &[("grant_type", "authorization_code")])
        .await;
    assert_eq!(error(in_query), "invalid_request");
    let body = json!({ "grant_type": "authorization_code" });
    let answer = server
        .http
        .post(server.url("/token"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_requests_at_once_one_wins() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let code = server.code(&client).await;
    let redeem =
        futures_util::future::join_all((0..20).map(|_| server.redeem(&client, &code, &[])));
    let won: Vec<_> = redeem
        .await
        .into_iter()
        .filter(|(status, _)| *status == 200)
        .collect();
    assert_eq!(won.len(), 1);
    let tokens = server.tokens(&client).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let refresh =
        futures_util::future::join_all((0..20).map(|_| server.refresh(&client, token, &[])));
    let won = refresh
        .await
        .into_iter()
        .filter(|(status, _)| *status == 200)
        .count();
    assert_eq!(won, 1);
}
