//! An authorization server whose pages are in words that nobody knows, and a web page.

use axum::extract::Query;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Form, Json, Router};
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

/// Serves until the test program ends; gives the issuer.
pub fn start() -> String {
    serve(post(token))
}

/// The same, whose token endpoint knows no way but to fail.
pub fn start_failing() -> String {
    serve(post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
}

fn serve(token: MethodRouter) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("no blocking");
    let address = listener.local_addr().expect("its address");
    let issuer = format!("http://{address}");
    let router = router(issuer.clone(), token);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let _ = axum::serve(listener, router).await;
        });
    });
    issuer
}

fn router(issuer: String, token: MethodRouter) -> Router {
    let metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
    });
    Router::new()
        .route(
            "/.well-known/oauth-authorization-server",
            get(|| async { Json(metadata) }),
        )
        .route("/register", post(register))
        .route("/authorize", get(authorize))
        .route("/badge", post(badge))
        .route("/consent", post(consent))
        .route("/token", token)
        .route("/page", get(page).post(page))
}

async fn page() -> Html<&'static str> {
    Html("<title>Shop</title><h1>Welcome to the shop</h1>")
}

async fn register(Json(mut client): Json<Members>) -> (StatusCode, Json<Members>) {
    client.insert("client_id".to_owned(), json!("riddled"));
    (StatusCode::CREATED, Json(client))
}

async fn authorize(uri: Uri) -> Html<String> {
    let request = uri.query().unwrap_or_default().replace('&', "&amp;");
    Html(format!(
        "<title>Badge</title><form method=post action=/badge><input type=hidden name=request \
         value=\"{request}\"><label>Your badge<input name=badge></label><button>Go</button></form>"
    ))
}

async fn badge(Form(form): Form<Members>) -> Html<String> {
    let request = form["request"].as_str().unwrap_or_default();
    let request = request.replace('&', "&amp;");
    if form["badge"] != "alice" {
        return Html(
            "<title>Badge</title><p>Nobody wears this badge here, as far as we see".into(),
        );
    }
    Html(format!(
        "<title>Frage</title><form method=post action=/consent><input type=hidden name=request \
         value=\"{request}\"><button name=a value=1>Nix da</button><button name=a value=2>Jo \
         mei</button></form>"
    ))
}

async fn consent(Form(form): Form<Members>) -> Response {
    let request = format!("/?{}", form["request"].as_str().unwrap_or_default());
    let request: Uri = request.parse().expect("the request comes back whole");
    let Query(request) = Query::<Members>::try_from_uri(&request).expect("parameters");
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let outcome = match form["a"].as_str() {
        Some("2") => "code=a-code-of-the-riddle-server",
        _ => "error=access_denied",
    };
    let callback = text("redirect_uri");
    let location = format!("{callback}?{outcome}&state={}", text("state"));
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}

async fn token() -> Json<Value> {
    Json(json!({ "access_token": "a-token-of-the-riddle-server", "token_type": "Bearer" }))
}
