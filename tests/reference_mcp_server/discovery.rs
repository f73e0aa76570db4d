//! Protected resource metadata.

use serde_json::json;

use super::client::*;

#[tokio::test]
async fn each_resource_has_its_document() {
    let world = World::start().await;
    let servers = &world.servers;
    let origin = servers.mcp_url.trim_end_matches("/mcp");
    let well_known = format!("{origin}/.well-known/oauth-protected-resource");
    for (url, resource) in [
        (format!("{well_known}/mcp"), &servers.mcp_url),
        (format!("{well_known}/second/mcp"), &servers.second_mcp_url),
        (well_known.clone(), &servers.mcp_url),
    ] {
        let answer = world
            .send("GET", &url, &[("origin", "https://app.example")], None)
            .await;
        assert_eq!(answer.status, 200, "{url}");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let document = answer.json();
        assert_eq!(document["resource"], json!(resource));
        assert_eq!(document["authorization_servers"], json!([servers.issuer]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        assert!(
            document["scopes_supported"]
                .as_array()
                .is_some_and(|scopes| scopes.len() == 6)
        );
    }
    for suffix in ["/other", "/", "/mcp/", "/second"] {
        let answer = world
            .send("GET", &format!("{well_known}{suffix}"), &[], None)
            .await;
        assert_eq!(answer.status, 404, "{suffix}");
    }
}

#[tokio::test]
async fn the_resources_are_apart() {
    let world = World::start().await;
    let url = world.servers.second_mcp_url.clone();
    let first = format!("Bearer {}", world.token("alice", EVERYTHING));
    let second = world.mint("alice", EVERYTHING, |_, claims| claims["aud"] = json!(url));
    let second = format!("Bearer {second}");
    let body = initialize("2025-11-25");
    let send = async |bearer: &str| {
        world
            .send("POST", &url, &[("authorization", bearer)], Some(&body))
            .await
    };
    let refused = send(&first).await;
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .challenge()
            .contains("/.well-known/oauth-protected-resource/second/mcp\"")
    );
    assert_eq!(send(&second).await.status, 200);
}
