//! Secrets in JSON: members by name at any depth, and every string as text.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::vault::is_opaque;
use super::{Kind, Vault, header, text};

/// The document, when the text is one (an object or an array).
pub(super) fn parse(text: &str) -> Option<Value> {
    let start = text.trim_start().as_bytes().first()?;
    if !matches!(start, b'{' | b'[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Learns the secrets of a document; whether something in it stands where secrets stand.
pub(super) fn absorb(vault: &Vault, value: &Value) -> bool {
    let mut has_places = false;
    walk(value, None, &mut |place, string| {
        has_places |= match place {
            Place::Secret(kind) => {
                vault.met(kind, string);
                true
            }
            Place::Header(name) => {
                header::absorb(vault, name, string);
                true
            }
            Place::Text => text::absorb(vault, string),
        }
    });
    has_places
}

/// The document with its secrets replaced. `has_places` is what [`absorb`] said of it.
pub(super) fn redact(vault: &Vault, value: &Value, has_places: bool) -> Value {
    serde_json::to_value(Redacted::new(vault, value, has_places)).unwrap_or_default()
}

/// The document as text, redacted: its own layout where that suffices. `has_places` is what
/// [`absorb`] said of it.
pub(super) fn redact_document(
    vault: &Vault,
    text: &str,
    value: &Value,
    has_places: bool,
) -> String {
    let in_layout = vault.redact_text(text);
    // Escapes may hide a known secret from a search of the whole text.
    if !has_places && in_layout == text && !text.contains('\\') {
        return in_layout;
    }
    let by_place = redact(vault, value, has_places);
    let suffices = if in_layout == text {
        *value == by_place
    } else {
        parse(&in_layout).is_some_and(|value| value == by_place)
    };
    if suffices {
        in_layout
    } else {
        by_place.to_string()
    }
}

enum Place<'n> {
    Secret(Kind),
    Header(&'n str),
    Text,
}

/// The place that a member of this name is, for a string value.
fn place<'n>(
    name: Option<&'n str>,
    siblings: Option<&Map<String, Value>>,
    value: &str,
) -> Place<'n> {
    let Some(name) = name else { return Place::Text };
    if let Some(kind) = Kind::of_name(name) {
        // `code` and `token` are also names of error codes: a word there is no secret.
        let loose = matches!(kind, Kind::Code | Kind::Token | Kind::SessionId);
        if !loose || is_opaque(value) {
            return Place::Secret(kind);
        }
    }
    let is_one_of = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
    if is_one_of(&[
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
    ]) {
        return Place::Header(name);
    }
    // RFC 7518 section 6: the private members of a key.
    let is_private = is_one_of(&["d", "p", "q", "dp", "dq", "qi", "k"])
        && siblings.is_some_and(|members| members.contains_key("kty"));
    match is_private {
        true => Place::Secret(Kind::PrivateKey),
        false => Place::Text,
    }
}

type Siblings<'v> = Option<&'v Map<String, Value>>;

fn walk<'v>(
    value: &'v Value,
    named: Option<(&'v str, Siblings<'v>)>,
    visit: &mut impl FnMut(Place<'_>, &str),
) {
    match value {
        Value::String(string) => {
            let (name, siblings) = named.unzip();
            visit(place(name, siblings.flatten(), string), string);
        }
        // The items of an array stand in the place of the array.
        Value::Array(items) => items.iter().for_each(|item| walk(item, named, visit)),
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| walk(member, Some((name, Some(members))), visit)),
        _ => {}
    }
}

/// A document that is written without its secrets.
pub(super) struct Redacted<'v> {
    vault: &'v Vault,
    value: &'v Value,
    /// Where nothing stands in its values where secrets stand, only known ones are looked for.
    has_places: bool,
    name: Option<&'v str>,
    siblings: Siblings<'v>,
}

impl<'v> Redacted<'v> {
    pub(super) fn new(vault: &'v Vault, value: &'v Value, has_places: bool) -> Self {
        Self {
            vault,
            value,
            has_places,
            name: None,
            siblings: None,
        }
    }
}

impl Serialize for Redacted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let vault = self.vault;
        match self.value {
            Value::String(string) if !self.has_places => match vault.replace_known(string) {
                Some(redacted) => serializer.serialize_str(&redacted),
                None => serializer.serialize_str(string),
            },
            Value::String(string) => match place(self.name, self.siblings, string) {
                Place::Secret(_) if string.is_empty() => serializer.serialize_str(""),
                Place::Secret(kind) => serializer.serialize_str(&vault.marker(kind, string)),
                Place::Header(name) => {
                    serializer.serialize_str(&header::redact(vault, name, string))
                }
                Place::Text => serializer.serialize_str(&text::redact(vault, string)),
            },
            // The items of an array stand in the place of the array.
            Value::Array(items) => {
                serializer.collect_seq(items.iter().map(|value| Redacted { value, ..*self }))
            }
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| {
                    let member = Redacted {
                        value,
                        name: Some(name),
                        siblings: Some(members),
                        ..*self
                    };
                    (text::redact(vault, name), member)
                }))
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::redact::Body;
    use serde_json::json;

    #[test]
    fn members_are_redacted_by_name_at_any_depth_and_error_codes_stay() {
        let vault = Vault::new();
        let value = json!({
            "a": [{"access_token": "t", "token_type": "Bearer"}],
            "error": {"code": "UNAUTHORIZED", "message": "no"},
            "rpc": {"error": {"code": -32600}},
            "key": {"kty": "EC", "x": "public", "d": "private-part"},
            "headers": {"authorization": "Bearer abc"},
        });
        let redacted = redact(&vault, &value, true);
        assert!(
            redacted["a"][0]["access_token"]
                .as_str()
                .unwrap()
                .starts_with("[access_token:1:")
        );
        assert_eq!(redacted["a"][0]["token_type"], "Bearer");
        assert_eq!(redacted["error"], value["error"]);
        assert_eq!(redacted["rpc"], value["rpc"]);
        assert_eq!(redacted["key"]["x"], "public");
        assert!(
            redacted["key"]["d"]
                .as_str()
                .unwrap()
                .starts_with("[private_key:12:")
        );
        assert!(!redacted.to_string().contains("abc\""));
        assert_eq!(redact(&vault, &redacted, true), redacted, "twice is once");
        let harmless = json!({"scope": "a b", "list": ["x=1", {"code": "no"}]});
        assert!(!absorb(&vault, &harmless));
        assert_eq!(redact(&vault, &harmless, false), harmless);
    }

    #[test]
    fn a_document_keeps_its_layout() {
        let vault = Vault::new();
        let text = "{\n  \"access_token\": \"3f9a0c77d1\",\n  \"scope\": \"a b\"\n}";
        let mut body = Body::of(text.as_bytes());
        vault.absorb_response(&[], &mut body);
        let redacted = vault.redact_body(&body);
        assert!(
            redacted.starts_with("{\n  \"access_token\": \"[access_token:10:"),
            "{redacted}"
        );
        assert!(
            redacted.ends_with("\",\n  \"scope\": \"a b\"\n}"),
            "{redacted}"
        );
        let harmless = "{ \"scope\": \"a b\" }";
        let mut body = Body::of(harmless.as_bytes());
        vault.absorb_response(&[], &mut body);
        assert_eq!(vault.redact_body(&body), harmless);
        let mut body = Body::of(br#"{ "echo": "3f9\u0061\u0030c77d1" }"#);
        vault.absorb_response(&[], &mut body);
        let redacted = vault.redact_body(&body);
        assert!(redacted.contains("[access_token:10:"), "{redacted}");
        let short = vault.redact_body(&Body::of(br#"{ "access_token": "t" }"#));
        assert!(short.contains("[access_token:1:"), "{short}");
    }
}
