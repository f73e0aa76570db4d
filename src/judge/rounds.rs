//! A case of several rounds: a race that one round in three loses is lost. It holds where it holds
//! in every one of them.

use super::{CaseResult, Verdict};

/// The rounds of one case as one result: that of the round which decides.
pub(super) fn together(mut rounds: Vec<CaseResult>) -> Option<CaseResult> {
    let all = rounds.len();
    let decides = (0..all).max_by_key(|&at| (weight(&rounds[at].verdict), all - at))?;
    let of_weight = |weighed: u8| {
        let alike = rounds.iter().filter(|one| weight(&one.verdict) == weighed);
        alike.count()
    };
    let weighed = weight(&rounds[decides].verdict);
    let alike = of_weight(weighed);
    let mut result = rounds.swap_remove(decides);
    if all > 1 {
        say(&mut result.verdict, alike, all);
    }
    Some(result)
}

/// What counts before what.
const fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Error { .. } => 6,
        Verdict::Fail { .. } => 5,
        Verdict::Warning { .. } => 4,
        Verdict::Inconclusive { .. } => 3,
        Verdict::NotApplicable { .. } | Verdict::Untested { .. } => 2,
        Verdict::Pass { remark: Some(_) } => 1,
        Verdict::Pass { remark: None } => 0,
    }
}

/// Adds in how many rounds it came so. What applied in some rounds only was not seen in all.
fn say(verdict: &mut Verdict, alike: usize, all: usize) {
    let often = format!("in {alike} of {all} rounds");
    match verdict {
        Verdict::Fail { findings } | Verdict::Warning { findings } => {
            for finding in findings {
                finding.came = format!("{}, {often}", finding.came);
            }
        }
        Verdict::Inconclusive { reason } => *reason = format!("{often}: {reason}"),
        Verdict::NotApplicable { reason } if alike < all => {
            *verdict = Verdict::Inconclusive {
                reason: format!("{often}: {reason}"),
            };
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Finding;
    use crate::judge::sample::Sample;

    fn judged(verdicts: &[Verdict]) -> Verdict {
        let blank = Sample::verifier_wrong().judge();
        let rounds = verdicts.iter().map(|verdict| CaseResult {
            verdict: verdict.clone(),
            ..blank.clone()
        });
        together(rounds.collect()).expect("rounds").verdict
    }

    fn pass() -> Verdict {
        Verdict::Pass { remark: None }
    }

    fn fail() -> Verdict {
        let finding = Finding {
            step: "race".to_owned(),
            path: String::new(),
            wanted: "one".to_owned(),
            came: "two".to_owned(),
        };
        Verdict::Fail {
            findings: vec![finding],
        }
    }

    fn open() -> Verdict {
        Verdict::Inconclusive {
            reason: "429".to_owned(),
        }
    }

    fn not_applicable() -> Verdict {
        Verdict::NotApplicable {
            reason: "no".to_owned(),
        }
    }

    #[test]
    fn one_lost_round_is_a_lost_race() {
        let verdict = judged(&[pass(), open(), fail(), fail()]);
        assert_eq!(verdict.name(), "fail");
        assert_eq!(verdict.findings()[0].came, "two, in 2 of 4 rounds");
    }

    #[test]
    fn every_round_must_tell() {
        assert_eq!(judged(&[pass(), pass()]), pass());
        let reason = |verdict| match verdict {
            Verdict::Inconclusive { reason } => reason,
            other => format!("{other:?}"),
        };
        assert_eq!(reason(judged(&[pass(), open()])), "in 1 of 2 rounds: 429");
        assert_eq!(
            reason(judged(&[pass(), not_applicable()])),
            "in 1 of 2 rounds: no"
        );
        assert_eq!(
            judged(&[not_applicable(), not_applicable()]),
            not_applicable()
        );
    }
}
