//! What a client ID metadata document must say (draft section 4.1), as a pure function.

use serde_json::{Map, Value, json};

use crate::reference::policy::Policy;
use crate::reference::policy::client_documents::{
    ClientDocumentPolicy, DocumentClientId, DocumentRedirects,
};
use crate::reference::policy::registration::{Doubtful, UnknownMembers};
use crate::reference::store::client::{Client, ClientOrigin, RedirectRule};

use super::super::registration::metadata;

/// The client that the document at `url` describes.
pub fn client(policy: &Policy, url: &str, document: &Value) -> Result<Client, String> {
    let rules = &policy.client_documents;
    let mut members = document
        .as_object()
        .cloned()
        .ok_or("the document is no JSON object")?;
    check_client_id(rules, url, &members)?;
    let secret = check_secret(rules, &mut members)?;
    if !members.get("client_name").is_some_and(Value::is_string) {
        return Err("the document has no client_name".into());
    }
    if rules.machine_grants == Doubtful::Refused
        && let Some(Value::Array(grant_types)) = members.get_mut("grant_types")
    {
        grant_types.retain(|grant_type| grant_type != "client_credentials");
    }
    let lists_none = members
        .get("redirect_uris")
        .is_none_or(|uris| uris == &json!([]));
    let any = rules.redirect_uris == DocumentRedirects::AnyIfNoneListed && lists_none;
    let checks = rules.redirect_rules_applied && !any;
    if !checks && !any && lists_none {
        return Err("the document has no redirect_uris".into());
    }
    let mut client = metadata::client(&registration_rules(policy), &members, checks)
        .map_err(|refused| refused.description)?;
    client.client_id = url.to_owned();
    client.secret = secret;
    client.origin = ClientOrigin::Document;
    client.redirect_rule = match rules.redirect_uris {
        DocumentRedirects::SameOrigin => RedirectRule::Origin(origin(url).to_owned()),
        DocumentRedirects::AnyIfNoneListed if lists_none => RedirectRule::Any,
        _ => RedirectRule::Listed,
    };
    Ok(client)
}

/// The rules of a registration, where a document has none of its own.
fn registration_rules(policy: &Policy) -> Policy {
    let mut rules = policy.clone();
    rules.registration.private_keys = policy.client_documents.private_keys;
    rules.registration.unknown_members = UnknownMembers::Ignored;
    rules.registration.application_type_tolerated = true;
    rules
}

fn check_client_id(
    rules: &ClientDocumentPolicy,
    url: &str,
    members: &Map<String, Value>,
) -> Result<(), String> {
    let claimed = members.get("client_id").and_then(Value::as_str);
    let normal = |text: &str| url::Url::parse(text).ok();
    let is_same = match rules.client_id {
        DocumentClientId::Identical => claimed == Some(url),
        DocumentClientId::Normalized => claimed.and_then(normal) == normal(url),
        DocumentClientId::Unchecked => true,
    };
    match is_same {
        true => Ok(()),
        false => Err("the document is of another client_id".into()),
    }
}

/// A document is public, so a secret in it is none (draft section 4.1).
fn check_secret(
    rules: &ClientDocumentPolicy,
    members: &mut Map<String, Value>,
) -> Result<Option<String>, String> {
    let method = members
        .get("token_endpoint_auth_method")
        .and_then(Value::as_str);
    let is_shared = method.is_some_and(|method| method.starts_with("client_secret"))
        || members.contains_key("client_secret")
        || members.contains_key("client_secret_expires_at");
    if is_shared && rules.secrets == Doubtful::Refused {
        return Err("the document has a shared secret".into());
    }
    let secret = members
        .get("client_secret")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if method.is_none() {
        let method = if secret.is_some() {
            "client_secret_post"
        } else {
            rules.default_authentication.as_str()
        };
        members.insert("token_endpoint_auth_method".into(), json!(method));
    }
    Ok(secret)
}

fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let length = url
        .get(start..)
        .and_then(|rest| rest.find('/'))
        .map(|at| start + at);
    url.get(..length.unwrap_or(url.len())).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://client.example.com/client.json";

    fn document(changes: Value) -> Value {
        let mut document = json!({
            "client_id": URL,
            "client_name": "Example",
            "redirect_uris": ["http://127.0.0.1:3000/cb"],
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => document.as_object_mut().unwrap().shift_remove(name),
                value => document
                    .as_object_mut()
                    .unwrap()
                    .insert(name.clone(), value.clone()),
            };
        }
        document
    }

    fn is_accepted(changes: Value) -> bool {
        client(&Policy::default(), URL, &document(changes)).is_ok()
    }

    #[test]
    fn a_document_with_its_own_url_is_a_public_client() {
        let client = client(&Policy::default(), URL, &document(json!({}))).unwrap();
        assert!(client.is_public());
        assert_eq!(client.client_id, URL);
        assert_eq!(client.redirect_rule, RedirectRule::Listed);
    }

    #[test]
    fn wrong_documents_are_refused() {
        for changes in [
            json!({ "client_id": "https://client.example.com/other.json" }),
            json!({ "client_id": "https://CLIENT.example.com/client.json" }),
            json!({ "client_id": null }),
            json!({ "client_name": null }),
            json!({ "redirect_uris": null }),
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            json!({ "client_secret": "s" }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt",
                    "jwks": { "keys": [{ "kty": "EC", "d": "x" }] } }),
        ] {
            assert!(!is_accepted(changes.clone()), "{changes}");
        }
        assert!(client(&Policy::default(), URL, &json!([])).is_err());
    }

    #[test]
    fn a_document_gets_no_machine_grant() {
        let grants = json!({ "grant_types": ["authorization_code", "client_credentials"] });
        let client = client(&Policy::default(), URL, &document(grants)).unwrap();
        assert!(!client.may_use("client_credentials"));
    }

    #[test]
    fn the_origin_is_cut_from_the_text() {
        assert_eq!(origin(URL), "https://client.example.com");
    }
}
