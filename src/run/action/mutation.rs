//! A mutation with its templates rendered, ready to be applied.

use std::time::Duration;

use serde_json::Value;

use super::{Halt, halt, render_params};
use crate::run::http::Request;
use crate::run::parameters::{Changes, pairs};
use crate::run::session::Session;
use crate::suite::{Authentication, Forge, Mutation, Params, Place, Serve, Stage};

/// A deviation, rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Changes to parameters.
    pub changes: Changes,
    /// Headers to set; null removes one.
    pub header_changes: Params,
    /// Parameters or the token travel here.
    pub send_in: Option<Place>,
    /// Another method.
    pub method: Option<String>,
    /// Another way to authenticate.
    pub authentication: Option<Authentication>,
    /// The JWT is rebuilt.
    pub forge: Option<Forge>,
    /// Seconds before the request.
    pub delay: Option<f64>,
    /// Another user.
    pub user: Option<String>,
    /// Another answer on the consent page.
    pub consent: Option<String>,
    /// Where the user stops.
    pub stop_before: Option<String>,
    /// Another browser.
    pub browser: Option<String>,
    /// Only this request of a call deviates.
    pub stage: Option<Stage>,
    /// The document is served differently.
    pub serve: Option<Served>,
}

/// How a document is served, rendered.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Path, query and fragment.
    pub path: Option<String>,
    /// What the URL begins with.
    pub base: Option<String>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Sent instead of the document.
    pub body: Option<String>,
}

impl Rendered {
    /// Renders `mutation` against `context`.
    pub fn new(
        session: &Session,
        context: &minijinja::Value,
        mutation: Option<&Mutation>,
    ) -> Result<Self, Halt> {
        let Some(mutation) = mutation else {
            return Ok(Self::default());
        };
        let params = |params: &Params| render_params(session, context, params);
        let delay = match &mutation.delay {
            None => None,
            Some(delay) => Some(seconds(session, context, delay)?),
        };
        let forge = match &mutation.forge {
            None => None,
            Some(forge) => Some(Forge {
                header: params(&forge.header)?,
                claims: params(&forge.claims)?,
                signature: forge.signature,
            }),
        };
        Ok(Self {
            changes: Changes {
                set: params(&mutation.set)?,
                remove: mutation.remove.clone(),
                repeat: params(&mutation.repeat)?,
                append: params(&mutation.append)?,
            },
            header_changes: params(&mutation.headers)?,
            send_in: mutation.send_in,
            method: mutation.method.clone(),
            authentication: mutation.authentication,
            forge,
            delay,
            user: mutation.user.clone(),
            consent: mutation.consent.clone(),
            stop_before: mutation.stop_before.clone(),
            browser: mutation.browser.clone(),
            stage: mutation.stage,
            serve: mutation
                .serve
                .as_ref()
                .map(|serve| served(session, context, serve))
                .transpose()?,
        })
    }

    /// Lets the delay pass.
    pub async fn wait(&self, session: &Session) -> Result<(), Halt> {
        match self.delay {
            Some(delay) => pause(session, delay).await,
            None => Ok(()),
        }
    }

    /// Applies the header changes.
    pub fn headers(&self, request: &mut Request) {
        for name in self.header_changes.keys() {
            request
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        }
        request.headers.extend(pairs(&self.header_changes));
    }
}

fn served(session: &Session, context: &minijinja::Value, serve: &Serve) -> Result<Served, Halt> {
    let render = |value: &Value| session.templates.render_value(value, context).map_err(halt);
    let text = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => render(&Value::String(text.clone())).map(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }),
    };
    let status = serve.status.as_ref().map(render).transpose()?;
    Ok(Served {
        path: text(&serve.path)?,
        base: text(&serve.base)?,
        status: status
            .and_then(|status| status.as_u64())
            .and_then(|status| u16::try_from(status).ok()),
        body: text(&serve.body)?,
    })
}

/// A number of seconds, literal or rendered.
pub fn seconds(session: &Session, context: &minijinja::Value, value: &Value) -> Result<f64, Halt> {
    let rendered = session
        .templates
        .render_value(value, context)
        .map_err(halt)?;
    rendered
        .as_f64()
        .or_else(|| rendered.as_str().and_then(|text| text.parse().ok()))
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .ok_or_else(|| Halt::Stopped(format!("{rendered} is not a number of seconds")))
}

/// Lets time pass, within what the target file allows.
pub async fn pause(session: &Session, seconds: f64) -> Result<(), Halt> {
    let longest = session.target.file.limits.longest_wait;
    if seconds > longest {
        return Err(Halt::Stopped(format!(
            "it would wait {seconds:.0} s; limits.longest_wait of the target file is {longest:.0} s"
        )));
    }
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    Ok(())
}
