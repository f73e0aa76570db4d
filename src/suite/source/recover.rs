//! Reading on after a mistake.
//!
//! A file is a list or map of entries (checks, flows, requirements). Where one of them does not fit
//! its type, its lines are blanked and the file is read again, so that the sound entries are linted
//! as if nothing were wrong.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::gather::missing;
use super::{Source, Spot, bytes, tree::Node};
use crate::suite::problem::Problem;

impl Source {
    /// Reads the document, skipping entries of the member `container` (of the document itself where
    /// there is none) that do not fit. Gives what could be read, the source as it was then read,
    /// and every mistake for which something was skipped.
    pub fn read_entries<T: DeserializeOwned>(
        self,
        container: Option<&str>,
    ) -> (Option<T>, Self, Vec<Problem>) {
        // Nearly every file is sound, and read once.
        if let Ok(value) = self.typed() {
            return (Some(value), self, Vec::new());
        }
        let problems = self.mistakes::<T>();
        let mut source = self;
        loop {
            let error = match source.typed::<T>() {
                Ok(value) => return (Some(value), source, problems),
                Err(error) => error,
            };
            let at = source.span_of(&error).start;
            let of_the_whole = source.map_at(at).is_some_and(|path| path.is_empty());
            let rest = match missing(&error).filter(|_| of_the_whole) {
                Some(field) => source.with_member::<T>(field),
                None => source
                    .entry_lines(container, at)
                    .and_then(|lines| source.without(lines)),
            };
            let Some(rest) = rest else {
                return (None, source, problems);
            };
            source = rest;
        }
    }

    /// The lines of the entry that holds the byte `at`, unless it is the last one left or shares
    /// its line with others.
    fn entry_lines(&self, container: Option<&str>, at: usize) -> Option<Range<usize>> {
        let spot = container.map_or_else(Spot::root, |name| Spot::root().key(name));
        let starts: Vec<usize> = match &self.node(&spot)?.value {
            Node::Map(members) => members
                .iter()
                .map(|(key, _)| bytes(&self.text, &key.referenced).start)
                .collect(),
            Node::List(items) => items
                .iter()
                .map(|item| bytes(&self.text, &item.referenced).start)
                .collect(),
            Node::Scalar => return None,
        };
        if starts.len() < 2 {
            return None;
        }
        let lines: Vec<usize> = starts
            .iter()
            .map(|start| self.text[..*start].rfind('\n').map_or(0, |end| end + 1))
            .collect();
        let index = lines.iter().rposition(|line| *line <= at)?;
        let end = lines
            .get(index + 1)
            .copied()
            .unwrap_or_else(|| self.end_of(container));
        let alone = self.text[lines[index]..starts[index]]
            .trim_matches([' ', '-'])
            .is_empty();
        (alone && at < end && end > lines[index]).then(|| lines[index]..end)
    }

    /// Where the member after `container` begins, or the file ends.
    fn end_of(&self, container: Option<&str>) -> usize {
        let (Some(container), Some(Node::Map(members))) =
            (container, self.tree.as_ref().map(|tree| &tree.value))
        else {
            return self.text.len();
        };
        members
            .iter()
            .skip_while(|(key, _)| key.value != container)
            .nth(1)
            .map_or(self.text.len(), |(key, _)| {
                bytes(&self.text, &key.referenced).start
            })
    }

    /// The same file with `lines` blank; every other byte keeps its place.
    pub(super) fn without(&self, lines: Range<usize>) -> Option<Self> {
        let blank: String = self.text[lines.clone()]
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
            .collect();
        let text = [&self.text[..lines.start], &blank, &self.text[lines.end..]].concat();
        Self::masked(&self.name, &text, &self.shown).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_key_that_stands_twice_hides_no_other_mistake() {
        let text = "n:\n  a: x\n  a: 2\n  b: y\n";
        let source = Source::new("a.yaml", text).expect("YAML");
        let (_, _, problems) =
            source.read_entries::<BTreeMap<String, BTreeMap<String, u8>>>(Some("n"));
        let mut lines: Vec<_> = problems.iter().map(Problem::line).collect();
        lines.sort_unstable();
        assert_eq!(lines, [2, 3, 4]);
    }

    #[test]
    fn every_member_that_is_missing_is_named() {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Entry {
            id: String,
            title: String,
            steps: Vec<String>,
            count: u8,
        }
        for (text, line) in [("n:\n  - id: a\n", 2), ("n: [{ id: a }]\n", 1)] {
            let source = Source::new("a.yaml", text).expect("YAML");
            let (_, _, problems) = source.read_entries::<BTreeMap<String, Vec<Entry>>>(Some("n"));
            let named: Vec<_> = problems.iter().map(Problem::message).collect();
            let wanted =
                ["title", "steps", "count"].map(|name| format!("the member `{name}` is missing"));
            assert_eq!(named, wanted, "{text}");
            assert!(problems.iter().all(|problem| problem.line() == line));
        }
    }

    #[test]
    fn each_wrong_entry_is_reported_and_the_others_are_read() {
        let text = "n:\n  a: 1\n  b: x\n  c: 3\n  d: y\n";
        let source = Source::new("a.yaml", text).expect("YAML");
        let (read, source, problems) =
            source.read_entries::<BTreeMap<String, BTreeMap<String, u8>>>(Some("n"));
        assert_eq!(read.expect("two are sound")["n"].len(), 2);
        let lines: Vec<_> = problems.iter().map(Problem::line).collect();
        assert_eq!(lines, [3, 5]);
        assert_eq!(source.line(&Spot::root().key("n").key("c")), 4);
    }
}
