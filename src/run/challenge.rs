//! `WWW-Authenticate` as challenges (RFC 9110 section 11.6.1).

use http_auth::parser::ChallengeParser;
use serde_json::{Map, Value, json};

/// A scheme as sent, and its parameters with lower-case names.
type Challenge = (String, Vec<(String, String)>);

/// The challenges of one answer, and what did not parse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Challenges {
    /// Every challenge: scheme as sent, parameters with lower-case names.
    pub list: Vec<Challenge>,
    /// Why a header line is malformed.
    pub error: Option<String>,
}

impl Challenges {
    /// Reads header lines, each by itself.
    ///
    /// A line that holds another scheme's token68 is legal but beyond the parser; then the part
    /// from `Bearer` on is read alone. Any other refusal of the parser is kept as the error.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut out = Self::default();
        for line in lines {
            match parse_line(line) {
                Ok(found) => out.list.extend(found),
                Err(error) => match bearer_part(line).map(parse_line) {
                    Some(Ok(found)) => out.list.extend(found),
                    _ => out.error = Some(error),
                },
            }
        }
        out
    }

    /// As members of a result document: `challenges`, `bearer`, `challenge_error`.
    pub fn describe(&self, document: &mut Map<String, Value>) {
        let list: Vec<Value> = self
            .list
            .iter()
            .map(|(scheme, parameters)| {
                json!({ "scheme": scheme, "parameters": object(parameters), "names": names(parameters) })
            })
            .collect();
        document.insert("challenges".to_owned(), Value::Array(list));
        let bearer = self
            .list
            .iter()
            .find(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if let Some((_, parameters)) = bearer {
            document.insert("bearer".to_owned(), object(parameters));
        }
        if let Some(error) = &self.error {
            document.insert("challenge_error".to_owned(), Value::String(error.clone()));
        }
    }
}

fn names(parameters: &[(String, String)]) -> Value {
    parameters
        .iter()
        .map(|(name, _)| Value::String(name.clone()))
        .collect()
}

fn object(parameters: &[(String, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in parameters {
        map.entry(name.clone())
            .or_insert_with(|| Value::String(value.clone()));
    }
    Value::Object(map)
}

fn parse_line(line: &str) -> Result<Vec<Challenge>, String> {
    ChallengeParser::new(line)
        .map(|challenge| {
            let challenge = challenge.map_err(|error| error.to_string())?;
            let parameters = challenge
                .params
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_unescaped()))
                .collect();
            Ok((challenge.scheme.to_owned(), parameters))
        })
        .collect()
}

/// The part of a line from the scheme `Bearer` on, if something else stands before it.
fn bearer_part(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    let at = lower
        .match_indices("bearer ")
        .map(|(at, _)| at)
        .find(|&at| at > 0 && line[..at].trim_end().ends_with(','))?;
    line.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(line: &str) -> Value {
        let mut document = Map::new();
        Challenges::parse([line]).describe(&mut document);
        document.remove("bearer").unwrap_or_default()
    }

    #[test]
    fn reads_parameters_in_any_case_and_with_quoted_commas() {
        let found = bearer(r#"bearer Resource_Metadata="https://a.example/x", scope="a b, c""#);
        assert_eq!(found["resource_metadata"], "https://a.example/x");
        assert_eq!(found["scope"], "a b, c");
    }

    #[test]
    fn takes_the_bearer_challenge_behind_a_token68() {
        let found = bearer(r#"Negotiate dG9rZW4=, Bearer error="invalid_token""#);
        assert_eq!(found["error"], "invalid_token");
    }

    #[test]
    fn a_malformed_header_is_told() {
        let parsed = Challenges::parse([r#"Bearer error="unterminated"#]);
        assert!(parsed.error.is_some());
    }
}
