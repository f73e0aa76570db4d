//! From findings to a verdict, by how strongly the requirements ask (RFC 2119).

use super::{Finding, Verdict};
use crate::plan::PlannedCase;
use crate::suite::{Level, McpVersion};

/// What a finding says when the statement behind it was not read.
const UNREAD: &str =
    " (judged like a SHOULD: the text of the cited requirement has not been verified)";

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
    if level.is_must() && has_read_statement(case, version) {
        return Verdict::Fail { findings };
    }
    if level.is_must() {
        findings[0].wanted.push_str(UNREAD);
        return Verdict::Warning { findings };
    }
    if level.is_should() {
        return Verdict::Warning { findings };
    }
    Verdict::Pass {
        remark: findings.into_iter().next(),
    }
}

/// Whether some MUST that binds was read. An unread statement never carries a fail.
fn has_read_statement(case: &PlannedCase, version: McpVersion) -> bool {
    case.requirements
        .iter()
        .map(|cited| &cited.requirement)
        .any(|statement| {
            statement.binds(version) && statement.level.is_must() && statement.verified
        })
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
                .contains("has not been verified")
        );
    }
}
