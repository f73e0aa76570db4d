//! Other policies: what one field changes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::client::{CALLBACK, Server, VERIFIER};

#[tokio::test]
async fn opaque_tokens_and_rs256_tokens_work_too() {
    let opaque = Server::start(json!({ "access_tokens": { "format": "opaque" } })).await;
    let client = opaque.client("none").await;
    let tokens = opaque.tokens(&client).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert!(!access.contains('.') && opaque.is_active(access).await);
    let rs256 = Server::start(json!({
        "access_tokens": { "signing_algorithm": "RS256" }, "shared_origin": true,
    }))
    .await;
    let client = rs256.client("none").await;
    rs256.tokens(&client).await;
}

#[tokio::test]
async fn a_hosted_platform_has_keys_and_tokens_at_the_root_of_its_origin() {
    let resource = "http://localhost:9/mcp/";
    let server = Server::start(json!({
        "issuer_path": "/resources/res_1",
        "environment_endpoints": true,
        "access_tokens": { "scope_claim": "scope_and_scopes" },
        "resources": { "known": [resource] },
    }))
    .await;
    let origin = &server.running.authorization_server_origin;
    let keys = |url: String| async {
        let answer = server.http.get(url).send().await.unwrap();
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let below = keys(server.url("/jwks")).await;
    assert_eq!(keys(format!("{origin}/keys")).await, below);

    let client = server.client("none").await;
    let foreign = server.authorize(&client, &[]).await;
    assert_eq!(foreign.callback("error").as_deref(), Some("invalid_target"));
    let changes = [("resource", resource)];
    let code = server.authorize(&client, &changes).await.callback("code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code.unwrap()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", &client.id),
    ];
    let url = format!("{origin}/oauth/token");
    let answer = server.http.post(url).form(&form).send().await.unwrap();
    let tokens: serde_json::Value = answer.json().await.unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    let claims: serde_json::Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    assert_eq!(claims["iss"], json!(server.running.issuer));
    assert_eq!(claims["aud"], json!(resource));
    assert_eq!(claims["scopes"], json!(["mcp:tools:weather", "news:read"]));
    assert_eq!(claims["scope"], json!("mcp:tools:weather news:read"));
}

#[tokio::test]
async fn a_short_lived_client_gets_short_lived_tokens() {
    let server = Server::start(json!({})).await;
    let short = super::client::Client {
        id: "short-lived".into(),
        secret: None,
        document: json!(null),
    };
    let changes = [("redirect_uri", "http://127.0.0.1:39417/callback")];
    let page = server.authorize(&short, &changes).await;
    let code = page.callback("code").unwrap();
    let (_, tokens) = server.redeem(&short, &code, &changes).await;
    assert_eq!(tokens["expires_in"], 1);
    let access = tokens["access_token"].as_str().unwrap();
    assert!(server.is_active(access).await);
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    assert!(!server.is_active(access).await);
}

#[tokio::test]
async fn one_field_makes_one_difference() {
    let prefix = Server::start(json!({ "redirect_uris": { "matching": "prefix" } })).await;
    let client = prefix.client("none").await;
    let longer = format!("{CALLBACK}/evil");
    let page = prefix
        .authorize(&client, &[("redirect_uri", &longer)])
        .await;
    assert!(page.location.unwrap().starts_with(&longer));

    let unverified = Server::start(json!({ "pkce": { "verifier": "ignored" } })).await;
    let client = unverified.client("none").await;
    let code = unverified.code(&client).await;
    assert_eq!(
        unverified
            .redeem(&client, &code, &[("code_verifier", "")])
            .await
            .0,
        200
    );

    let plain = Server::start(json!({ "pkce": { "methods": ["S256", "plain"] } })).await;
    let client = plain.client("none").await;
    let changes = [
        ("code_challenge", VERIFIER),
        ("code_challenge_method", "plain"),
    ];
    let code = plain
        .authorize(&client, &changes)
        .await
        .callback("code")
        .unwrap();
    assert_eq!(plain.redeem(&client, &code, &[]).await.0, 200);

    let optional = Server::start(json!({ "pkce": { "required_confidential": false } })).await;
    let client = optional.client("client_secret_post").await;
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = optional
        .authorize(&client, &none)
        .await
        .callback("code")
        .unwrap();
    assert_eq!(
        optional
            .redeem(&client, &code, &[("code_verifier", "")])
            .await
            .0,
        200
    );
    let public = optional.client("none").await;
    assert!(
        optional
            .authorize(&public, &none)
            .await
            .callback("error")
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_racy_policy_lets_several_win() {
    let server = Server::start(json!({
        "codes": { "single_use": "racy" }, "refresh_tokens": { "race": "racy" },
    }))
    .await;
    let client = server.client("none").await;
    let code = server.code(&client).await;
    let redeem = futures_util::future::join_all((0..5).map(|_| server.redeem(&client, &code, &[])));
    let won: Vec<_> = redeem
        .await
        .into_iter()
        .filter(|(status, _)| *status == 200)
        .collect();
    assert!(won.len() > 1);
    assert_eq!(
        server.redeem(&client, &code, &[]).await.0,
        400,
        "one after the other is refused"
    );
}
