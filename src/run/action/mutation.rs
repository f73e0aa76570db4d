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
    /// Time before the request.
    pub delay: Option<Delay>,
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
            Some(delay) => Some(Delay::of(session, context, delay)?),
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
            Some(delay) => delay.pass(session).await,
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

/// Time to let pass.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// All of it.
    pub seconds: f64,
    /// The part of it that is the leeway of the target file.
    leeway: f64,
}

impl Delay {
    /// A number of seconds, literal or rendered.
    pub fn of(session: &Session, context: &minijinja::Value, value: &Value) -> Result<Self, Halt> {
        let rendered = session
            .templates
            .render_value(value, context)
            .map_err(halt)?;
        let seconds = rendered
            .as_f64()
            .or_else(|| rendered.as_str().and_then(|text| text.parse().ok()))
            .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
            .ok_or_else(|| Halt::Stopped(format!("{rendered} is not a number of seconds")))?;
        let template = value.as_str().unwrap_or_default();
        let leeway = match template.contains("limits.token_leeway") {
            true => session.target.file.limits.token_leeway,
            false => 0.0,
        };
        Ok(Self { seconds, leeway })
    }

    /// Lets it pass, within what the target file allows.
    pub async fn pass(self, session: &Session) -> Result<(), Halt> {
        let longest = session.target.file.limits.longest_wait;
        if self.seconds > longest {
            return Err(Halt::Stopped(self.too_long(longest)));
        }
        tokio::time::sleep(Duration::from_secs_f64(self.seconds)).await;
        Ok(())
    }

    fn too_long(self, longest: f64) -> String {
        let Self { seconds, leeway } = self;
        let of_it = match leeway > 0.0 {
            true => format!(", {leeway:.0} s of it for limits.token_leeway"),
            false => String::new(),
        };
        format!(
            "it would wait {seconds:.0} s{of_it}; limits.longest_wait of the target file is \
             {longest:.0} s"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_too_long_names_the_limits_that_make_it_up() {
        let (seconds, leeway) = (183.0, 180.0);
        let said = Delay { seconds, leeway }.too_long(10.0);
        assert!(
            said.contains("180 s of it for limits.token_leeway"),
            "{said}"
        );
        assert!(said.contains("limits.longest_wait of the target file is 10 s"));
        let said = Delay {
            seconds,
            leeway: 0.0,
        }
        .too_long(10.0);
        assert!(!said.contains("token_leeway"), "{said}");
    }
}
