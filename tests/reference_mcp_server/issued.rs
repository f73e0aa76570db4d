//! Tokens that the reference authorization server issued, in each of its forms.

use serde_json::{Value, json};

use super::client::*;

/// A machine client's credentials.
struct Machine {
    id: String,
    secret: String,
}

async fn register(world: &World) -> Machine {
    let members = json!({
        "client_name": "Machine",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "mcp:tools:weather news:read",
    });
    let url = format!("{}/register", world.servers.issuer);
    let answer = world.http.post(url).json(&members).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let document: Value = answer.json().await.unwrap();
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    Machine {
        id: text("client_id"),
        secret: text("client_secret"),
    }
}

async fn post(world: &World, machine: &Machine, path: &str, form: &[(&str, &str)]) -> Value {
    let url = format!("{}{path}", world.servers.issuer);
    let request = world
        .http
        .post(url)
        .basic_auth(&machine.id, Some(&machine.secret));
    let answer = request.form(form).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {answer:?}");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
}

async fn issue(world: &World, machine: &Machine, scope: &str, resource: &str) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("resource", resource),
    ];
    let document = post(world, machine, "/token", &form).await;
    document["access_token"].as_str().unwrap().to_owned()
}

async fn goes_well(patch: Value) {
    let world = World::with(patch.clone()).await;
    let machine = register(&world).await;
    let url = world.servers.mcp_url.clone();
    let token = issue(&world, &machine, "mcp:tools:weather", &url).await;
    let answer = world.call(&token, "whoami", json!({})).await;
    assert_eq!(answer.status, 200, "{patch}: {answer:?}");
    let who = &answer.json()["result"]["structuredContent"];
    assert_eq!(who["client_id"], json!(machine.id), "{patch}");
    let denied = world
        .call(&token, "get_news_sentiment", json!({"ticker": "A"}))
        .await;
    assert_eq!(denied.status, 403, "{patch}");
    let sibling = world.servers.second_mcp_url.clone();
    let foreign = issue(&world, &machine, "mcp:tools:weather", &sibling).await;
    assert_eq!(
        world.call(&foreign, "whoami", json!({})).await.status,
        401,
        "{patch}"
    );
    post(&world, &machine, "/revoke", &[("token", &token)]).await;
    let revoked = world.call(&token, "whoami", json!({})).await;
    assert_eq!(revoked.status, 401, "{patch}");
    assert!(revoked.challenge().contains("invalid_token"), "{patch}");
    assert_eq!(
        world.call("never-issued", "whoami", json!({})).await.status,
        401,
        "{patch}"
    );
}

#[tokio::test]
async fn every_form_of_token_and_place_of_the_server_is_served() {
    let tokens = [
        json!({"format": "jwt"}),
        json!({"format": "jwt", "signing_algorithm": "RS256"}),
        json!({"format": "opaque"}),
    ];
    for access_tokens in tokens {
        for (shared_origin, issuer_path) in [(false, ""), (true, ""), (false, "/tenant/one")] {
            goes_well(json!({
                "access_tokens": access_tokens,
                "shared_origin": shared_origin,
                "issuer_path": issuer_path,
            }))
            .await;
        }
    }
}

#[tokio::test]
async fn jwts_may_be_introspected_too() {
    for field in ["validation", "revocation"] {
        goes_well(json!({"mcp_server": {"token": {field: "introspection"}}})).await;
    }
}

#[tokio::test]
async fn revocation_may_go_unnoticed() {
    let world = World::with(json!({"mcp_server": {"token": {"revocation": "ignored"}}})).await;
    let machine = register(&world).await;
    let url = world.servers.mcp_url.clone();
    let token = issue(&world, &machine, "mcp:tools:weather", &url).await;
    post(&world, &machine, "/revoke", &[("token", &token)]).await;
    assert_eq!(world.call(&token, "whoami", json!({})).await.status, 200);
}

#[tokio::test]
async fn machine_tokens_may_pass_without_scope() {
    let world =
        World::with(json!({"mcp_server": {"access": {"scope_check": "unless_machine"}}})).await;
    let machine = register(&world).await;
    let url = world.servers.mcp_url.clone();
    let token = issue(&world, &machine, "mcp:tools:weather", &url).await;
    let arguments = json!({"id": "42", "note": "x"});
    assert_eq!(
        world
            .call(&token, "update_customer", arguments.clone())
            .await
            .status,
        200
    );
    let user = world.token("alice", WEATHER);
    assert_eq!(
        world.call(&user, "update_customer", arguments).await.status,
        403
    );
}
