//! From findings to a verdict, by how strongly the requirements ask (RFC 2119).

use super::{Finding, Verdict};
use crate::plan::PlannedCase;
use crate::suite::{Level, McpVersion};

/// The verdict for deviations of this case.
pub(super) fn verdict(
    case: &PlannedCase,
    level: Level,
    version: McpVersion,
    mut findings: Vec<Finding>,
) -> Verdict {
    if findings.is_empty() {
        return Verdict::Inconclusive {
            reason: "a deviation without a finding".to_owned(),
        };
    }
    if level.is_must() {
        return match why_at_most_a_warning(case, version) {
            None => Verdict::Fail { findings },
            Some(why) => {
                findings[0]
                    .wanted
                    .push_str(&format!(" (at most a warning: {why})"));
                Verdict::Warning { findings }
            }
        };
    }
    if level.is_should() {
        return Verdict::Warning { findings };
    }
    Verdict::Pass {
        remark: findings.into_iter().next(),
    }
}

/// Why none of the MUSTs that bind can carry a fail: unread, derived, or later than the set that
/// counts.
fn why_at_most_a_warning(case: &PlannedCase, version: McpVersion) -> Option<&'static str> {
    let musts = case
        .requirements
        .iter()
        .filter(|cited| cited.requirement.binds(version) && cited.requirement.level.is_must());
    let mut why = None;
    for cited in musts {
        why = Some(cited.at_most_warns()?);
    }
    why.or(Some("no statement that binds says MUST"))
}

#[cfg(test)]
mod tests {
    use crate::judge::Verdict;
    use crate::judge::sample::{Sample, accepted};
    use crate::suite::Level;

    fn broken(level: Option<Level>, verified: bool) -> Verdict {
        let sample = Sample::verifier_wrong().run("token", accepted());
        sample.level(level, verified).judge().verdict
    }

    #[test]
    fn the_level_decides() {
        assert_eq!(broken(Some(Level::Must), true).name(), "fail");
        assert_eq!(broken(Some(Level::MustNot), true).name(), "fail");
        assert_eq!(broken(Some(Level::Should), true).name(), "warning");
        assert_eq!(broken(Some(Level::ShouldNot), true).name(), "warning");
        assert!(matches!(
            broken(Some(Level::May), true),
            Verdict::Pass { remark: Some(_) }
        ));
        assert_eq!(broken(None, true).name(), "not_applicable");
    }

    #[test]
    fn an_unread_must_warns_and_says_so() {
        let verdict = broken(Some(Level::Must), false);
        assert_eq!(verdict.name(), "warning");
        assert!(
            verdict.findings()[0]
                .wanted
                .contains("the text has not been read")
        );
    }

    #[test]
    fn a_derived_must_warns_and_says_so() {
        let sample = Sample::verifier_wrong().run("token", accepted()).derived();
        let verdict = sample.judge().verdict;
        assert_eq!(verdict.name(), "warning");
        assert!(verdict.findings()[0].wanted.contains("derived rule"));
    }

    #[test]
    fn what_no_frozen_set_holds_yet_warns_even_when_strict() {
        let sample = Sample::verifier_wrong()
            .run("token", accepted())
            .uncounted();
        let judged = sample.judge();
        assert_eq!(judged.verdict.name(), "warning");
        assert_eq!(judged.strict().verdict.name(), "warning");
    }
}
