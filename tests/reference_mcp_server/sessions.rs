//! Sessions of the versions up to 2025-11-25.

use serde_json::json;

use super::client::*;

#[tokio::test]
async fn a_session_answers_its_own_user_and_client() {
    let world = World::start().await;
    let (alice, bob) = (
        world.token("alice", EVERYTHING),
        world.token("bob", EVERYTHING),
    );
    let other_client = world.mint("alice", EVERYTHING, |_, claims| {
        claims["client_id"] = json!("other")
    });
    let url = &world.servers.mcp_url;
    for version in LEGACY {
        let id = world.open(&alice, version).await;
        for stranger in [&bob, &other_client] {
            assert_eq!(
                world
                    .in_session(stranger, &id, version, &weather())
                    .await
                    .status,
                404
            );
            let bearer = format!("Bearer {stranger}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("mcp-session-id", id.as_str()),
            ];
            for method in ["GET", "DELETE"] {
                assert_eq!(
                    world.send(method, url, &headers, None).await.status,
                    404,
                    "{method}"
                );
            }
        }
        let refreshed = world.token("alice", EVERYTHING);
        let answer = world.in_session(&refreshed, &id, version, &weather()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn an_ended_session_is_gone() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let id = world.open(&token, "2025-11-25").await;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-session-id", id.as_str()),
    ];
    let url = &world.servers.mcp_url;
    let mut request = world.http.get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert!(stream.chunk().await.unwrap().is_some());
    assert_eq!(world.send("DELETE", url, &headers, None).await.status, 204);
    assert!(stream.chunk().await.unwrap().is_none());
    for method in ["POST", "GET", "DELETE"] {
        let body = (method == "POST").then(weather);
        let answer = world.send(method, url, &headers, body.as_ref()).await;
        assert_eq!(answer.status, 404, "{method}");
    }
}

#[tokio::test]
async fn requests_need_a_session_and_a_version_that_is_spoken() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let bearer = format!("Bearer {token}");
    let url = &world.servers.mcp_url;
    let answer = world
        .send("POST", url, &[("authorization", &bearer)], Some(&weather()))
        .await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let id = world.open(&token, "2025-11-25").await;
    assert_eq!(
        world
            .in_session(&token, &id, "1900-01-01", &weather())
            .await
            .status,
        400
    );
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-session-id", id.as_str()),
    ];
    assert_eq!(
        world
            .send("POST", url, &headers, Some(&weather()))
            .await
            .status,
        200
    );
    let oldest = world.open(&token, "2025-03-26").await;
    assert_eq!(
        world
            .in_session(&token, &oldest, "1900-01-01", &weather())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_handshake_settles_on_a_version_that_is_spoken() {
    let patch =
        json!({"mcp_server": {"transport": {"mcp_versions": ["2025-03-26", "2025-06-18"]}}});
    let world = World::with(patch).await;
    let bearer = format!("Bearer {}", world.token("alice", EVERYTHING));
    for asked in ["2025-11-25", "1900-01-01", "2026-07-28"] {
        let headers = [("authorization", bearer.as_str())];
        let answer = world
            .send(
                "POST",
                &world.servers.mcp_url,
                &headers,
                Some(&initialize(asked)),
            )
            .await;
        let version = answer.json()["result"]["protocolVersion"].clone();
        assert!(
            ["2025-03-26", "2025-06-18"]
                .map(|one| json!(one))
                .contains(&version),
            "{answer:?}"
        );
    }
}
