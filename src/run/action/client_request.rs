//! Form requests to the authorization server's endpoints, authenticated as a client: token,
//! revocation, introspection, pushed authorization (OAuth 2.1 sections 2.4 and 3.2, RFC 7009,
//! RFC 7662, RFC 9126).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::{At, Done, Halt};
use crate::plan::methods_member;
use crate::run::http::{Request, RequestKind, Response};
use crate::run::jose;
use crate::run::parameters::{Pairs, describe, encode, pairs, with_query};
use crate::run::session::KnownClient;
use crate::suite::{Action, Authentication, ClientRequest, Forge, Place, Signature};
use crate::target::{Live, LiveClient};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Sends it; accepted by the effect that belongs to the endpoint.
pub async fn step(at: &At<'_>, action: &Action, step: &ClientRequest) -> Result<Done, Halt> {
    let (member, word) = endpoint(action);
    let url = at.session.metadata(member).ok_or_else(|| {
        Halt::Stopped(format!(
            "the authorization server's metadata name no {member}"
        ))
    })?;
    let client = at
        .client
        .as_ref()
        .ok_or_else(|| Halt::Fault("the step has no client".to_owned()))?;
    let mut list = pairs(&at.params(&step.form)?);
    let method = at
        .mutation
        .authentication
        .unwrap_or_else(|| method(at, action, &client.live));
    add_credentials(at, &mut list, client, method)?;
    at.mutation.changes.to_pairs(&mut list);
    let sent = describe(&list);
    let authorization = place_credentials(&mut list, method);
    let mut request = match at.mutation.send_in {
        Some(Place::Query) => {
            let mut request = Request::form(with_query(&url, &list), &[]);
            request.body = Some(Vec::new());
            request
        }
        Some(Place::Json) => Request::json(url, &describe(&list)),
        _ if at.mutation.method.as_deref() == Some("GET") => Request::get(with_query(&url, &list)),
        _ => Request::form(url, &list),
    };
    request = request.header("Accept", "application/json");
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    if matches!(action, Action::Token(_)) {
        request = request.counted_as(RequestKind::Token);
    }
    request.headers.extend(pairs(&at.params(&step.headers)?));
    let answered = at.send(word, request).await;
    let mut done = answered.done(sent, |response, document| {
        effect(action, response, document)
    });
    add_tokens(&mut done.result);
    Ok(done)
}

const fn endpoint(action: &Action) -> (&'static str, &'static str) {
    match action {
        Action::Revoke(_) => ("revocation_endpoint", "revoke"),
        Action::Introspect(_) => ("introspection_endpoint", "introspect"),
        Action::Push(_) => ("pushed_authorization_request_endpoint", "push"),
        _ => ("token_endpoint", "token"),
    }
}

/// The method that the client registered, or where the endpoint lists others (RFC 8414 section 2)
/// another that its secret serves for.
fn method(at: &At<'_>, action: &Action, client: &LiveClient) -> Authentication {
    use Authentication::{ClientSecretBasic, ClientSecretPost};
    let metadata = at.session.variable("metadata");
    let listed = methods_member(action).and_then(|member| metadata.get(member)?.as_array());
    let registered = client.authentication;
    let (other, names) = match registered {
        ClientSecretBasic => (
            ClientSecretPost,
            ["client_secret_basic", "client_secret_post"],
        ),
        ClientSecretPost => (
            ClientSecretBasic,
            ["client_secret_post", "client_secret_basic"],
        ),
        _ => return registered,
    };
    let lists = |name| listed.is_some_and(|all| all.iter().any(|one| one == name));
    match !lists(names[0]) && lists(names[1]) {
        true => other,
        false => registered,
    }
}

fn effect(action: &Action, response: &Response, document: &Map<String, Value>) -> bool {
    let member = |name: &str| document.get("json").and_then(|json| json.get(name));
    let text = |name: &str| {
        member(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    let success = (200..300).contains(&response.status);
    match action {
        Action::Revoke(_) => success,
        Action::Introspect(_) => success && member("active") == Some(&Value::Bool(true)),
        Action::Push(_) => success && text("request_uri"),
        // A token in a body of any status is a token.
        _ => text("access_token"),
    }
}

/// Adds the client's credentials as parameters, so that mutations reach them wherever they travel.
fn add_credentials(
    at: &At<'_>,
    list: &mut Pairs,
    client: &KnownClient,
    method: Authentication,
) -> Result<(), Halt> {
    let mut add = |name: &str, value: &str| {
        if !list.iter().any(|(known, _)| known == name) {
            list.push((name.to_owned(), value.to_owned()));
        }
    };
    if method == Authentication::Nothing {
        return Ok(());
    }
    add("client_id", &client.live.client_id);
    match method {
        Authentication::PrivateKeyJwt => {
            let issuer = at.session.variable("issuer");
            let own = client.live.assertion_audience.as_deref();
            let audience = own.or(issuer.as_str()).unwrap_or_default();
            let (keys, client_id) = (jose::Keys::shared(), &client.live.client_id);
            let mut assertion = match &client.live.key {
                Some(key) => jose::given_client_assertion(key, client_id, audience, 60)
                    .map_err(|error| Halt::Stopped(format!("the client's key: {error}")))?,
                None => jose::client_assertion(keys, client_id, audience, 60)
                    .map_err(|error| Halt::Fault(error.to_string()))?,
            };
            if let Some(forge) = &at.mutation.forge {
                let (own, jwks) = (client.live.key.as_ref(), keys.es256_jwks());
                // The key that the harness registered for the client is its own.
                let forge = match (forge.signature, own) {
                    (Signature::RightKey, None) => &Forge {
                        signature: Signature::OwnKey,
                        ..forge.clone()
                    },
                    _ => forge,
                };
                let jwks = own.is_none().then_some(&jwks);
                assertion = jose::forge(&assertion, forge, keys, jwks, own)
                    .map_err(|error| Halt::Stopped(error.to_string()))?;
            }
            add("client_assertion_type", ASSERTION_TYPE);
            add("client_assertion", &assertion);
        }
        Authentication::None | Authentication::Nothing => {}
        _ => {
            if let Some(secret) = client.live.client_secret.as_ref().map(Live::expose) {
                add("client_secret", secret);
            }
        }
    }
    Ok(())
}

/// Moves the credentials to where the method wants them; returns the `Authorization` header.
fn place_credentials(list: &mut Pairs, method: Authentication) -> Option<String> {
    let basic = matches!(
        method,
        Authentication::ClientSecretBasic | Authentication::BasicAndPost
    );
    if !basic {
        return None;
    }
    let find = |name: &str| {
        list.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let (id, secret) = (find("client_id")?, find("client_secret")?);
    if method == Authentication::ClientSecretBasic {
        // What a case repeats stays in the form: else it would send the honest request.
        for moved in ["client_id", "client_secret"] {
            let first = list.iter().position(|(name, _)| name == moved);
            first.map(|at| list.remove(at));
        }
    }
    // Both parts are form-encoded before they are joined (OAuth 2.1 section 2.4.1).
    let part = |text: String| {
        encode(&[(text, String::new())])
            .trim_end_matches('=')
            .to_owned()
    };
    let joined = format!("{}:{}", part(id), part(secret));
    Some(format!("Basic {}", BASE64_STANDARD.encode(joined)))
}

/// Adds what can be read from tokens without being one: header and claims.
pub fn add_tokens(result: &mut Map<String, Value>) {
    for (member, name) in [("access_token", "jwt"), ("id_token", "id_token")] {
        let decoded = result
            .get("json")
            .and_then(|json| json.get(member))
            .and_then(Value::as_str)
            .and_then(jose::decode);
        if let Some(token) = decoded {
            result.insert(
                name.to_owned(),
                json!({ "header": token.header, "claims": token.claims }),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded_and_leave_the_form() {
        let mut list = vec![
            ("client_id".to_owned(), "a:b".to_owned()),
            ("client_secret".to_owned(), "c d%".to_owned()),
            ("code".to_owned(), "x".to_owned()),
        ];
        let header = place_credentials(&mut list, Authentication::ClientSecretBasic);
        let expected = format!("Basic {}", BASE64_STANDARD.encode("a%3Ab:c+d%25"));
        assert_eq!(header, Some(expected));
        assert_eq!(list, [("code".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn a_repeated_identifier_stays_in_the_form() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let again = [pair("client_id", "a"), pair("client_id", "other")];
        let mut list = vec![pair("client_id", "a"), pair("client_secret", "s")];
        list.extend(again.clone());
        assert!(place_credentials(&mut list, Authentication::ClientSecretBasic).is_some());
        assert_eq!(list, again);
    }

    #[test]
    fn without_a_secret_the_identifier_stays_in_the_form() {
        let mut list = vec![("client_id".to_owned(), "a".to_owned())];
        assert_eq!(
            place_credentials(&mut list, Authentication::ClientSecretBasic),
            None
        );
        assert_eq!(list.len(), 1);
    }
}
