//! Which bytes of a file a member or an element takes, so that they can be left out.

use std::ops::Range;

use serde_saphyr::Spanned;

use super::spot::Segment;
use super::tree::Node;
use super::{Source, bytes};

impl Source {
    /// The path to the innermost member or element that holds the byte `at`.
    pub(super) fn place(&self, at: usize) -> Vec<Segment> {
        let mut path = Vec::new();
        let mut end = self.text.len();
        while let Some((segment, range)) = self
            .parts(&path)
            .into_iter()
            .rev()
            .find(|(_, start)| *start <= at)
            .map(|(segment, _)| {
                let range = self.range(&path, &segment, end);
                (segment, range)
            })
        {
            if at >= range.end {
                break;
            }
            end = range.end;
            path.push(segment);
        }
        path
    }

    /// The path to the map that the reader had come to its end of when it said that a member is
    /// missing: it points at the last key, or into the braces of an empty map.
    pub(super) fn map_at(&self, at: usize) -> Option<Vec<Segment>> {
        let path = self.place(at);
        let (last, above) = path.split_last()?;
        let mut with_it = self.parts(above).into_iter();
        if with_it.any(|(part, start)| start == at && part == *last) {
            return matches!(last, Segment::Key(_)).then(|| above.to_vec());
        }
        let is_map = |node: &Spanned<Node>| matches!(node.value, Node::Map(_));
        self.at(&path).is_some_and(is_map).then_some(path)
    }

    /// The same file without what stands at `path`: blank, so that every other byte keeps its place.
    pub(super) fn without_part(&self, path: &[Segment]) -> Option<Self> {
        let (mut above, mut end) = (Vec::new(), self.text.len());
        let mut range = None;
        for segment in path {
            let found = self.range(&above, segment, end);
            end = found.end;
            above.push(segment.clone());
            range = Some(found);
        }
        self.without(range?)
    }

    /// The members or elements at `path`, and where each begins.
    pub(super) fn parts(&self, path: &[Segment]) -> Vec<(Segment, usize)> {
        let start = |place| bytes(&self.text, place).start;
        match self.at(path).map(|node| &node.value) {
            Some(Node::Map(members)) => members
                .iter()
                .map(|(key, _)| (Segment::Key(key.value.clone()), start(&key.referenced)))
                .collect(),
            Some(Node::List(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (Segment::Item(index), start(&item.referenced)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The bytes of a member or element; those of all that stand with it end at `end`.
    fn range(&self, above: &[Segment], segment: &Segment, end: usize) -> Range<usize> {
        let parts = self.parts(above);
        let Some(at) = parts.iter().position(|(part, _)| part == segment) else {
            return end..end;
        };
        // What an alias stands for may lie anywhere.
        let begin = |part: &(Segment, usize)| match part {
            // A map in braces is placed at its first key.
            (Segment::Item(_), start) => {
                let before = self.text[..*start].trim_end();
                before.strip_suffix('{').map_or(*start, str::len)
            }
            (Segment::Key(_), start) => *start,
        };
        let start = begin(&parts[at]).min(end);
        let before = self.text[..begin(&parts[0])].trim_end();
        if before.ends_with(['{', '[']) {
            return start..start + in_braces(&self.text[start..end]);
        }
        let next = parts.get(at + 1).map(begin);
        let end = next
            .filter(|next| (start..end).contains(next))
            .unwrap_or(end);
        // The dash of the next element, or of one further out, stays.
        let tail = self.text[start..end].rfind('\n').map(|line| start + line);
        let is_dash = |tail: usize| {
            self.text[tail..end]
                .trim_matches([' ', '-', '\n'])
                .is_empty()
        };
        let end = tail.filter(|tail| is_dash(*tail)).unwrap_or(end);
        let dash = self.text[..start].trim_end_matches(' ');
        match segment {
            Segment::Item(_) if dash.ends_with('-') => dash.len() - 1..end,
            _ => start..end,
        }
    }
}

/// How long the first member or element of a text in braces is, with the comma after it.
fn in_braces(text: &str) -> usize {
    let (mut depth, mut quote, mut before) = (0_usize, None, ' ');
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter && before != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | ':') => {
                quote = Some(letter);
            }
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') if depth == 0 => return at,
            (None, '}' | ']') => depth -= 1,
            (None, ',') if depth == 0 => return at + 1,
            _ => {}
        }
        before = letter;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: { b: [1, 'x, y'], c: \"}\" }\nd:\n  - e: 1\n    f: /keys/-\n  - g: 2\n";

    fn without(word: &str) -> String {
        let source = Source::new("a.yaml", TEXT).expect("YAML");
        let path = source.place(TEXT.find(word).expect("it is there"));
        let rest = source.without_part(&path).expect("YAML");
        rest.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_map_in_braces_is_left_out_with_them() {
        for text in [
            "a: [{ b: 1 }, { c: 2 }]\n",
            "a:\n  - { b: 1 }\n  - { c: 2 }\n",
        ] {
            let source = Source::new("a.yaml", text).expect("YAML");
            let path = [Segment::Key("a".to_owned()), Segment::Item(0)];
            let rest = source.without_part(&path).expect("YAML").text;
            assert!(!rest.contains('b') && rest.contains("{ c: 2 }"), "{rest}");
            assert_eq!(rest.matches('{').count(), 1, "{rest}");
        }
    }

    #[test]
    fn a_member_or_an_element_is_left_out_alone() {
        for (word, rest) in [
            ("b:", "a: { c: \"}\" } d: - e: 1 f: /keys/- - g: 2"),
            (
                "'x",
                "a: { b: [1, ], c: \"}\" } d: - e: 1 f: /keys/- - g: 2",
            ),
            ("c:", "a: { b: [1, 'x, y'], } d: - e: 1 f: /keys/- - g: 2"),
            ("f:", "a: { b: [1, 'x, y'], c: \"}\" } d: - e: 1 - g: 2"),
            ("d:", "a: { b: [1, 'x, y'], c: \"}\" }"),
        ] {
            assert_eq!(without(word), rest, "{word}");
        }
    }
}
