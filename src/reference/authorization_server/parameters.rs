//! Request parameters in their order, repeated ones included (OAuth 2.1 sections 3.1 and 3.2).

use axum::http::{Method, Uri};

use crate::reference::policy::authorization::{Duplicates, EmptyParameters};
use crate::reference::policy::token::TokenEndpointPolicy;

/// The one parameter that may be repeated (RFC 8707 section 2).
const REPEATABLE: &str = "resource";

/// Where the parameters of a request stand: in the body of a POST, else in the query.
pub fn encoded<'r>(method: &Method, uri: &'r Uri, body: &'r [u8]) -> &'r [u8] {
    if method == Method::POST {
        body
    } else {
        uri.query().unwrap_or_default().as_bytes()
    }
}

/// Decoded parameters of a query or a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    repeated: Vec<String>,
}

impl Parameters {
    /// Decodes `application/x-www-form-urlencoded` text and settles repeated and empty parameters
    /// as the policy says. Names of repeated ones are kept where repetition is an error.
    pub fn parse(encoded: &[u8], duplicates: Duplicates, empty: EmptyParameters) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut repeated: Vec<String> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(encoded).into_owned() {
            let earlier = pairs.iter_mut().find(|(known, _)| *known == name);
            match (earlier, duplicates) {
                (Some(_), Duplicates::Refused) if name != REPEATABLE => repeated.push(name),
                (Some(_), Duplicates::First) if name != REPEATABLE => {}
                (Some(pair), Duplicates::Last) if name != REPEATABLE => pair.1 = value,
                _ => pairs.push((name, value)),
            }
        }
        if empty == EmptyParameters::Omitted {
            pairs.retain(|(_, value)| !value.is_empty());
        }
        Self { pairs, repeated }
    }

    /// The parameters of a request to the token endpoint or one that keeps its rules (revocation,
    /// introspection): those of the query, and those of the body.
    pub fn of_request(rules: &TokenEndpointPolicy, uri: &Uri, body: &[u8]) -> (Self, Self) {
        let parse = |bytes: &[u8]| Self::parse(bytes, rules.duplicates, rules.empty_parameters);
        let query = uri.query().unwrap_or_default();
        (parse(query.as_bytes()), parse(body))
    }

    /// The parameters of a page of ours: of the form that came by POST, else of the query.
    pub fn of_page(method: &Method, uri: &Uri, body: &[u8]) -> Self {
        let encoded = encoded(method, uri, body);
        Self::parse(encoded, Duplicates::First, EmptyParameters::Omitted)
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The names of all parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// Names of parameters that were repeated against the rules.
    pub fn repeated(&self) -> &[String] {
        &self.repeated
    }

    /// Leaves parameters out.
    pub fn remove(&mut self, names: &[&str]) {
        self.pairs
            .retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Gives a parameter this value alone.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(&[name]);
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// Adds the parameters of `other` behind these.
    pub fn extend(&mut self, other: Self) {
        self.pairs.extend(other.pairs);
        self.repeated.extend(other.repeated);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, duplicates: Duplicates) -> Parameters {
        Parameters::parse(text.as_bytes(), duplicates, EmptyParameters::Omitted)
    }

    #[test]
    fn a_repeated_parameter_is_named() {
        let parameters = parse("a=1&b=2&a=1", Duplicates::Refused);
        assert_eq!(parameters.repeated(), ["a"]);
    }

    #[test]
    fn resource_may_be_repeated() {
        let parameters = parse("resource=x&resource=y", Duplicates::Refused);
        assert!(parameters.repeated().is_empty());
        assert_eq!(parameters.all("resource"), ["x", "y"]);
    }

    #[test]
    fn a_parameter_without_value_is_omitted() {
        assert_eq!(
            parse("code_challenge=&state=s", Duplicates::Refused).get("code_challenge"),
            None
        );
        let kept = Parameters::parse(b"a=", Duplicates::Refused, EmptyParameters::Present);
        assert_eq!(kept.get("a"), Some(""));
    }

    #[test]
    fn first_and_last_follow_the_policy() {
        assert_eq!(parse("a=1&a=2", Duplicates::First).get("a"), Some("1"));
        assert_eq!(parse("a=1&a=2", Duplicates::Last).get("a"), Some("2"));
    }
}
