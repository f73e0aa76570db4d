//! Scopes: parsing, and the order "covers" in which a trailing `*` stands for one or more segments.
//!
//! Pure functions, used by both servers. Scope tokens are case-sensitive and compared byte for byte
//! (OAuth 2.1 section 1.4.1).

/// Whether the granted scope gives what `needed` asks for.
///
/// A granted scope whose last `:`-separated segment is `*` covers every scope that goes on with one
/// or more non-empty segments in its place; otherwise only the identical scope is covered.
pub fn covers(granted: &str, needed: &str) -> bool {
    if granted == needed {
        return true;
    }
    let Some(stem) = granted.strip_suffix('*').filter(|stem| stem.ends_with(':')) else {
        return false;
    };
    needed
        .strip_prefix(stem)
        .is_some_and(|rest| rest.split(':').all(|segment| !segment.is_empty()))
}

/// Whether one of the granted scopes covers `needed`.
pub fn any_covers<S: AsRef<str>>(granted: &[S], needed: &str) -> bool {
    granted.iter().any(|scope| covers(scope.as_ref(), needed))
}

/// Splits a `scope` value into its tokens; repeated tokens are kept once, in order.
pub fn parse(value: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for token in value.split(' ').filter(|token| !token.is_empty()) {
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }
    tokens
}

/// Whether `token` fits the grammar of a scope token (OAuth 2.1 section 1.4.1).
pub fn is_scope_token(token: &str) -> bool {
    !token.is_empty()
        && token
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_star_covers_one_or_more_segments() {
        assert!(covers(
            "mcp:exec:workflows:*",
            "mcp:exec:workflows:daily-report"
        ));
        assert!(covers(
            "mcp:exec:workflows:*",
            "mcp:exec:workflows:eu:daily"
        ));
        assert!(covers("mcp:exec:workflows:*", "mcp:exec:workflows:*"));
        assert!(!covers("mcp:exec:workflows:*", "mcp:exec:workflows:"));
        assert!(!covers("mcp:exec:workflows:*", "mcp:exec:workflows"));
        assert!(!covers("mcp:exec:workflows:*", "mcp:exec:workflows-evil:a"));
    }

    #[test]
    fn without_a_star_only_the_identical_scope_is_covered() {
        assert!(!covers("mcp:tools:weather", "mcp:tools:weather:today"));
        assert!(!covers("mcp:tools", "mcp:tools:weather"));
        assert!(!covers("NEWS:read", "news:read"));
        assert!(!covers(
            "mcp:exec:workflows:daily-report",
            "mcp:exec:workflows:*"
        ));
        assert!(!covers("*", "news:read"));
    }

    #[test]
    fn parsing_keeps_order_and_drops_repetitions() {
        assert_eq!(parse("b  a b"), ["b", "a"]);
        assert!(is_scope_token("mcp:exec:workflows:*"));
        assert!(!is_scope_token("a\"b") && !is_scope_token("a b") && !is_scope_token("ä"));
    }
}
