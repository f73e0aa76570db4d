//! Lines with indent, label, colour and wrapping. Every word that is printed passes through
//! here, and is made harmless here.

use std::io::{self, Write};

use colored::{Color, Colorize};
use textwrap::WordSplitter;

use super::{Options, Verbosity};
use crate::judge::{CaseResult, Verdict};
use crate::report::text::visible;

/// Below this many columns wrapping makes text worse.
const NARROWEST: usize = 40;

/// The report as it is being written.
pub struct Page<'a> {
    options: &'a Options,
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    pub fn new(options: &'a Options, out: &'a mut dyn Write) -> Self {
        Self { options, out }
    }

    pub const fn options(&self) -> &'a Options {
        self.options
    }

    pub fn is_verbose(&self) -> bool {
        self.options.verbosity == Verbosity::Verbose
    }

    /// `text` in bold, made harmless.
    pub fn bold(&self, text: &str) -> String {
        let text = visible(text);
        if self.options.color {
            text.bold().to_string()
        } else {
            text
        }
    }

    /// `text` in a colour, made harmless.
    pub fn paint(&self, text: &str, color: Color) -> String {
        let text = visible(text);
        if self.options.color {
            text.color(color).bold().to_string()
        } else {
            text
        }
    }

    /// The word for a case's verdict, in its colour.
    pub fn verdict(&self, case: &CaseResult) -> String {
        match case.verdict {
            Verdict::Pass { .. } => self.paint("PASS", Color::Green),
            Verdict::Fail { .. } => self.paint("FAIL", Color::Red),
            Verdict::Warning { .. } => self.paint("WARNING", Color::Yellow),
            Verdict::Error { .. } => self.paint("ERROR", Color::Magenta),
            _ => self.paint(&case.verdict.name().replace('_', " "), Color::Cyan),
        }
    }

    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line of parts that are harmless already, never wrapped.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Text of outside origin, wrapped.
    pub fn text(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in self.wrapped(indent, text) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// A label and text of outside origin, wrapped beneath itself.
    pub fn labelled(&mut self, indent: usize, label: &str, text: &str) -> io::Result<()> {
        let column = indent + 9;
        let mut label = label;
        for line in self.wrapped(column, text) {
            let width = column - indent;
            writeln!(self.out, "{:indent$}{label:<width$}{line}", "")?;
            label = "";
        }
        Ok(())
    }

    /// A label and one line that has to stay whole, e.g. a command to copy.
    pub fn whole(&mut self, indent: usize, label: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{label:<9}{}", "", visible(text))
    }

    fn wrapped(&self, indent: usize, text: &str) -> Vec<String> {
        let text = visible(text);
        let width = self.options.width.max(NARROWEST).saturating_sub(indent);
        let options = textwrap::Options::new(width).word_splitter(WordSplitter::NoHyphenation);
        let lines = textwrap::wrap(&text, options);
        lines.into_iter().map(String::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_beneath_the_label() {
        let options = Options {
            width: 40,
            ..Options::default()
        };
        let mut out = Vec::new();
        let mut page = Page::new(&options, &mut out);
        page.labelled(2, "clause", "one two three four five six seven\u{7}")
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  clause   one two three four five six\n           seven\\u{7}\n"
        );
    }
}
