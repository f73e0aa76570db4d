//! Secrets in text of any kind: members of queries, fragments and forms, fields of HTML forms,
//! members of JSON that does not parse, and JSON Web Tokens, all by place; then the known secrets.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::kind::NAMES;
use super::signs::Signs;
use super::{Kind, Vault};

/// The places that a name marks.
static NAMED: LazyLock<Option<Named>> = LazyLock::new(|| Named::new().ok());

struct Named {
    /// `?name=value`, `&name=value`, `&amp;name=value`, `#name=value`, or at the start of a form.
    pair: Regex,
    /// The same inside another parameter, encoded once more.
    nested: Regex,
    /// `"name": "value"` in JSON, whether or not the value ends.
    member: Regex,
}

// Without groups: a search that tells where they lie takes several times as long.
impl Named {
    fn new() -> Result<Self, regex::Error> {
        let names: Vec<String> = NAMES.iter().map(|(name, _)| regex::escape(name)).collect();
        let names = names.join("|");
        Ok(Self {
            pair: Regex::new(&format!(r#"(?i)(?:^|[?&#;])(?:{names})=[^&#;\s"'<>\\]+"#))?,
            nested: Regex::new(&format!(
                r"(?i)(?:%3F|%26|%23)(?:{names})%3D(?:[A-Za-z0-9._~+*-]|%25[0-9A-F]{{2}})+"
            ))?,
            member: Regex::new(&format!(r#"(?i)"(?:{names})"\s*:\s*"(?:[^"\\]|\\.)+"#))?,
        })
    }
}

static INPUT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?is)<input\b[^>]*>").ok());
static ATTRIBUTE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?is)\b(name|value)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)"#).ok());
/// RFC 7515 section 7.1 and RFC 7516 section 7.1, compact forms: the header is a JSON object.
static JWT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}").ok());

/// Learns the secrets that stand in places of their own; whether there is such a place.
pub(super) fn absorb(vault: &Vault, text: &str) -> bool {
    let mut has_places = false;
    by_place(text, &mut |kind, value| {
        vault.met(kind, value);
        has_places = true;
        None
    });
    has_places
}

/// The text, redacted.
pub(super) fn redact<'t>(vault: &Vault, text: &'t str) -> Cow<'t, str> {
    let placed = by_place(text, &mut |kind, value| Some(vault.marker(kind, value)));
    let known = vault.replace_known(&placed);
    known.map_or(placed, Cow::Owned)
}

/// Calls `secret` for each secret by place; what it gives stands in its stead.
fn by_place<'t>(
    text: &'t str,
    secret: &mut dyn FnMut(Kind, &str) -> Option<String>,
) -> Cow<'t, str> {
    let signs = Signs::of(text);
    let mut text = Cow::Borrowed(text);
    // What stands in for a secret brings no sign of another.
    if signs.pair || signs.nested || signs.member {
        by_name(&mut text, &signs, secret);
    }
    if signs.input {
        replace(&mut text, INPUT.as_ref(), &mut |tag| input(tag, secret));
    }
    if signs.jwt {
        replace(&mut text, JWT.as_ref(), &mut |token| {
            secret(Kind::Token, token)
        });
    }
    text
}

/// The same for places that a name marks.
fn by_name(
    text: &mut Cow<'_, str>,
    signs: &Signs,
    secret: &mut dyn FnMut(Kind, &str) -> Option<String>,
) {
    let Some(named) = NAMED.as_ref() else { return };
    let pattern = signs.pair.then_some(&named.pair);
    replace(text, pattern, &mut |found| {
        let (before, value) = found.split_once('=')?;
        let name = before.trim_start_matches(['?', '&', '#', ';']);
        let value = match bracketed(value) {
            true => value.to_owned(),
            false => form_decode(value),
        };
        Some(format!(
            "{before}={}",
            secret(Kind::of_name(name)?, &value)?
        ))
    });
    let pattern = signs.nested.then_some(&named.nested);
    replace(text, pattern, &mut |found| {
        let name = found[3..].split('%').next()?;
        let (before, value) = found.split_at(3 + name.len() + 3);
        let once = percent_decode_str(value).decode_utf8_lossy();
        let marker = secret(Kind::of_name(name)?, &form_decode(&once))?;
        Some(format!("{before}{marker}"))
    });
    let pattern = signs.member.then_some(&named.member);
    replace(text, pattern, &mut |found| {
        let mut parts = found.splitn(4, '"').skip(1);
        let (name, escaped) = (parts.next()?, parts.nth(1)?);
        let kind = Kind::of_name(name)?;
        let value = match escaped.contains('\\') {
            true => serde_json::from_str(&format!("\"{escaped}\"")),
            false => Ok(escaped.to_owned()),
        };
        let value: String = value.unwrap_or_else(|_| escaped.to_owned());
        if matches!(kind, Kind::Code | Kind::Token) && !super::vault::is_opaque(&value) {
            return None;
        }
        let before = &found[..found.len() - escaped.len()];
        Some(format!("{before}{}", secret(kind, &value)?))
    });
}

fn bracketed(value: &str) -> bool {
    super::kind::is_marker(value)
}

fn form_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

/// Replaces matches for which the closure has something; leaves the others.
fn replace(
    text: &mut Cow<'_, str>,
    pattern: Option<&Regex>,
    with: &mut dyn FnMut(&str) -> Option<String>,
) {
    let found = pattern.into_iter().flat_map(|it| it.find_iter(text));
    let replaced = found.filter_map(|found| Some((found.range(), with(found.as_str())?)));
    spliced(text, replaced.collect());
}

/// Puts the second of each pair where the first is in the text.
fn spliced(text: &mut Cow<'_, str>, replaced: Vec<(Range<usize>, String)>) {
    if replaced.is_empty() {
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut written = 0;
    for (range, stand_in) in replaced {
        out.push_str(&text[written..range.start]);
        out.push_str(&stand_in);
        written = range.end;
    }
    out.push_str(&text[written..]);
    *text = Cow::Owned(out);
}

/// A form field of HTML whose name is that of a secret (`response_mode=form_post`).
fn input(tag: &str, secret: &mut dyn FnMut(Kind, &str) -> Option<String>) -> Option<String> {
    let small = tag.to_ascii_lowercase();
    if !NAMES.iter().any(|(name, _)| small.contains(name)) {
        return None;
    }
    let mut name = None;
    let mut value = None;
    for found in ATTRIBUTE.as_ref()?.captures_iter(tag) {
        let quoted = found.get(2)?;
        let bare = quoted.as_str().trim_matches(['"', '\'']);
        // Of an attribute that comes twice, the first counts.
        if found[1].eq_ignore_ascii_case("name") {
            name.get_or_insert(bare);
        } else {
            value.get_or_insert((quoted.range(), bare));
        }
    }
    let kind = Kind::of_name(name?)?;
    let (range, value) = value?;
    if value.is_empty() {
        return None;
    }
    let marker = secret(kind, &html_decode(value))?;
    Some(format!(
        "{}\"{marker}\"{}",
        &tag[..range.start],
        &tag[range.end..]
    ))
}

fn html_decode(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#x2F;", "/"),
        ("&#43;", "+"),
        ("&#x3D;", "="),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact_fresh(text: &str) -> String {
        redact(&Vault::new(), text).into_owned()
    }

    #[test]
    fn queries_fragments_and_forms_are_redacted_by_name() {
        let url = redact_fresh("https://c.example/cb?code=a%2Bb&state=xyz#access_token=t");
        assert!(
            url.contains("?code=[code:3:") && url.contains("&state=xyz#access_token=["),
            "{url}"
        );
        assert_eq!(redact_fresh(&url), url, "twice is once");
        let form = redact_fresh("code=1&code_verifier=2&code_challenge=3&resource=token");
        assert!(form.ends_with("&code_challenge=3&resource=token"), "{form}");
        let nested = redact_fresh("/login?next=%2Fcb%3Fcode%3Dabc123%26state%3D1");
        assert!(
            nested.contains("%3Fcode%3D[code:6:") && nested.ends_with("%26state%3D1"),
            "{nested}"
        );
    }

    #[test]
    fn hidden_fields_tokens_and_broken_json_are_redacted() {
        let html =
            redact_fresh(r#"<INPUT value='abc' type=hidden name="code"><input name=x value=y>"#);
        assert!(
            html.contains("[code:3:") && html.contains("name=x value=y"),
            "{html}"
        );
        let jwt = redact_fresh("see eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0. and eyJ alone");
        assert!(
            jwt.starts_with("see [token:") && jwt.ends_with(" and eyJ alone"),
            "{jwt}"
        );
        let cut = redact_fresh(r#"{"access_token": "abcdefghij"#);
        assert!(cut.contains("[access_token:10:"), "{cut}");
    }
}
