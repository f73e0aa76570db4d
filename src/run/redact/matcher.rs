//! Finds every known secret in a text.
//!
//! Secrets are learned all the time, so one automaton over all of them would be built again and
//! again. Here they lie in tiers that grow like the digits of a binary counter: a new secret makes
//! a small tier, and tiers of like size are merged. Building costs little for each secret, and a
//! search passes through few tiers.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// A pattern and what stands in for it.
type Pattern = (String, Arc<str>);

/// One automaton.
struct Tier {
    patterns: Vec<Pattern>,
    automaton: Option<AhoCorasick>,
}

impl Tier {
    fn new(patterns: Vec<Pattern>) -> Self {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(patterns.iter().map(|(pattern, _)| pattern))
            .ok();
        Self {
            patterns,
            automaton,
        }
    }

    fn find<'t>(&'t self, text: &str, into: &mut Vec<(usize, usize, &'t Arc<str>)>) {
        match &self.automaton {
            Some(automaton) => into.extend(automaton.find_overlapping_iter(text).map(|found| {
                (
                    found.start(),
                    found.end(),
                    &self.patterns[found.pattern().as_usize()].1,
                )
            })),
            // The automaton would have been too large: slow, but never silent.
            None => into.extend(self.patterns.iter().flat_map(|(pattern, marker)| {
                text.match_indices(pattern.as_str())
                    .map(move |(start, found)| (start, start + found.len(), marker))
            })),
        }
    }
}

/// All tiers. Cloning is cheap and gives a state that no longer changes.
#[derive(Clone, Default)]
pub(super) struct Matcher {
    tiers: Vec<Arc<Tier>>,
    pending: Vec<Pattern>,
}

impl Matcher {
    /// Adds a pattern, to be sought from the next [`Matcher::ready`] on.
    pub fn add(&mut self, pattern: String, marker: Arc<str>) {
        self.pending.push((pattern, marker));
    }

    /// Whether patterns wait to be built.
    pub fn is_ready(&self) -> bool {
        self.pending.is_empty()
    }

    /// Builds what was added.
    pub fn ready(&mut self) {
        let mut patterns = std::mem::take(&mut self.pending);
        if patterns.is_empty() {
            return;
        }
        while let Some(last) = self
            .tiers
            .pop_if(|tier| tier.patterns.len() <= 2 * patterns.len())
        {
            patterns.extend(last.patterns.iter().cloned());
        }
        self.tiers.push(Arc::new(Tier::new(patterns)));
    }

    /// The markers of all patterns in the text, also of those that overlap.
    pub fn markers_in(&self, text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for tier in &self.tiers {
            tier.find(text, &mut found);
        }
        found.into_iter().map(|(_, _, marker)| &**marker).collect()
    }

    /// The text with every pattern replaced. Where two overlap, both go, and the marker of the
    /// longer stands.
    pub fn replace(&self, text: &str) -> Option<String> {
        let mut found = Vec::new();
        for tier in &self.tiers {
            tier.find(text, &mut found);
        }
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
            matcher.ready();
        }
        matcher
    }

    #[test]
    fn the_longest_wins_over_all_tiers() {
        for order in [["abc", "abcdef"], ["abcdef", "abc"]] {
            assert_eq!(
                matcher(&order).replace("xabcdefy abc").as_deref(),
                Some("x<6>y <3>")
            );
        }
    }

    #[test]
    fn overlapping_secrets_both_go() {
        let mut matcher = matcher(&["abcd", "cdefgh"]);
        matcher.ready();
        let out = matcher.replace("-abcdefgh-").unwrap();
        assert!(!out.contains("ab") && !out.contains("fgh"), "{out}");
    }

    #[test]
    fn tiers_stay_few() {
        let words: Vec<String> = (0..1000).map(|n| format!("secret-{n:04}")).collect();
        let matcher = matcher(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(matcher.tiers.len() < 12, "{}", matcher.tiers.len());
        assert_eq!(
            matcher.replace("a secret-0500 b").as_deref(),
            Some("a <11> b")
        );
    }
}
