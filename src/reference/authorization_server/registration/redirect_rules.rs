//! Which redirect URIs may be registered (OAuth 2.1 sections 1.5, 2.3, 2.3.1 and 8.4, MCP
//! authorization: "localhost" or https), as a pure function over the text.

use crate::reference::policy::registration::{
    Doubtful, HttpLoopback, PrivateUseSchemes, RegisteredRedirectPolicy, ScriptSchemes,
};

/// Schemes that run code or read local things in a browser.
const SCRIPT_SCHEMES: [&str; 9] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "ws",
];

/// Whether a client may register `uri`; the error says what is wrong with it.
pub fn check(policy: &RegisteredRedirectPolicy, uri: &str) -> Result<(), &'static str> {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii();
    // Browsers drop such characters, so the scheme is looked for behind them.
    let visible: String = uri
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .collect();
    let scheme = scheme(&visible);
    if let Some(scheme) = scheme
        && SCRIPT_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())
    {
        return match policy.script_schemes {
            ScriptSchemes::Accepted => Ok(()),
            ScriptSchemes::LowerCaseRefused
                if !SCRIPT_SCHEMES.iter().any(|known| uri.starts_with(known)) =>
            {
                Ok(())
            }
            _ => Err("the scheme of a redirect URI is not permitted"),
        };
    }
    if policy.odd_characters == Doubtful::Refused && uri.contains(is_odd) {
        return Err("a redirect URI has characters that no URI has");
    }
    if policy.fragment == Doubtful::Refused && uri.contains('#') {
        return Err("a redirect URI has a fragment");
    }
    if policy.wildcard == Doubtful::Refused && uri.contains('*') {
        return Err("a redirect URI has a wildcard");
    }
    match scheme {
        None => accept(policy.relative, "a redirect URI is not absolute"),
        Some("https") => check_authority(policy, uri),
        Some("http") => check_authority(policy, uri).and_then(|()| check_http(policy, uri)),
        Some(scheme)
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
        {
            Err("the scheme of a redirect URI is not in lower case")
        }
        Some(scheme) => match policy.private_use_schemes {
            PrivateUseSchemes::Accepted => Ok(()),
            PrivateUseSchemes::WithDot if scheme.contains('.') => Ok(()),
            _ => Err("a redirect URI must be https, or http to a loopback host"),
        },
    }
}

fn accept(doubtful: Doubtful, reason: &'static str) -> Result<(), &'static str> {
    match doubtful {
        Doubtful::Accepted => Ok(()),
        Doubtful::Refused => Err(reason),
    }
}

fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let starts_right = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic());
    let goes_on_right = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (starts_right && goes_on_right).then_some(scheme)
}

fn authority(uri: &str) -> Option<&str> {
    let after = uri.split_once("://")?.1;
    after
        .split(['/', '?', '#', '\\'])
        .next()
        .filter(|authority| !authority.is_empty())
}

fn check_authority(policy: &RegisteredRedirectPolicy, uri: &str) -> Result<(), &'static str> {
    let authority = authority(uri).ok_or("a redirect URI has no host")?;
    if authority.contains('@') {
        return accept(policy.userinfo, "a redirect URI has user information");
    }
    // What no parser reads cannot be shown to a person either.
    match url::Url::parse(uri) {
        Ok(_) => Ok(()),
        Err(_) if uri.contains('*') => Ok(()),
        Err(_) => Err("a redirect URI is malformed"),
    }
}

fn check_http(policy: &RegisteredRedirectPolicy, uri: &str) -> Result<(), &'static str> {
    let authority = authority(uri).unwrap_or_default();
    let host = match authority.rfind(']') {
        Some(end) => authority.get(..=end).unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let names = ["127.0.0.1", "[::1]", "localhost"];
    let is_loopback = names.contains(&host.to_ascii_lowercase().as_str());
    let looks_like_it = names.iter().any(|name| authority.starts_with(name));
    match policy.http_loopback {
        HttpLoopback::Refused if is_loopback => Err("a redirect URI is plain http"),
        HttpLoopback::Ipv4Only if is_loopback && host != "127.0.0.1" => {
            Err("a redirect URI is plain http and not on 127.0.0.1")
        }
        _ if is_loopback => Ok(()),
        HttpLoopback::LookalikesToo if looks_like_it => Ok(()),
        _ => accept(
            policy.http_remote,
            "a redirect URI is plain http to a remote host",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_http_are_accepted() {
        for uri in [
            "https://client.example.com/cb",
            "https://client.example.com/cb?x=1",
            "https://client.example.com:8443",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:33418/cb",
            "http://[::1]:9/cb",
            "http://localhost:3000/callback",
        ] {
            assert_eq!(
                check(&RegisteredRedirectPolicy::default(), uri),
                Ok(()),
                "{uri}"
            );
        }
    }

    #[test]
    fn dangerous_redirect_uris_are_refused() {
        for uri in [
            "",
            "javascript:alert(1)",
            "JaVaScript:alert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://client.example.com/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "http://localhost:80@evil.example/cb",
            "http://127.0.0.2/cb",
            "https://user:pass@client.example.com/cb",
            "https://client.example.com/cb#f",
            "https://*.example.com/cb",
            "https://client.example.com/*",
            "//client.example.com/cb",
            "/cb",
            "client.example.com/cb",
            "https:/cb",
            "https://",
            "https://client.example.com\\@evil.example/cb",
            "https://client.example.com/c b",
            "https://client.example.com/\r\nX: y",
            "HTTP://client.example.com/cb",
            "myapp:/cb",
            "com.example.app:/cb",
        ] {
            assert!(
                check(&RegisteredRedirectPolicy::default(), uri).is_err(),
                "{uri}"
            );
        }
    }

    #[test]
    fn one_field_lets_one_kind_pass() {
        let with = |change: fn(&mut RegisteredRedirectPolicy), uri: &str| {
            let mut policy = RegisteredRedirectPolicy::default();
            change(&mut policy);
            check(&policy, uri).is_ok()
        };
        assert!(with(
            |p| p.http_remote = Doubtful::Accepted,
            "http://client.example.com/cb"
        ));
        assert!(with(
            |p| p.script_schemes = ScriptSchemes::Accepted,
            "javascript:alert(1)"
        ));
        let lower = |p: &mut RegisteredRedirectPolicy| {
            p.script_schemes = ScriptSchemes::LowerCaseRefused;
        };
        assert!(with(lower, "JavaScript:alert(1)") && !with(lower, "javascript:alert(1)"));
        let alike = |p: &mut RegisteredRedirectPolicy| {
            p.http_loopback = HttpLoopback::LookalikesToo;
        };
        assert!(with(alike, "http://127.0.0.1.evil.example/cb"));
        assert!(!with(alike, "http://client.example.com/cb"));
        assert!(with(
            |p| p.fragment = Doubtful::Accepted,
            "https://client.example.com/cb#f"
        ));
        assert!(with(
            |p| p.relative = Doubtful::Accepted,
            "//client.example.com/cb"
        ));
        assert!(with(
            |p| p.wildcard = Doubtful::Accepted,
            "https://*.example.com/cb"
        ));
        assert!(with(
            |p| p.userinfo = Doubtful::Accepted,
            "https://a@client.example.com/cb"
        ));
    }
}
