//! Small readings of text on a page: squeezing, refreshes, script redirects, challenges.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// Longer pages are read up to here.
const MAX_SOURCE: usize = 256 * 1024;
/// Pages that open more elements than this without closing them are read up to there: the time
/// that an HTML parser takes grows with the product of length and depth.
const MAX_DEPTH: usize = 800;

/// The part of a page that is read.
pub(super) fn bounded(source: &str) -> &str {
    /// Elements that have no content, or that the next of their kind closes.
    const FLAT: &[&str] = &[
        "area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta",
        "option", "p", "source", "td", "th", "tr", "wbr",
    ];
    let end = (0..=source.len().min(MAX_SOURCE))
        .rev()
        .find(|at| source.is_char_boundary(*at));
    let source = &source[..end.unwrap_or(0)];
    if source.matches('<').count() <= MAX_DEPTH {
        return source;
    }
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut depth = 0_usize;
    for (at, _) in source.match_indices('<') {
        let rest = &source[at + 1..];
        let (closes, rest) = rest
            .strip_prefix('/')
            .map_or((false, rest), |rest| (true, rest));
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if name.is_empty() || FLAT.contains(&name.as_str()) {
            continue;
        }
        let count = open.entry(name).or_default();
        if !closes {
            *count += 1;
            depth += 1;
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
        }
        if depth > MAX_DEPTH {
            return &source[..at];
        }
    }
    source
}

/// Appends text with its white space squeezed, up to a limit of bytes; no word is cut in two.
pub(in crate::run::user_agent) fn append(to: &mut String, text: &str, limit: usize) {
    for word in text.split_whitespace() {
        if to.len() + word.len() + 1 > limit {
            return;
        }
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(word);
    }
}

/// `5; url=/next` of a meta refresh or a `Refresh` header.
pub(in crate::run::user_agent) fn refresh(content: &str) -> Option<(u32, String)> {
    let (seconds, rest) = content.split_once([';', ','])?;
    let seconds: f64 = seconds.trim().parse().ok()?;
    let rest = rest.trim();
    let target = match rest.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("url") => rest[3..]
            .trim_start()
            .strip_prefix('=')
            .unwrap_or(rest)
            .trim(),
        _ => rest,
    };
    let target = target.trim_matches(['"', '\'']).trim();
    // `as` saturates: a refresh in a million years is one that nobody waits for.
    (!target.is_empty()).then(|| (seconds.max(0.0) as u32, target.to_owned()))
}

static LOCATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\s;{(])(?:(?:window|document|self|top|parent|globalThis)\s*\.\s*)?",
        r"location(?:\s*\.\s*href)?\s*",
        r#"(?:=\s*|\.\s*(?:replace|assign)\s*\(\s*)(?:"([^"\n]{1,4096})"|'([^'\n]{1,4096})')"#,
    ))
    .ok()
});

/// The literal that a script assigns to `location`.
pub(super) fn script_target(script: &str) -> Option<String> {
    let found = LOCATION.as_ref()?.captures(script)?;
    let literal = found.get(1).or_else(|| found.get(2))?.as_str();
    let json = format!("\"{}\"", literal.replace('"', "\\\"").replace("\\'", "'"));
    // JavaScript strings of this kind are JSON strings but for a few escapes nobody uses in URLs.
    Some(serde_json::from_str(&json).unwrap_or_else(|_| literal.replace("\\/", "/")))
}

/// Whether a script submits a form by itself.
pub(super) fn submits(script: &str) -> bool {
    // A listener for the event or a handler's name is not a submission.
    script.contains(".submit()") || script.contains(".requestSubmit(")
}

/// Signs of the common challenges for humans.
pub(super) fn is_captcha(source: &str) -> bool {
    const SIGNS: &[&str] = &[
        "g-recaptcha",
        "/recaptcha/",
        "h-captcha",
        "hcaptcha.com",
        "cf-turnstile",
        "challenges.cloudflare.com",
        "cf-chl-",
        "arkoselabs.com",
        "friendly-challenge",
        "name=\"captcha",
        "altcha-widget",
    ];
    let source = source.to_ascii_lowercase();
    SIGNS.iter().any(|sign| source.contains(sign))
}

/// What a challenge says to people.
pub(super) fn speaks_of_captcha(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "captcha",
        "verify you are human",
        "you are not a robot",
        "i'm not a robot",
        "are you a robot",
    ]
    .iter()
    .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshes_are_read() {
        assert_eq!(refresh("0; url=/next"), Some((0, "/next".to_owned())));
        assert_eq!(
            refresh("1.5;URL='http://a/?b=c;d'"),
            Some((1, "http://a/?b=c;d".to_owned()))
        );
        assert_eq!(refresh("30"), None);
        assert_eq!(refresh("x; url=/"), None);
        assert_eq!(refresh("0; ürl"), Some((0, "ürl".to_owned())));
    }

    #[test]
    fn literal_script_redirects_are_read() {
        for (script, wanted) in [
            (
                "window.location = 'http://a/cb?code=1';",
                Some("http://a/cb?code=1"),
            ),
            ("location.href=\"\\/x\\u0026y\"", Some("/x&y")),
            ("  window.location.replace(\"/cb\")", Some("/cb")),
            ("const mylocation = 'x'", None),
            ("window.location = target", None),
            ("if (location == 'x') {}", None),
        ] {
            assert_eq!(script_target(script).as_deref(), wanted, "{script}");
        }
    }
}
