//! The types of the result document.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::{CaseResult, ControlResult, Finding, Tally, Verdict};
use crate::report::conformance::{self, Coverage};
use crate::report::{ReportInput, curl, summary};
use crate::run::{Counts, DoctorStep, Exchange, TargetFacts};
use crate::suite::{Cited, Endpoint, Level, McpVersion, Threat};

/// The current [`ResultDocument::format`].
pub const RESULT_FORMAT: u32 = 1;

/// The result of one run of authspec against one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResultDocument<'a> {
    /// Version of this format. A reader that knows another number stops here.
    pub format: u32,
    /// Version of authspec that wrote it.
    pub authspec: Cow<'a, str>,
    /// The target.
    pub target: Cow<'a, TargetFacts>,
    /// The MCP version that the target was judged by.
    pub mcp_version: McpVersion,
    /// The frozen set of requirements, e.g. `2025-11-25/1`.
    pub requirement_set: Cow<'a, str>,
    /// SHA-256 of the suites, hexadecimal.
    pub suite_digest: Cow<'a, str>,
    /// `--strict`: a broken SHOULD is a failure, too.
    pub strict: bool,
    /// A filter (`--suite`, `--check`, `--requirement`, `--role`, `--failed`) left cases out;
    /// `conformant` is then false.
    #[serde(default)]
    pub partial: bool,
    /// Start of the run, RFC 3339.
    pub started: Cow<'a, str>,
    /// Length of the run in milliseconds.
    pub took_ms: u64,
    /// Why the run was stopped early, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Cow<'a, str>>,
    /// What the run sent.
    pub sent: Counts,
    /// How many cases came to each verdict.
    pub tally: Tally,
    /// How much of what is demanded could be judged.
    pub must_cases: Coverage,
    /// Whether the target conforms: every MUST case was run and judged, and none failed.
    pub conformant: bool,
    /// The same in a sentence, with the reason.
    pub conformance: Cow<'a, str>,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The way in, step by step.
    pub doctor: Cow<'a, [DoctorStep]>,
    /// Every case, in suite order.
    pub cases: Vec<Case<'a>>,
    /// Every exchange; cases and doctor name them by position.
    pub exchanges: Cow<'a, [Exchange]>,
}

/// The names of the verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictName {
    /// The expectation held.
    Pass,
    /// A MUST was broken, or a SHOULD in a strict run.
    Fail,
    /// A SHOULD was broken.
    Warning,
    /// The answer does not decide the question.
    Inconclusive,
    /// The target does not have what the case is about.
    NotApplicable,
    /// The operator did not give what the case needs.
    Untested,
    /// authspec failed.
    Error,
}

impl From<&Verdict> for VerdictName {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass { .. } => Self::Pass,
            Verdict::Fail { .. } => Self::Fail,
            Verdict::Warning { .. } => Self::Warning,
            Verdict::Inconclusive { .. } => Self::Inconclusive,
            Verdict::NotApplicable { .. } => Self::NotApplicable,
            Verdict::Untested { .. } => Self::Untested,
            Verdict::Error { .. } => Self::Error,
        }
    }
}

/// One case with its verdict.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Case<'a> {
    /// Path of the file, check, row: `authorization/pkce/verifier-wrong[truncated]`.
    pub id: Cow<'a, str>,
    /// The suite's folder and file.
    pub area: Cow<'a, str>,
    /// The threat that the check stands against, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threat: Option<Cow<'a, Threat>>,
    /// The endpoint that it is about.
    #[serde(default = "other")]
    pub endpoint: Endpoint,
    /// The check's claim.
    pub title: Cow<'a, str>,
    /// The level by which it was judged; null when no requirement binds under this version.
    pub level: Option<Level>,
    /// The verdict.
    pub verdict: VerdictName,
    /// Each deviation of a fail or a warning.
    #[serde(default, skip_serializing_if = "slice_is_empty")]
    pub findings: Cow<'a, [Finding]>,
    /// A remark on a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Cow<'a, Finding>>,
    /// Why a case is inconclusive or not applicable, what an untested one needs in the target
    /// file, or the fault of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// Why the claim matters.
    pub why: Cow<'a, str>,
    /// How to mend a server that fails.
    pub mend: Cow<'a, str>,
    /// The requirements cited, binding ones first.
    pub requirements: Cow<'a, [Cited]>,
    /// The honest twin of a case that has a mutation, and how it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Cow<'a, ControlResult>>,
    /// The case's row, as the suite wrote it.
    #[serde(default, skip_serializing_if = "value_is_null")]
    pub row: Cow<'a, Value>,
    /// The run that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Cow<'a, str>>,
    /// Positions of the exchanges that decide it, the deciding one last.
    pub exchanges: Cow<'a, [usize]>,
    /// What the case changed in the honest flow, a line for each step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// A command that sends the deciding request again; secrets are shell variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curl: Option<Cow<'a, str>>,
    /// Milliseconds that the judged run took.
    pub took_ms: u64,
}

const fn other() -> Endpoint {
    Endpoint::Other
}

fn slice_is_empty(findings: &[Finding]) -> bool {
    findings.is_empty()
}

fn value_is_null(value: &Value) -> bool {
    value.is_null()
}

impl<'a> ResultDocument<'a> {
    /// The document of one result.
    pub fn new(input: &ReportInput<'a>) -> Self {
        let (recording, judgement) = (input.recording, input.judgement);
        Self {
            format: RESULT_FORMAT,
            authspec: env!("CARGO_PKG_VERSION").into(),
            target: Cow::Borrowed(&recording.target),
            mcp_version: recording.mcp_version,
            requirement_set: judgement.requirement_set.as_str().into(),
            suite_digest: judgement.suite_digest.as_str().into(),
            strict: judgement.strict,
            partial: judgement.partial,
            started: recording.started.as_str().into(),
            took_ms: recording.took_ms,
            interrupted: recording.interrupted.as_deref().map(Cow::Borrowed),
            sent: recording.counts,
            tally: judgement.tally(),
            must_cases: Coverage::of(judgement),
            conformant: conformance::is_conformant(input),
            conformance: conformance::sentence(input).into(),
            exit_code: judgement.exit_code(),
            doctor: Cow::Borrowed(&recording.doctor),
            cases: judgement
                .cases
                .iter()
                .map(|case| Case::new(input, case))
                .collect(),
            exchanges: Cow::Borrowed(&recording.exchanges),
        }
    }
}

impl<'a> Case<'a> {
    fn new(input: &ReportInput<'a>, case: &'a CaseResult) -> Self {
        let remark = match &case.verdict {
            Verdict::Pass { remark } => remark.as_ref().map(Cow::Borrowed),
            _ => None,
        };
        let curl = (!case.verdict.findings().is_empty())
            .then(|| input.deciding(case))
            .flatten()
            .map(|exchange| curl::command(&exchange.request).into());
        Self {
            id: case.id.as_str().into(),
            area: case.area.as_str().into(),
            threat: case.threat.as_ref().map(Cow::Borrowed),
            endpoint: case.endpoint,
            title: case.title.as_str().into(),
            level: case.level,
            verdict: (&case.verdict).into(),
            findings: Cow::Borrowed(case.verdict.findings()),
            remark,
            reason: summary::reason(&case.verdict),
            why: case.why.as_str().into(),
            mend: case.mend.as_str().into(),
            requirements: Cow::Borrowed(&case.requirements),
            control: case.control.as_ref().map(Cow::Borrowed),
            row: Cow::Borrowed(&case.row),
            run: case.run.as_deref().map(Cow::Borrowed),
            exchanges: Cow::Borrowed(&case.exchanges),
            changed: input.changed(case),
            curl,
            took_ms: case.took_ms,
        }
    }
}
