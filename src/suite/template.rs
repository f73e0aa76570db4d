//! The template language of the suites: minijinja, strict about undefined names, with the few
//! functions that OAuth needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use minijinja::value::{Enumerator, Object, Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use rand::RngCore as _;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Renders template strings against a context.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    /// The language, ready to use.
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_function("well_known", |url: &str, name: &str| {
            or_not_a_url(well_known(url, name), url)
        });
        environment.add_function("well_known_appended", |url: &str, name: &str| {
            or_not_a_url(well_known_appended(url, name), url)
        });
        environment.add_function("origin", |url: &str| {
            or_not_a_url(origin(url).map(str::to_owned), url)
        });
        environment.add_function("random_verifier", random_verifier);
        environment.add_function("random_string", random_string);
        environment.add_function("s256", s256);
        environment.add_function("percent_encode", percent_encode);
        environment.add_function("covers", covers);
        environment.add_function("at", at);
        environment.add_function("input_responses", input_responses);
        environment.add_function("now", now);
        let mut templates = Self { environment };
        templates.sign_with(|who, _, _| Err(format!("there is no issuer `{who}` to be played")));
        templates
    }

    /// Lets `signed(who, header, claims)` make tokens: the issuer's name, the header, the claims.
    pub fn sign_with(
        &mut self,
        sign: impl Fn(&str, Value, Value) -> Result<String, String> + Send + Sync + 'static,
    ) {
        let function = move |who: &str, header: Serde<Value>, claims: Serde<Value>| {
            sign(who, header.0, claims.0)
                .map_err(|cause| Error::new(ErrorKind::InvalidOperation, cause))
        };
        self.environment.add_function("signed", function);
    }

    /// The dotted names that `text` reads (`case.verifier`, `target.scope`).
    ///
    /// # Errors
    /// The text is not a template, uses a function or filter that does not exist, or asks for more
    /// than a template may.
    pub fn names(&self, text: &str) -> Result<BTreeSet<String>, Error> {
        stands_alone(text)?;
        for count in text.split("random_string(").skip(1) {
            let digits = count.split(|c: char| !c.is_ascii_digit()).next();
            // Where it is computed, it is looked at when it is known.
            let fits = |digits: &str| {
                digits
                    .parse()
                    .is_ok_and(|length: usize| length <= LONGEST_RANDOM)
            };
            if digits.is_some_and(|digits| !digits.is_empty() && !fits(digits)) {
                return Err(longest_random());
            }
        }
        let names = match whole_expression(text) {
            Some(expression) => self
                .environment
                .compile_expression(expression)?
                .undeclared_variables(true),
            None => self
                .environment
                .template_from_str(text)?
                .undeclared_variables(true),
        };
        Ok(names
            .into_iter()
            .filter(|name| !FUNCTIONS.contains(&name.as_str()))
            .collect())
    }

    /// Renders a string. A string that is one whole `{{ expression }}` keeps the value's type.
    ///
    /// # Errors
    /// A name is undefined, or a filter fails.
    pub fn render(&self, text: &str, context: &minijinja::Value) -> Result<Value, Error> {
        if !text.contains("{{") && !text.contains("{%") {
            return Ok(Value::String(text.to_owned()));
        }
        if let Some(expression) = whole_expression(text) {
            return self.evaluate(expression, context);
        }
        self.environment
            .render_str(text, context)
            .map(Value::String)
    }

    /// Evaluates an expression written without braces.
    ///
    /// # Errors
    /// A name is undefined, or a filter fails.
    pub fn evaluate(&self, expression: &str, context: &minijinja::Value) -> Result<Value, Error> {
        // Most expressions are a path, which needs no compiler. What it does not find is for the
        // language to name.
        let value = match at_path(expression, context) {
            Some(value) => value,
            None => self
                .environment
                .compile_expression(expression)?
                .eval(context)?,
        };
        if value.is_undefined() {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                format!("{expression} is undefined"),
            ));
        }
        serde_json::to_value(&value)
            .map_err(|cause| Error::new(ErrorKind::BadSerialization, cause.to_string()))
    }

    /// Renders every string inside `value`.
    ///
    /// # Errors
    /// As [`Self::render`], for the first string that fails.
    pub fn render_value(&self, value: &Value, context: &minijinja::Value) -> Result<Value, Error> {
        Ok(match value {
            Value::String(text) => self.render(text, context)?,
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.render_value(item, context))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.render_value(member, context)?)))
                    .collect::<Result<_, Error>>()?,
            ),
            other => other.clone(),
        })
    }
}

/// The functions that are added to those of minijinja.
pub(super) const FUNCTIONS: [&str; 12] = [
    "well_known",
    "well_known_appended",
    "origin",
    "random_verifier",
    "random_string",
    "s256",
    "percent_encode",
    "covers",
    "at",
    "input_responses",
    "now",
    "signed",
];

/// Seconds since 1970.
fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Names for templates.
pub fn context(names: impl serde::Serialize) -> minijinja::Value {
    minijinja::Value::from(minijinja::value::Serde(names))
}

/// Names for templates before others: `names` first, then what `below` holds. Nothing of them is
/// copied, which matters where a server's documents are large.
pub fn context_over(names: minijinja::Value, below: &minijinja::Value) -> minijinja::Value {
    minijinja::context! { ..names, ..below.clone() }
}

/// An object of JSON for templates. A member is converted when it is read: of a large answer, few
/// are.
pub fn document(object: Arc<Value>) -> minijinja::Value {
    minijinja::Value::from_object(Document(object))
}

#[derive(Debug)]
struct Document(Arc<Value>);

impl Object for Document {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<minijinja::Value> {
        Some(context(self.0.get(key)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.0.as_object().into_iter().flat_map(Map::keys);
        Enumerator::Values(names.map(minijinja::Value::from).collect())
    }
}

/// The expression of a string that is one whole `{{ expression }}`.
pub fn whole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}") && !inner.contains("{%")).then(|| inner.trim())
}

/// What stands at an expression that is names with dots between them, if anything does.
fn at_path(expression: &str, context: &minijinja::Value) -> Option<minijinja::Value> {
    let is_name = |part: &str| {
        !part.starts_with(|first: char| first.is_ascii_digit())
            && !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !expression.split('.').all(is_name) {
        return None;
    }
    let mut parts = expression.split('.');
    let first = context.get_attr(parts.next()?).ok()?;
    let found = parts.try_fold(first, |value, part| value.get_attr(part).ok())?;
    (!found.is_undefined()).then_some(found)
}

/// Splits an absolute URL, as text, into `scheme://authority` and the rest.
///
/// Identifiers are compared byte for byte, so no URL type may touch them.
fn split_origin(url: &str) -> Option<(&str, &str)> {
    let authority = url.find("://")? + 3;
    let end = url[authority..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| authority + at);
    (end > authority).then(|| url.split_at(end))
}

/// The well-known URL with the name inserted between authority and path; `None` if `url` is not
/// absolute.
///
/// RFC 8414 section 3.1 drops a terminating slash of the issuer's path. RFC 9728 section 3.1 drops
/// only the slash that follows the host, so the slash of `https://host/mcp/` stays.
pub fn well_known(url: &str, name: &str) -> Option<String> {
    let (origin, rest) = split_origin(url)?;
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let path = match path.strip_suffix('/') {
        Some(shorter) if shorter.is_empty() || name != "oauth-protected-resource" => shorter,
        _ => path,
    };
    Some(format!("{origin}/.well-known/{name}{path}{query}"))
}

/// The well-known URL with the name appended to the path (OpenID Connect Discovery section 4);
/// `None` if `url` is not absolute.
pub fn well_known_appended(url: &str, name: &str) -> Option<String> {
    split_origin(url)?;
    let base = url.strip_suffix('/').unwrap_or(url);
    Some(format!("{base}/.well-known/{name}"))
}

/// `scheme://authority` of a URL, as text; `None` if it is not absolute.
pub fn origin(url: &str) -> Option<&str> {
    split_origin(url).map(|(origin, _)| origin)
}

/// What a template function says of a URL that is not absolute.
fn or_not_a_url<T>(made: Option<T>, url: &str) -> Result<T, Error> {
    made.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{url:?} is not an absolute URL"),
        )
    })
}

/// A fresh code_verifier of 43 characters (RFC 7636 section 4.1).
pub fn random_verifier() -> String {
    let mut bytes = [0; 32];
    rand::thread_rng().fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Statements that read another template. A string is one, and there are no others.
const OTHERS: [&str; 4] = ["include", "import", "from", "extends"];

fn stands_alone(text: &str) -> Result<(), Error> {
    for statement in text.split("{%").skip(1) {
        let statement = statement.trim_start_matches(['-', '+']).trim_start();
        let word = statement.split(|c: char| !c.is_ascii_alphabetic()).next();
        if let Some(word) = word.filter(|word| OTHERS.contains(word)) {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("`{word}` reads another template, and there is none"),
            ));
        }
    }
    Ok(())
}

/// The longest random text: beyond what any server reads in a header or a form.
const LONGEST_RANDOM: usize = 1 << 20;

fn longest_random() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("random_string makes {LONGEST_RANDOM} characters at most"),
    )
}

/// Random URL-safe text of the given length.
fn random_string(length: usize) -> Result<String, Error> {
    if length > LONGEST_RANDOM {
        return Err(longest_random());
    }
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&random_verifier());
    }
    text.truncate(length);
    Ok(text)
}

/// The S256 code_challenge of a verifier (RFC 7636 section 4.2).
pub fn s256(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Percent-encodes every byte that is not unreserved (RFC 3986 section 2.3).
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Whether a granted scope token covers a needed one: equal, or a wildcard in the last segment.
pub fn covers(granted: &str, needed: &str) -> bool {
    granted == needed
        || granted
            .strip_suffix('*')
            .is_some_and(|prefix| prefix.ends_with(':') && needed.starts_with(prefix))
}

/// What stands in `value` at a path (`structuredContent/run`).
fn at(value: minijinja::Value, path: &str) -> Result<minijinja::Value, Error> {
    path.split('/').try_fold(value, |value, part| {
        let index = part.parse::<usize>().ok();
        let found = match index.filter(|_| value.kind() == ValueKind::Seq) {
            Some(index) => value.get_item_by_index(index)?,
            None => value.get_attr(part)?,
        };
        match found.is_undefined() {
            false => Ok(found),
            true => Err(Error::new(
                ErrorKind::UndefinedError,
                format!("there is nothing at {path}"),
            )),
        }
    })
}

/// The answer of a user who fills in `content` and agrees, to each of the requests for input (MCP
/// 2026-07-28, multi round-trip requests).
fn input_responses(
    requests: minijinja::Value,
    content: minijinja::Value,
) -> Result<minijinja::Value, Error> {
    let names = requests.try_iter()?;
    let answer = minijinja::context! { action => "accept", content => content };
    let answers = names.map(|name| (name.to_string(), answer.clone()));
    let answers: BTreeMap<String, minijinja::Value> = answers.collect();
    Ok(minijinja::Value::from(answers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn a_path_leads_into_a_value() {
        let templates = Templates::new();
        let value =
            context! { list => vec![context! { run => "x" }], asked => context! { a => 1 } };
        let context = context! { result => value };
        let found = templates.render("{{ at(result, 'list/0/run') }}", &context);
        assert_eq!(found.expect("renders"), Value::from("x"));
        assert!(
            templates
                .render("{{ at(result, 'list/1') }}", &context)
                .is_err()
        );
        let answers = "{{ input_responses(result.asked, {'ok': true}) }}";
        let answers = templates.render(answers, &context).expect("renders");
        assert_eq!(
            answers,
            serde_json::json!({"a": {"action": "accept", "content": {"ok": true}}})
        );
    }

    #[test]
    fn a_document_reads_like_the_object_it_is() {
        let object = serde_json::json!({ "z": { "b": [1, 2] }, "a": "text" });
        let templates = Templates::new();
        let names = context_over(
            BTreeMap::from([("answer", document(Arc::new(object.clone())))]).into(),
            &context(serde_json::json!({ "other": 1 })),
        );
        for (text, wanted) in [
            ("{{ answer.z.b[1] }}", serde_json::json!(2)),
            ("{{ answer['a'] ~ other }}", serde_json::json!("text1")),
            ("{{ answer.none is defined }}", serde_json::json!(false)),
            ("{{ 'z' in answer }}", serde_json::json!(true)),
            ("{{ answer | length }}", serde_json::json!(2)),
            ("{{ answer }}", object),
        ] {
            let rendered = templates.render(text, &names);
            assert_eq!(rendered.ok(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn a_template_reads_no_other_and_makes_no_mountain() {
        let templates = Templates::new();
        for (text, said) in [
            ("{% include '/etc/passwd' %}", "`include`"),
            ("{%- from 'a' import b %}", "`from`"),
            (
                "{{ random_string(99999999999) }}",
                "1048576 characters at most",
            ),
            ("{{ random_string(99999999999999999999999) }}", "at most"),
        ] {
            let error = templates.names(text).expect_err(text).to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(
            templates
                .names("{% if case.x %}{{ random_string(43) }}{% endif %}")
                .is_ok()
        );
        let computed = templates.render("{{ random_string(9999999 * 9) }}", &context! {});
        assert!(computed.is_err());
    }

    #[test]
    fn a_whole_expression_keeps_its_type() {
        let templates = Templates::new();
        let context = context! { token => context! { expires_in => 300 } };
        let value = templates.render("{{ token.expires_in + 1 }}", &context);
        assert_eq!(value.expect("renders"), Value::from(301));
        let text = templates.render("{{ token.expires_in }} s", &context);
        assert_eq!(text.expect("renders"), Value::from("300 s"));
    }

    #[test]
    fn names_hide_those_below_them() {
        let below = context! { a => 1, b => 2 };
        let over = context_over(context(serde_json::json!({ "b": 3, "c": 4 })), &below);
        let text = Templates::new().render("{{ a }}{{ b }}{{ c }} {{ d | default('-') }}", &over);
        assert_eq!(text.expect("renders"), Value::from("134 -"));
    }

    #[test]
    fn an_undefined_name_is_an_error_that_names_it() {
        let error = Templates::new()
            .render(
                "{{ token.json.refresh_token }}",
                &context! { token => context! { json => context! {} } },
            )
            .expect_err("the name is undefined");
        assert!(error.to_string().contains("undefined"), "{error}");
    }

    #[test]
    fn names_leave_functions_out() {
        let names = Templates::new().names("{{ well_known(target.mcp_server, 'x') }}");
        assert_eq!(
            names.expect("compiles").into_iter().collect::<Vec<_>>(),
            ["target.mcp_server"]
        );
    }

    #[test]
    fn well_known_urls_follow_both_rules() {
        let inserted = |url| well_known(url, "oauth-authorization-server").expect("a URL");
        assert_eq!(
            inserted("https://as.example/tenant/"),
            "https://as.example/.well-known/oauth-authorization-server/tenant"
        );
        assert_eq!(
            inserted("https://as.example"),
            "https://as.example/.well-known/oauth-authorization-server"
        );
        assert_eq!(
            well_known("https://rs.example/mcp/", "oauth-protected-resource").expect("a URL"),
            "https://rs.example/.well-known/oauth-protected-resource/mcp/"
        );
        assert_eq!(
            well_known_appended("https://as.example/tenant", "openid-configuration")
                .expect("a URL"),
            "https://as.example/tenant/.well-known/openid-configuration"
        );
    }

    #[test]
    fn a_wildcard_covers_only_below_its_colon() {
        assert!(covers(
            "mcp:exec:workflows:*",
            "mcp:exec:workflows:daily-report"
        ));
        assert!(!covers("mcp:exec:*", "mcp:executor"));
        assert!(!covers("*", "mcp:tools:weather"));
    }
}
