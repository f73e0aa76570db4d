//! Operations against granted scopes, and whose data they reach.

use serde_json::{Value, json};

use super::client::*;

const WORKFLOW: &str = "mcp:exec:workflows:daily-report";
const NEWS: &str = "news:read";

/// Each operation with the scopes that open it.
fn operations() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let call = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    let wild = "mcp:exec:workflows:*";
    vec![
        (
            "tools/call",
            call("get_weather", json!({"city": "Bern"})),
            vec![WEATHER],
        ),
        (
            "resources/read",
            json!({"uri": "customer-data://customers/42"}),
            vec![READ],
        ),
        (
            "tools/call",
            call("update_customer", json!({"id": "42", "note": "n"})),
            vec![WRITE],
        ),
        (
            "tools/call",
            call("run_workflow", json!({"name": "daily-report"})),
            vec![WORKFLOW, wild],
        ),
        (
            "tools/call",
            call("run_workflow", json!({"name": "cleanup"})),
            vec![wild],
        ),
        (
            "tools/call",
            call("run_workflow", json!({"name": "*"})),
            vec![wild],
        ),
        (
            "tools/call",
            call("get_news_sentiment", json!({"ticker": "ACME"})),
            vec![NEWS],
        ),
    ]
}

#[tokio::test]
async fn the_grid_of_operations_and_scopes() {
    let world = World::start().await;
    let scopes = [
        WEATHER,
        READ,
        WRITE,
        WORKFLOW,
        "mcp:exec:workflows:*",
        NEWS,
        "mcp:exec:workflows",
    ];
    for scope in scopes {
        let token = world.token("alice", scope);
        let id = world.open(&token, "2025-06-18").await;
        for (method, params, opening) in operations() {
            let body = request(method, params.clone());
            let expected = if opening.contains(&scope) { 200 } else { 403 };
            let modern = world.modern(&token, method, params.clone()).await;
            let legacy = world.in_session(&token, &id, "2025-06-18", &body).await;
            for answer in [modern, legacy] {
                assert_eq!(answer.status, expected, "{scope}: {params}: {answer:?}");
            }
        }
        assert_eq!(world.call(&token, "whoami", json!({})).await.status, 200);
        assert_eq!(
            world.modern(&token, "tools/list", json!({})).await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_denial_names_what_to_ask_for_and_has_no_effect() {
    let world = World::start().await;
    let reader = world.token("alice", &format!("{READ} {WEATHER}"));
    let arguments = json!({"id": "42", "note": "never written"});
    let answer = world.call(&reader, "update_customer", arguments).await;
    assert_eq!(answer.status, 403);
    let challenge = answer.challenge();
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert!(
        challenge.contains(&format!("scope=\"{READ} {WEATHER} {WRITE}\"")),
        "{challenge}"
    );
    assert!(challenge.contains("resource_metadata=") && challenge.contains("error_description="));
    let uri = json!({"uri": "customer-data://customers/42"});
    let record = world.modern(&reader, "resources/read", uri).await;
    assert!(
        record.status == 200 && !record.text.contains("never written"),
        "{record:?}"
    );
    let answer = world
        .call(&reader, "run_workflow", json!({"name": "cleanup"}))
        .await;
    assert!(
        answer.challenge().contains("mcp:exec:workflows:*\""),
        "{answer:?}"
    );
}

#[tokio::test]
async fn customer_data_is_seen_by_its_user_alone() {
    let world = World::start().await;
    let (alice, bob) = (
        world.token("alice", EVERYTHING),
        world.token("bob", EVERYTHING),
    );
    let arguments = json!({"id": "42", "note": "alice's plan", "user": "bob"});
    assert_eq!(
        world
            .call(&alice, "update_customer", arguments)
            .await
            .status,
        200
    );
    let uri = json!({"uri": "customer-data://customers/42"});
    let seen = world.modern(&alice, "resources/read", uri.clone()).await;
    assert!(seen.text.contains("alice's plan"), "{seen:?}");
    for uri in [
        uri,
        json!({"uri": "customer-data://customers/42?user=alice"}),
    ] {
        let seen = world.modern(&bob, "resources/read", uri).await;
        assert!(
            seen.status == 200 && !seen.text.contains("alice's plan"),
            "{seen:?}"
        );
    }
}
