//! Text for people: harmless, short, counted.
//!
//! A server's words may hold escape sequences that repaint a terminal, or direction marks that
//! make a line read otherwise than it is. None of them reaches a person raw.

use std::fmt::Write as _;

/// Whether `c` can act on a display instead of standing in it: control characters, direction
/// marks, invisible characters, line separators, and what is no character in any text (Unicode
/// section 23.7), which also no YAML may hold.
pub fn acts(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, every character that [`acts`] written as an escape.
pub fn visible(text: &str) -> String {
    escape(text, |_| false)
}

/// As [`visible`], but line breaks and tabs stay: for blocks of text.
pub fn visible_block(text: &str) -> String {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !acts(c) || keep(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    out
}

/// At most `limit` characters of `text`, and how many are missing.
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => {
            let missing = text[end..].chars().count();
            format!("{} ... ({missing} more characters)", &text[..end])
        }
    }
}

/// `1 case`, `2 cases`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Milliseconds as seconds for a person: `2.3 s`.
pub fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// An RFC 3339 time without the fraction of its seconds.
pub fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        None => time.to_owned(),
        Some((start, rest)) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{start}{zone}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_character_is_escaped() {
        assert_eq!(
            visible("a\u{fffe}\u{1ffff}\u{fdd0}\u{fffd}"),
            "a\\u{fffe}\\u{1ffff}\\u{fdd0}\u{fffd}"
        );
    }

    #[test]
    fn writes_escape_sequences_and_direction_marks_out() {
        assert_eq!(
            visible("a\u{1b}[2Jb\r\n\u{202e}c\u{9b}"),
            "a\\u{1b}[2Jb\\r\\n\\u{202e}c\\u{9b}"
        );
        assert_eq!(visible_block("a\n\tb\r"), "a\n\tb\\r");
    }

    #[test]
    fn shortens_by_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 2), "äö ... (2 more characters)");
    }

    #[test]
    fn nobody_reads_nanoseconds() {
        assert_eq!(
            to_the_second("2026-11-25T12:00:00.123456789Z"),
            "2026-11-25T12:00:00Z"
        );
        assert_eq!(
            to_the_second("2026-11-25T12:00:00Z"),
            "2026-11-25T12:00:00Z"
        );
    }

    proptest! {
        #[test]
        fn nothing_that_acts_comes_through(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(acts));
        }
    }
}
