//! Finds every known secret in a text.
//!
//! Secrets are learned all the time, so one automaton over all of them would be built again and
//! again. Here the newest are sought one by one; when they are many they make a tier, an automaton
//! of their own, and tiers grow like the digits of a binary counter: those of like size are merged.
//! Building costs little for each secret, and a search passes through few tiers.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem;

/// A pattern and what stands in for it.
type Pattern = (String, Arc<str>);

/// So many patterns are sought one by one.
const FEW: usize = 16;

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
            None => {
                for (pattern, marker) in &self.patterns {
                    let finder = memmem::Finder::new(pattern);
                    alone(&finder, marker, text, into);
                }
            }
        }
    }
}

/// A pattern without an automaton.
struct Newest {
    finder: memmem::Finder<'static>,
    pattern: Pattern,
}

fn alone<'t>(
    finder: &memmem::Finder<'_>,
    marker: &'t Arc<str>,
    text: &str,
    into: &mut Vec<(usize, usize, &'t Arc<str>)>,
) {
    let length = finder.needle().len();
    let found = finder.find_iter(text.as_bytes());
    into.extend(found.map(|start| (start, start + length, marker)));
}

/// All patterns.
#[derive(Default)]
pub(super) struct Matcher {
    tiers: Vec<Tier>,
    newest: Vec<Newest>,
    /// Length of the shortest pattern, in bytes: shorter texts hold none.
    shortest: Option<usize>,
}

impl Matcher {
    /// Adds a pattern.
    pub fn add(&mut self, pattern: String, marker: Arc<str>) {
        let length = pattern.len();
        self.shortest = Some(self.shortest.map_or(length, |least| least.min(length)));
        let finder = memmem::Finder::new(&pattern).into_owned();
        let pattern = (pattern, marker);
        self.newest.push(Newest { finder, pattern });
        if self.newest.len() <= FEW {
            return;
        }
        let newest = self.newest.drain(..);
        let mut patterns: Vec<Pattern> = newest.map(|newest| newest.pattern).collect();
        while let Some(last) = self
            .tiers
            .pop_if(|tier| tier.patterns.len() <= 2 * patterns.len())
        {
            patterns.extend(last.patterns);
        }
        self.tiers.push(Tier::new(patterns));
    }

    fn find(&self, text: &str) -> Vec<(usize, usize, &Arc<str>)> {
        let mut found = Vec::new();
        if self.shortest.is_some_and(|least| text.len() >= least) {
            for tier in &self.tiers {
                tier.find(text, &mut found);
            }
            for Newest { finder, pattern } in &self.newest {
                alone(finder, &pattern.1, text, &mut found);
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
    fn the_longest_wins_over_all_tiers() {
        let others: Vec<String> = (0..2 * FEW).map(|n| format!("other-{n:04}")).collect();
        for order in [["abc", "abcdef"], ["abcdef", "abc"]] {
            let mut patterns: Vec<&str> = others.iter().map(String::as_str).collect();
            patterns.insert(0, order[0]);
            patterns.push(order[1]);
            assert_eq!(
                matcher(&patterns).replace("xabcdefy abc").as_deref(),
                Some("x<6>y <3>")
            );
        }
    }

    #[test]
    fn overlapping_secrets_both_go() {
        let out = matcher(&["abcd", "cdefgh"]).replace("-abcdefgh-").unwrap();
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
