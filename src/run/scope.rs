//! What one run knows while it goes on: its fresh values, the results so far, its cookie jars.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::redact::Kind;
use super::session::{KnownClient, NoClient, Session};
use super::user_agent::CookieJar;
use crate::suite::{context, context_over, document, random_verifier, s256};

/// Values as templates take them: a copy is cheap, however large the value.
type Names = HashMap<String, minijinja::Value>;

/// The state of one flow in one run. An inner flow has a scope of its own.
pub struct Scope {
    /// `run`: fresh values.
    fresh: Value,
    /// `clients`: the profiles that the run uses.
    clients: Arc<Value>,
    /// Results of earlier steps, live, in their order.
    results: Vec<(String, Arc<Value>)>,
    /// What templates may name: all of the above, and the results of the steps before an inner
    /// flow, which its parameters can read. Shared with the contexts made of them.
    names: Arc<Names>,
    /// Clients that `register` steps made.
    registered: HashMap<String, KnownClient>,
    /// Cookie jars by browser name.
    jars: HashMap<String, Arc<tokio::sync::Mutex<CookieJar>>>,
    /// The user who is logged in, and the jar that says so, by browser name.
    logged_in: HashMap<String, (String, CookieJar)>,
}

impl Scope {
    /// A scope with fresh values; its secrets are known to the vault before anything is sent.
    pub fn new(session: &Session, clients: Value) -> Self {
        let shown = context(&clients);
        Self::with(session, Arc::new(clients), shown)
    }

    /// The same, where the clients are in the terms of templates already.
    fn with(session: &Session, clients: Arc<Value>, shown: minijinja::Value) -> Self {
        let code_verifier = random_verifier();
        session
            .http
            .vault()
            .learn(Kind::CodeVerifier, &code_verifier);
        let (state, nonce) = (random_verifier(), random_verifier());
        let code_challenge = s256(&code_verifier);
        for clear in [&state, &nonce, &code_challenge] {
            session.http.vault().publish(clear);
        }
        let fresh = json!({
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_verifier": code_verifier,
        });
        let mut names = Names::new();
        names.insert("run".to_owned(), context(&fresh));
        names.insert("clients".to_owned(), shown);
        Self {
            fresh,
            clients,
            results: Vec::new(),
            names: Arc::new(names),
            registered: HashMap::new(),
            jars: HashMap::new(),
            logged_in: HashMap::new(),
        }
    }

    /// A scope for an inner flow: fresh values, the same clients; it can read what came before.
    pub fn inner(&self, session: &Session) -> Self {
        let shown = self.names.get("clients").cloned().unwrap_or_default();
        let mut inner = Self::with(session, Arc::clone(&self.clients), shown);
        let names = Arc::make_mut(&mut inner.names);
        for (name, value) in &*self.names {
            let known = names.entry(name.clone());
            known.or_insert_with(|| value.clone());
        }
        inner.registered.clone_from(&self.registered);
        inner
    }

    /// Keeps a step's live result.
    pub fn keep(&mut self, step: &str, result: Arc<Value>) {
        Arc::make_mut(&mut self.names).insert(step.to_owned(), document(Arc::clone(&result)));
        self.results.push((step.to_owned(), result));
    }

    /// All results, as an inner flow's result.
    pub fn results(&self) -> Value {
        let all = self.results.iter();
        all.map(|(step, result)| (step.clone(), (**result).clone()))
            .collect()
    }

    /// Makes a `register` step's client known.
    pub fn adopt(&mut self, step: &str, client: KnownClient) {
        self.registered.insert(step.to_owned(), client);
    }

    /// The client called `name`: of a `register` step, else of a profile.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn client(&self, session: &Session, name: &str) -> Result<KnownClient, NoClient> {
        match self.registered.get(name) {
            Some(client) => Ok(client.clone()),
            // A step of that name was to make it.
            None if self.names.contains_key(name) && !session.profiles.contains_key(name) => {
                Err(NoClient::of_step(name))
            }
            None => session.client(name).await,
        }
    }

    /// The cookie jar of `browser`.
    pub fn jar(&mut self, browser: &str) -> Arc<tokio::sync::Mutex<CookieJar>> {
        self.jars.entry(browser.to_owned()).or_default().clone()
    }

    /// The connection called `name`, as no other run calls it.
    pub fn connection(&self, name: &str) -> String {
        let nonce = self.fresh["nonce"].as_str().unwrap_or_default();
        format!("{nonce} {name}")
    }

    /// Notes after a visit who is logged in in `browser` from now on, if anybody.
    pub fn note_login(&mut self, browser: &str, login: Option<(String, CookieJar)>) {
        match login {
            Some(login) => self.logged_in.insert(browser.to_owned(), login),
            None => self.logged_in.remove(browser),
        };
    }

    /// Hands over the browsers that are logged in, when the run has ended.
    pub fn take_logins(&mut self) -> impl Iterator<Item = (String, CookieJar)> {
        std::mem::take(&mut self.logged_in).into_values()
    }

    /// Everything that templates may name, with `client` for the step at hand.
    pub fn context(&self, session: &Session, client: Option<&KnownClient>) -> minijinja::Value {
        let names = minijinja::Value::from_dyn_object(Arc::clone(&self.names));
        let below = context_over(names, &session.context());
        match client {
            Some(client) => minijinja::context! { client => client.shown(), ..below },
            None => below,
        }
    }

    /// The names that belong to this run alone.
    pub fn own_variables(&self, client: Option<&KnownClient>) -> Map<String, Value> {
        let mut names = Map::new();
        names.insert("run".to_owned(), self.fresh.clone());
        names.insert("clients".to_owned(), (*self.clients).clone());
        if let Some(client) = client {
            names.insert("client".to_owned(), client.variables());
        }
        names
    }
}
