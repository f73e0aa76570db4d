//! What is wrong in a file, where, and how to mend it.
//!
//! A problem is data until it is rendered; annotate-snippets draws the line and the caret.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Worth mending; loading goes on.
    Warning,
    /// Loading fails.
    Error,
}

/// One mistake in one file.
#[derive(Clone, Debug)]
pub struct Problem {
    gravity: Gravity,
    file: Arc<str>,
    text: Arc<str>,
    span: Range<usize>,
    message: String,
    help: Option<String>,
    /// It lies beyond the text: about what was put in so that reading could go on.
    is_beyond: bool,
}

impl Problem {
    /// An error at the bytes `span` of a file's text.
    pub fn new(
        file: &str,
        text: impl Into<Arc<str>>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let text = text.into();
        let is_beyond = span.start > text.len();
        let end = span.end.min(text.len());
        Self {
            gravity: Gravity::Error,
            file: file.into(),
            span: span.start.min(end)..end,
            text,
            message: message.into(),
            help: None,
            is_beyond,
        }
    }

    /// An error with a file that could not be read at all.
    pub fn unreadable(file: &str, message: impl Into<String>) -> Self {
        Self::new(file, "", 0..0, message)
    }

    /// Another mistake at the same place.
    #[must_use]
    pub fn beside(&self, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: Some(help.into()),
            ..self.clone()
        }
    }

    /// The same as a warning.
    #[must_use]
    pub const fn warning(mut self) -> Self {
        self.gravity = Gravity::Warning;
        self
    }

    /// With a mend.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// How bad it is.
    pub const fn gravity(&self) -> Gravity {
        self.gravity
    }

    /// The file's name as shown to people.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The first byte that is pointed at.
    pub(super) const fn offset(&self) -> usize {
        self.span.start
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        1 + self.text[..self.span.start].matches('\n').count()
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = &self.text[..self.span.start];
        let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        1 + line.chars().count()
    }

    /// What is pointed at: never more than the rest of the first line.
    fn shown_span(&self) -> Range<usize> {
        let rest = &self.text[self.span.clone()];
        let width = rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.span.start..self.span.start + width
    }

    /// The problem with its line, caret and mend; with colours for a terminal.
    pub fn render(&self, color: bool) -> String {
        let level = match self.gravity {
            Gravity::Error => Level::ERROR,
            Gravity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        group = if self.text.is_empty() {
            group.element(Origin::path(&*self.file))
        } else {
            group.element(
                Snippet::source(&*self.text)
                    .path(&*self.file)
                    .annotation(AnnotationKind::Primary.span(self.shown_span())),
            )
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// Every problem of every file, by file and line.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one, unless it is about nothing that somebody wrote.
    pub fn push(&mut self, problem: Problem) {
        if !problem.is_beyond {
            self.0.push(problem);
        }
    }

    /// Puts them in the order of files and lines.
    pub fn sort(&mut self) {
        self.0.sort_by(|one, other| {
            (&one.file, one.span.start).cmp(&(&other.file, other.span.start))
        });
    }

    /// Each one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Keeps those for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Problem) -> bool) {
        self.0.retain(keep);
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are errors.
    pub fn errors(&self) -> usize {
        self.count(Gravity::Error)
    }

    /// How many are warnings.
    pub fn warnings(&self) -> usize {
        self.count(Gravity::Warning)
    }

    fn count(&self, gravity: Gravity) -> usize {
        self.iter()
            .filter(|problem| problem.gravity == gravity)
            .count()
    }

    /// All of them as text, with a blank line between two; with colours for a terminal.
    pub fn render(&self, color: bool) -> String {
        let texts: Vec<String> = self.iter().map(|problem| problem.render(color)).collect();
        texts.join("\n\n")
    }
}

impl Extend<Problem> for Problems {
    fn extend<T: IntoIterator<Item = Problem>>(&mut self, problems: T) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
