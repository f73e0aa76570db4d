//! Both servers together: a token of the one opens the other, as long as it should.

use authspec::reference::{Options, Policy, start};
use serde_json::{Value, json};

use super::client::Server;

async fn opens(server: &Server, url: &str, token: &str) -> u16 {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {},
                    "clientInfo": { "name": "test", "version": "1" } },
    });
    let request = server.http.post(url).bearer_auth(token).json(&message);
    let request = request.header("accept", "application/json, text/event-stream");
    request.send().await.unwrap().status().as_u16()
}

fn text(document: &Value, name: &str) -> String {
    document[name].as_str().unwrap().to_owned()
}

async fn walk(patch: Value) {
    let server = Server::start(patch.clone()).await;
    let (mcp, second) = (&server.running.mcp_url, &server.running.second_mcp_url);
    let client = server.client("none").await;
    let tokens = server.tokens(&client).await;
    let access = text(&tokens, "access_token");
    assert_eq!(opens(&server, mcp, &access).await, 200, "{patch}");
    assert_eq!(
        opens(&server, second, &access).await,
        401,
        "another resource: {patch}"
    );
    let (_, fresh) = server
        .refresh(&client, &text(&tokens, "refresh_token"), &[])
        .await;
    let refreshed = text(&fresh, "access_token");
    assert_eq!(opens(&server, mcp, &refreshed).await, 200, "{patch}");
    let refresh = text(&fresh, "refresh_token");
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", &refresh)])
            .await
            .0,
        200
    );
    assert_eq!(
        opens(&server, mcp, &refreshed).await,
        401,
        "revoked: {patch}"
    );
    let changes = [("resource", second.as_str())];
    let code = server
        .authorize(&client, &changes)
        .await
        .callback("code")
        .unwrap();
    let (_, tokens) = server.redeem(&client, &code, &[]).await;
    assert_eq!(
        opens(&server, second, &text(&tokens, "access_token")).await,
        200,
        "{patch}"
    );
    let short = super::client::Client {
        id: "short-lived".into(),
        ..client
    };
    let changes = [("redirect_uri", "http://127.0.0.1:39417/callback")];
    let code = server
        .authorize(&short, &changes)
        .await
        .callback("code")
        .unwrap();
    let (_, tokens) = server.redeem(&short, &code, &changes).await;
    let access = text(&tokens, "access_token");
    assert_eq!(opens(&server, mcp, &access).await, 200, "{patch}");
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    assert_eq!(opens(&server, mcp, &access).await, 401, "expired: {patch}");
}

#[tokio::test]
async fn a_jwt_opens_its_resource_until_it_dies() {
    walk(json!({})).await;
}

#[tokio::test]
async fn so_it_is_on_one_origin_with_a_path_and_rsa() {
    walk(json!({ "shared_origin": true, "issuer_path": "/tenant",
                 "access_tokens": { "signing_algorithm": "RS256" } }))
    .await;
}

#[tokio::test]
async fn an_opaque_token_opens_its_resource_until_it_dies() {
    walk(json!({ "access_tokens": { "format": "opaque" } })).await;
}

/// Printed with `--nocapture`: what one start costs once the keys exist.
#[tokio::test]
async fn starting_is_cheap() {
    let start = || start(Policy::default(), Vec::new(), Options::default());
    start().await.unwrap();
    let begin = std::time::Instant::now();
    for _ in 0..50 {
        start().await.unwrap();
    }
    let each = begin.elapsed() / 50;
    println!("one start: {each:?}");
    assert!(each < std::time::Duration::from_millis(250), "{each:?}");
}
