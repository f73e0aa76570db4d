//! Decisions of the token endpoint and around it, each changed alone: the one effect that it has.

use serde_json::{Value, json};

use super::browser::Browser;
use super::client::{CALLBACK, Client, Server, VERIFIER};

fn token<'t>(tokens: &'t Value, name: &str) -> &'t str {
    tokens[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

/// A server with one changed field, and a public client of it.
async fn with(patch: Value) -> (Server, Client) {
    let server = Server::start(patch).await;
    let client = server.client("none").await;
    (server, client)
}

#[tokio::test]
async fn codes_follow_their_policy() {
    let (server, client) = with(json!({ "codes": { "single_use": "unlimited" } })).await;
    let code = server.code(&client).await;
    for _ in 0..2 {
        assert_eq!(server.redeem(&client, &code, &[]).await.0, 200);
    }
    let (server, client) = with(json!({ "codes": { "bound_to_client": false } })).await;
    let code = server.code(&client).await;
    let other = server.client("none").await;
    assert_eq!(server.redeem(&other, &code, &[]).await.0, 200);
    let (server, client) = with(json!({ "codes": { "replay": "keeps_tokens" } })).await;
    let code = server.code(&client).await;
    let (_, tokens) = server.redeem(&client, &code, &[]).await;
    assert_eq!(server.redeem(&client, &code, &[]).await.0, 400);
    assert!(server.is_active(token(&tokens, "access_token")).await);
    let (server, client) = with(json!({ "codes": { "redirect_uri": "ignored" } })).await;
    let code = server.code(&client).await;
    let elsewhere = [("redirect_uri", "https://evil.example/")];
    assert_eq!(server.redeem(&client, &code, &elsewhere).await.0, 200);
}

#[tokio::test]
async fn refresh_tokens_follow_their_policy() {
    for (rotation, is_same) in [("same", true), ("old_lives_on", false)] {
        let (server, client) =
            with(json!({ "refresh_tokens": { "rotation_public": rotation } })).await;
        let tokens = server.tokens(&client).await;
        let first = token(&tokens, "refresh_token");
        let (_, fresh) = server.refresh(&client, first, &[]).await;
        assert_eq!(token(&fresh, "refresh_token") == first, is_same);
        assert_eq!(
            server.refresh(&client, first, &[]).await.0,
            200,
            "{rotation}"
        );
    }
    let (server, client) = with(json!({ "refresh_tokens": { "reuse": "refused_only" } })).await;
    let tokens = server.tokens(&client).await;
    let first = token(&tokens, "refresh_token");
    let (_, fresh) = server.refresh(&client, first, &[]).await;
    assert_eq!(server.refresh(&client, first, &[]).await.0, 400);
    assert_eq!(
        server
            .refresh(&client, token(&fresh, "refresh_token"), &[])
            .await
            .0,
        200
    );
    let (server, client) = with(json!({ "refresh_tokens": { "scope": "widens" } })).await;
    let tokens = server.tokens(&client).await;
    let wide = [("scope", "mcp:exec:workflows:*")];
    let (_, fresh) = server
        .refresh(&client, token(&tokens, "refresh_token"), &wide)
        .await;
    assert_eq!(fresh["scope"], "mcp:exec:workflows:*");
    let (server, client) = with(json!({ "refresh_tokens": { "resource": "any_known" } })).await;
    let tokens = server.tokens(&client).await;
    let second = [("resource", server.running.second_mcp_url.as_str())];
    assert_eq!(
        server
            .refresh(&client, token(&tokens, "refresh_token"), &second)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn client_authentication_follows_its_policy() {
    let skipped = json!({ "client_authentication": { "skipped_at": ["refresh_token"] } });
    let server = Server::start(skipped).await;
    let client = server.client("client_secret_post").await;
    let nobody = Client {
        secret: None,
        ..client.clone()
    };
    let tokens = server.tokens(&client).await;
    let refresh = token(&tokens, "refresh_token");
    assert_eq!(server.refresh(&nobody, refresh, &[]).await.0, 200);
    let code = server.code(&client).await;
    assert_eq!(
        server.redeem(&nobody, &code, &[]).await.0,
        401,
        "only refreshing is open"
    );
    let any = json!({ "client_authentication": { "secret": "any_present" } });
    let server = Server::start(any).await;
    let client = server.client("client_secret_post").await;
    let code = server.code(&client).await;
    let nobody = Client {
        secret: None,
        ..client.clone()
    };
    assert_eq!(server.redeem(&nobody, &code, &[]).await.0, 401);
    let wrong = Client {
        secret: Some("wrong".into()),
        ..client
    };
    assert_eq!(server.redeem(&wrong, &code, &[]).await.0, 200);
}

#[tokio::test]
async fn the_authorization_endpoint_follows_its_policy() {
    let unknown = [("resource", "https://unknown.example/mcp")];
    let (server, client) = with(json!({ "resources": { "unknown": "issued" } })).await;
    let page = server.authorize(&client, &unknown).await;
    assert!(page.callback("code").is_some());
    let (server, client) =
        with(json!({ "authorization": { "unknown_client": "redirected" } })).await;
    let evil = [
        ("client_id", "unknown"),
        ("redirect_uri", "https://evil.example/cb"),
    ];
    let page = server.authorize(&client, &evil).await;
    assert!(
        page.location
            .unwrap()
            .starts_with("https://evil.example/cb?error=invalid_client")
    );
    let (server, client) = with(json!({ "authorization": { "iss_on_error": false } })).await;
    let page = server.authorize(&client, &unknown).await;
    assert!(page.callback("error").is_some() && page.callback("iss").is_none());
    assert!(
        server
            .authorize(&client, &[])
            .await
            .callback("iss")
            .is_some()
    );
    let (server, client) = with(json!({ "authorization": { "iss": "trailing_slash" } })).await;
    let iss = server
        .authorize(&client, &[])
        .await
        .callback("iss")
        .unwrap();
    assert_eq!(iss, format!("{}/", server.running.issuer));
    let (server, client) = with(json!({ "authorization": { "denial": "issues_code" } })).await;
    let mut browser = Browser::new();
    let login = browser.get(&server.authorization_url(&client, &[])).await;
    let consent = browser.log_in(&login, "alice", "wonderland-7").await;
    assert!(
        browser
            .decide(&consent, "deny")
            .await
            .callback("code")
            .is_some()
    );
    let implicit = json!({ "authorization": { "response_types": "implicit_too" } });
    let (server, client) = with(implicit).await;
    let page = server
        .authorize(&client, &[("response_type", "token")])
        .await;
    assert!(
        page.location
            .unwrap()
            .starts_with(&format!("{CALLBACK}#access_token="))
    );
}

#[tokio::test]
async fn consent_follows_its_policy() {
    for (consent, second_client_is_asked) in [
        ("remembered_per_client", true),
        ("remembered_for_all_clients", false),
    ] {
        let (server, client) = with(json!({ "authorization": { "consent": consent } })).await;
        let other = server.client("none").await;
        let mut browser = Browser::new();
        let login = browser.get(&server.authorization_url(&client, &[])).await;
        let page = browser.log_in(&login, "alice", "wonderland-7").await;
        browser.decide(&page, "approve").await;
        let again = browser.get(&server.authorization_url(&client, &[])).await;
        assert!(again.callback("code").is_some(), "{consent}");
        let first = browser.get(&server.authorization_url(&other, &[])).await;
        assert_eq!(
            first.callback("code").is_none(),
            second_client_is_asked,
            "{consent}"
        );
    }
}

#[tokio::test]
async fn the_other_endpoints_follow_their_policies() {
    let (server, client) = with(json!({ "revocation": { "refresh_tokens": false } })).await;
    let tokens = server.tokens(&client).await;
    let refresh = token(&tokens, "refresh_token");
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", refresh)])
            .await
            .0,
        200
    );
    assert_eq!(server.refresh(&client, refresh, &[]).await.0, 200);
    let open = json!({ "introspection": { "authentication_required": false } });
    let (server, client) = with(open).await;
    let tokens = server.tokens(&client).await;
    let form = [("token", token(&tokens, "access_token"))];
    let answer = server
        .http
        .post(server.url("/introspect"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["active"], true);
    let (server, client) = with(json!({ "management": { "access": "open" } })).await;
    let place = token(&client.document, "registration_client_uri");
    assert_eq!(server.http.get(place).send().await.unwrap().status(), 200);
    let (server, client) = with(json!({ "token_endpoint": { "post_only": false } })).await;
    let code = server.code(&client).await;
    let query = [
        ("grant_type", "authorization_code"),
        ("client_id", client.id.as_str()),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let mut url = url::Url::parse(&server.url("/token")).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    assert_eq!(server.http.get(url).send().await.unwrap().status(), 200);
}
