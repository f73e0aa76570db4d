//! Facts that several formats state: cases by area, counts, what stayed open, how a control
//! went. One place, so that no two reports contradict each other.

use std::borrow::Cow;

use super::text::count;
use crate::judge::{CaseResult, ControlResult, Judgement, Tally, Verdict};
use crate::run::{Answer, Exchange, Recording};
use crate::suite::{Cited, Level};
use indexmap::IndexMap;

/// Whether a MUST binds the case.
pub fn is_must(case: &CaseResult) -> bool {
    case.level.is_some_and(Level::is_must)
}

/// The check of a case's id.
pub fn check(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}

/// The row of a case's id, in brackets; empty for a check without rows.
pub fn row(id: &str) -> &str {
    &id[check(id).len()..]
}

/// Cases that differ in their row alone, together: same check, findings, clauses, control and mend.
/// Groups stand where their first case stands.
pub fn alike<'a>(cases: &[&'a CaseResult]) -> Vec<Vec<&'a CaseResult>> {
    let mut groups: Vec<Vec<&CaseResult>> = Vec::new();
    for case in cases {
        let group = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| is_alike(first, case)));
        match group {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

fn is_alike(one: &CaseResult, other: &CaseResult) -> bool {
    let ids = |case: &'_ CaseResult| -> Vec<String> {
        case.requirements.iter().map(|it| it.id.clone()).collect()
    };
    let control_of = |case: &CaseResult| case.control.as_ref().map(control);
    check(&one.id) == check(&other.id)
        && !one.verdict.findings().is_empty()
        && one.verdict == other.verdict
        && one.level == other.level
        && one.mend == other.mend
        && control_of(one) == control_of(other)
        && ids(one) == ids(other)
}

/// Why there is no pass or fail: the reason, what to add to the target file, or the fault.
pub fn reason(verdict: &Verdict) -> Option<Cow<'_, str>> {
    match verdict {
        Verdict::Inconclusive { reason } | Verdict::NotApplicable { reason } => Some(reason.into()),
        Verdict::Untested { add, also } => {
            let all: Vec<&str> = lacks(add, also).collect();
            Some(format!("add to the target file: {}", all.join("; and ")).into())
        }
        Verdict::Error { fault } => Some(fault.into()),
        Verdict::Pass { .. } | Verdict::Fail { .. } | Verdict::Warning { .. } => None,
    }
}

fn lacks<'a>(add: &'a str, also: &'a [String]) -> impl Iterator<Item = &'a str> {
    std::iter::once(add).chain(also.iter().map(String::as_str))
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

/// Cases without pass or fail that share a verdict and a reason.
#[derive(Clone, Debug)]
pub struct Open<'a> {
    /// The verdict's name.
    pub verdict: &'static str,
    /// Why, or what to add to the target file.
    pub reason: Cow<'a, str>,
    /// The cases.
    pub cases: Vec<&'a CaseResult>,
}

impl Open<'_> {
    /// `12 cases untested, 9 of them MUST`; `1 case untested, a MUST`. What does not apply withholds no MUST.
    pub fn sentence(&self) -> String {
        let verdict = self.verdict.replace('_', " ");
        let line = format!("{} {verdict}", count(self.cases.len(), "case"));
        let must = self.cases.iter().filter(|case| is_must(case)).count();
        match (must, self.cases.len()) {
            (0, _) => line,
            _ if self.verdict == "not_applicable" => line,
            (_, 1) => format!("{line}, a MUST"),
            _ => format!("{line}, {must} of them MUST"),
        }
    }

    /// What the operator can mend comes first, what does not apply last.
    fn rank(&self) -> usize {
        ["untested", "inconclusive", "not_applicable"]
            .iter()
            .position(|name| *name == self.verdict)
            .unwrap_or(usize::MAX)
    }
}

/// What could not be judged, by verdict and reason, the largest group of a verdict first. A case that
/// lacks several things is in the group of each.
pub fn open(judgement: &Judgement) -> Vec<Open<'_>> {
    let mut groups: IndexMap<(&str, Cow<'_, str>), Open<'_>> = IndexMap::new();
    for case in &judgement.cases {
        let verdict = case.verdict.name();
        let reasons: Vec<Cow<'_, str>> = match &case.verdict {
            Verdict::Error { .. } => continue,
            Verdict::Untested { add, also } => lacks(add, also)
                .map(|lack| format!("add to the target file: {lack}").into())
                .collect(),
            verdict => reason(verdict).into_iter().collect(),
        };
        for reason in reasons {
            let group = groups
                .entry((verdict, reason.clone()))
                .or_insert_with(|| Open {
                    verdict,
                    reason,
                    cases: Vec::new(),
                });
            group.cases.push(case);
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.rank(), std::cmp::Reverse(group.cases.len())));
    groups
}

/// What to know of the groups of [`open`] where they overlap.
pub fn overlap(judgement: &Judgement) -> Option<&'static str> {
    let lacks_several = |case: &CaseResult| match &case.verdict {
        Verdict::Untested { also, .. } => !also.is_empty(),
        _ => false,
    };
    let any = judgement.cases.iter().any(lacks_several);
    any.then_some("A case that lacks several of these counts with each.")
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

/// Decided cases whose control was not accepted again: something between the two upset the
/// server, and the verdict is to be read with doubt.
pub fn doubtful(judgement: &Judgement) -> Vec<&CaseResult> {
    let doubtful = |case: &&CaseResult| {
        let control = case.control.as_ref();
        control.is_some_and(|control| control.first && control.last == Some(false))
            && reason(&case.verdict).is_none()
    };
    judgement.cases.iter().filter(doubtful).collect()
}

/// What [`doubtful`] cases mean, if there are any.
pub fn doubt(judgement: &Judgement) -> Option<String> {
    let cases = count(doubtful(judgement).len(), "case");
    (!doubtful(judgement).is_empty()).then(|| {
        format!("{cases}: the control was accepted before, but not again after; run them alone")
    })
}

/// What the server's own limits of requests did to the run, if they did anything.
pub fn slowed(recording: &Recording) -> Option<String> {
    let is_429 =
        |exchange: &&Exchange| matches!(exchange.answer, Answer::Response { status: 429, .. });
    let limited = recording.exchanges.iter().filter(is_429).count();
    (limited > 0).then(|| {
        let requests = count(limited, "request");
        format!(
            "{requests} answered 429: the server's own limits made the run longer or stopped it"
        )
    })
}

/// A clause in words: document, section, our paraphrase, and why it is never a fail, where it is
/// none: derived, unread, or later than the set that counts.
pub fn clause(cited: &Cited) -> String {
    let requirement = &cited.requirement;
    let doubt = cited
        .at_most_warns()
        .map(|why| format!(" ({why})"))
        .unwrap_or_default();
    format!(
        "{} {} {}: {}{doubt}",
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
    fn the_operators_part_stands_first() {
        let sample = Sample::full();
        let verdicts: Vec<_> = open(&sample.judgement).iter().map(|g| g.verdict).collect();
        assert_eq!(verdicts, ["untested", "inconclusive", "not_applicable"]);
    }

    #[test]
    fn what_is_missing_is_asked_for_in_a_sentence() {
        let sample = Sample::full();
        let groups = open(&sample.judgement);
        assert_eq!(
            (groups[0].sentence().as_str(), &*groups[0].reason),
            (
                "2 cases untested, 1 of them MUST",
                "add to the target file: `users.second`, so that there are two"
            )
        );
        assert_eq!(groups[1].sentence(), "1 case inconclusive, a MUST");
    }

    #[test]
    fn a_case_that_lacks_several_things_counts_with_each() {
        let mut sample = Sample::full();
        assert_eq!(overlap(&sample.judgement), None);
        let cases = sample.judgement.cases.iter_mut();
        let mut untested = cases.filter_map(|case| match &mut case.verdict {
            Verdict::Untested { also, .. } => Some(also),
            _ => None,
        });
        let also = untested.next().expect("an untested case");
        also.push("`scopes`".to_owned());
        let groups = open(&sample.judgement);
        let untested = groups.iter().filter(|group| group.verdict == "untested");
        let told: Vec<_> = untested.map(|it| (it.cases.len(), &*it.reason)).collect();
        let users = "add to the target file: `users.second`, so that there are two";
        assert_eq!(told, [(2, users), (1, "add to the target file: `scopes`")]);
        assert!(overlap(&sample.judgement).is_some());
    }

    #[test]
    fn cases_that_differ_in_their_row_alone_stand_together() {
        let mut sample = Sample::full();
        let failing = sample.judgement.cases[3].clone();
        for row in ["[other]", "[elsewhere]"] {
            let mut more = failing.clone();
            more.id = format!("{}{row}", check(&failing.id));
            sample.judgement.cases.push(more);
        }
        if let Some(Verdict::Fail { findings }) = sample
            .judgement
            .cases
            .last_mut()
            .map(|case| &mut case.verdict)
        {
            findings.pop();
        }
        let cases: Vec<_> = sample.judgement.cases.iter().collect();
        let groups = alike(&cases);
        assert_eq!(groups.len(), cases.len() - 1);
        let rows: Vec<_> = groups[3].iter().map(|case| row(&case.id)).collect();
        assert_eq!(rows, ["[truncated]", "[other]"]);
    }

    #[test]
    fn a_control_that_fails_afterwards_casts_doubt() {
        let mut sample = Sample::full();
        assert_eq!(doubt(&sample.judgement), None);
        let controls = sample
            .judgement
            .cases
            .iter_mut()
            .filter_map(|case| case.control.as_mut());
        for each in controls {
            each.last = Some(false);
            assert!(control(each).contains("not accepted again after"));
        }
        assert!(
            doubt(&sample.judgement)
                .unwrap_or_default()
                .starts_with("2 cases")
        );
    }
}
