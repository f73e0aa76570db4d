//! The kinds that `is` can ask for.

use serde_json::Value;

use super::jwk;
use super::marker::Marker;
use super::url_text::UrlText;
use crate::suite::Kind;

/// What can be said about a value and a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// It is of the kind.
    Yes,
    /// It is not; what there is to say beyond the value itself.
    No(Option<String>),
    /// The value is a secret, whose text the recording does not hold.
    Secret,
}

impl From<bool> for Fits {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No(None) }
    }
}

/// Whether the value is of the kind.
pub(super) fn fits(kind: Kind, value: &Value) -> Fits {
    match kind {
        Kind::String => value.is_string().into(),
        Kind::NonEmptyString => value.as_str().is_some_and(is_non_empty).into(),
        Kind::Number => value.is_number().into(),
        Kind::Integer => is_integer(value).into(),
        Kind::Boolean => value.is_boolean().into(),
        Kind::Array => value.is_array().into(),
        Kind::ArrayOfStrings => value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string))
            .into(),
        Kind::Object => value.is_object().into(),
        Kind::PublicJwk => said(jwk::check_public(value)),
        Kind::CompleteJwk => said(jwk::check_complete(value)),
        Kind::StrongJwk => said(jwk::check_strong(value)),
        Kind::AbsoluteUrl
        | Kind::SecureUrl
        | Kind::IssuerUrl
        | Kind::Scope
        | Kind::ScopeToken
        | Kind::PrintableString => match value.as_str() {
            Some(text) if Marker::parse(text).is_some() => Fits::Secret,
            Some(text) => text_fits(kind, text).into(),
            None => Fits::No(None),
        },
    }
}

fn said(checked: Result<(), String>) -> Fits {
    checked.map_or_else(|why| Fits::No(Some(why)), |()| Fits::Yes)
}

fn text_fits(kind: Kind, text: &str) -> bool {
    let url = || UrlText::parse(text);
    match kind {
        Kind::AbsoluteUrl => url().is_some(),
        Kind::SecureUrl => url().is_some_and(|url| url.is_secure()),
        Kind::IssuerUrl => url().is_some_and(|url| url.is_secure() && !url.has_query()),
        Kind::Scope => text.split(' ').all(is_scope_token),
        Kind::ScopeToken => is_scope_token(text),
        Kind::PrintableString => !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()),
        _ => false,
    }
}

fn is_non_empty(text: &str) -> bool {
    Marker::parse(text).map_or(!text.is_empty(), |marker| marker.length > 0)
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
}

/// `%x21 / %x23-5B / %x5D-7E`, at least one (RFC 6749 section 3.3).
fn is_scope_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// The kind in words, with its article.
pub(super) const fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a string",
        Kind::NonEmptyString => "a string that is not empty",
        Kind::Number => "a number",
        Kind::Integer => "a whole number",
        Kind::Boolean => "true or false",
        Kind::Array => "a list",
        Kind::ArrayOfStrings => "a list of strings",
        Kind::Object => "an object",
        Kind::AbsoluteUrl => "an absolute URL",
        Kind::SecureUrl => "an https URL without a fragment",
        Kind::IssuerUrl => "an https URL without query and fragment",
        Kind::Scope => "scope tokens parted by single spaces",
        Kind::ScopeToken => "one scope token",
        Kind::PrintableString => "a printable string without spaces",
        Kind::PublicJwk => "a public JSON Web Key",
        Kind::CompleteJwk => "a JSON Web Key with all members of its kind",
        Kind::StrongJwk => "a key of sufficient size",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_knows_its_own() {
        for (kind, yes, no) in [
            (Kind::NonEmptyString, json!("a"), json!("")),
            (Kind::Integer, json!(3.0), json!(3.5)),
            (Kind::Number, json!(3.5), json!("3.5")),
            (Kind::ArrayOfStrings, json!(["a"]), json!(["a", 1])),
            (
                Kind::IssuerUrl,
                json!("https://a.example/t"),
                json!("https://a.example/?t"),
            ),
            (
                Kind::SecureUrl,
                json!("http://[::1]/"),
                json!("http://a.example/"),
            ),
            (Kind::Scope, json!("a b:c"), json!("a  b")),
            (Kind::Scope, json!("a"), json!("")),
            (Kind::ScopeToken, json!("mcp:x:*"), json!("a\"b")),
            (Kind::PrintableString, json!("a~"), json!("a b")),
        ] {
            assert_eq!(fits(kind, &yes), Fits::Yes, "{kind:?} {yes}");
            assert!(matches!(fits(kind, &no), Fits::No(_)), "{kind:?} {no}");
        }
    }

    #[test]
    fn of_a_secret_only_its_being_a_string_is_known() {
        let secret = json!("[access_token:43:0123456789ab]");
        assert_eq!(fits(Kind::NonEmptyString, &secret), Fits::Yes);
        assert_eq!(fits(Kind::PrintableString, &secret), Fits::Secret);
        assert_eq!(fits(Kind::SecureUrl, &secret), Fits::Secret);
        assert!(matches!(
            fits(Kind::NonEmptyString, &json!("[token:0:0123456789ab]")),
            Fits::No(_)
        ));
    }
}
