//! The seven verdicts, and what each carries.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::suite::{Cited, Endpoint, Level, Threat};

/// What was found wrong, where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The step, and the member of its result, e.g. `token` and `json/expires_in`.
    pub step: String,
    /// Path in the step's result document; empty when the step's outcome itself is meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What was wanted.
    pub wanted: String,
    /// What came.
    pub came: String,
}

/// The judgement of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The expectation held, and for every refusal the control was accepted.
    Pass {
        /// A deviation from a MAY, or another thing worth a line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<Finding>,
    },
    /// A MUST was broken, or a SHOULD in a strict judgement.
    Fail {
        /// Each deviation; at least one.
        findings: Vec<Finding>,
    },
    /// A SHOULD was broken.
    Warning {
        /// Each deviation; at least one.
        findings: Vec<Finding>,
    },
    /// The control failed, or the answer does not decide the question.
    Inconclusive {
        /// Why.
        reason: String,
    },
    /// The server lacks an optional feature, or the MCP version lacks the requirement.
    NotApplicable {
        /// Which.
        reason: String,
    },
    /// The operator did not give what the check needs.
    Untested {
        /// What to add to the target file.
        add: String,
        /// What it lacks besides.
        also: Vec<String>,
    },
    /// The harness failed.
    Error {
        /// How.
        fault: String,
    },
}

impl Verdict {
    /// The verdict's name in every output.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "pass",
            Self::Fail { .. } => "fail",
            Self::Warning { .. } => "warning",
            Self::Inconclusive { .. } => "inconclusive",
            Self::NotApplicable { .. } => "not_applicable",
            Self::Untested { .. } => "untested",
            Self::Error { .. } => "error",
        }
    }

    /// The same in a strict judgement, where a broken SHOULD fails.
    #[must_use]
    fn strict(self) -> Self {
        match self {
            Self::Warning { findings } => Self::Fail { findings },
            other => other,
        }
    }

    /// The findings of a fail or a warning.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Fail { findings } | Self::Warning { findings } => findings,
            _ => &[],
        }
    }
}

/// How the positive control of a case went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlResult {
    /// The control's run.
    pub run: String,
    /// The control's readable name.
    pub title: String,
    /// Accepted before the mutated runs.
    pub first: bool,
    /// Accepted again after them; `None` when it was not repeated.
    pub last: Option<bool>,
}

/// One case with its verdict.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// Path of the file, check, row: `authorization/pkce/verifier-wrong[truncated]`.
    pub id: String,
    /// The suite's folder and file: `authorization/pkce`.
    pub area: String,
    /// The threat that the check stands against, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat: Option<Threat>,
    /// The endpoint that it is about.
    pub endpoint: Endpoint,
    /// The check's claim.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// How to mend a server that fails.
    pub mend: String,
    /// The requirements cited, binding ones first.
    pub requirements: Arc<Vec<Cited>>,
    /// The level by which the case was judged, if any requirement binds under this version.
    pub level: Option<Level>,
    /// The judgement.
    pub verdict: Verdict,
    /// The run that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The control, for a case that has a mutation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlResult>,
    /// The case's row, as the suite wrote it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub row: Value,
    /// Positions of the exchanges that decide it, the deciding one last.
    #[serde(default)]
    pub exchanges: Vec<usize>,
    /// Milliseconds that the judged run took.
    #[serde(default)]
    pub took_ms: u64,
}

impl CaseResult {
    /// The same in a strict judgement; what can never be more than a warning stays one.
    #[must_use]
    pub fn strict(mut self) -> Self {
        let may_fail = self
            .requirements
            .iter()
            .any(|cited| cited.requirement.level != Level::May && cited.at_most_warns().is_none());
        if may_fail {
            self.verdict = self.verdict.strict();
        }
        self
    }
}

/// All verdicts of one recording.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// The requirement set, e.g. `2025-11-25/1`.
    pub requirement_set: String,
    /// SHA-256 of the suites that judged, hexadecimal.
    pub suite_digest: String,
    /// `--strict`: a broken SHOULD is a failure, too.
    pub strict: bool,
    /// A filter left cases out, so nothing is said of the target as a whole.
    #[serde(default)]
    pub partial: bool,
    /// Every case, in suite order.
    pub cases: Vec<CaseResult>,
}

/// How many cases came to each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are the verdicts")]
pub struct Tally {
    pub pass: usize,
    pub fail: usize,
    pub warning: usize,
    pub inconclusive: usize,
    pub not_applicable: usize,
    pub untested: usize,
    pub error: usize,
}

impl Judgement {
    /// Counts the verdicts.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for case in &self.cases {
            let slot = match case.verdict {
                Verdict::Pass { .. } => &mut tally.pass,
                Verdict::Fail { .. } => &mut tally.fail,
                Verdict::Warning { .. } => &mut tally.warning,
                Verdict::Inconclusive { .. } => &mut tally.inconclusive,
                Verdict::NotApplicable { .. } => &mut tally.not_applicable,
                Verdict::Untested { .. } => &mut tally.untested,
                Verdict::Error { .. } => &mut tally.error,
            };
            *slot += 1;
        }
        tally
    }

    /// Whether nothing failed, and no MUST is inconclusive, untested or error.
    pub fn is_clean(&self) -> bool {
        self.cases.iter().all(|case| match case.verdict {
            Verdict::Fail { .. } | Verdict::Error { .. } => false,
            Verdict::Inconclusive { .. } | Verdict::Untested { .. } => {
                !case.level.is_some_and(Level::is_must)
            }
            _ => true,
        })
    }

    /// The exit code: 0 nothing failed, 1 something failed, 3 nothing failed but a MUST is
    /// inconclusive, 4 a harness error.
    pub fn exit_code(&self) -> u8 {
        let tally = self.tally();
        let undecided = self.cases.iter().any(|case| {
            matches!(case.verdict, Verdict::Inconclusive { .. })
                && case.level.is_some_and(Level::is_must)
        });
        if tally.error > 0 {
            4
        } else if tally.fail > 0 {
            1
        } else if undecided {
            3
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_should_fails_when_strict_and_nothing_else_does() {
        let warning = Verdict::Warning {
            findings: Vec::new(),
        };
        assert_eq!(warning.strict().name(), "fail");
        let pass = Verdict::Pass { remark: None };
        assert_eq!(pass.strict().name(), "pass");
    }
}
