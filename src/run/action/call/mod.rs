//! An operation of the resource server: of an MCP server, or of a plain HTTP API.

mod mcp;
pub(super) mod plain;

use serde_json::{Map, Value, json};

use super::{At, Done, Halt};
use crate::run::http::Request;
use crate::run::jose;
use crate::run::parameters::{pairs, with_query};
use crate::run::redact::Kind;
use crate::suite::{Call, Params, Place, Signature};
use crate::target::ACCESS_TOKENS;

/// Calls; accepted where the operation was carried out.
pub async fn step(at: &At<'_>, step: &Call) -> Result<Done, Halt> {
    match at.session.target.file.is_plain_api() {
        true => plain::step(at, step).await,
        false => mcp::step(at, step).await,
    }
}

/// The members of a call, rendered and mutated.
struct Members {
    operation: String,
    access_token: Option<String>,
    /// The token without the deviation.
    honest_token: Option<String>,
    session: Option<String>,
    /// The connection that the step names.
    connection: Option<String>,
    headers: Vec<(String, String)>,
    /// What is added to the operation's own parameters.
    params: Params,
}

impl Members {
    async fn of(at: &At<'_>, step: &Call) -> Result<Self, Halt> {
        let mut members = Map::new();
        for (name, template) in [
            ("operation", Some(&step.operation)),
            ("access_token", step.access_token.as_ref()),
            ("session", step.session.as_ref()),
        ] {
            if let Some(template) = template {
                members.insert(name.to_owned(), at.text(template)?);
            }
        }
        members.extend(at.params(&step.params)?);
        let honest_token = members
            .get("access_token")
            .and_then(Value::as_str)
            .map(str::to_owned);
        at.mutation.changes.to_members(&mut members);
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let operation = text("operation").unwrap_or_else(|| "any".to_owned());
        let session = text("session");
        let access_token = forged(at, text("access_token")).await?;
        if let Some(token) = &access_token {
            at.session.http.vault().learn(Kind::AccessToken, token);
        }
        Ok(Self {
            operation,
            access_token,
            honest_token,
            session,
            connection: step
                .connection
                .as_ref()
                .map(|name| at.scope.connection(name)),
            headers: pairs(&at.params(&step.headers)?),
            params: members,
        })
    }
}

/// The token as the step's deviation forges it.
async fn forged(at: &At<'_>, token: Option<String>) -> Result<Option<String>, Halt> {
    let (Some(forge), Some(honest)) = (&at.mutation.forge, &token) else {
        return Ok(token);
    };
    let jwks = match forge.signature {
        Signature::HmacPublicKeyPem | Signature::HmacPublicKeyDer | Signature::HmacPublicKeyJwk => {
            Some(at.session.jwks().await)
        }
        _ => None,
    };
    let right_key = at.session.target.issuers.get(ACCESS_TOKENS);
    let forged = jose::forge(honest, forge, jose::Keys::shared(), jwks, right_key)
        .map_err(|error| Halt::Stopped(error.to_string()))?;
    Ok(Some(forged))
}

/// Takes the token out of the `Authorization` header and puts it elsewhere.
fn move_token(request: &mut Request, place: Place, token: &str) {
    request
        .headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    match place {
        Place::Query => {
            let pair = [("access_token".to_owned(), token.to_owned())];
            request.url = with_query(&request.url, &pair);
        }
        Place::Cookie => request
            .headers
            .push(("Cookie".to_owned(), format!("access_token={token}"))),
        Place::Form => {
            let pair = [("access_token".to_owned(), token.to_owned())];
            let form = Request::form(request.url.clone(), &pair);
            request.body = form.body;
            request
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            request.headers.extend(form.headers);
        }
        Place::Json => {
            let body = request.body.take().unwrap_or_default();
            let mut value: Value = serde_json::from_slice(&body).unwrap_or_default();
            value["access_token"] = json!(token);
            request.body = Some(value.to_string().into_bytes());
        }
    }
}
