//! How much could be judged, and whether the target conforms: the two sentences that every
//! format states in the same words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ReportInput;
use super::summary::is_must;
use super::text::count;
use crate::judge::{Judgement, Verdict};

/// How many of the MUST cases that apply were decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// MUST cases that came to pass or fail.
    pub judged: usize,
    /// MUST cases that apply to the target.
    pub applicable: usize,
}

impl Coverage {
    /// Counts the cases of `judgement`.
    pub fn of(judgement: &Judgement) -> Self {
        let mut coverage = Self {
            judged: 0,
            applicable: 0,
        };
        for case in judgement.cases.iter().filter(|case| is_must(case)) {
            match case.verdict {
                Verdict::NotApplicable { .. } => {}
                Verdict::Pass { .. } | Verdict::Fail { .. } | Verdict::Warning { .. } => {
                    coverage.judged += 1;
                    coverage.applicable += 1;
                }
                _ => coverage.applicable += 1,
            }
        }
        coverage
    }

    /// `44 of 56 MUST cases (78 %)`, rounded down so that only all of them are 100 %.
    pub fn sentence(self) -> String {
        match (self.judged * 100).checked_div(self.applicable) {
            None => "no MUST case applies".to_owned(),
            Some(share) => {
                let (judged, applicable) = (self.judged, self.applicable);
                format!("{judged} of {} ({share} %)", count(applicable, "MUST case"))
            }
        }
    }
}

/// Whether the target conforms.
///
/// Stricter than [`Judgement::is_clean`]: a run that was stopped early shows nothing, neither does
/// one in which no MUST was judged, nor one of cases that somebody picked.
pub fn is_conformant(input: &ReportInput<'_>) -> bool {
    !input.judgement.partial && shows_no_breach(input)
}

/// Whether the cases that were to be run speak for the target.
pub fn shows_no_breach(input: &ReportInput<'_>) -> bool {
    input.judgement.is_clean()
        && input.recording.interrupted.is_none()
        && Coverage::of(input.judgement).judged > 0
}

/// The answer to "does it conform?", in a sentence.
pub fn sentence(input: &ReportInput<'_>) -> String {
    let version = input.recording.mcp_version;
    let set = &input.judgement.requirement_set;
    let tally = input.judgement.tally();
    let coverage = Coverage::of(input.judgement);
    let open = coverage.applicable - coverage.judged;
    let why = if input.judgement.partial && shows_no_breach(input) {
        let were = if coverage.judged == 1 { "was" } else { "were" };
        return format!(
            "nothing broken in the {} that {were} selected; \
             conformance with MCP {version} takes all of them",
            count(coverage.judged, "MUST case")
        );
    } else if is_conformant(input) {
        return format!(
            "conformant with MCP {version}: no MUST of the requirement set {set} is broken in {}",
            count(coverage.judged, "judged case")
        );
    } else if tally.fail > 0 {
        format!("{} failed", count(tally.fail, "case"))
    } else if input.recording.interrupted.is_some() {
        "the run was stopped early".to_owned()
    } else if coverage.judged == 0 {
        "no MUST case was judged".to_owned()
    } else if open > 0 {
        format!("{} could not be judged", count(open, "MUST case"))
    } else {
        format!("authspec itself failed in {}", count(tally.error, "case"))
    };
    let word = if tally.fail > 0 {
        "not conformant"
    } else {
        "not shown to be conformant"
    };
    format!("{word} with MCP {version}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn an_empty_result_is_not_called_conformant() {
        let sample = Sample::empty();
        assert!(sample.judgement.is_clean());
        assert_eq!(
            sentence(&sample.input()),
            "not shown to be conformant with MCP 2025-11-25: no MUST case was judged"
        );
    }

    #[test]
    fn only_decided_must_cases_are_counted_as_judged() {
        let sample = Sample::full();
        let coverage = Coverage::of(&sample.judgement);
        assert_eq!((coverage.judged, coverage.applicable), (4, 7));
        assert_eq!(coverage.sentence(), "4 of 7 MUST cases (57 %)");
    }

    #[test]
    fn withheld_information_is_named_as_the_reason() {
        let mut sample = Sample::full();
        sample
            .judgement
            .cases
            .retain(|case| !matches!(case.verdict, Verdict::Fail { .. } | Verdict::Error { .. }));
        assert_eq!(
            sentence(&sample.input()),
            "not shown to be conformant with MCP 2025-11-25: 2 MUST cases could not be judged"
        );
        sample.judgement.cases.retain(|case| {
            !matches!(
                case.verdict,
                Verdict::Inconclusive { .. } | Verdict::Untested { .. }
            )
        });
        assert!(is_conformant(&sample.input()));
        sample.judgement.partial = true;
        assert!(!is_conformant(&sample.input()));
        assert_eq!(
            sentence(&sample.input()),
            "nothing broken in the 3 MUST cases that were selected; \
             conformance with MCP 2025-11-25 takes all of them"
        );
        sample.recording.interrupted = Some("Ctrl-C".into());
        assert!(sentence(&sample.input()).ends_with("the run was stopped early"));
    }
}
