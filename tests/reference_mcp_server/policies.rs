//! One field changed: the server goes wrong in that way, and in that way only.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::client::*;

async fn wrong(group: &str, field: &str, value: Value) -> World {
    World::with(json!({"mcp_server": {group: {field: value}}})).await
}

#[tokio::test]
async fn a_session_may_stand_in_for_a_token() {
    let world = wrong("access", "token_required", json!("unless_session")).await;
    let token = world.token("alice", WEATHER);
    let id = world.open(&token, "2025-11-25").await;
    assert_eq!(
        world
            .in_session("", &id, "2025-11-25", &weather())
            .await
            .status,
        200
    );
    assert_eq!(
        world.modern_as(&[], "tools/list", json!({})).await.status,
        401
    );
}

#[tokio::test]
async fn a_connection_may_stand_in_for_a_token() {
    let world = wrong("access", "token_required", json!("unless_connection_known")).await;
    assert_eq!(
        world.modern_as(&[], "tools/list", json!({})).await.status,
        401
    );
    let token = world.token("alice", EVERYTHING);
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        200
    );
    assert_eq!(
        world.modern_as(&[], "tools/list", json!({})).await.status,
        200
    );
}

#[tokio::test]
async fn an_operation_may_run_before_it_is_refused() {
    let world = wrong("access", "check_order", json!("after_execution")).await;
    let reader = world.token("alice", READ);
    let arguments = json!({"id": "42", "note": "written all the same"});
    assert_eq!(
        world
            .call(&reader, "update_customer", arguments)
            .await
            .status,
        403
    );
    let uri = json!({"uri": "customer-data://customers/42"});
    let record = world.modern(&reader, "resources/read", uri).await;
    assert!(record.text.contains("written all the same"), "{record:?}");
}

#[tokio::test]
async fn headers_may_decide_about_the_body() {
    let world = wrong("access", "operation_from", json!("headers")).await;
    let bearer = format!("Bearer {}", world.token("alice", READ));
    let (_, body) = modern(
        "tools/call",
        json!({"name": "update_customer", "arguments": {"id": "42", "note": "x"}}),
    );
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-protocol-version", MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", "whoami"),
    ];
    let answer = world
        .send("POST", &world.servers.mcp_url, &headers, Some(&body))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_signature_or_a_claim_may_go_unchecked() {
    let none = BASE64URL.encode(json!({"alg": "none", "typ": "at+jwt"}).to_string());
    let world = wrong("token", "signature_check", json!("alg_none_accepted")).await;
    let honest = world.token("alice", EVERYTHING);
    let forged = format!("{none}.{}.", honest.split('.').nth(1).unwrap());
    assert_eq!(
        world.modern(&forged, "tools/list", json!({})).await.status,
        200
    );
    assert_eq!(
        world.modern("x.y.z", "tools/list", json!({})).await.status,
        401
    );
    let world = wrong("token", "audience_check", json!("origin_only")).await;
    let sibling = world.servers.second_mcp_url.clone();
    let token = world.mint("alice", EVERYTHING, |_, claims| {
        claims["aud"] = json!(sibling)
    });
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        200
    );
    let world = wrong("token", "validation", json!("none")).await;
    assert_eq!(
        world
            .modern("anything", "tools/list", json!({}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_key_set_of_a_stranger_may_be_trusted() {
    let world = wrong("token", "signature_check", json!("jku_fetched")).await;
    let jku = world.servers.site().jwks_uri();
    let token = world.mint("alice", EVERYTHING, |header, _| header["jku"] = json!(jku));
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        200
    );
    let token = world.mint("alice", EVERYTHING, |header, _| {
        header["jku"] = json!("http://127.0.0.1:1/")
    });
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        401
    );
}

#[tokio::test]
async fn a_token_may_lie_in_the_query() {
    let world = wrong("credentials", "locations", json!(["header", "query"])).await;
    let token = world.token("alice", EVERYTHING);
    let url = format!("{}?access_token={token}", world.servers.mcp_url);
    let answer = world
        .send("POST", &url, &[], Some(&initialize("2025-11-25")))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn another_spelling_of_the_path_may_miss_the_check() {
    let world = wrong("access", "other_spellings", json!("served_without_token")).await;
    let url = format!("{}/", world.servers.mcp_url);
    let body = initialize("2025-11-25");
    assert_eq!(world.send("POST", &url, &[], Some(&body)).await.status, 200);
    assert_eq!(
        world
            .send("POST", &world.servers.mcp_url, &[], Some(&body))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn results_may_come_as_an_event_stream() {
    let world = wrong("transport", "answer_form", json!("event_stream")).await;
    let token = world.token("alice", EVERYTHING);
    let answer = world.call(&token, "whoami", json!({})).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    assert!(
        answer.text.starts_with("event: message\ndata: {\""),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_unknown_version_may_be_waved_through() {
    let world = wrong("transport", "unsupported_version", json!("ignored")).await;
    let token = world.token("alice", EVERYTHING);
    let id = world.open(&token, "2025-11-25").await;
    assert_eq!(
        world
            .in_session(&token, &id, "1900-01-01", &weather())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_run_handle_may_stand_in_for_a_token_or_for_its_owner() {
    let start = async |world: &World, user: &str| {
        let token = world.token(user, EVERYTHING);
        let answer = world
            .call(&token, "run_workflow", json!({"name": "cleanup"}))
            .await;
        answer.json()["result"]["structuredContent"]["run"].clone()
    };
    let look = json!({"name": "get_workflow_run"});
    let world = wrong("access", "run_owner", json!("anyone")).await;
    let run = start(&world, "alice").await;
    let bob = world.token("bob", EVERYTHING);
    let seen = world
        .call(&bob, "get_workflow_run", json!({"run": run}))
        .await;
    assert_eq!(
        seen.json()["result"]["structuredContent"]["started_by"],
        "alice"
    );
    let world = wrong("access", "token_required", json!("unless_run_handle")).await;
    let run = start(&world, "alice").await;
    let mut params = look.clone();
    params["arguments"] = json!({"run": run});
    assert_eq!(world.modern_as(&[], "tools/call", params).await.status, 200);
    let world = World::start().await;
    let run = start(&world, "alice").await;
    let bob = world.token("bob", EVERYTHING);
    let hidden = world
        .call(&bob, "get_workflow_run", json!({"run": run}))
        .await;
    assert_eq!(hidden.json()["result"]["isError"], true);
    let alice = world.token("alice", WEATHER);
    let seen = world
        .call(&alice, "get_workflow_run", json!({"run": run}))
        .await;
    assert_eq!(seen.json()["result"]["isError"], false);
}

#[tokio::test]
async fn listing_may_take_the_place_of_checking() {
    let world = wrong("access", "scope_check", json!("listing_only")).await;
    let token = world.token("alice", WEATHER);
    let list = world.modern(&token, "tools/list", json!({})).await;
    assert!(list.text.contains("get_weather") && !list.text.contains("update_customer"));
    let arguments = json!({"id": "42", "note": "x"});
    assert_eq!(
        world
            .call(&token, "update_customer", arguments)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_handshake_may_need_a_scope_that_nobody_has() {
    let world = wrong("access", "every_request_needs", json!("mcp:admin")).await;
    let bearer = format!("Bearer {}", world.token("alice", EVERYTHING));
    let headers = [("authorization", bearer.as_str())];
    let body = initialize("2025-11-25");
    let answer = world
        .send("POST", &world.servers.mcp_url, &headers, Some(&body))
        .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn id_tokens_of_the_issuer_may_pass() {
    let id_token = |world: &World| {
        world.mint("alice", EVERYTHING, |header, claims| {
            header["typ"] = json!("JWT");
            claims["aud"] = json!("client");
            let claims = claims.as_object_mut().unwrap();
            claims.remove("client_id");
            claims.remove("scope");
        })
    };
    let world = wrong("token", "kind_check", json!("any_jwt")).await;
    assert_eq!(
        world
            .modern(&id_token(&world), "tools/list", json!({}))
            .await
            .status,
        200
    );
    let world = World::start().await;
    assert_eq!(
        world
            .modern(&id_token(&world), "tools/list", json!({}))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn the_documents_may_lie_elsewhere() {
    let world = wrong("metadata", "places", json!(["path_appended", "any_suffix"])).await;
    let origin = world.servers.mcp_url.trim_end_matches("/mcp").to_owned();
    let get = async |path: &str| {
        world
            .send("GET", &format!("{origin}{path}"), &[], None)
            .await
    };
    let well_known = "/.well-known/oauth-protected-resource";
    assert_eq!(get(&format!("/mcp{well_known}")).await.status, 200);
    let other = get(&format!("{well_known}/second/mcp")).await;
    assert_eq!(other.json()["resource"], json!(world.servers.mcp_url));
    assert_eq!(get(well_known).await.status, 404);
}

#[tokio::test]
async fn the_query_may_override_the_header() {
    let world = wrong(
        "credentials",
        "locations",
        json!(["query_overrides", "header"]),
    )
    .await;
    let token = world.token("alice", EVERYTHING);
    let url = format!("{}?access_token={token}", world.servers.mcp_url);
    let body = initialize("2025-11-25");
    let headers = [("authorization", "Bearer garbage")];
    assert_eq!(
        world.send("POST", &url, &headers, Some(&body)).await.status,
        200
    );
}

#[tokio::test]
async fn a_log_message_may_come_before_the_result() {
    let patch = json!({"mcp_server": {"transport": {
        "answer_form": "event_stream_with_log", "log_content": "authorization",
    }}});
    let world = World::with(patch).await;
    let token = world.token("alice", EVERYTHING);
    let answer = world.call(&token, "whoami", json!({})).await;
    assert!(answer.text.contains("notifications/message") && answer.text.contains(&token));
    let world = wrong("transport", "answer_form", json!("event_stream_with_log")).await;
    let answer = world
        .call(&world.token("alice", EVERYTHING), "whoami", json!({}))
        .await;
    assert_eq!(answer.text.matches("event: message").count(), 2);
    assert!(!answer.text.contains("Bearer"));
}

#[tokio::test]
async fn a_method_may_be_missing() {
    let world = wrong(
        "transport",
        "unimplemented_methods",
        json!(["server/discover"]),
    )
    .await;
    let token = world.token("alice", EVERYTHING);
    let answer = world.modern(&token, "server/discover", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, -32601));
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        200
    );
}

#[tokio::test]
async fn one_answer_may_be_rewritten() {
    let rewrite = json!({
        "when": {"path": "/mcp", "status": 401},
        "change": [{"set_header": {"name": "www-authenticate", "value": "Bearer realm=\"{issuer}\""}}],
    });
    let rewrites = vec![serde_json::from_value(rewrite).unwrap()];
    let world = World::rewritten(json!({}), rewrites).await;
    let refused = world.modern_as(&[], "tools/list", json!({})).await;
    assert_eq!(
        refused.challenge(),
        format!("Bearer realm=\"{}\"", world.servers.issuer)
    );
    let token = world.token("alice", READ);
    assert!(
        world
            .call(&token, "get_weather", json!({}))
            .await
            .challenge()
            .contains("scope=")
    );
}
