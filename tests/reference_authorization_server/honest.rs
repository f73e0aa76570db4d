//! The honest way through every endpoint.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::browser::Browser;
use super::client::{CALLBACK, Client, Server};

fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn metadata_is_found_at_every_place() {
    for path in ["", "/tenant"] {
        let server = Server::start(json!({ "issuer_path": path })).await;
        let origin = &server.running.authorization_server_origin;
        for place in [
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
            format!("{origin}/.well-known/openid-configuration{path}"),
            format!("{origin}{path}/.well-known/openid-configuration"),
        ] {
            let answer = server
                .http
                .get(&place)
                .header("origin", "https://x.example");
            let answer = answer.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{place}");
            assert_eq!(answer.headers()["access-control-allow-origin"], "*");
            let document: Value = answer.json().await.unwrap();
            assert_eq!(document["issuer"], json!(server.running.issuer));
            assert_eq!(
                document["code_challenge_methods_supported"],
                json!(["S256"])
            );
            let jwks = document["jwks_uri"].as_str().unwrap();
            let keys: Value = server
                .http
                .get(jwks)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_public_client_gets_tokens_and_refreshes_them() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    assert!(client.secret.is_none());
    let page = server.authorize(&client, &[]).await;
    assert_eq!(page.status, 303);
    assert!(page.location.as_deref().unwrap().starts_with(CALLBACK));
    assert_eq!(page.callback("state").as_deref(), Some("a state"));
    assert_eq!(
        page.callback("iss").as_deref(),
        Some(server.running.issuer.as_str())
    );
    let code = page.callback("code").unwrap();
    let (status, tokens) = server.redeem(&client, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "mcp:tools:weather news:read");
    let claims = claims(&tokens["access_token"]);
    assert_eq!(claims["iss"], json!(server.running.issuer));
    assert_eq!(claims["aud"], json!(server.running.mcp_url));
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["client_id"], json!(client.id));
    let old = tokens["refresh_token"].as_str().unwrap();
    let (status, fresh) = server
        .refresh(&client, old, &[("scope", "news:read")])
        .await;
    assert_eq!(status, 200, "{fresh}");
    assert_eq!(fresh["scope"], "news:read");
    let next = fresh["refresh_token"].as_str().unwrap();
    assert_ne!(next, old);
    let (status, wide) = server.refresh(&client, next, &[]).await;
    assert_eq!(
        (status, wide["scope"].as_str()),
        (200, Some("mcp:tools:weather news:read"))
    );
}

#[tokio::test]
async fn whoever_asks_for_openid_learns_who_logged_in() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let asked = [("scope", "openid news:read"), ("nonce", "a nonce")];
    let page = server.authorize(&client, &asked).await;
    let code = page.callback("code").unwrap();
    let (status, tokens) = server.redeem(&client, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = claims(&tokens["id_token"]);
    assert_eq!(claims["iss"], json!(server.running.issuer));
    assert_eq!(claims["aud"], json!(client.id));
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["nonce"], "a nonce");
    assert_eq!(server.tokens(&client).await.get("id_token"), None);
}

#[tokio::test]
async fn both_kinds_of_confidential_clients_authenticate() {
    let server = Server::start(json!({})).await;
    let client = server.client("client_secret_post").await;
    server.tokens(&client).await;
    let basic = server.client("client_secret_basic").await;
    let code = server.code(&basic).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", super::client::VERIFIER),
    ];
    let request = server.http.post(server.url("/token")).form(&form);
    let answer = request
        .basic_auth(&basic.id, basic.secret.as_ref())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn the_pages_guard_themselves_and_name_what_is_asked() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let mut browser = Browser::new();
    let login = browser.get(&server.authorization_url(&client, &[])).await;
    assert_eq!(login.headers["x-frame-options"], "DENY");
    assert_eq!(login.headers["cache-control"], "no-store");
    assert_eq!(login.headers["referrer-policy"], "no-referrer");
    assert!(!login.headers.contains_key("access-control-allow-origin"));
    let cookie = login.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let wrong = browser.log_in(&login, "alice", "wrong").await;
    assert!(wrong.body.contains("wrong") && wrong.body.contains("id=\"login\""));
    let consent = browser.log_in(&login, "bob", "builder-4").await;
    let policy = consent.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"));
    for shown in ["Test client", "127.0.0.1:33418", "news:read", "bob"] {
        assert!(consent.body.contains(shown), "{shown} in {}", consent.body);
    }
    let callback = browser.decide(&consent, "deny").await;
    assert_eq!(callback.callback("error").as_deref(), Some("access_denied"));
    assert_eq!(callback.callback("state").as_deref(), Some("a state"));
    assert!(callback.callback("iss").is_some() && callback.callback("code").is_none());
}

#[tokio::test]
async fn scopes_that_are_not_ticked_are_not_granted() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let mut browser = Browser::new();
    let login = browser.get(&server.authorization_url(&client, &[])).await;
    let consent = browser.log_in(&login, "alice", "wonderland-7").await;
    let (action, mut fields) = consent.form();
    fields.retain(|(_, value)| value != "news:read");
    fields.push(("decision".into(), "approve".into()));
    let code = browser
        .post(&action, &fields)
        .await
        .callback("code")
        .unwrap();
    let (_, tokens) = server.redeem(&client, &code, &[]).await;
    assert_eq!(tokens["scope"], "mcp:tools:weather");
}

#[tokio::test]
async fn a_registration_is_read_changed_and_deleted() {
    let server = Server::start(json!({})).await;
    let client = server.client("client_secret_post").await;
    let place = client.document["registration_client_uri"].as_str().unwrap();
    let token = client.document["registration_access_token"]
        .as_str()
        .unwrap();
    let read = server
        .http
        .get(place)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(read.status(), 200);
    assert_eq!(
        read.json::<Value>().await.unwrap()["client_id"],
        json!(client.id)
    );
    assert_eq!(
        server
            .http
            .get(place)
            .bearer_auth("x")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let tokens = server.tokens(&client).await;
    let update = json!({ "client_id": client.id, "client_name": "New",
                         "redirect_uris": ["https://client.example.com/new"],
                         "token_endpoint_auth_method": "client_secret_post",
                         "grant_types": ["authorization_code", "refresh_token"] });
    let put = server
        .http
        .put(place)
        .bearer_auth(token)
        .json(&update)
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    let put: Value = put.json().await.unwrap();
    assert_eq!(put["redirect_uris"], update["redirect_uris"]);
    assert_eq!(put["client_secret"], client.document["client_secret"]);
    assert_eq!(
        server.authorize(&client, &[]).await.status,
        400,
        "the old URI is gone"
    );
    let delete = server
        .http
        .delete(place)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!(
        server
            .http
            .get(place)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    assert!(
        !server
            .is_active(tokens["access_token"].as_str().unwrap())
            .await
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(server.refresh(&client, refresh, &[]).await.0, 401);
}

#[tokio::test]
async fn revocation_and_introspection_agree() {
    let server = Server::start(json!({})).await;
    let client = server.client("none").await;
    let tokens = server.tokens(&client).await;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert!(server.is_active(access).await);
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", access)])
            .await
            .0,
        200
    );
    assert!(!server.is_active(access).await);
    let (status, tokens) = server.refresh(&client, refresh, &[]).await;
    assert_eq!(status, 200, "only the access token was revoked");
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", refresh)])
            .await
            .0,
        200
    );
    assert!(
        !server.is_active(access).await,
        "the grant is gone with its access tokens"
    );
    assert_eq!(server.refresh(&client, refresh, &[]).await.0, 400);
    assert_eq!(
        server
            .post("/revoke", &client, &[("token", "unknown")])
            .await
            .0,
        200
    );
    assert_eq!(
        server
            .post("/introspect", &client, &[("token", access)])
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn a_machine_gets_a_token_of_its_own() {
    let server = Server::start(json!({})).await;
    let (status, document) = server
        .register(
            json!({ "grant_types": ["client_credentials"], "scope": "news:read",
                          "token_endpoint_auth_method": "client_secret_post" }),
        )
        .await;
    assert_eq!(status, 201, "{document}");
    let client = Client {
        id: document["client_id"].as_str().unwrap().to_owned(),
        secret: document["client_secret"].as_str().map(str::to_owned),
        document,
    };
    let ask = [("grant_type", "client_credentials"), ("scope", "news:read")];
    let (status, tokens) = server.post("/token", &client, &ask).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens.get("refresh_token").is_none());
    assert_eq!(claims(&tokens["access_token"])["sub"], json!(client.id));
    let ask = [
        ("grant_type", "client_credentials"),
        ("scope", "mcp:tools:weather"),
    ];
    let (status, refused) = server.post("/token", &client, &ask).await;
    assert_eq!(
        (status, refused["error"].as_str()),
        (400, Some("invalid_scope"))
    );
}

#[tokio::test]
async fn the_audit_log_tells_everything_but_secrets() {
    let server = Server::start(json!({})).await;
    let client = server.client("client_secret_post").await;
    let page = server.authorize(&client, &[]).await;
    let code = page.callback("code").unwrap();
    let (_, tokens) = server.redeem(&client, &code, &[]).await;
    server.redeem(&client, "no-such-code", &[]).await;
    let log = server.running.audit_log().join("\n");
    for event in [
        "registration",
        "login",
        "consent",
        "code_issued",
        "token_issued",
        "token_refused",
    ] {
        assert!(
            log.contains(&format!("\"event\":\"{event}\"")),
            "{event} in {log}"
        );
    }
    let secret = client.secret.as_deref().unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    for hidden in [
        secret,
        code.as_str(),
        access,
        super::client::VERIFIER,
        "wonderland-7",
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
