//! Client metadata: reading, defaults, consistency (RFC 7591 sections 2 and 2.1), as pure functions.

use serde_json::{Map, Value, json};

use crate::reference::policy::Policy;
use crate::reference::policy::configuration::ClientAuthMethod;
use crate::reference::policy::registration::{
    AbsentRedirectUris, Doubtful, RegistrationEcho, UnknownMembers,
};
use crate::reference::scope;
use crate::reference::store::client::Client;

use super::super::answer::Refused;
use super::super::token::foreign::JWT_BEARER;
use super::redirect_rules;

/// Members of RFC 7591 section 2 that are kept and told back.
const TEXTS: [&str; 11] = [
    "client_name",
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "jwks_uri",
    "software_id",
    "software_version",
    "scope",
    "token_endpoint_auth_method",
    "application_type",
];
const LISTS: [&str; 4] = ["redirect_uris", "grant_types", "response_types", "contacts"];
const OTHERS: [&str; 5] = [
    "jwks",
    "client_id",
    "client_secret",
    "software_statement",
    "default_max_age",
];

fn refuse(description: &str) -> Refused {
    Refused::new("invalid_client_metadata", description)
}

/// The client that a registration describes; identifier and secret are not its business.
/// `checks` is false only where the policy updates without checking.
pub fn client(
    policy: &Policy,
    request: &Map<String, Value>,
    checks: bool,
) -> Result<Client, Refused> {
    check_types(policy, request)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let auth_method = auth_method(policy, text("token_endpoint_auth_method"))?;
    let grant_types = grant_types(policy, request)?;
    let response_types = response_types(policy, request, &grant_types)?;
    let redirect_uris = redirect_uris(policy, request, &grant_types, checks)?;
    check_consistency(policy, request, auth_method, &grant_types)?;
    let (jwks, jwks_uri) = keys(policy, request, auth_method)?;
    let scopes = scopes(policy, text("scope"))?;
    let mut client = Client {
        client_name: text("client_name").unwrap_or_default().to_owned(),
        auth_method,
        redirect_uris,
        grant_types,
        response_types,
        scopes,
        jwks,
        jwks_uri,
        stated: request.keys().cloned().collect(),
        ..Client::default()
    };
    client.metadata = in_force(policy, request, &client);
    if policy.registration.echo == RegistrationEcho::RedirectUrisUntrue {
        for uri in &mut client.redirect_uris {
            *uri = uri.trim_end_matches('/').to_owned();
        }
    }
    Ok(client)
}

fn check_types(policy: &Policy, request: &Map<String, Value>) -> Result<(), Refused> {
    for (name, value) in request {
        let name = name.as_str();
        let is_list_of_texts = value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string));
        let string_for_list = name == "redirect_uris"
            && value.is_string()
            && policy.registration.redirect_uris.string_for_array == Doubtful::Accepted;
        if TEXTS.contains(&name) && !value.is_string() {
            return Err(refuse("a member must be a string"));
        }
        if LISTS.contains(&name) && !is_list_of_texts && !string_for_list {
            let error = match name {
                "redirect_uris" => "invalid_redirect_uri",
                _ => "invalid_client_metadata",
            };
            return Err(Refused::new(error, "a member must be an array of strings"));
        }
        let is_known = TEXTS.contains(&name) || LISTS.contains(&name) || OTHERS.contains(&name);
        let is_known = is_known
            && (name != "application_type" || policy.registration.application_type_tolerated);
        if !is_known && policy.registration.unknown_members == UnknownMembers::Refused {
            return Err(refuse("a member is not known"));
        }
        if name == "application_type" && !is_known {
            return Err(refuse("application_type is not known"));
        }
        if name.ends_with("_uri")
            && TEXTS.contains(&name)
            && !value
                .as_str()
                .is_some_and(|uri| uri.starts_with("https://") || uri.starts_with("http://"))
        {
            return Err(refuse("a member must be a web address"));
        }
    }
    Ok(())
}

fn auth_method(policy: &Policy, value: Option<&str>) -> Result<ClientAuthMethod, Refused> {
    let Some(value) = value else {
        return Ok(ClientAuthMethod::ClientSecretBasic);
    };
    let known = &policy.client_authentication.methods;
    match known.iter().find(|method| method.as_str() == value) {
        Some(method) => Ok(*method),
        None if policy.registration.unknown_values == Doubtful::Accepted => {
            Ok(ClientAuthMethod::ClientSecretBasic)
        }
        None => Err(refuse("token_endpoint_auth_method is not supported")),
    }
}

fn list(request: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    match request.get(name)? {
        Value::Array(values) => Some(
            values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        Value::String(value) => Some(vec![value.clone()]),
        _ => None,
    }
}

fn grant_types(policy: &Policy, request: &Map<String, Value>) -> Result<Vec<String>, Refused> {
    let Some(asked) = list(request, "grant_types") else {
        return Ok(vec!["authorization_code".into()]);
    };
    let known = &policy.token_endpoint.grant_types;
    let is_known = |grant_type: &String| {
        let is_assertion = policy.assertion_grants.enabled && grant_type == JWT_BEARER;
        is_assertion || known.contains(grant_type)
    };
    if policy.registration.unknown_values == Doubtful::Refused && !asked.iter().all(is_known) {
        return Err(refuse("a grant type is not supported"));
    }
    let asks_for_machine = asked
        .iter()
        .any(|grant_type| grant_type == "client_credentials");
    if asks_for_machine && !policy.registration.machine_registration {
        return Err(refuse(
            "client_credentials is not open to registered clients",
        ));
    }
    Ok(asked)
}

fn response_types(
    policy: &Policy,
    request: &Map<String, Value>,
    grant_types: &[String],
) -> Result<Vec<String>, Refused> {
    let uses_codes = grant_types
        .iter()
        .any(|grant_type| grant_type == "authorization_code");
    let Some(asked) = list(request, "response_types") else {
        return Ok(if uses_codes {
            vec!["code".into()]
        } else {
            Vec::new()
        });
    };
    if policy.registration.unknown_values == Doubtful::Refused
        && asked.iter().any(|response_type| response_type != "code")
    {
        return Err(refuse("a response type is not supported"));
    }
    let has_code = asked.iter().any(|response_type| response_type == "code");
    if has_code != uses_codes && policy.registration.contradictory_types == Doubtful::Refused {
        return Err(refuse(
            "grant_types and response_types contradict each other",
        ));
    }
    Ok(asked)
}

fn redirect_uris(
    policy: &Policy,
    request: &Map<String, Value>,
    grant_types: &[String],
    checks: bool,
) -> Result<Vec<String>, Refused> {
    let rules = &policy.registration.redirect_uris;
    let uris = list(request, "redirect_uris").unwrap_or_default();
    let uses_codes = grant_types
        .iter()
        .any(|grant_type| grant_type == "authorization_code");
    if uris.is_empty() && uses_codes && checks && rules.absent == AbsentRedirectUris::Refused {
        return Err(Refused::new(
            "invalid_redirect_uri",
            "redirect_uris is missing",
        ));
    }
    for uri in &uris {
        match redirect_rules::check(rules, uri) {
            Err(reason) if checks => return Err(Refused::new("invalid_redirect_uri", reason)),
            _ => {}
        }
    }
    Ok(uris)
}

fn check_consistency(
    policy: &Policy,
    request: &Map<String, Value>,
    auth_method: ClientAuthMethod,
    grant_types: &[String],
) -> Result<(), Refused> {
    let is_machine = grant_types
        .iter()
        .any(|grant_type| grant_type == "client_credentials");
    if is_machine
        && auth_method == ClientAuthMethod::None
        && policy.client_credentials.confidential_only
    {
        return Err(refuse(
            "client_credentials is for clients that authenticate",
        ));
    }
    let has_both = request.contains_key("jwks") && request.contains_key("jwks_uri");
    if has_both && policy.registration.jwks_and_jwks_uri == Doubtful::Refused {
        return Err(refuse("jwks and jwks_uri exclude each other"));
    }
    Ok(())
}

fn keys(
    policy: &Policy,
    request: &Map<String, Value>,
    auth_method: ClientAuthMethod,
) -> Result<(Option<Value>, Option<String>), Refused> {
    let jwks = request.get("jwks").cloned();
    let jwks_uri = request
        .get("jwks_uri")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if let Some(jwks) = &jwks {
        let keys = jwks.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or_else(|| refuse("jwks is no key set"))?;
        if policy.registration.private_keys == Doubtful::Refused && keys.iter().any(holds_secret) {
            return Err(refuse("jwks has a key that is not public"));
        }
    }
    if auth_method == ClientAuthMethod::PrivateKeyJwt && jwks.is_none() && jwks_uri.is_none() {
        return Err(refuse("private_key_jwt needs jwks or jwks_uri"));
    }
    Ok((jwks, jwks_uri))
}

/// Whether a JWK has a private or symmetric member (RFC 7518 section 6).
pub fn holds_secret(key: &Value) -> bool {
    key.get("d").is_some() || key.get("k").is_some()
}

/// Scopes that the client may be granted: the known ones of those it names, or all.
fn scopes(policy: &Policy, value: Option<&str>) -> Result<Vec<String>, Refused> {
    let Some(value) = value else {
        return Ok(policy.scopes.clone());
    };
    let known: Vec<String> = scope::parse(value)
        .into_iter()
        .filter(|token| scope::any_covers(&policy.scopes, token))
        .collect();
    match known.is_empty() {
        true => Err(refuse("none of the scopes is known")),
        false => Ok(known),
    }
}

/// The metadata that is in force, defaults filled in (RFC 7591 section 3.2.1).
fn in_force(policy: &Policy, request: &Map<String, Value>, client: &Client) -> Map<String, Value> {
    let mut members: Map<String, Value> = request
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            TEXTS.contains(&name) || LISTS.contains(&name) || name == "jwks"
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !client.redirect_uris.is_empty() || request.contains_key("redirect_uris") {
        members.insert("redirect_uris".into(), json!(client.redirect_uris));
    }
    let accepts_nonsense = policy.registration.unknown_values == Doubtful::Accepted;
    let method = match request.get("token_endpoint_auth_method") {
        Some(asked) if accepts_nonsense => asked.clone(),
        _ => json!(client.auth_method.as_str()),
    };
    members.insert("token_endpoint_auth_method".into(), method);
    members.insert("grant_types".into(), json!(client.grant_types));
    members.insert("response_types".into(), json!(client.response_types));
    members.insert("scope".into(), json!(client.scopes.join(" ")));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(request: Value) -> Result<Client, String> {
        let Value::Object(request) = request else {
            return Err("no object".into());
        };
        client(&Policy::default(), &request, true).map_err(|refused| refused.error)
    }

    fn refusal(request: Value) -> String {
        registered(request)
            .map(|_| "accepted".to_owned())
            .unwrap_or_else(|error| error)
    }

    const URI: &str = "https://client.example.com/cb";

    #[test]
    fn a_minimal_registration_gets_the_defaults_of_the_standard() {
        let client = registered(json!({ "redirect_uris": [URI] })).unwrap();
        assert_eq!(client.auth_method, ClientAuthMethod::ClientSecretBasic);
        assert_eq!(
            client.metadata["grant_types"],
            json!(["authorization_code"])
        );
        assert_eq!(client.metadata["response_types"], json!(["code"]));
        assert_eq!(
            client.metadata["token_endpoint_auth_method"],
            "client_secret_basic"
        );
    }

    #[test]
    fn what_is_wrong_with_redirect_uris_has_its_own_error() {
        assert_eq!(refusal(json!({})), "invalid_redirect_uri");
        assert_eq!(
            refusal(json!({ "redirect_uris": [] })),
            "invalid_redirect_uri"
        );
        assert_eq!(
            refusal(json!({ "redirect_uris": URI })),
            "invalid_redirect_uri"
        );
        assert_eq!(
            refusal(json!({ "redirect_uris": ["javascript:x"] })),
            "invalid_redirect_uri"
        );
    }

    #[test]
    fn contradictions_and_nonsense_are_refused() {
        for member in [
            json!({ "token_endpoint_auth_method": "magic" }),
            json!({ "grant_types": ["password"] }),
            json!({ "response_types": ["token"] }),
            json!({ "grant_types": ["client_credentials"], "response_types": ["code"] }),
            json!({ "grant_types": ["authorization_code"], "response_types": [] }),
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none" }),
            json!({ "jwks": { "keys": [] }, "jwks_uri": "https://client.example.com/jwks" }),
            json!({ "jwks": { "keys": [{ "kty": "EC", "d": "x" }] } }),
            json!({ "client_uri": "javascript:alert(1)" }),
            json!({ "client_name": 7 }),
        ] {
            let mut request = json!({ "redirect_uris": [URI] });
            request
                .as_object_mut()
                .unwrap()
                .extend(member.as_object().unwrap().clone());
            assert_eq!(refusal(request), "invalid_client_metadata", "{member}");
        }
    }

    #[test]
    fn unknown_members_are_ignored_and_not_told_back() {
        let client =
            registered(json!({ "redirect_uris": [URI], "x": [1], "scope": "news:read y" }));
        let client = client.unwrap();
        assert!(!client.metadata.contains_key("x"));
        assert_eq!(client.scopes, ["news:read"]);
    }

    #[test]
    fn a_machine_client_needs_no_redirect_uri() {
        let client = registered(json!({ "grant_types": ["client_credentials"] })).unwrap();
        assert!(client.response_types.is_empty() && client.redirect_uris.is_empty());
    }
}
