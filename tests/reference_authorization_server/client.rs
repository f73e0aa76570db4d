//! An honest client that can be told to leave the path at one step.

use authspec::reference::{Options, Policy, Running, start};
use serde_json::{Value, json};

use super::browser::{Browser, Page};

/// The example of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "http://127.0.0.1:33418/callback";

pub struct Server {
    pub running: Running,
    pub http: reqwest::Client,
}

/// A registered client.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
    pub document: Value,
}

impl Server {
    pub async fn start(patch: Value) -> Self {
        let policy = Policy::patched(patch).expect("a policy");
        let running = start(policy, Vec::new(), Options::default())
            .await
            .expect("a server");
        Self {
            running,
            http: super::http(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.issuer)
    }

    pub async fn register(&self, members: Value) -> (u16, Value) {
        let answer = self
            .http
            .post(self.url("/register"))
            .json(&members)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    pub async fn client(&self, method: &str) -> Client {
        let (status, document) = self
            .register(json!({
                "client_name": "Test client",
                "redirect_uris": [CALLBACK],
                "token_endpoint_auth_method": method,
                "grant_types": ["authorization_code", "refresh_token"],
            }))
            .await;
        assert_eq!(status, 201, "{document}");
        Client {
            id: document["client_id"].as_str().unwrap().to_owned(),
            secret: document["client_secret"].as_str().map(str::to_owned),
            document,
        }
    }

    pub fn authorization_url(&self, client: &Client, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", client.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "mcp:tools:weather news:read"),
            ("state", "a state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", self.running.mcp_url.as_str()),
        ];
        change(&mut parameters, changes);
        let mut url = url::Url::parse(&self.url("/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }

    /// Goes all the way through login and consent of the first user.
    pub async fn authorize(&self, client: &Client, changes: &[(&str, &str)]) -> Page {
        let mut browser = Browser::new();
        let page = browser.get(&self.authorization_url(client, changes)).await;
        if !page.body.contains("id=\"login\"") {
            return page;
        }
        let user = &self.running.users[0];
        let page = browser.log_in(&page, &user.name, &user.password).await;
        if !page.body.contains("id=\"consent\"") {
            return page;
        }
        browser.decide(&page, "approve").await
    }

    pub async fn code(&self, client: &Client) -> String {
        let page = self.authorize(client, &[]).await;
        page.callback("code").expect("a code")
    }

    pub async fn post(&self, path: &str, client: &Client, form: &[(&str, &str)]) -> (u16, Value) {
        let mut form = form.to_vec();
        form.push(("client_id", &client.id));
        if let Some(secret) = &client.secret {
            form.push(("client_secret", secret));
        }
        let answer = self
            .http
            .post(self.url(path))
            .form(&form)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    pub async fn redeem(
        &self,
        client: &Client,
        code: &str,
        changes: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        change(&mut form, changes);
        self.post("/token", client, &form).await
    }

    pub async fn tokens(&self, client: &Client) -> Value {
        let code = self.code(client).await;
        let (status, tokens) = self.redeem(client, &code, &[]).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    pub async fn refresh(
        &self,
        client: &Client,
        token: &str,
        changes: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        change(&mut form, changes);
        self.post("/token", client, &form).await
    }

    /// Whether the introspection endpoint calls a token active, asked as the MCP server asks.
    pub async fn is_active(&self, token: &str) -> bool {
        let (id, secret) = self.running.site().introspector.clone().unwrap();
        let introspector = Client {
            id,
            secret: Some(secret),
            document: Value::Null,
        };
        let (status, answer) = self
            .post("/introspect", &introspector, &[("token", token)])
            .await;
        assert_eq!(status, 200, "{answer}");
        answer["active"].as_bool().unwrap()
    }
}

/// Replaces parameters; an empty value removes one.
fn change<'a>(parameters: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, &'a str)]) {
    for (name, value) in changes {
        parameters.retain(|(known, _)| known != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
}
