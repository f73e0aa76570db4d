//! Paths into a document.

/// A path into a document, and which part of what stands there is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    pub(super) path: Vec<Segment>,
    pub(super) on_name: bool,
    pub(super) word: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Item(usize),
}

impl Spot {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The member `name` of the map here.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.then(Segment::Key(name.to_owned()))
    }

    /// The element `index` of the list here.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.then(Segment::Item(index))
    }

    fn then(&self, segment: Segment) -> Self {
        let mut path = self.path.clone();
        path.push(segment);
        Self {
            path,
            ..Self::default()
        }
    }

    /// The key itself rather than its value.
    #[must_use]
    pub fn name(mut self) -> Self {
        self.on_name = true;
        self
    }

    /// Only this text inside the value.
    #[must_use]
    pub fn word(mut self, text: &str) -> Self {
        self.word = Some(text.to_owned());
        self
    }
}
