//! Finds every known secret in a text.
//!
//! Secrets are learned all the time, so an automaton over all of them would be built again and
//! again. Here each is filed under its last bytes, which are random where the first are not (JSON
//! Web Tokens all begin alike). A search looks at each window of a text once: a table of bits that
//! fits into the nearest cache says of nearly all windows that no secret ends there.

use std::collections::HashMap;
use std::sync::Arc;

/// A pattern and what stands in for it.
type Pattern = (Box<str>, Arc<str>);

/// Bytes under which a pattern is filed. No pattern is shorter: the vault seeks values of at least
/// as many characters.
pub(super) const WINDOW: usize = 6;

/// Bits of the place in the table.
const BITS: u32 = 16;

/// All patterns.
#[derive(Default)]
pub(super) struct Matcher {
    by_end: HashMap<u64, Vec<Pattern>>,
    /// One bit for each place that the end of some pattern has; empty while there is none.
    ends: Vec<u64>,
}

/// The number of the window that ends with `byte`, after the one before it.
const fn shifted(window: u64, byte: u8) -> u64 {
    (window >> 8) | ((byte as u64) << (8 * (WINDOW - 1)))
}

/// The word of the table and the bit in it.
const fn place(window: u64) -> (usize, u64) {
    // Multiplicative hashing: the upper bits of the product depend on all of the number.
    let hash = window.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

impl Matcher {
    /// Adds a pattern of at least [`WINDOW`] bytes.
    pub fn add(&mut self, pattern: String, marker: Arc<str>) {
        debug_assert!(pattern.len() >= WINDOW, "{} bytes", pattern.len());
        let end = pattern.bytes().fold(0, shifted);
        self.ends.resize(1 << (BITS - 6), 0);
        let (word, bit) = place(end);
        self.ends[word] |= bit;
        let alike = self.by_end.entry(end).or_default();
        alike.push((pattern.into_boxed_str(), marker));
    }

    fn find(&self, text: &str) -> Vec<(usize, usize, &Arc<str>)> {
        let mut found = Vec::new();
        if self.ends.is_empty() || text.len() < WINDOW {
            return found;
        }
        let mut window = 0;
        for (at, byte) in text.bytes().enumerate() {
            window = shifted(window, byte);
            let (word, bit) = place(window);
            if self.ends[word] & bit == 0 {
                continue;
            }
            let until = &text.as_bytes()[..=at];
            for (pattern, marker) in self.by_end.get(&window).into_iter().flatten() {
                if until.ends_with(pattern.as_bytes()) {
                    found.push((until.len() - pattern.len(), until.len(), marker));
                }
            }
        }
        found
    }

    /// The markers of all patterns in the text, also of those that overlap.
    pub fn markers_in(&self, text: &str) -> Vec<&str> {
        let found = self.find(text);
        found.into_iter().map(|(_, _, marker)| &**marker).collect()
    }

    /// The text with every pattern replaced. Where two overlap, both go, and the marker of the
    /// longer stands.
    pub fn replace(&self, text: &str) -> Option<String> {
        let mut found = self.find(text);
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut out = String::with_capacity(text.len());
        let mut written = 0;
        let mut spans = found.into_iter().peekable();
        while let Some((start, mut end, mut marker)) = spans.next() {
            let mut longest = end - start;
            while let Some((next, until, other)) = spans.next_if(|(next, ..)| *next < end) {
                if until - next > longest {
                    (longest, marker) = (until - next, other);
                }
                end = end.max(until);
            }
            out.push_str(&text[written..start]);
            out.push_str(marker);
            written = end;
        }
        out.push_str(&text[written..]);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(patterns: &[&str]) -> Matcher {
        let mut matcher = Matcher::default();
        for pattern in patterns {
            matcher.add((*pattern).to_owned(), format!("<{}>", pattern.len()).into());
        }
        matcher
    }

    #[test]
    fn the_longest_wins_whichever_came_first() {
        for order in [["abcdef", "abcdef-ghi"], ["abcdef-ghi", "abcdef"]] {
            assert_eq!(
                matcher(&order).replace("xabcdef-ghiy abcdef").as_deref(),
                Some("x<10>y <6>")
            );
        }
        for order in [["defghi", "abc-defghi"], ["abc-defghi", "defghi"]] {
            assert_eq!(
                matcher(&order).replace("xabc-defghiy defghi").as_deref(),
                Some("x<10>y <6>")
            );
        }
    }

    #[test]
    fn overlapping_secrets_both_go() {
        let out = matcher(&["abcdef", "cdefghij"]).replace("-abcdefghij-");
        assert_eq!(out.as_deref(), Some("-<8>-"));
    }

    #[test]
    fn every_one_of_many_is_found_and_nothing_else() {
        let words: Vec<String> = (0..3000).map(|n| format!("secret-{n:04}")).collect();
        let matcher = matcher(&words.iter().map(String::as_str).collect::<Vec<_>>());
        for word in &words {
            assert_eq!(
                matcher.replace(&format!("a {word} é")).as_deref(),
                Some("a <11> é")
            );
        }
        for innocent in [
            "",
            "cret-0",
            "secret-3000",
            "secret-050 0",
            "a secret, 0500",
        ] {
            assert_eq!(matcher.replace(innocent), None, "{innocent}");
        }
    }
}
