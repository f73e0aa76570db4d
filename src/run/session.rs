//! What all runs against one target share: the HTTP client, the operator's secrets, the clients
//! registered so far, the documents of honest discovery.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use super::RunRecord;
use super::batch::Endurance;
use super::grants::Grants;
use super::host::{Document, DocumentHost, SELF_URL};
use super::http::{Client, Request, RequestKind, Sent};
use super::jose;
use super::logins::Logins;
use super::redact::{Kind, Vault};
use super::registrar::Registrar;
use super::samples::Samples;
use super::user_agent::UserAgent;
use crate::plan::{PlannedAction, PlannedRun, PlannedStep};
use crate::suite::{Action, Authentication, ClientProfile, McpVersion, Params, Sampled, Templates};
use crate::target::{Live, LiveClient, Target};

/// The purpose of a request that registers the client of a profile.
pub const REGISTER_CLIENT: &str = "register client";
/// A redirect URI on loopback where nobody listens (RFC 8252 section 7.3).
pub const LOOPBACK_REDIRECT: &str = "http://127.0.0.1:39417/callback";
/// A redirect URI on a web host that does not exist.
pub const HTTPS_REDIRECT: &str = "https://client.authspec.example/callback";
/// An address of an attacker, registered by nobody.
pub const FOREIGN_REDIRECT: &str = "https://attacker.authspec.example/callback";

/// Shared by all runs.
pub struct Session {
    /// Sends and records.
    pub http: Client,
    /// The target with its secrets.
    pub target: Target,
    /// The version by which requests are shaped.
    pub version: McpVersion,
    /// Renders templates.
    pub templates: Templates,
    /// The suites' client profiles.
    pub profiles: IndexMap<String, ClientProfile>,
    /// Serves documents for servers that fetch.
    pub host: DocumentHost,
    /// Bytes of the audit log that were there before the run.
    pub audit_start: u64,
    variables: RwLock<Map<String, Value>>,
    /// The variables as templates read them, made when first asked for.
    context: RwLock<Option<minijinja::Value>>,
    clients: Mutex<HashMap<String, Arc<Registered>>>,
    jwks: OnceCell<Value>,
    /// Who gets through login and consent.
    pub user_agent: UserAgent,
    /// Browsers that are logged in.
    pub logins: Logins,
    /// Grants that several runs share.
    pub grants: Grants,
    /// Whether grants endure that requests with them are refused.
    pub endurance: Endurance,
    ends_early: OnceLock<Box<dyn EndsEarly>>,
    registrar: Registrar,
    /// What the server has given out, to be told in numbers.
    pub samples: Samples,
}

/// Knows which runs need not go to their end.
pub trait EndsEarly: Send + Sync {
    /// Whether a run of this id may end early at all.
    fn may_end(&self, run: &str) -> bool;

    /// Whether what it brought so far shows that the rest of it matters to nobody.
    fn is_settled(&self, record: &RunRecord) -> bool;
}

/// A client identity with its registration answer.
#[derive(Clone)]
pub struct KnownClient {
    /// What requests are sent as.
    pub live: LiveClient,
    /// The registration answer; null for a client of the target file.
    registration: Arc<Value>,
    /// What templates see of both, made when first asked for.
    shown: Arc<OnceLock<minijinja::Value>>,
}

/// The client of a profile, or why there is none; made at first use.
type Registered = OnceCell<Result<KnownClient, NoClient>>;

/// Why a profile has no client.
#[derive(Clone, Debug)]
pub struct NoClient {
    /// Why.
    pub reason: String,
    /// The step of the run that should have made it.
    pub step: Option<String>,
    /// Positions of the exchanges that show it.
    pub exchanges: Vec<usize>,
}

impl NoClient {
    fn because(reason: String) -> Self {
        Self {
            reason,
            step: None,
            exchanges: Vec::new(),
        }
    }

    /// The step that makes the client was done, and no client came out.
    pub fn of_step(name: &str) -> Self {
        Self {
            step: Some(name.to_owned()),
            ..Self::because(format!("{name} brought no client"))
        }
    }
}

impl Session {
    /// A session that knows nothing of the target's documents yet.
    pub fn new(
        http: Client,
        target: Target,
        version: McpVersion,
        profiles: IndexMap<String, ClientProfile>,
    ) -> Self {
        for password in target.users.values().flat_map(|user| &user.password) {
            http.vault().learn(Kind::Password, password.expose());
        }
        for client in target.clients.values() {
            http.vault().publish(&client.client_id);
            if let Some(secret) = &client.client_secret {
                http.vault().learn(Kind::ClientSecret, secret.expose());
            }
        }
        for token in target
            .access_tokens
            .values()
            .chain(&target.initial_access_token)
        {
            http.vault().learn(Kind::AccessToken, token.expose());
        }
        let audit_start = target
            .audit_log
            .as_ref()
            .and_then(|path| std::fs::metadata(path).ok())
            .map_or(0, |file| file.len());
        Self {
            http,
            templates: templates(&target),
            user_agent: UserAgent::new(&target),
            host: DocumentHost::at(target.documents.clone()),
            target,
            version,
            profiles,
            audit_start,
            variables: RwLock::default(),
            context: RwLock::default(),
            clients: Mutex::default(),
            jwks: OnceCell::new(),
            logins: Logins::default(),
            grants: Grants::default(),
            endurance: Endurance::default(),
            ends_early: OnceLock::new(),
            registrar: Registrar::default(),
            samples: Samples::default(),
        }
    }

    /// Lets runs end as soon as `ends_early` says so.
    pub fn end_early(&self, ends_early: impl EndsEarly + 'static) {
        let _ = self.ends_early.set(Box::new(ends_early));
    }

    /// Whether a run of this id may end early at all.
    pub fn may_end(&self, run: &str) -> bool {
        self.ends_early.get().is_some_and(|it| it.may_end(run))
    }

    /// Whether the rest of a run matters to nobody.
    pub fn is_settled(&self, record: &RunRecord) -> bool {
        self.ends_early
            .get()
            .is_some_and(|it| it.is_settled(record))
    }

    /// Says that the texts which stand in these runs are no secrets: they stand in suites.
    pub fn publish_texts<'p>(&self, runs: impl IntoIterator<Item = &'p PlannedRun>) {
        let mut done = HashSet::new();
        for run in runs {
            publish_steps(self.http.vault(), &run.steps, &mut done);
        }
    }

    /// The global template names, live.
    pub fn variables(&self) -> Map<String, Value> {
        self.variables
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sets a global template name.
    pub fn set_variable(&self, name: &str, value: Value) {
        self.variables
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), value);
        *self.context.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The global template names as templates read them.
    pub fn context(&self) -> minijinja::Value {
        let read = |lock: &RwLock<Option<minijinja::Value>>| {
            lock.read().unwrap_or_else(PoisonError::into_inner).clone()
        };
        read(&self.context).unwrap_or_else(|| {
            let made = crate::suite::context(self.variables());
            *self.context.write().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
            made
        })
    }

    /// A global template name.
    pub fn variable(&self, name: &str) -> Value {
        self.variables
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// A member of the authorization server's metadata, as text.
    pub fn metadata(&self, member: &str) -> Option<String> {
        let variables = self.variables.read();
        let variables = variables.unwrap_or_else(PoisonError::into_inner);
        let member = variables.get("metadata")?.get(member)?;
        member.as_str().map(str::to_owned)
    }

    /// The authorization server's key set, fetched at its first use; null where there is none.
    pub async fn jwks(&self) -> &Value {
        self.jwks
            .get_or_init(|| async {
                let Some(url) = self.metadata("jwks_uri") else {
                    return Value::Null;
                };
                let sent = self.http.send("key set", Request::get(url)).await;
                let answer = sent.answer.ok();
                answer
                    .and_then(|response| response.json().ok())
                    .unwrap_or_default()
            })
            .await
    }

    /// The client of a profile, registered at its first use.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn client(&self, profile: &str) -> Result<KnownClient, NoClient> {
        if let Some(live) = self.target.clients.get(profile) {
            return Ok(KnownClient::new(live.clone(), Value::Null));
        }
        let cell = self
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(profile.to_owned())
            .or_default()
            .clone();
        let made = async || match self.identifies_itself(profile) {
            true => self.host_profile(profile).await,
            false => self.register_profile(profile).await,
        };
        cell.get_or_init(made).await.clone()
    }

    /// Whether the client of a profile is a document of ours rather than registered: MCP prefers it
    /// where the server can do that (2025-11-25, authorization#client-registration-approaches). A
    /// document is public, so a secret has no place there (draft section 4.1).
    fn identifies_itself(&self, profile: &str) -> bool {
        let is_taken = self
            .variable("metadata")
            .get("client_id_metadata_document_supported")
            == Some(&Value::Bool(true));
        let file = self.target.file.client_id_metadata.as_ref();
        let is_meant = file.is_none_or(|place| place.public_clients)
            || self.metadata("registration_endpoint").is_none();
        is_taken
            && is_meant
            && self.target.documents.is_some()
            && self.version >= McpVersion::V20251125
            && self
                .profiles
                .get(profile)
                .is_some_and(ClientProfile::is_public)
    }

    /// The client that a document of ours is.
    async fn host_profile(&self, profile: &str) -> Result<KnownClient, NoClient> {
        let mut members = self
            .registration_members(profile, &self.context())
            .map_err(NoClient::because)?;
        members.insert("client_id".to_owned(), json!(SELF_URL));
        let document = Document::new("client.json", members.clone());
        let url = self.host.serve(&document).await.map_err(|error| {
            NoClient::because(format!("the metadata document of {profile}: {error}"))
        })?;
        let answer = json!({ "client_id": url });
        let adopted = self.adopt(&answer, &members);
        adopted
            .map(|client| KnownClient::new(client.live, Value::Null))
            .ok_or_else(|| NoClient::because(format!("the client profile {profile} is odd")))
    }

    async fn register_profile(&self, profile: &str) -> Result<KnownClient, NoClient> {
        let context = self.context();
        let members = self
            .registration_members(profile, &context)
            .map_err(NoClient::because)?;
        let request = self
            .registration_request(&members)
            .map_err(NoClient::because)?;
        let sent = self.register(REGISTER_CLIENT, request).await;
        let no_client = |reason| NoClient {
            exchanges: vec![sent.exchange],
            ..NoClient::because(reason)
        };
        let response = sent.answer.as_ref().map_err(|failure| {
            no_client(format!("registration of {profile}: {}", failure.message))
        })?;
        let answer = response.json().unwrap_or_default();
        self.adopt(&answer, &members).ok_or_else(|| {
            let error = answer.get("error").and_then(Value::as_str);
            no_client(format!(
                "registration of the client profile {profile} was answered {} {}",
                response.status,
                error.unwrap_or("without a client_id")
            ))
        })
    }

    /// Sends a registration request to its end, whoever stops waiting for it. What it registered is
    /// deleted when the session ends.
    pub async fn register(&self, purpose: &str, request: Request) -> Sent {
        self.registrar.send(&self.http, purpose, request).await
    }

    /// A profile's registration document, rendered.
    ///
    /// # Errors
    /// The profile is unknown or a template fails.
    pub fn registration_members(
        &self,
        profile: &str,
        context: &minijinja::Value,
    ) -> Result<Params, String> {
        let template = self
            .profiles
            .get(profile)
            .ok_or_else(|| format!("there is no client profile {profile:?}"))?;
        let settings = &self.target.file.registration;
        let mut members = template.register.clone();
        if let (Some(kind), true) = (
            settings.application_type,
            members.contains_key("application_type"),
        ) {
            members.insert("application_type".to_owned(), json!(kind));
        }
        members.extend(settings.members.clone());
        members.extend(settings.profiles.get(profile).cloned().unwrap_or_default());
        let rendered = self
            .templates
            .render_value(&Value::Object(members), context)
            .map_err(|cause| format!("client profile {profile}: {cause}"))?;
        Ok(match rendered {
            Value::Object(mut members) => {
                members.retain(|_, value| !value.is_null());
                members
            }
            _ => Params::new(),
        })
    }

    /// The registration request (RFC 7591 section 3.1).
    ///
    /// # Errors
    /// The metadata name no registration endpoint.
    pub fn registration_request(&self, members: &Params) -> Result<Request, String> {
        let endpoint = self
            .metadata("registration_endpoint")
            .ok_or("the metadata name no registration_endpoint")?;
        let mut request = Request::json(endpoint, &Value::Object(members.clone()))
            .header("Accept", "application/json")
            .counted_as(RequestKind::Registration);
        if let Some(token) = &self.target.initial_access_token {
            request = request.header("Authorization", format!("Bearer {}", token.expose()));
        }
        Ok(request)
    }

    /// What a request counts as: whatever is posted to the registration endpoint or the token
    /// endpoint is scarce, by whichever step.
    pub fn kind_of(&self, request: &Request) -> RequestKind {
        let goes_to = |member: &str| {
            let endpoint = self.metadata(member);
            endpoint.is_some_and(|endpoint| request.url.split('?').next() == Some(&endpoint))
        };
        match (request.kind, request.method.as_str()) {
            (RequestKind::Plain, "POST") if goes_to("registration_endpoint") => {
                RequestKind::Registration
            }
            (RequestKind::Plain, "POST") if goes_to("token_endpoint") => RequestKind::Token,
            (kind, _) => kind,
        }
    }

    /// The client of a registration answer.
    pub fn adopt(&self, answer: &Value, asked: &Params) -> Option<KnownClient> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let client_id = text("client_id")?.to_owned();
        self.http.vault().publish(&client_id);
        if let Some(secret) = text("client_secret") {
            self.samples.note(Sampled::ClientSecret, secret);
        }
        let method = text("token_endpoint_auth_method").or_else(|| {
            asked
                .get("token_endpoint_auth_method")
                .and_then(Value::as_str)
        });
        let redirect_uris = answer
            .get("redirect_uris")
            .or_else(|| asked.get("redirect_uris"))
            .and_then(Value::as_array)
            .map(|uris| {
                uris.iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        Some(KnownClient::new(
            LiveClient {
                client_id,
                client_secret: text("client_secret").map(Live::new),
                key: None,
                assertion_audience: None,
                authentication: match method {
                    Some("none") => Authentication::None,
                    Some("client_secret_post") => Authentication::ClientSecretPost,
                    Some("private_key_jwt") => Authentication::PrivateKeyJwt,
                    _ if text("client_secret").is_none() => Authentication::None,
                    _ => Authentication::ClientSecretBasic,
                },
                redirect_uris,
            },
            answer.clone(),
        ))
    }

    /// How many client profiles were registered.
    pub fn registered_clients(&self) -> usize {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let registered = |cell: &Arc<Registered>| matches!(cell.get(), Some(Ok(client)) if !client.registration.is_null());
        clients.values().filter(|cell| registered(cell)).count()
    }

    /// How many registered clients are still to be deleted.
    pub fn managed_clients(&self) -> usize {
        self.registrar.managed()
    }

    /// Deletes the clients that the session registered (RFC 7592 section 2.3). It has time of its
    /// own for that, also where the time of the run is over.
    pub async fn clean_up(&self) {
        self.user_agent.close().await;
        let answer = self.target.file.limits.answer_timeout.clamp(0.1, 60.0);
        let patience = Duration::from_secs_f64(3.0 * answer);
        self.http.grant(patience);
        self.registrar.clean_up(&self.http, patience).await;
    }
}

/// Who signs proofs of possession: the harness itself.
const PROOF: &str = "proof";

/// The language, in which the issuers sign that the operator lets the harness play.
fn templates(target: &Target) -> Templates {
    let mut templates = Templates::new();
    let issuers = target.issuers.clone();
    templates.sign_with(move |who, header, claims| {
        if who == PROOF {
            return match (header, claims) {
                (Value::Object(header), Value::Object(claims)) => {
                    jose::proof(jose::Keys::shared(), &header, &claims)
                        .map_err(|error| error.to_string())
                }
                _ => Err("header and claims are objects".to_owned()),
            };
        }
        let key = issuers
            .get(who)
            .ok_or_else(|| format!("the target file has no `played_issuers.{who}`"))?;
        match (header, claims) {
            (Value::Object(header), Value::Object(claims)) => {
                jose::signed(key, header, &claims).map_err(|error| error.to_string())
            }
            _ => Err("header and claims are objects".to_owned()),
        }
    });
    templates
}

/// Publishes the texts of steps, those of each action once: runs have many in common.
fn publish_steps(vault: &Vault, steps: &[PlannedStep], done: &mut HashSet<*const Action>) {
    for step in steps {
        match &step.action {
            PlannedAction::Flow(inner) => publish_steps(vault, inner, done),
            PlannedAction::One(action) if done.insert(Arc::as_ptr(action)) => {
                publish(vault, &serde_json::to_value(action).unwrap_or_default());
            }
            PlannedAction::One(_) => {}
        }
        if let Some(mutation) = &step.mutation {
            publish(vault, &serde_json::to_value(mutation).unwrap_or_default());
        }
    }
}

/// Publishes every text that is no template, and the texts that are quoted in templates.
fn publish(vault: &Vault, value: &Value) {
    match value {
        Value::String(text) if text.contains("{{") => text
            .split(['"', '\''])
            .skip(1)
            .step_by(2)
            .for_each(|quoted| vault.publish(quoted)),
        Value::String(text) => vault.publish(text),
        Value::Array(items) => items.iter().for_each(|item| publish(vault, item)),
        Value::Object(members) => members.values().for_each(|member| publish(vault, member)),
        _ => {}
    }
}

/// Without its secrets.
impl std::fmt::Debug for KnownClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "KnownClient({:?})", self.live.client_id)
    }
}

impl KnownClient {
    fn new(live: LiveClient, registration: Value) -> Self {
        Self {
            live,
            registration: Arc::new(registration),
            shown: Arc::default(),
        }
    }

    /// As template name `client`, in the terms of templates.
    pub fn shown(&self) -> minijinja::Value {
        let make = || crate::suite::context(self.variables());
        self.shown.get_or_init(make).clone()
    }

    /// As template name `client`.
    pub fn variables(&self) -> Value {
        json!({
            "client_id": self.live.client_id,
            "client_secret": self.live.client_secret.as_ref().map(Live::expose),
            "redirect_uri": self.live.redirect_uris.first(),
            "redirect_uris": self.live.redirect_uris,
            "registration": *self.registration,
        })
    }
}
