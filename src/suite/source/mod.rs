//! A YAML file with the place of every word in it.
//!
//! Typed reading stops at a file's first mistake and forgets places. So each file is read twice:
//! into a tree that knows where each key and value stands, and into its type. Lint rules name a
//! [`Spot`] by path; the tree gives the bytes to point at. Nothing here knows what a suite is.

mod explain;
mod gather;
mod place;
mod recover;
mod spot;
mod tree;

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Options, Spanned};

use super::problem::Problem;
use explain::explain;
use spot::Segment;
pub use spot::Spot;
use tree::Node;

/// A file's text with its name and its tree of places.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// What people are shown instead of `text`, equally long: secrets are masked.
    shown: Arc<str>,
    tree: Option<Spanned<Node>>,
}

/// Enough for the largest file that a person writes, little enough to stop an alias bomb at once.
fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 50_000,
            max_events: 200_000,
            max_depth: 64,
            max_aliases: 64,
        },
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        with_snippet: false,
    }
}

impl Source {
    /// Takes a file's text.
    ///
    /// # Errors
    /// It is not YAML.
    pub fn new(name: &str, text: &str) -> Result<Self, Problem> {
        Self::masked(name, text, text)
    }

    /// Takes a file's text, and the equally long text to show in messages instead.
    ///
    /// # Errors
    /// It is not YAML.
    pub fn masked(name: &str, text: &str, shown: &str) -> Result<Self, Problem> {
        let mut source = Self {
            name: name.into(),
            text: text.into(),
            shown: shown.into(),
            tree: None,
        };
        // A key that stands twice is a mistake of the entry, which its type tells.
        let tree =
            serde_saphyr::from_str_with_options(text, options(DuplicateKeyPolicy::PassThrough));
        source.tree = Some(tree.map_err(|error| source.explained(&error))?);
        Ok(source)
    }

    /// Reads the document into its type.
    ///
    /// # Errors
    /// The first mistake, at its place.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.deserialize()
    }

    fn deserialize<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.typed().map_err(|error| self.explained(&error))
    }

    fn typed<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_saphyr::from_str_with_options(&self.text, options(DuplicateKeyPolicy::Error))
    }

    fn explained(&self, error: &Error) -> Problem {
        let span = self.span_of(error);
        let (message, help) = explain(error, &self.text, span.start);
        self.problem_in(span, message).with_help(help)
    }

    fn span_of(&self, error: &Error) -> Range<usize> {
        let place = error.location().unwrap_or(Location::UNKNOWN);
        bytes(&self.text, &place)
    }

    /// Hides what stands at `spot` from every message, and from whoever reads on.
    pub fn mask(&mut self, spot: &Spot) {
        let span = self.find(spot);
        let mut shown = self.shown.to_string();
        shown.replace_range(span.clone(), &"*".repeat(span.len()));
        self.shown = shown.into();
        // Quotes and line ends stay, so that it is the same YAML with another scalar.
        let mut text = self.text.to_string().into_bytes();
        for byte in &mut text[span] {
            if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                *byte = b'x';
            }
        }
        self.text = String::from_utf8_lossy(&text).into();
    }

    /// The name as shown to people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A problem with what stands at `spot`.
    pub fn problem(&self, spot: &Spot, message: impl Into<String>) -> Problem {
        self.problem_in(self.find(spot), message)
    }

    fn problem_in(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::new(&self.name, Arc::clone(&self.shown), span, message)
    }

    /// The line on which `spot` stands, counted from 1.
    pub fn line(&self, spot: &Spot) -> usize {
        1 + self.text[..self.find(spot).start].matches('\n').count()
    }

    /// Whether anything stands at `spot`.
    pub fn has(&self, spot: &Spot) -> bool {
        self.walk(spot).1
    }

    /// The text of the scalar at `spot`, as written.
    pub fn scalar(&self, spot: &Spot) -> Option<&str> {
        let (span, whole, scalar) = self.walk(spot);
        (whole && scalar).then(|| &self.text[span])
    }

    /// The keys of the map at `spot`.
    pub fn keys(&self, spot: &Spot) -> Vec<&str> {
        match self.node(spot).map(|node| &node.value) {
            Some(Node::Map(members)) => members.iter().map(|(key, _)| key.value.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    fn node(&self, spot: &Spot) -> Option<&Spanned<Node>> {
        self.at(&spot.path)
    }

    fn at(&self, path: &[Segment]) -> Option<&Spanned<Node>> {
        path.iter().try_fold(self.tree.as_ref()?, |node, segment| {
            match (segment, &node.value) {
                (Segment::Key(name), Node::Map(members)) => members
                    .iter()
                    .find(|(key, _)| key.value == *name)
                    .map(|(_, value)| value),
                (Segment::Item(index), Node::List(items)) => items.get(*index),
                _ => None,
            }
        })
    }

    /// The bytes of what stands at `spot`; of its nearest ancestor where nothing does.
    fn find(&self, spot: &Spot) -> Range<usize> {
        let (span, ..) = self.walk(spot);
        let inside = spot
            .word
            .as_ref()
            .and_then(|word| Some((self.text[span.clone()].find(word.as_str())?, word.len())));
        match inside {
            Some((at, length)) => span.start + at..span.start + at + length,
            None => span,
        }
    }

    /// The bytes found, whether the whole path exists, and whether a scalar stands there.
    fn walk(&self, spot: &Spot) -> (Range<usize>, bool, bool) {
        let Some(root) = &self.tree else {
            return (0..0, false, false);
        };
        let (mut node, mut found) = (root, bytes(&self.text, &root.referenced));
        for (depth, segment) in spot.path.iter().enumerate() {
            let on_name = spot.on_name && depth + 1 == spot.path.len();
            match (segment, &node.value) {
                (Segment::Key(name), Node::Map(members)) => {
                    let Some((key, value)) = members.iter().find(|(key, _)| key.value == *name)
                    else {
                        return (found, false, false);
                    };
                    // A map or list has no width of its own: point at the key that leads to it.
                    let on_key = on_name || !matches!(value.value, Node::Scalar);
                    let place = if on_key {
                        &key.referenced
                    } else {
                        &value.referenced
                    };
                    found = bytes(&self.text, place);
                    if found.is_empty() {
                        found = bytes(&self.text, &key.referenced);
                    }
                    node = value;
                }
                (Segment::Item(index), Node::List(items)) => {
                    let Some(item) = items.get(*index) else {
                        return (found, false, false);
                    };
                    found = bytes(&self.text, &item.referenced);
                    node = item;
                }
                _ => return (found, false, false),
            }
        }
        (found, true, matches!(node.value, Node::Scalar))
    }
}

/// The bytes of a location. A place without a width (a map, a spot where parsing stopped) gets the
/// word that begins there.
fn bytes(text: &str, place: &Location) -> Range<usize> {
    let span = place.span();
    let start = match span.byte_offset() {
        Some(offset) => offset as usize,
        None => offset_of(text, place.line() as usize, place.column() as usize),
    };
    let start = floor(text, start);
    let end = floor(text, start + span.byte_len().unwrap_or(0) as usize);
    if end > start && text[start..end].trim() != "{" && text[start..end].trim() != "[" {
        return start..start + text[start..end].trim_end().len();
    }
    let rest = &text[start..];
    let rest = rest.strip_prefix(['{', '[']).unwrap_or(rest);
    let word = rest.trim_start_matches(' ');
    let from = text.len() - word.len();
    let width = word
        .find([' ', ',', '}', ']', ':', '\n', '\r'])
        .unwrap_or(word.len());
    from..from + width
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    text[start..]
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(at, _)| start + at)
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "checks:\n  - id: a\n    match:\n      token: { \"json/x\": 1 }\n";

    #[test]
    fn a_path_leads_to_line_and_column() {
        let source = Source::new("a.yaml", TEXT).expect("YAML");
        let check = Spot::root().key("checks").item(0);
        assert_eq!(source.line(&check.key("id")), 2);
        let spot = check.key("match").key("token").key("json/x").name();
        let problem = source.problem(&spot, "no").to_string();
        assert!(problem.contains("a.yaml:4:16"), "{problem}");
        assert!(problem.contains("^^^^^^^^"), "{problem}");
    }

    #[test]
    fn an_alias_bomb_is_refused_at_once() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{}", level - 1);
            let list = vec![below; 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        assert!(Source::new("bomb.yaml", &text).is_err());
    }
}
