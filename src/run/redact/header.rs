//! Secrets in header fields: the scheme of `Authorization`, the names and attributes of cookies
//! stay readable, their values do not.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::{Kind, Vault};

/// Learns what a header carries.
pub(super) fn absorb(vault: &Vault, name: &str, value: &str) {
    rewrite(name, value, &mut |kind, secret| {
        vault.met(kind, secret);
        String::new()
    });
    if let Some((_, credentials)) = basic(name, value) {
        // An echo of the header's own text is an echo of the secret.
        vault.met(Kind::ClientSecret, credentials);
    }
    super::text::absorb(vault, value);
}

/// The header's value, redacted.
pub(super) fn redact(vault: &Vault, name: &str, value: &str) -> String {
    let mut by_place = |kind, secret: &str| vault.marker(kind, secret);
    let by_place = rewrite(name, value, &mut by_place);
    vault.redact_text(by_place.as_deref().unwrap_or(value))
}

/// Rewrites the secrets of a header that carries some by its name.
fn rewrite(
    name: &str,
    value: &str,
    secret: &mut impl FnMut(Kind, &str) -> String,
) -> Option<String> {
    let is = |one: &str| name.eq_ignore_ascii_case(one);
    if is("authorization") || is("proxy-authorization") {
        Some(authorization(name, value, secret))
    } else if is("cookie") {
        let pairs: Vec<String> = value.split(';').map(|pair| cookie(pair, secret)).collect();
        Some(pairs.join(";"))
    } else if is("set-cookie") {
        let (pair, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
        Some(cookie(pair, secret) + attributes)
    } else if is("mcp-session-id") {
        Some(whole(Kind::SessionId, value, secret))
    } else {
        None
    }
}

fn whole(kind: Kind, value: &str, secret: &mut impl FnMut(Kind, &str) -> String) -> String {
    if value.is_empty() {
        String::new()
    } else {
        secret(kind, value)
    }
}

fn authorization(name: &str, value: &str, secret: &mut impl FnMut(Kind, &str) -> String) -> String {
    let value = value.trim();
    let Some((scheme, rest)) = value.split_once(' ') else {
        // A scheme alone, or a token sent without one: too short a text is a scheme.
        let is_scheme = value.len() < 20 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
        return if is_scheme {
            value.to_owned()
        } else {
            whole(Kind::AccessToken, value, secret)
        };
    };
    let credentials = rest.trim_start();
    let spaces = &rest[..rest.len() - credentials.len()];
    let written = match scheme.to_ascii_lowercase().as_str() {
        "basic" => match basic(name, value).and_then(|(plain, _)| {
            plain
                .split_once(':')
                .map(|(id, password)| (id.to_owned(), password.to_owned()))
        }) {
            // Already redacted once.
            None if credentials.ends_with(']') => credentials.to_owned(),
            None => whole(Kind::Token, credentials, secret),
            Some((id, password)) => {
                format!(
                    "{id}:{}",
                    whole(Kind::ClientSecret, &form_decoded(&password), secret)
                )
            }
        },
        "bearer" | "dpop" => whole(Kind::AccessToken, credentials, secret),
        _ => whole(Kind::Token, credentials, secret),
    };
    format!("{scheme} {spaces}{written}")
}

/// What Basic credentials say, and their own text (RFC 7617 section 2).
fn basic<'v>(name: &str, value: &'v str) -> Option<(String, &'v str)> {
    const END: &[u8] = b"authorization";
    let start = name.len().checked_sub(END.len())?;
    if !name.as_bytes()[start..].eq_ignore_ascii_case(END) {
        return None;
    }
    let (scheme, rest) = value.trim().split_once(' ')?;
    let text = rest.trim();
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let plain = String::from_utf8_lossy(&bytes).into_owned();
    scheme
        .eq_ignore_ascii_case("basic")
        .then_some((plain, text))
}

/// Client secrets are form-encoded in Basic (RFC 6749 section 2.3.1): compared by what they mean.
fn form_decoded(text: &str) -> String {
    let joined = format!("x={text}");
    match url::form_urlencoded::parse(joined.as_bytes()).next() {
        Some((_, value)) if !text.contains('&') => value.into_owned(),
        _ => text.to_owned(),
    }
}

fn cookie(pair: &str, secret: &mut impl FnMut(Kind, &str) -> String) -> String {
    match pair.split_once('=') {
        Some((name, value)) if !value.trim().is_empty() => {
            format!("{name}={}", secret(Kind::Cookie, value.trim()))
        }
        Some(_) => pair.to_owned(),
        None if pair.trim().is_empty() => pair.to_owned(),
        None => secret(Kind::Cookie, pair.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_schemes_and_attributes_stay() {
        let vault = Vault::new();
        let redact = |name, value| redact(&vault, name, value);
        let cookie = redact("Set-Cookie", "sid=abc123; Path=/; HttpOnly; Max-Age=60");
        assert!(cookie.starts_with("sid=[cookie:6:"), "{cookie}");
        assert!(
            cookie.ends_with("; Path=/; HttpOnly; Max-Age=60"),
            "{cookie}"
        );
        let sent = redact("cookie", "sid=abc123; theme=dark");
        assert!(
            !sent.contains("abc123") && sent.contains("; theme=["),
            "{sent}"
        );
        let bearer = redact("authorization", "Bearer x");
        assert!(bearer.starts_with("Bearer [access_token:1:"), "{bearer}");
        assert_eq!(redact("authorization", "Bearer"), "Bearer");
        assert_eq!(redact("authorization", &bearer), bearer, "twice is once");
    }

    #[test]
    fn basic_shows_who_and_hides_the_secret_also_where_it_is_echoed() {
        let vault = Vault::new();
        let value = format!(
            "Basic {}",
            BASE64_STANDARD.encode("client-1:s3cr3t%2Fvalue")
        );
        absorb(&vault, "Authorization", &value);
        let redacted = redact(&vault, "Authorization", &value);
        assert!(
            redacted.starts_with("Basic client-1:[client_secret:12:"),
            "{redacted}"
        );
        let echo = vault.redact_text(&format!("you sent {value} or s3cr3t/value"));
        assert!(
            !echo.contains("s3cr3t") && !echo.contains(&value[6..]),
            "{echo}"
        );
        assert_eq!(
            redact(&vault, "Authorization", &redacted),
            redacted,
            "twice is once"
        );
    }
}
