//! The honest way in, version by version.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::*;

#[tokio::test]
async fn every_version_with_a_handshake_serves_an_honest_client() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    for version in LEGACY {
        let id = world.open(&token, version).await;
        let call = async |body| world.in_session(&token, &id, version, &body).await;
        let tools = call(request("tools/list", json!({}))).await;
        assert_eq!(
            tools.json()["result"]["tools"].as_array().map(Vec::len),
            Some(8),
            "{tools:?}"
        );
        let answer = call(weather()).await;
        assert_eq!(
            answer.json()["result"]["structuredContent"]["city"],
            "Bern",
            "{version}"
        );
        assert_eq!(answer.headers["content-type"], "application/json");
        let uri = json!({"uri": "customer-data://customers/42"});
        let answer = call(request("resources/read", uri)).await;
        assert!(answer.text.contains("Example Trading Co"), "{answer:?}");
        assert!(!answer.text.contains("cacheScope"), "{answer:?}");
        let answer = call(request("nobody/knows", json!({}))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, -32601));
    }
}

#[tokio::test]
async fn the_stateless_version_serves_an_honest_client() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let answer = world.modern(&token, "server/discover", json!({})).await;
    let versions = answer.json()["result"]["supportedVersions"].clone();
    assert_eq!(
        versions,
        json!(["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
    );
    assert!(!answer.headers.contains_key("mcp-session-id"));
    let answer = world
        .call(&token, "get_news_sentiment", json!({"ticker": "ACME"}))
        .await;
    assert!(answer.json()["result"]["structuredContent"]["average_score"].is_number());
    let answer = world.call(&token, "whoami", json!({})).await;
    let who = &answer.json()["result"]["structuredContent"];
    assert_eq!(
        (&who["user"], &who["client_id"]),
        (&json!("alice"), &json!("client"))
    );
    let uri = json!({"uri": "customer-data://customers/42"});
    let answer = world.modern(&token, "resources/read", uri).await;
    assert_eq!(
        answer.json()["result"]["cacheScope"],
        "private",
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_stateless_version_keeps_its_header_rules() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let bearer = format!("Bearer {token}");
    let call = json!({"name": "get_weather", "arguments": {"city": "Bern"}});
    let send = async |change: &dyn Fn(&mut Headers, &mut Value)| {
        let (mut headers, mut body) = modern("tools/call", call.clone());
        change(&mut headers, &mut body);
        let mut all: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        all.push(("authorization", &bearer));
        let answer = world
            .send("POST", &world.servers.mcp_url, &all, Some(&body))
            .await;
        (answer.status.as_u16(), answer.code())
    };
    assert_eq!(
        send(&|headers, _| headers[1].1 = "tools/list".into()).await,
        (400, -32020)
    );
    assert_eq!(
        send(&|headers, _| headers[2].1 = "whoami".into()).await,
        (400, -32020)
    );
    assert_eq!(
        send(&|headers, _| drop(headers.remove(2))).await,
        (400, -32020)
    );
    assert_eq!(
        send(&|headers, _| drop(headers.remove(0))).await,
        (400, -32020)
    );
    let meta = |name: &'static str| {
        move |_: &mut Headers, body: &mut Value| {
            let meta = body["params"]["_meta"].as_object_mut().unwrap();
            meta.remove(&format!("io.modelcontextprotocol/{name}"));
        }
    };
    assert_eq!(send(&meta("clientCapabilities")).await, (400, -32602));
    assert!(matches!(
        send(&meta("protocolVersion")).await,
        (400, -32602 | -32020)
    ));
    let unsupported = send(&|headers, body| {
        headers[0].1 = "1900-01-01".into();
        body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("1900-01-01");
    });
    assert_eq!(unsupported.await, (400, -32022));
    let unknown = world.modern(&token, "nobody/knows", json!({})).await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, -32601));
    let encoded = format!("=?base64?{}?=", "Z2V0X3dlYXRoZXI=");
    let answer = send(&move |headers, _| headers[2].1 = encoded.clone()).await;
    assert_eq!(answer, (200, 0));
}

#[tokio::test]
async fn batches_exist_in_one_version_only() {
    let world = World::start().await;
    let token = world.token("alice", WEATHER);
    let note = json!({"name": "update_customer", "arguments": {"id": "42", "note": "x"}});
    for version in LEGACY {
        let id = world.open(&token, version).await;
        let both = json!([weather(), request("tools/list", json!({}))]);
        let answer = world.in_session(&token, &id, version, &both).await;
        let expected = if version == "2025-03-26" {
            (200, Some(2))
        } else {
            (400, None)
        };
        let seen = (
            answer.status.as_u16(),
            answer.json().as_array().map(Vec::len),
        );
        assert_eq!(seen, expected, "{version}");
        let mixed = json!([weather(), request("tools/call", note.clone())]);
        let answer = world.in_session(&token, &id, version, &mixed).await;
        let expected = if version == "2025-03-26" { 403 } else { 400 };
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    let answer = world
        .modern_as(&[&format!("Bearer {token}")], "tools/list", json!({}))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_server_of_the_stateless_version_alone_knows_no_sessions() {
    let patch = json!({"mcp_server": {"transport": {"mcp_versions": [MODERN]}}});
    let world = World::with(patch).await;
    let token = world.token("alice", EVERYTHING);
    assert_eq!(world.call(&token, "whoami", json!({})).await.status, 200);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-session-id", "made-up"),
    ];
    for method in ["GET", "DELETE"] {
        let answer = world
            .send(method, &world.servers.mcp_url, &headers, None)
            .await;
        assert_eq!(answer.status, 405, "{method}");
    }
    let body = initialize("2025-11-25");
    let answer = world
        .send("POST", &world.servers.mcp_url, &headers, Some(&body))
        .await;
    assert!(answer.json()["result"].is_null(), "{answer:?}");
    assert!(!answer.headers.contains_key("mcp-session-id"));
    let body = request("tools/list", json!({}));
    let answer = world
        .send("POST", &world.servers.mcp_url, &headers, Some(&body))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (400, -32020),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_honest_call_takes_a_few_milliseconds_at_most() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let begin = Instant::now();
    world.call(&token, "whoami", json!({})).await;
    println!(
        "the first call, which fetches the keys: {:?}",
        begin.elapsed()
    );
    let begin = Instant::now();
    for _ in 0..50 {
        world.call(&token, "whoami", json!({})).await;
    }
    let each = begin.elapsed() / 50;
    println!("one call of 2026-07-28: {each:?}");
    assert!(each < Duration::from_millis(50), "{each:?}");
}
