//! `expect.at_most_one`: of equal requests, sent one after the other or all at once, at most one
//! has its effect (a code or a rotated refresh token is spent by its first use).

use indexmap::IndexMap;

use super::Finding;
use super::attempts::Attempts;
use super::ending::Open;
use super::evidence::Evidence;
use super::way;
use super::words;
use crate::run::StepRecord;

/// The groups of equal requests of which more than one had its effect.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Result<Finding, Open>> {
    let mut groups: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for repeat in &evidence.case.check.expect.at_most_one {
        let base = evidence.base(repeat);
        groups.entry(base).or_default().push(repeat);
    }
    groups
        .iter()
        .filter_map(|(base, repeats)| of_group(evidence, base, repeats).transpose())
        .collect()
}

fn of_group(
    evidence: &Evidence<'_>,
    base: &str,
    repeats: &[&str],
) -> Result<Option<Finding>, Open> {
    let control = evidence
        .control
        .as_ref()
        .ok_or_else(|| Open::because("there is no control, so a refusal would prove nothing"))?;
    control.accepted(base)?;
    let mut last = evidence.reached(base)?;
    way::to(evidence, base)?;
    let mut sum = counted(last)?;
    for repeat in repeats.iter().filter(|repeat| **repeat != base) {
        let step = evidence.reached(repeat)?;
        way::to(evidence, repeat)?;
        let attempts = counted(step)?;
        sum.accepted += attempts.accepted;
        sum.undecided += attempts.undecided;
        sum.all += attempts.all;
        last = step;
    }
    let open = |reason: String| Err(Open::because(reason).shown_by(&last.exchanges));
    match (sum.accepted, sum.undecided) {
        (2.., _) => Ok(Some(Finding {
            step: last.name.clone(),
            path: String::new(),
            wanted: format!("at most one of {} equal requests has its effect", sum.all),
            came: format!(
                "{} of {}: each time {}",
                sum.accepted,
                sum.all,
                words::effect(evidence, last)
            ),
        })),
        (1, 0) if sum.all > 1 => Ok(None),
        (1, 0) => open(format!("{base} was sent only once")),
        (1, undecided) => open(format!(
            "one of {} equal requests had its effect, and {undecided} got no clear answer",
            sum.all
        )),
        (0, _) => open(format!(
            "none of {} equal requests had its effect, so nothing was used twice",
            sum.all
        )),
    }
}

fn counted(step: &StepRecord) -> Result<Attempts, Open> {
    Attempts::of(step).ok_or_else(|| {
        Open::because(format!("the attempts of {} were not counted", step.name))
            .shown_by(&step.exchanges)
    })
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, accepted, refused};
    use serde_json::json;

    fn race(won_first: bool, repeats: u64, undecided: usize) -> Sample {
        let mut answers = vec![json!({"status": 503}); undecided];
        answers.resize(4, json!({"status": 400}));
        let outcome = |won: bool| {
            if won {
                accepted()
            } else {
                refused("invalid_grant")
            }
        };
        Sample::code_race()
            .run("token", outcome(won_first))
            .run("again", outcome(repeats > 0))
            .result(
                "again",
                json!({"accepted": repeats, "attempts": 4, "answers": answers}),
            )
    }

    #[test]
    fn exactly_one_winner_passes_whoever_it_is() {
        assert_eq!(race(true, 0, 0).judge().verdict.name(), "pass");
        assert_eq!(race(false, 1, 0).judge().verdict.name(), "pass");
    }

    #[test]
    fn two_winners_fail_whatever_the_others_got() {
        assert_eq!(race(true, 1, 0).judge().verdict.name(), "fail");
        assert_eq!(race(false, 2, 2).judge().verdict.name(), "fail");
    }

    #[test]
    fn no_winner_or_a_possible_second_one_is_inconclusive() {
        assert_eq!(race(false, 0, 0).judge().verdict.name(), "inconclusive");
        assert_eq!(race(true, 0, 1).judge().verdict.name(), "inconclusive");
        let failed = race(true, 0, 0).control("token", refused("no"));
        assert_eq!(failed.judge().verdict.name(), "inconclusive");
    }
}
