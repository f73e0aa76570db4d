//! A plain MCP client and a mint for tokens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use authspec::reference::policy::access_token::SigningAlgorithm;
use authspec::reference::{Options, Policy, Rewrite, Running, start};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

pub const LEGACY: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];
pub const MODERN: &str = "2026-07-28";
pub const WEATHER: &str = "mcp:tools:weather";
pub const READ: &str = "mcp:resources:customer-data:read";
pub const WRITE: &str = "mcp:resources:customer-data:write";
pub const EVERYTHING: &str = "mcp:tools:weather mcp:resources:customer-data:read \
                              mcp:resources:customer-data:write mcp:exec:workflows:* news:read";

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn challenge(&self) -> String {
        let value = self.headers.get("www-authenticate");
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }

    pub fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_default()
    }
}

/// Running servers and a way to talk to them.
pub struct World {
    pub servers: Running,
    pub http: reqwest::Client,
}

impl World {
    pub async fn start() -> Self {
        Self::with(json!({})).await
    }

    pub async fn with(patch: Value) -> Self {
        Self::rewritten(patch, Vec::new()).await
    }

    pub async fn rewritten(patch: Value, rewrites: Vec<Rewrite>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let policy = Policy::patched(patch).unwrap();
        let servers = start(policy, rewrites, Options::default()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { servers, http }
    }

    /// The honest claims for a user and scopes, changed at will, with the honest header.
    pub fn mint(
        &self,
        user: &str,
        scope: &str,
        change: impl FnOnce(&mut Value, &mut Value),
    ) -> String {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let pair = self.servers.site().keys.pair(SigningAlgorithm::Es256);
        let mut header = json!({"typ": "at+jwt", "alg": "ES256", "kid": pair.kid});
        let mut claims = json!({
            "iss": self.servers.issuer, "sub": user, "aud": self.servers.mcp_url,
            "client_id": "client", "scope": scope, "iat": now, "exp": now + 60,
            "jti": format!("jti-{}", SERIAL.fetch_add(1, Ordering::Relaxed)),
        });
        change(&mut header, &mut claims);
        pair.sign(&header, &claims).unwrap()
    }

    pub fn token(&self, user: &str, scope: &str) -> String {
        self.mint(user, scope, |_, _| ())
    }

    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("accept", "application/json, text/event-stream")
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// One request of 2026-07-28 to the first resource, with whatever `Authorization`.
    pub async fn modern_as(&self, authorization: &[&str], method: &str, params: Value) -> Answer {
        let (headers, body) = modern(method, params);
        let mut all: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        all.extend(authorization.iter().map(|value| ("authorization", *value)));
        self.send("POST", &self.servers.mcp_url, &all, Some(&body))
            .await
    }

    pub async fn modern(&self, token: &str, method: &str, params: Value) -> Answer {
        self.modern_as(&[&format!("Bearer {token}")], method, params)
            .await
    }

    /// `tools/call` of 2026-07-28.
    pub async fn call(&self, token: &str, tool: &str, arguments: Value) -> Answer {
        self.modern(
            token,
            "tools/call",
            json!({"name": tool, "arguments": arguments}),
        )
        .await
    }

    /// Opens a session; gives its ID.
    pub async fn open(&self, token: &str, version: &str) -> String {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let url = &self.servers.mcp_url;
        let answer = self
            .send("POST", url, &headers, Some(&initialize(version)))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["result"]["protocolVersion"], version);
        let id = answer.headers["mcp-session-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let answer = self.in_session(token, &id, version, &body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        id
    }

    /// One POST in a session, as the version wants it.
    pub async fn in_session(&self, token: &str, id: &str, version: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("mcp-session-id", id)];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        if version != "2025-03-26" {
            headers.push(("mcp-protocol-version", version));
        }
        self.send("POST", &self.servers.mcp_url, &headers, Some(body))
            .await
    }
}

pub fn initialize(version: &str) -> Value {
    request(
        "initialize",
        json!({
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }),
    )
}

pub fn request(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

pub fn weather() -> Value {
    request(
        "tools/call",
        json!({"name": "get_weather", "arguments": {"city": "Bern"}}),
    )
}

/// Headers by name.
pub type Headers = Vec<(&'static str, String)>;

/// Headers and body of a request of 2026-07-28.
pub fn modern(method: &str, mut params: Value) -> (Headers, Value) {
    let mut headers = vec![
        ("mcp-protocol-version", MODERN.to_owned()),
        ("mcp-method", method.to_owned()),
    ];
    let target = params["name"].as_str().or(params["uri"].as_str());
    headers.extend(target.map(|target| ("mcp-name", target.to_owned())));
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    (headers, request(method, params))
}
