//! The spellings in which a secret may come back: percent-encoded, escaped for HTML or JSON, in
//! Base64.

use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986 section 2.3: all but the unreserved characters are encoded.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What `encodeURIComponent` of ECMAScript leaves as well.
const SCRIPT: &AsciiSet = &COMPONENT
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');
/// What servers commonly leave in a query.
const QUERY: &AsciiSet = &SCRIPT
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'=')
    .remove(b',')
    .remove(b'$');

/// Secrets longer than this are not sought in Base64: they are tokens, which nobody encodes again.
const MAX_BASE64: usize = 256;

/// Every spelling, each once, the plain one first.
pub(super) fn spellings(secret: &str) -> Vec<String> {
    let mut all = vec![secret.to_owned()];
    let mut add = |spelling: String| {
        if !all.contains(&spelling) {
            all.push(spelling);
        }
    };
    // No encoder touches these; most tokens hold nothing else.
    let plain = |byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_');
    if !secret.bytes().all(plain) {
        percent(secret, &mut add);
        html(secret, &mut add);
        json(secret, &mut add);
    }
    if secret.len() <= MAX_BASE64 {
        add(BASE64_STANDARD_NO_PAD.encode(secret));
        add(BASE64_URL_SAFE_NO_PAD.encode(secret));
    }
    all
}

fn percent(secret: &str, add: &mut impl FnMut(String)) {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let encoded =
        [COMPONENT, SCRIPT, QUERY].map(|set| utf8_percent_encode(secret, set).to_string());
    for once in encoded.into_iter().chain([form]) {
        add(lower_hex(&once));
        // A URL inside a URL, as `next` parameters of login pages carry it.
        add(utf8_percent_encode(&once, COMPONENT).to_string());
        add(once);
    }
}

/// The same percent-encoding with lower-case digits.
fn lower_hex(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|letter| {
            if letter == '%' {
                digits = 2;
                letter
            } else if digits > 0 {
                digits -= 1;
                letter.to_ascii_lowercase()
            } else {
                letter
            }
        })
        .collect()
}

/// Template engines differ in the quotes and in the slash.
fn html(secret: &str, add: &mut impl FnMut(String)) {
    const STYLES: &[&[(char, &str)]] = &[
        &[],
        &[('"', "&quot;")],
        &[('"', "&quot;"), ('\'', "&#39;")],
        &[('"', "&quot;"), ('\'', "&#x27;")],
        &[('"', "&quot;"), ('\'', "&#039;")],
        &[('"', "&#34;"), ('\'', "&#39;")],
        &[('"', "&#34;"), ('\'', "&#39;"), ('+', "&#43;")],
        &[('"', "&quot;"), ('\'', "&#x27;"), ('/', "&#x2f;")],
        &[
            ('"', "&quot;"),
            ('\'', "&#39;"),
            ('/', "&#x2F;"),
            ('`', "&#x60;"),
            ('=', "&#x3D;"),
        ],
        &[('"', "&quot;"), ('\'', "&#x27;"), ('+', "&#x2B;")],
    ];
    for style in STYLES {
        let escaped = secret.chars().fold(String::new(), |mut out, letter| {
            match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                other => match style.iter().find(|(from, _)| *from == other) {
                    Some((_, to)) => out.push_str(to),
                    None => out.push(other),
                },
            }
            out
        });
        if !escaped.is_ascii() {
            add(numbered(
                &escaped,
                |code| code < 0x100,
                |code| format!("&#{code};"),
            ));
            add(numbered(&escaped, |_| true, |code| format!("&#{code};")));
            add(numbered(&escaped, |_| true, |code| format!("&#x{code:X};")));
            add(numbered(&escaped, |_| true, |code| format!("&#x{code:x};")));
        }
        add(escaped);
    }
}

/// Numbers in place of characters beyond ASCII: of all, or of Latin-1 alone, as ASP.NET writes them.
fn numbered(text: &str, which: impl Fn(u32) -> bool, number: impl Fn(u32) -> String) -> String {
    let letters = text.chars().map(|letter| match u32::from(letter) {
        code if !letter.is_ascii() && which(code) => number(code),
        _ => letter.to_string(),
    });
    letters.collect()
}

/// Plain JSON, JSON in ASCII, JSON made safe for HTML, and JSON inside JSON.
fn json(secret: &str, add: &mut impl FnMut(String)) {
    let plain = json_string(secret);
    let ascii = escape_units(&plain, |letter| !letter.is_ascii());
    let in_html = |text: &str| {
        escape_units(text, |letter| {
            matches!(letter, '<' | '>' | '&' | '\'' | '+')
        })
    };
    // Go writes no more than these so.
    let in_page = |text: &str| escape_units(text, |letter| matches!(letter, '<' | '>' | '&'));
    add(in_page(&plain));
    add(in_page(&ascii));
    add(json_string(&plain));
    add(plain.replace('/', "\\/"));
    add(in_html(&plain));
    add(in_html(&ascii));
    add(ascii.replace('/', "\\/"));
    add(ascii);
    add(plain);
}

fn json_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn escape_units(text: &str, which: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for letter in text.chars() {
        if which(letter) {
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_token_has_few_spellings() {
        assert_eq!(spellings("abcDEF123456").len(), 2);
    }

    fn assert_spelled(secret: &str, wanted: &[&str]) {
        let all = spellings(secret);
        for wanted in wanted {
            assert!(
                all.iter().any(|spelling| spelling == wanted),
                "{wanted} not in {all:?}"
            );
        }
    }

    #[test]
    fn numbers_stand_for_what_is_beyond_ascii() {
        assert_spelled(
            "p&ss \"w<ör>d‹ %41+'x",
            &[
                "p&amp;ss &quot;w&lt;&#246;r&gt;d‹ %41+&#39;x",
                "p&amp;ss &quot;w&lt;&#246;r&gt;d&#8249; %41+&#39;x",
                "p&amp;ss &quot;w&lt;&#xF6;r&gt;d&#x2039; %41&#x2B;&#x27;x",
                "p\\u0026ss \\\"w\\u003cör\\u003ed‹ %41+'x",
            ],
        );
    }

    #[test]
    fn the_usual_spellings_are_there() {
        assert_spelled(
            "a/b+c &\"d'é=",
            &[
                "a%2Fb%2Bc%20%26%22d%27%C3%A9%3D",
                "a%2fb%2bc%20%26%22d%27%c3%a9%3d",
                "a%2Fb%2Bc+%26%22d%27%C3%A9%3D",
                "a/b+c &amp;&quot;d&#39;é=",
                "a/b+c &\\\"d'é=",
                "a\\/b+c &\\\"d'\\u00e9=",
                "YS9iK2MgJiJkJ8OpPQ",
            ],
        );
    }
}
