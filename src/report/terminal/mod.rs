//! The report for a person at a terminal, and the progress line before it.
//!
//! Text is made from typed data here, at the edge. Nothing that came from a server or a file
//! reaches the terminal unless [`super::text::visible`] has seen it.

mod areas;
mod case;
mod closing;
mod opening;
mod options;
mod page;
mod progress;

pub use options::{ColorChoice, Options, Verbosity};
pub use progress::Progress;

use std::io::Write;

use super::{ReportError, ReportInput};
use page::Page;

/// Writes the report. Quiet, it holds the failures and the last line alone.
pub fn write(
    input: &ReportInput<'_>,
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut page = Page::new(options, out);
    if options.verbosity > Verbosity::Quiet {
        opening::header(input, &mut page)?;
        opening::doctor(input, &mut page)?;
    }
    areas::write(input, &mut page)?;
    if options.verbosity > Verbosity::Quiet {
        areas::not_judged(input, &mut page)?;
        closing::facts(input, &mut page)?;
    }
    closing::last_line(input, &mut page)?;
    Ok(())
}

/// Writes the tally and the answer alone.
pub fn write_last_line(
    input: &ReportInput<'_>,
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    closing::last_line(input, &mut Page::new(options, out))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::Sample;
    use crate::report::text::acts;

    pub(super) fn written(sample: &Sample, options: &Options) -> String {
        let mut out = Vec::new();
        write(&sample.input(), options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_whole_report() {
        let options = Options {
            files: vec!["authspec-results/result.json".into()],
            ..Options::default()
        };
        insta::assert_snapshot!(written(&Sample::full(), &options));
    }

    #[test]
    fn quiet_prints_failures_and_the_last_line() {
        let options = Options {
            verbosity: Verbosity::Quiet,
            ..Options::default()
        };
        let text = written(&Sample::full(), &options);
        assert!(text.starts_with("FAIL"), "{text}");
        assert!(
            !text.contains("Doctor") && !text.contains("WARNING  "),
            "{text}"
        );
        let last = text.trim_end().lines().last().unwrap_or_default();
        assert!(last.contains("not conformant"), "{text}");
        let passing = written(&Sample::empty(), &options);
        assert_eq!(passing.lines().count(), 1, "{passing}");
    }

    #[test]
    fn verbose_names_every_case_and_every_doctor_step() {
        let options = Options {
            verbosity: Verbosity::Verbose,
            ..Options::default()
        };
        let sample = Sample::full();
        let text = written(&sample, &options);
        for case in &sample.judgement.cases {
            assert!(text.contains(&case.id), "{}", case.id);
        }
        assert!(text.contains("reachable"), "{text}");
    }

    #[test]
    fn colours_are_ours_alone() {
        colored::control::set_override(true);
        let options = Options {
            color: true,
            ..Options::default()
        };
        let text = written(&Sample::hostile("\u{1b}[8m"), &options);
        colored::control::unset_override();
        assert!(text.contains("\u{1b}[1;31mFAIL\u{1b}[0m"), "{text}");
        assert!(!text.contains("\u{1b}[8m") && text.contains("\\u{1b}[8m"));
    }

    #[test]
    fn lines_keep_to_the_width_except_first_last_and_commands() {
        for width in [0, 60] {
            let options = Options {
                width,
                ..Options::default()
            };
            let text = written(&Sample::full(), &options);
            let copied = |line: &&str| line.starts_with("authspec ") || line.contains("curl ");
            let lines = text.lines().filter(|line| !copied(line));
            let longest = lines.rev().skip(1).map(str::len).max();
            assert!(longest <= Some(60), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_hostile_character_reaches_the_terminal(text in any::<String>()) {
            for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
                let options = Options { verbosity, ..Options::default() };
                let report = written(&Sample::hostile(&text), &options);
                prop_assert!(!report.chars().any(|c| c != '\n' && acts(c)));
            }
        }
    }
}
