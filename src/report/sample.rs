//! A result with every verdict in it, for the tests of all formats.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{GroupBy, ReportInput};
use crate::judge::{CaseResult, ControlResult, Finding, Judgement, Verdict};
use crate::run::{
    Answer, Compact, Counts, DoctorState, DoctorStep, Exchange, FailureKind, Outcome, Presence,
    RECORDING_FORMAT, RecordedRequest, Recording, RunRecord, StepRecord, TargetFacts,
};
use crate::suite::{
    Cited, Endpoint, Level, McpVersion, Observable, Requirement, Role, Severity, Threat,
};

/// A recording with its judgement.
#[derive(Clone, Debug)]
pub struct Sample {
    pub recording: Recording,
    pub judgement: Judgement,
}

impl Sample {
    pub fn input(&self) -> ReportInput<'_> {
        ReportInput {
            recording: &self.recording,
            judgement: &self.judgement,
            group_by: GroupBy::default(),
        }
    }

    /// Nothing was run.
    pub fn empty() -> Self {
        Self {
            recording: Recording {
                format: RECORDING_FORMAT,
                target: TargetFacts {
                    name: "weather".into(),
                    mcp_server: Some("http://127.0.0.1:8100/mcp".into()),
                    issuer: Some("http://127.0.0.1:8101/tenant".into()),
                    resource: Some("http://127.0.0.1:8100/mcp".into()),
                    capabilities: IndexMap::new(),
                },
                mcp_version: McpVersion::V20251125,
                started: "2026-11-25T12:00:00Z".into(),
                took_ms: 2345,
                counts: Counts::default(),
                doctor: Vec::new(),
                variables: Value::Null,
                runs: IndexMap::new(),
                last: IndexMap::new(),
                order: Vec::new(),
                exchanges: Vec::new(),
                interrupted: None,
            },
            judgement: Judgement {
                requirement_set: "2025-11-25/1".into(),
                suite_digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                    .into(),
                strict: false,
                partial: false,
                cases: Vec::new(),
            },
        }
    }

    /// Every verdict, and every member that a report shows.
    pub fn full() -> Self {
        let mut sample = Self::empty();
        sample.recording.counts = Counts {
            requests: 312,
            registrations: 4,
            logins: 12,
            token_requests: 60,
        };
        sample.recording.target.capabilities.insert(
            "registration_management".into(),
            Presence::Absent {
                reason: "no registration_client_uri".into(),
            },
        );
        sample.recording.doctor = vec![
            doctor("reachable", DoctorState::Ok, "200 in 12 ms", ""),
            doctor(
                "clock",
                DoctorState::Notice,
                "the server's clock is 42 s ahead",
                "set the clock; lifetimes are judged with this in mind",
            ),
        ];
        sample.recording.exchanges = vec![authorize(), token(), unanswered()];
        sample.recording.runs.insert("a1b2c3".into(), run());
        sample.judgement.cases = cases();
        sample
    }

    /// The full sample with `text` in every string that a server or a suite can fill.
    pub fn hostile(text: &str) -> Self {
        let mut sample = Self::full();
        for exchange in &mut sample.recording.exchanges {
            exchange.purpose.push_str(text);
            exchange.request.url.push_str(text);
            exchange.request.headers.push(("x".into(), text.into()));
            exchange.request.body = Some(text.into());
            match &mut exchange.answer {
                Answer::Response { headers, body, .. } => {
                    headers.push(("x".into(), text.into()));
                    body.push_str(text);
                }
                Answer::Failed { message, .. } => message.push_str(text),
            }
        }
        let facts = &mut sample.recording.target;
        facts.name.push_str(text);
        let steps = sample
            .recording
            .runs
            .values_mut()
            .flat_map(|run| &mut run.steps);
        for step in steps.filter(|step| !step.mutation.is_empty()) {
            step.mutation.push_str(text);
        }
        facts.mcp_server = Some(text.into());
        facts.issuer = Some(text.into());
        sample.recording.interrupted = Some(text.into());
        sample.judgement.requirement_set.push_str(text);
        for step in &mut sample.recording.doctor {
            step.found.push_str(text);
            step.mend.push_str(text);
        }
        for case in &mut sample.judgement.cases {
            spoil(case, text);
        }
        sample
    }
}

fn spoil(case: &mut CaseResult, text: &str) {
    for member in [
        &mut case.id,
        &mut case.area,
        &mut case.title,
        &mut case.why,
        &mut case.mend,
    ] {
        member.push_str(text);
    }
    if let Some(threat) = &mut case.threat {
        threat.title.push_str(text);
    }
    for cited in Arc::make_mut(&mut case.requirements) {
        cited.document.push_str(text);
        cited.url = text.into();
        cited.requirement.summary.push_str(text);
    }
    match &mut case.verdict {
        Verdict::Fail { findings } | Verdict::Warning { findings } => {
            for finding in findings {
                finding.came = text.into();
                finding.path.push_str(text);
            }
        }
        Verdict::Pass { remark } => {
            *remark = Some(finding("token", "json", "nothing", text));
        }
        Verdict::Inconclusive { reason } | Verdict::NotApplicable { reason } => {
            reason.push_str(text);
        }
        Verdict::Untested { add, .. } => add.push_str(text),
        Verdict::Error { fault } => fault.push_str(text),
    }
    if let Some(control) = &mut case.control {
        control.title.push_str(text);
    }
}

/// The run of the failing case.
fn run() -> RunRecord {
    let step = |name: &str, mutation: &str, exchange| StepRecord {
        name: name.into(),
        action: name.into(),
        mutation: mutation.into(),
        outcome: Outcome::Accepted,
        result: Compact::default(),
        exchanges: vec![exchange],
    };
    RunRecord {
        id: "a1b2c3".into(),
        title: "code_grant".into(),
        steps: vec![
            step("authorize", "", 0),
            step("token", "code_verifier = run.code_verifier[:-1]", 1),
        ],
        variables: Compact::default(),
        stopped: None,
        fault: None,
    }
}

fn doctor(name: &str, state: DoctorState, found: &str, mend: &str) -> DoctorStep {
    DoctorStep {
        name: name.into(),
        state,
        found: found.into(),
        mend: mend.into(),
        exchanges: Vec::new(),
    }
}

fn finding(step: &str, path: &str, wanted: &str, came: &str) -> Finding {
    Finding {
        step: step.into(),
        path: path.into(),
        wanted: wanted.into(),
        came: came.into(),
    }
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

fn authorize() -> Exchange {
    Exchange {
        index: 0,
        purpose: "authorization request".into(),
        request: RecordedRequest {
            method: "GET".into(),
            url: "http://127.0.0.1:8101/tenant/authorize?response_type=code&client_id=c1".into(),
            headers: vec![header("accept", "text/html")],
            body: None,
        },
        answer: Answer::Response {
            status: 302,
            headers: vec![header(
                "location",
                "http://127.0.0.1:4000/callback?code=[code:43:1f0a9c2b7d3e]",
            )],
            body: String::new(),
            truncated: false,
        },
        started_ms: 100,
        took_ms: 4.0,
    }
}

fn token() -> Exchange {
    Exchange {
        index: 1,
        purpose: "token".into(),
        request: RecordedRequest {
            method: "POST".into(),
            url: "http://127.0.0.1:8101/tenant/token".into(),
            headers: vec![
                header("accept", "application/json"),
                header("content-type", "application/x-www-form-urlencoded"),
            ],
            body: Some(
                "grant_type=authorization_code&code=[code:43:1f0a9c2b7d3e]\
                 &code_verifier=[code_verifier:42:aa0a9c2b7d3e]"
                    .into(),
            ),
        },
        answer: Answer::Response {
            status: 200,
            headers: vec![header("content-type", "application/json")],
            body: r#"{"access_token":"[access_token:32:0f0a9c2b7d3e]","token_type":"Bearer"}"#
                .into(),
            truncated: false,
        },
        started_ms: 120,
        took_ms: 6.0,
    }
}

fn unanswered() -> Exchange {
    let mut exchange = token();
    exchange.index = 2;
    exchange.answer = Answer::Failed {
        kind: FailureKind::Timeout,
        message: "no answer in 10 s".into(),
    };
    exchange
}

fn cited(id: &str, document: &str, section: &str, level: Level, derived: bool) -> Cited {
    Cited {
        id: id.into(),
        document: document.into(),
        url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.6".into(),
        requirement: Requirement {
            section: section.into(),
            level,
            role: Role::AuthorizationServer,
            mcp_versions: vec![McpVersion::V20251125],
            summary: "A code bound to a challenge is redeemed with the matching verifier only."
                .into(),
            severity: Severity::Critical,
            observable: Observable::Yes,
            derived,
            verified: true,
            unchecked: String::new(),
            notes: String::new(),
        },
        uncounted: false,
    }
}

fn case(id: &str, level: Level, verdict: Verdict) -> CaseResult {
    let area = id.rsplit_once('/').map_or(id, |(area, _)| area);
    CaseResult {
        id: id.into(),
        area: area.into(),
        threat: area.starts_with("authorization").then(|| Threat {
            id: "code-injection".into(),
            title: "Authorization code injection".into(),
            sources: vec!["RFC 9700 4.5".into(), "CWE-294".into()],
        }),
        endpoint: Endpoint::Token,
        title: "A wrong code_verifier gets no token".into(),
        why: "A stolen authorization code must be useless without the verifier.".into(),
        mend: "Compare the verifier's S256 hash with the stored challenge before the grant.".into(),
        requirements: Arc::new(vec![cited(
            "RFC7636-4.6-verifier-compared",
            "RFC 7636",
            "4.6",
            level,
            level.is_should(),
        )]),
        level: Some(level),
        verdict,
        run: Some("a1b2c3".into()),
        control: None,
        row: Value::Null,
        exchanges: Vec::new(),
        took_ms: 31,
    }
}

fn cases() -> Vec<CaseResult> {
    let pass = || Verdict::Pass { remark: None };
    let untested = || Verdict::Untested {
        add: "`users.second`, so that there are two".into(),
        also: Vec::new(),
    };
    let mut failing = case(
        "authorization/pkce/verifier-wrong[truncated]",
        Level::Must,
        Verdict::Fail {
            findings: vec![
                finding("token", "", "refused", "accepted"),
                finding("token", "json/error", "\"invalid_grant\"", "absent"),
            ],
        },
    );
    failing.control = Some(ControlResult {
        run: "d4e5f6".into(),
        title: "authorization_code".into(),
        first: true,
        last: Some(true),
    });
    failing.row = json!({"case": "truncated", "verifier": "{{ run.code_verifier[:-1] }}"});
    failing.exchanges = vec![0, 1];
    let mut warning = case(
        "token/lifetimes/expires-in",
        Level::Should,
        Verdict::Warning {
            findings: vec![finding("token", "json/expires_in", "at most 3600", "86400")],
        },
    );
    warning.exchanges = vec![1];
    let mut passing = case(
        "authorization/pkce/verifier-wrong[empty]",
        Level::Must,
        pass(),
    );
    passing.control = failing.control.clone();
    passing.exchanges = vec![1];
    let mut inconclusive = case(
        "authorization/pkce/plain",
        Level::MustNot,
        Verdict::Inconclusive {
            reason: "no answer from the token endpoint in 10 s".into(),
        },
    );
    inconclusive.exchanges = vec![2];
    vec![
        case(
            "discovery/challenge/no-token[initialize]",
            Level::Must,
            pass(),
        ),
        case("discovery/metadata/resource-identical", Level::Must, pass()),
        passing,
        failing,
        inconclusive,
        warning,
        case("scopes/users/data-of-another", Level::MustNot, untested()),
        case("scopes/users/token-of-another", Level::Should, untested()),
        case(
            "registration/management/deleted-client",
            Level::Must,
            Verdict::NotApplicable {
                reason: "no registration_client_uri".into(),
            },
        ),
        case(
            "audit/log/denial-appears",
            Level::Must,
            Verdict::Error {
                fault: "cannot read the audit log's third line".into(),
            },
        ),
    ]
}
