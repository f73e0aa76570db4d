//! One file for each kind of step: build the request, apply the mutation, send it, tell what came.

mod authorize;
mod call;
mod client_request;
mod discover;
mod exposed;
mod failure;
mod fetch;
mod mutation;
mod observe;
mod obtain;
mod register;
mod repeat;

use serde_json::{Map, Value};

use super::Outcome;
use super::document;
use super::http::{Request, RequestKind, Sent};
use super::scope::Scope;
use super::session::{KnownClient, NoClient, Session};
use crate::suite::{Action, Mutation, Params};

pub use discover::{Discovery, Found, discover};
pub(super) use mutation::Rendered;

/// What a step came to.
pub struct Done {
    /// By its effect.
    pub outcome: Outcome,
    /// The result document, live.
    pub result: Map<String, Value>,
    /// Positions of its exchanges.
    pub exchanges: Vec<usize>,
}

/// Why a step was not sent.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Something of the target that it needs is not there, or a limit of the target file.
    #[error("{0}")]
    Stopped(String),
    /// What this template names was not brought by any earlier step.
    #[error("an earlier step brought nothing to send ({0} is undefined)")]
    Lacking(String),
    /// There is no client to send it as.
    #[error("{}", .0.reason)]
    NoClient(NoClient),
    /// A bug or a limit of the harness.
    #[error("{0}")]
    Fault(String),
}

/// Finds an earlier step of the same flow by name: its action and its mutation.
pub type Earlier<'a> = dyn Fn(&str) -> Option<(Action, Option<Mutation>)> + Sync + 'a;

/// A step at work.
pub struct At<'a> {
    /// What all runs share.
    pub session: &'a Session,
    /// What this run knows.
    pub scope: &'a mut Scope,
    /// Names for templates.
    pub context: minijinja::Value,
    /// The deviation, rendered.
    pub mutation: Rendered,
    /// The step's client.
    pub client: Option<KnownClient>,
    /// Its requests use no connection of earlier ones.
    pub fresh_connections: bool,
}

/// A step as planned.
pub struct Order<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is done.
    pub action: &'a Action,
    /// The deviation, if any.
    pub mutation: Option<&'a Mutation>,
    /// A failure of the server is asked about once more.
    pub is_probe: bool,
}

/// Executes one action.
pub async fn execute(
    session: &Session,
    scope: &mut Scope,
    order: Order<'_>,
    earlier: &Earlier<'_>,
) -> Result<Done, Halt> {
    let mut at = At::reach(session, scope, order.action, order.mutation).await?;
    if let Action::Repeat(repeat) = order.action {
        return repeat::step(at, repeat, earlier).await;
    }
    let first = at.make(order.name, order.action).await?;
    at.gather(order.action, &first);
    match failure::worth_asking_again(&first) {
        Some(status) if order.is_probe && failure::is_one_request(order.action) => {
            tokio::time::sleep(failure::PAUSE).await;
            at.fresh_connections = true;
            let second = at.make(order.name, order.action).await?;
            Ok(failure::settle(first, status, second))
        }
        _ => Ok(first),
    }
}

/// The client that an action names.
pub fn client_of(action: &Action) -> Option<&str> {
    match action {
        Action::Authorize(step) => Some(&step.client),
        Action::Token(step)
        | Action::Revoke(step)
        | Action::Introspect(step)
        | Action::Push(step) => Some(&step.client),
        _ => None,
    }
}

impl<'a> At<'a> {
    /// Makes ready for `action`: its client, the names that it may read, its deviation; and lets
    /// the deviation's delay pass.
    async fn reach(
        session: &'a Session,
        scope: &'a mut Scope,
        action: &Action,
        mutation: Option<&Mutation>,
    ) -> Result<Self, Halt> {
        let client_name = mutation
            .and_then(|mutation| mutation.client.as_deref())
            .or_else(|| client_of(action));
        let client = match client_name {
            Some(name) => Some(scope.client(session, name).await.map_err(Halt::NoClient)?),
            None => None,
        };
        let context = scope.context(session, client.as_ref());
        let mutation = Rendered::new(session, &context, mutation)?;
        mutation.wait(session).await?;
        Ok(Self {
            session,
            scope,
            context,
            mutation,
            client,
            fresh_connections: false,
        })
    }
}

impl At<'_> {
    /// Does what the action says, once.
    async fn make(&mut self, name: &str, action: &Action) -> Result<Done, Halt> {
        match action {
            Action::Discover(_) => Ok(discover::step(self.session).await),
            Action::Obtain(obtain) => obtain::step(self, obtain),
            Action::Fetch(fetch) => fetch::step(self, fetch).await,
            Action::Register(register) => register::step(self, name, register).await,
            Action::Authorize(authorize) => authorize::step(self, authorize).await,
            Action::Token(request)
            | Action::Revoke(request)
            | Action::Introspect(request)
            | Action::Push(request) => client_request::step(self, action, request).await,
            Action::Call(call) => call::step(self, call).await,
            Action::Host(host) => observe::host(self, name, host).await,
            Action::Visits(visits) => observe::visits(self, visits),
            Action::Wait(wait) => observe::wait(self, wait).await,
            Action::Audit(audit) => observe::audit(self, audit).await,
            Action::Sample(sample) => Ok(observe::sample(sample)),
            Action::Repeat(_) | Action::Flow(_) => {
                Err(Halt::Fault(format!("{} is not one action", action.word())))
            }
        }
    }

    /// Keeps what the server gave out, for those who look at samples in the end.
    fn gather(&self, action: &Action, done: &Done) {
        if done.outcome.is_accepted() {
            let (samples, file) = (&self.session.samples, &self.session.target.file);
            samples.take(action, &done.result, file);
        }
    }

    /// Renders one string.
    fn text(&self, template: &str) -> Result<Value, Halt> {
        self.session
            .templates
            .render(template, &self.context)
            .map_err(halt)
    }

    /// Renders one string that must come out as text.
    fn string(&self, template: &str) -> Result<String, Halt> {
        match self.text(template)? {
            Value::String(text) => Ok(text),
            Value::Null => Err(Halt::Stopped(format!("{template} is null here"))),
            other => Ok(other.to_string()),
        }
    }

    /// Renders parameters.
    fn params(&self, params: &Params) -> Result<Params, Halt> {
        render_params(self.session, &self.context, params)
    }

    /// Sends a request as it is, without the step's deviation.
    async fn send_honest(&self, purpose: &str, mut request: Request) -> Answered {
        request.fresh_connection |= self.fresh_connections;
        answered(self.session.http.send(purpose, request).await)
    }

    /// Sends a request with the step's deviation and describes the answer.
    async fn send(&self, purpose: &str, mut request: Request) -> Answered {
        self.mutation.headers(&mut request);
        if let Some(method) = &self.mutation.method {
            request.method.clone_from(method);
        }
        request.kind = self.session.kind_of(&request);
        // What comes without a token must not ride on a connection that has shown one.
        let mut takers = self.session.target.file.resource_urls();
        let takes_tokens = takers.any(|url| request.url.starts_with(url.as_str()));
        let is_bearer = |(name, value): &(String, String)| {
            let start = value.get(..7).unwrap_or_default();
            name.eq_ignore_ascii_case("authorization") && start.eq_ignore_ascii_case("bearer ")
        };
        request.fresh_connection |=
            takes_tokens && request.connection.is_none() && !request.headers.iter().any(is_bearer);
        request.fresh_connection |= self.fresh_connections;
        answered(match request.kind {
            RequestKind::Registration => self.session.register(purpose, request).await,
            _ => self.session.http.send(purpose, request).await,
        })
    }
}

/// An answer with its document.
struct Answered {
    exchange: usize,
    document: Map<String, Value>,
    response: Result<super::http::Response, super::http::Failure>,
}

fn answered(sent: Sent) -> Answered {
    let document = match &sent.answer {
        Ok(response) => document::of_response(response),
        Err(failure) => {
            let mut document = Map::new();
            document.insert("failure".to_owned(), Value::String(failure.message.clone()));
            document
        }
    };
    Answered {
        exchange: sent.exchange,
        document,
        response: sent.answer,
    }
}

impl Answered {
    /// The step's end, accepted where `effect` holds of the answer.
    fn done(
        self,
        sent: Value,
        effect: impl FnOnce(&super::http::Response, &Map<String, Value>) -> bool,
    ) -> Done {
        let outcome = match &self.response {
            Ok(response) => document::outcome(response, effect(response, &self.document)),
            Err(failure) => document::failed(failure),
        };
        let mut result = self.document;
        result.insert("sent".to_owned(), sent);
        Done {
            outcome,
            result,
            exchanges: vec![self.exchange],
        }
    }
}

fn render_params(
    session: &Session,
    context: &minijinja::Value,
    params: &Params,
) -> Result<Params, Halt> {
    let render = |value: &Value| session.templates.render_value(value, context);
    let rendered = params
        .iter()
        .map(|(name, value)| Ok((name.clone(), render(value)?)));
    rendered.collect::<Result<_, _>>().map_err(halt)
}

/// A name that is undefined or whose value is of another kind means that the server's answer to an
/// earlier step lacks something, which judges nobody here; anything else is our mistake.
fn halt(error: minijinja::Error) -> Halt {
    use minijinja::ErrorKind::{InvalidOperation, UndefinedError, UnknownMethod};
    let cause = error
        .detail()
        .map_or_else(|| error.to_string(), str::to_owned);
    match error.kind() {
        UndefinedError | UnknownMethod => match cause.strip_suffix(" is undefined") {
            Some(name) => Halt::Lacking(name.trim_matches('`').to_owned()),
            // Without a name the cause speaks of our own template alone.
            None => Halt::Stopped("an earlier step brought nothing to send".to_owned()),
        },
        InvalidOperation => Halt::Stopped(format!(
            "an earlier step brought a value of another kind than is needed here ({cause})"
        )),
        _ => Halt::Fault(error.to_string()),
    }
}
