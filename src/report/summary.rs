//! Facts that several formats state: cases by area, how much could be judged, conformance, and
//! how a control went. One place, so that no two reports contradict each other.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ReportInput;
use super::text::count;
use crate::judge::{CaseResult, ControlResult, Judgement, Tally, Verdict};
use crate::suite::{Cited, Level};

/// Cases by area, areas in suite order.
pub fn by_area(judgement: &Judgement) -> IndexMap<&str, Vec<&CaseResult>> {
    let mut areas: IndexMap<&str, Vec<&CaseResult>> = IndexMap::new();
    for case in &judgement.cases {
        areas.entry(case.area.as_str()).or_default().push(case);
    }
    areas
}

/// Whether a MUST binds the case.
pub fn is_must(case: &CaseResult) -> bool {
    case.level.is_some_and(Level::is_must)
}

/// Whether the case counts as failed: a broken MUST, or a broken SHOULD under `--strict`.
pub const fn counts_as_failed(case: &CaseResult, strict: bool) -> bool {
    match case.verdict {
        Verdict::Fail { .. } => true,
        Verdict::Warning { .. } => strict,
        _ => false,
    }
}

/// Why there is no pass or fail: the reason, what to add, or the fault.
pub fn reason(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Inconclusive { reason } | Verdict::NotApplicable { reason } => Some(reason),
        Verdict::Untested { add } => Some(add),
        Verdict::Error { fault } => Some(fault),
        Verdict::Pass { .. } | Verdict::Fail { .. } | Verdict::Warning { .. } => None,
    }
}

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

/// Whether the target conforms, and why not.
///
/// Stricter than [`Judgement::is_conformant`] in two ways: a run that was stopped early shows
/// nothing, and neither does one in which no MUST was judged.
pub fn is_conformant(input: &ReportInput<'_>) -> bool {
    input.judgement.is_conformant()
        && input.recording.interrupted.is_none()
        && Coverage::of(input.judgement).judged > 0
}

/// The answer to "does it conform?", in a sentence.
pub fn conformance(input: &ReportInput<'_>) -> String {
    let version = input.recording.mcp_version;
    let set = &input.judgement.requirement_set;
    let tally = input.judgement.tally();
    let coverage = Coverage::of(input.judgement);
    let open = coverage.applicable - coverage.judged;
    let why = if is_conformant(input) {
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

/// How many of `cases` came to each verdict.
pub fn tally(cases: &[&CaseResult]) -> Tally {
    let count = |name| {
        let verdicts = cases.iter().map(|case| case.verdict.name());
        verdicts.filter(|verdict| *verdict == name).count()
    };
    Tally {
        pass: count("pass"),
        fail: count("fail"),
        warning: count("warning"),
        inconclusive: count("inconclusive"),
        not_applicable: count("not_applicable"),
        untested: count("untested"),
        error: count("error"),
    }
}

/// Each verdict that occurred, with its count.
pub fn tally_parts(tally: &Tally) -> Vec<String> {
    let mut parts = Vec::new();
    for (number, word) in [
        (tally.pass, "passed"),
        (tally.fail, "failed"),
        (tally.warning, "warning"),
        (tally.inconclusive, "inconclusive"),
        (tally.untested, "untested"),
        (tally.not_applicable, "not applicable"),
        (tally.error, "error"),
    ] {
        match word {
            _ if number == 0 => {}
            "warning" | "error" => parts.push(count(number, word)),
            _ => parts.push(format!("{number} {word}")),
        }
    }
    parts
}

/// The verdicts with their counts; that nothing failed is said too.
pub fn tally_line(tally: &Tally) -> String {
    let mut parts = tally_parts(tally);
    if tally.fail == 0 {
        parts.insert(usize::from(tally.pass > 0), "0 failed".to_owned());
    }
    parts.join(", ")
}

/// How the control went, in words.
pub const fn control(control: &ControlResult) -> &'static str {
    match (control.first, control.last) {
        (false, _) => "not accepted: this refusal says nothing",
        (true, Some(true)) => "accepted before and after",
        (true, Some(false)) => {
            "accepted before, not accepted again after: something in between upset the server"
        }
        (true, None) => "accepted before (not repeated after)",
    }
}

/// A clause in words: document, section, our paraphrase, whether it is derived.
pub fn clause(cited: &Cited) -> String {
    let requirement = &cited.requirement;
    let derived = if requirement.derived {
        " (derived: follows from the section, no sentence says exactly this)"
    } else {
        ""
    };
    format!(
        "{} {} {}: {}{derived}",
        cited.document,
        requirement.section,
        requirement.level.as_str(),
        requirement.summary.trim()
    )
}

/// The first twelve digits of the suite digest.
pub fn short_digest(judgement: &Judgement) -> &str {
    let digest = judgement.suite_digest.as_str();
    digest.get(..12).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn an_empty_result_is_not_called_conformant() {
        let sample = Sample::empty();
        assert!(sample.judgement.is_conformant());
        assert_eq!(
            conformance(&sample.input()),
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
            conformance(&sample.input()),
            "not shown to be conformant with MCP 2025-11-25: 2 MUST cases could not be judged"
        );
        sample.judgement.cases.retain(|case| {
            !matches!(
                case.verdict,
                Verdict::Inconclusive { .. } | Verdict::Untested { .. }
            )
        });
        assert!(is_conformant(&sample.input()));
        sample.recording.interrupted = Some("Ctrl-C".into());
        assert!(conformance(&sample.input()).ends_with("the run was stopped early"));
    }
}
