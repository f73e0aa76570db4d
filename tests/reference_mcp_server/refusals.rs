//! Requests without a token, with a malformed one, and with one that is not valid.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::client::*;

#[tokio::test]
async fn without_a_token_every_request_is_challenged() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let id = world.open(&token, "2025-11-25").await;
    let url = &world.servers.mcp_url;
    let session = [("mcp-session-id", id.as_str())];
    let mut answers = vec![
        world
            .send("POST", url, &[], Some(&initialize("2025-11-25")))
            .await,
        world.send("POST", url, &session, Some(&weather())).await,
        world.send("GET", url, &session, None).await,
        world.send("DELETE", url, &session, None).await,
        world
            .send("POST", url, &[], Some(&json!([weather()])))
            .await,
        world.send("POST", url, &[], Some(&json!("nonsense"))).await,
    ];
    for method in ["server/discover", "tools/list"] {
        answers.push(world.modern_as(&[], method, json!({})).await);
    }
    let origin = url.trim_end_matches("/mcp");
    let document =
        format!("resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\"");
    for answer in answers {
        assert_eq!(answer.status, 401, "{answer:?}");
        let challenge = answer.challenge();
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains(&document),
            "{challenge}"
        );
        assert!(
            challenge.contains("scope=\"") && !challenge.contains("error"),
            "{challenge}"
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    assert_eq!(
        world
            .in_session(&token, &id, "2025-11-25", &weather())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn credentials_count_in_the_header_alone() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    let (bearer, lower) = (format!("Bearer {token}"), format!("bearer {token}"));
    let list = async |authorization: &[&str]| {
        world
            .modern_as(authorization, "tools/list", json!({}))
            .await
    };
    assert_eq!(list(&[&bearer]).await.status, 200);
    assert_eq!(list(&[&lower]).await.status, 200);
    assert_eq!(list(&[&format!("Basic {token}")]).await.status, 401);
    for malformed in [
        &["Bearer"][..],
        &["Bearer a b"],
        &[&bearer, &bearer],
        &["Bearer \"x\""],
    ] {
        let answer = list(malformed).await;
        assert_eq!(answer.status, 400, "{malformed:?}");
        assert!(answer.challenge().contains("error=\"invalid_request\""));
    }
    let (headers, body) = modern("tools/list", json!({}));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let url = format!("{}?access_token={token}", world.servers.mcp_url);
    assert_eq!(
        world.send("POST", &url, &headers, Some(&body)).await.status,
        401
    );
}

/// Every kind of token that is not valid here.
fn invalid(world: &World) -> Vec<(&'static str, String)> {
    let mint = |change: &dyn Fn(&mut Value, &mut Value)| {
        world.mint("alice", EVERYTHING, |header, claims| change(header, claims))
    };
    let honest = world.token("alice", EVERYTHING);
    let parts: Vec<&str> = honest.split('.').collect();
    let other = json!({"sub": "bob", "aud": world.servers.mcp_url, "exp": 4_000_000_000u64});
    let none = BASE64URL.encode(json!({"alg": "none", "typ": "at+jwt"}).to_string());
    vec![
        ("garbage", "garbage".into()),
        (
            "altered",
            format!(
                "{}.{}.{}",
                parts[0],
                BASE64URL.encode(other.to_string()),
                parts[2]
            ),
        ),
        ("unsigned", format!("{none}.{}.", parts[1])),
        ("signature cut", format!("{}.{}.", parts[0], parts[1])),
        (
            "unknown key",
            mint(&|header, _| header["kid"] = json!("other")),
        ),
        (
            "jku",
            mint(&|header, _| {
                header["kid"] = json!("other");
                header["jku"] = json!("http://127.0.0.1:1/jwks");
            }),
        ),
        ("crit", mint(&|header, _| header["crit"] = json!(["x"]))),
        ("typ", mint(&|header, _| header["typ"] = json!("JWT"))),
        (
            "issuer",
            mint(&|_, claims| claims["iss"] = json!("http://127.0.0.1:1")),
        ),
        (
            "audience",
            mint(&|_, claims| claims["aud"] = json!(world.servers.second_mcp_url)),
        ),
        (
            "no audience",
            mint(&|_, claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
        ),
        (
            "expired",
            mint(&|_, claims| claims["exp"] = json!(1_700_000_000)),
        ),
        (
            "no expiry",
            mint(&|_, claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ),
        (
            "not yet",
            mint(&|_, claims| claims["nbf"] = json!(4_000_000_000u64)),
        ),
        (
            "bound",
            mint(&|_, claims| claims["cnf"] = json!({"jkt": "x"})),
        ),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused_in_both_eras() {
    let world = World::start().await;
    for (name, token) in invalid(&world) {
        let modern = world.modern(&token, "tools/list", json!({})).await;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let url = &world.servers.mcp_url;
        let legacy = world
            .send("POST", url, &headers, Some(&initialize("2025-11-25")))
            .await;
        for answer in [modern, legacy] {
            assert_eq!(answer.status, 401, "{name}: {answer:?}");
            let challenge = answer.challenge();
            assert!(
                challenge.contains("error=\"invalid_token\""),
                "{name}: {challenge}"
            );
            assert!(
                challenge.contains("resource_metadata="),
                "{name}: {challenge}"
            );
            assert!(!answer.text.contains(&token), "{name}");
        }
    }
    let many = world.mint("alice", EVERYTHING, |_, claims| {
        claims["aud"] = json!(["http://127.0.0.1:1/mcp", claims["aud"]]);
    });
    assert_eq!(
        world.modern(&many, "tools/list", json!({})).await.status,
        200
    );
}

#[tokio::test]
async fn a_foreign_origin_is_turned_away() {
    let patch = json!({"mcp_server": {"transport": {"allowed_origins": ["https://app.example"]}}});
    let world = World::with(patch).await;
    let bearer = format!("Bearer {}", world.token("alice", EVERYTHING));
    let own = world.servers.mcp_url.trim_end_matches("/mcp").to_owned();
    let (headers, body) = modern("tools/list", json!({}));
    for (origin, status) in [
        (own.as_str(), 200),
        ("https://app.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let mut all: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        all.extend([("authorization", bearer.as_str()), ("origin", origin)]);
        let answer = world
            .send("POST", &world.servers.mcp_url, &all, Some(&body))
            .await;
        assert_eq!(answer.status, status, "{origin}");
        let preflight = world
            .send(
                "OPTIONS",
                &world.servers.mcp_url,
                &[("origin", origin)],
                None,
            )
            .await;
        assert_eq!(preflight.status == 204, status == 200, "{origin}");
        if status == 200 {
            let exposed = answer.headers["access-control-expose-headers"]
                .to_str()
                .unwrap();
            assert!(exposed.contains("WWW-Authenticate"));
            assert_eq!(answer.headers["access-control-allow-origin"], origin);
        }
    }
}

#[tokio::test]
async fn one_connection_lends_no_identity_to_the_next_request() {
    let world = World::start().await;
    let token = world.token("alice", EVERYTHING);
    assert_eq!(
        world.modern(&token, "tools/list", json!({})).await.status,
        200
    );
    assert_eq!(
        world.modern_as(&[], "tools/list", json!({})).await.status,
        401
    );
}

#[tokio::test]
async fn other_methods_and_paths_are_not_served() {
    let world = World::start().await;
    let bearer = format!("Bearer {}", world.token("alice", EVERYTHING));
    let headers = [("authorization", bearer.as_str())];
    let url = &world.servers.mcp_url;
    assert_eq!(world.send("PUT", url, &headers, None).await.status, 405);
    for path in ["/", "x", "/../mcp/"] {
        let answer = world
            .send("POST", &format!("{url}{path}"), &[], Some(&weather()))
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let huge = json!("x".repeat(300 * 1024));
    assert_eq!(
        world.send("POST", url, &headers, Some(&huge)).await.status,
        413
    );
}

#[tokio::test]
async fn odd_bodies_are_answered_without_a_failure_of_the_server() {
    let patch = json!({"mcp_server": {"transport": {
        "request_meta": "assumed", "header_mismatch": "ignored", "unsupported_version": "ignored",
    }}});
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let bodies = [
        "",
        "{",
        "null",
        "7",
        "\"x\"",
        "[]",
        "[[]]",
        "[null, 7]",
        "{}",
        &deep,
        r#"{"jsonrpc":"2.0","id":1,"method":7,"params":"x"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7,"arguments":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"run_workflow"}}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"update_customer"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":7}}"#,
    ];
    for world in [World::start().await, World::with(patch).await] {
        let token = world.token("alice", WEATHER);
        let id = world.open(&token, "2025-03-26").await;
        for body in bodies {
            for version in ["", MODERN] {
                let mut request = world
                    .http
                    .post(&world.servers.mcp_url)
                    .bearer_auth(&token)
                    .header("accept", "application/json, text/event-stream")
                    .header("content-type", "application/json")
                    .header("mcp-session-id", &id);
                if !version.is_empty() {
                    request = request.header("mcp-protocol-version", version);
                }
                let status = request.body(body.to_owned()).send().await.unwrap().status();
                assert!(!status.is_server_error(), "{status} {version} {body:.60}");
            }
        }
    }
}
