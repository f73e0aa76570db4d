//! What the MCP server writes to the audit log.

use serde_json::{Value, json};

use super::client::*;

fn entries(world: &World, event: &str) -> Vec<Value> {
    let lines = world.servers.audit_log();
    let entries = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["event"] == event).collect()
}

#[tokio::test]
async fn accesses_and_denials_are_logged_without_a_token() {
    let world = World::start().await;
    let token = world.token("alice", WEATHER);
    let expired = world.mint("alice", WEATHER, |_, claims| claims["exp"] = json!(1));
    world
        .call(&token, "get_weather", json!({"city": "Bern"}))
        .await;
    world
        .call(&token, "get_news_sentiment", json!({"ticker": "A"}))
        .await;
    world.modern(&expired, "tools/list", json!({})).await;
    world.modern_as(&[], "tools/list", json!({})).await;
    let access = entries(&world, "access");
    assert_eq!(access.len(), 1);
    assert_eq!(access[0]["operation"], "tools/call get_weather");
    assert_eq!(
        (&access[0]["user"], &access[0]["client_id"]),
        (&json!("alice"), &json!("client"))
    );
    assert_eq!(
        (&access[0]["scope"], &access[0]["outcome"]),
        (&json!(WEATHER), &json!("success"))
    );
    assert_eq!(access[0]["resource"], json!(world.servers.mcp_url));
    let denied = entries(&world, "access_denied");
    let reasons: Vec<&str> = denied
        .iter()
        .filter_map(|entry| entry["reason"].as_str())
        .collect();
    let expected = [
        "the operation needs the scope news:read",
        "the token has expired",
        "no access token",
    ];
    assert_eq!(reasons, expected);
    let log = world.servers.audit_log().join("\n");
    for secret in [&token, &expired] {
        assert!(!log.contains(secret.as_str()));
        assert!(!log.contains(secret.rsplit('.').next().unwrap()));
    }
}
