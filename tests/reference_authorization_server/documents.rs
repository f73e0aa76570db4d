//! Clients that are known by the URL of their metadata, and clients that prove themselves by a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authspec::reference::keys::Keys;
use authspec::reference::policy::access_token::SigningAlgorithm;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::{Value, json};

use super::client::{CALLBACK, CHALLENGE, Client, Server, VERIFIER};

/// A host of documents that counts what is fetched.
struct Host {
    origin: String,
    fetched: Arc<AtomicUsize>,
}

async fn host() -> Host {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let fetched = Arc::new(AtomicUsize::new(0));
    let counter = fetched.clone();
    let own = origin.clone();
    let app = Router::new().route(
        "/{name}",
        get(
            move |axum::extract::Path(name): axum::extract::Path<String>| {
                counter.fetch_add(1, Ordering::SeqCst);
                let mut document = json!({ "client_id": format!("{own}/{name}"),
                                       "client_name": "Document client",
                                       "redirect_uris": [CALLBACK] });
                match name.as_str() {
                    "other" => document["client_id"] = json!(format!("{own}/good")),
                    "large" => document["x"] = json!("x".repeat(20_000)),
                    _ => {}
                }
                let status = if name == "moved" { 302 } else { 200 };
                let place = format!("{own}/good");
                async move {
                    axum::http::Response::builder()
                        .status(status)
                        .header(header::CONTENT_TYPE, "application/json")
                        .header(header::LOCATION, place)
                        .body(document.to_string())
                        .unwrap()
                }
            },
        ),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    Host { origin, fetched }
}

fn public(id: String) -> Client {
    Client {
        id,
        secret: None,
        document: Value::Null,
    }
}

fn lenient() -> Value {
    json!({ "client_documents": { "plain_http": "accepted", "addresses": "loopback_too" } })
}

#[tokio::test]
async fn a_document_makes_a_client() {
    let host = host().await;
    let server = Server::start(lenient()).await;
    let client = public(format!("{}/good", host.origin));
    let tokens = server.tokens(&client).await;
    assert!(
        tokens.get("refresh_token").is_none(),
        "the document asks for none"
    );
    for name in ["other", "large", "moved"] {
        let page = server
            .authorize(&public(format!("{}/{name}", host.origin)), &[])
            .await;
        assert_eq!((page.status.as_u16(), page.location), (400, None), "{name}");
    }
    let evil = [("redirect_uri", "http://127.0.0.1:33418/evil")];
    assert_eq!(server.authorize(&client, &evil).await.status, 400);
}

#[tokio::test]
async fn the_default_policy_does_not_look_at_inner_addresses() {
    let host = host().await;
    let server = Server::start(json!({ "client_documents": { "plain_http": "accepted" } })).await;
    let page = server
        .authorize(&public(format!("{}/good", host.origin)), &[])
        .await;
    assert_eq!(page.status, 400);
    let place = host.origin.replace("127.0.0.1", "localhost");
    assert_eq!(
        server
            .authorize(&public(format!("{place}/good")), &[])
            .await
            .status,
        400
    );
    let strict = Server::start(json!({})).await;
    assert_eq!(
        strict
            .authorize(&public(format!("{}/good", host.origin)), &[])
            .await
            .status,
        400
    );
    let members = json!({ "redirect_uris": [CALLBACK], "jwks_uri": format!("{}/k", host.origin) });
    assert_eq!(strict.register(members.clone()).await.0, 201);
    assert_eq!(host.fetched.load(Ordering::SeqCst), 0);
    let hasty = Server::start(json!({ "registration": { "foreign_urls": "fetched_at_once" } }));
    assert_eq!(hasty.await.register(members).await.0, 201);
    assert_eq!(host.fetched.load(Ordering::SeqCst), 1);
}

fn assertion(header: Value, claims: &Value) -> String {
    Keys::shared()
        .pair(SigningAlgorithm::Es256)
        .sign(&header, claims)
        .unwrap()
}

#[tokio::test]
async fn a_client_proves_itself_by_a_signed_assertion_once() {
    let server = Server::start(json!({})).await;
    let pair = Keys::shared().pair(SigningAlgorithm::Es256);
    let (status, document) = server
        .register(json!({ "redirect_uris": [CALLBACK],
                          "token_endpoint_auth_method": "private_key_jwt",
                          "jwks": { "keys": [pair.public_jwk()] } }))
        .await;
    assert_eq!(status, 201, "{document}");
    let client = public(document["client_id"].as_str().unwrap().to_owned());
    let code = server.code(&client).await;
    let now = jiff::Timestamp::now().as_second();
    let header = json!({ "alg": "ES256", "kid": pair.kid });
    let good = json!({ "iss": client.id, "sub": client.id, "aud": server.running.issuer,
                       "exp": now + 60, "jti": "first" });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        assertion(header.clone(), &claims)
    };
    let right = assertion(header.clone(), &good);
    let (message, _) = right.rsplit_once('.').unwrap();
    let wrong = [
        with("iss", json!("other")),
        with("sub", json!("other")),
        with("aud", json!("https://other.example")),
        with("exp", json!(now - 60)),
        with("nbf", json!(now + 60)),
        with("jti", Value::Null),
        assertion(json!({ "alg": "none" }), &good),
        assertion(json!({ "alg": "ES256", "crit": ["x"], "x": 1 }), &good),
        format!("{message}."),
        "garbage".to_owned(),
    ];
    let redeem = async |assertion: &str, kind: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", VERIFIER),
            ("client_assertion", assertion),
            ("client_assertion_type", kind),
        ];
        server.post("/token", &client, &form).await.0
    };
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for assertion in &wrong {
        assert_eq!(redeem(assertion, kind).await, 401, "{assertion}");
    }
    assert_eq!(redeem(&right, "other").await, 401);
    assert_eq!(
        server.redeem(&client, &code, &[]).await.0,
        401,
        "no assertion at all"
    );
    assert_eq!(redeem(&right, kind).await, 200);
    assert_eq!(redeem(&right, kind).await, 401, "an assertion counts once");
    assert_ne!(CHALLENGE, VERIFIER);
}
