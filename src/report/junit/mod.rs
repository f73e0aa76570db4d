//! JUnit XML, as Jenkins (its xUnit plugin's `junit-10` schema) and GitLab read it.
//!
//! A suite for each area, a testcase for each case. `junit-report` writes characters as they
//! come, so every string goes through [`safe`]; it knows no `skipped` count and no totals, so
//! [`counts`] adds them.

mod counts;
#[cfg(test)]
mod rules;

use std::io::Write;

use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};

use super::text::{seconds, visible_block};
use super::{GroupBy, ReportError, ReportInput, conformance, curl, group, summary};
use crate::judge::{CaseResult, Finding, Verdict};

/// Writes the document.
pub fn write(input: &ReportInput<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let suites: Vec<TestSuite> = group::groups(input.judgement, GroupBy::Area)
        .into_iter()
        .map(|(area, cases)| suite(input, &area, &cases))
        .collect();
    let mut report = Report::new();
    report.add_testsuites(suites);
    let mut bare = Vec::new();
    report.write_xml(&mut bare)?;
    out.write_all(&counts::add(&bare, report.testsuites())?)?;
    writeln!(out)?;
    Ok(())
}

/// `text` as XML 1.0 can carry it in an attribute or a CDATA section: what it forbids (section
/// 2.2) becomes U+FFFD, and `]]>`, which would end the section, is parted.
fn safe(text: &str) -> String {
    let carried = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let allowed = |c: char| if carried(c) { c } else { '\u{fffd}' };
    let text: String = text.chars().map(allowed).collect();
    text.replace("]]>", "]] >")
}

fn suite(input: &ReportInput<'_>, area: &str, cases: &[&CaseResult]) -> TestSuite {
    TestSuite {
        name: safe(area),
        package: safe(area),
        timestamp: started(input),
        hostname: "localhost".into(),
        testcases: cases.iter().map(|case| testcase(input, case)).collect(),
        system_out: Some(safe(&visible_block(&header(input)))),
        system_err: None,
    }
}

/// The start of the run. The crate cannot write years beyond four digits.
fn started(input: &ReportInput<'_>) -> OffsetDateTime {
    const LAST: i64 = 253_402_300_799;
    let started = input.recording.started.parse::<jiff::Timestamp>();
    let second = started.map_or(0, jiff::Timestamp::as_second).clamp(0, LAST);
    OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// What properties would hold, if the crate knew them.
fn header(input: &ReportInput<'_>) -> String {
    let (recording, judgement) = (input.recording, input.judgement);
    let mut lines = vec![
        format!("authspec: {}", env!("CARGO_PKG_VERSION")),
        format!("target: {}", recording.target.name),
    ];
    let places = [
        ("MCP server", &recording.target.mcp_server),
        ("issuer", &recording.target.issuer),
    ];
    for (name, place) in places {
        lines.extend(place.iter().map(|url| format!("{name}: {url}")));
    }
    lines.extend([
        format!("MCP version: {}", recording.mcp_version),
        format!("requirement set: {}", judgement.requirement_set),
        format!("suite digest: {}", judgement.suite_digest),
        format!("strict: {}", judgement.strict),
        format!("partial: {}", judgement.partial),
        format!("run: {}", seconds(recording.took_ms)),
        format!("result: {}", conformance::sentence(input)),
    ]);
    lines.extend(summary::doubt(judgement).map(|doubt| format!("doubtful: {doubt}")));
    if let Some(why) = &recording.interrupted {
        lines.push(format!("stopped early: {why}"));
    }
    lines.join("\n")
}

fn testcase(input: &ReportInput<'_>, case: &CaseResult) -> TestCase {
    let mut remark = None;
    let result = match &case.verdict {
        Verdict::Pass { remark: found } => {
            remark = found.as_ref().map(line);
            TestResult::Success
        }
        Verdict::Warning { .. } => {
            remark = Some(format!("warning\n{}", evidence(input, case)));
            TestResult::Success
        }
        Verdict::Fail { findings } => TestResult::Failure {
            type_: case.verdict.name().into(),
            message: safe(&format!(
                "{}: {}",
                case.title,
                findings.first().map(line).unwrap_or_default()
            )),
            cause: Some(safe(&visible_block(&evidence(input, case)))),
        },
        Verdict::Error { fault } => TestResult::Error {
            type_: case.verdict.name().into(),
            message: safe(fault),
            cause: None,
        },
        Verdict::Inconclusive { .. } | Verdict::NotApplicable { .. } | Verdict::Untested { .. } => {
            TestResult::SkippedWithCause {
                type_: case.verdict.name().into(),
                message: safe(&format!(
                    "{}: {}",
                    case.verdict.name().replace('_', " "),
                    summary::reason(&case.verdict).unwrap_or_default()
                )),
                cause: None,
            }
        }
    };
    TestCase {
        name: safe(&case.id),
        time: Duration::milliseconds(i64::try_from(case.took_ms).unwrap_or(i64::MAX)),
        result,
        classname: Some(safe(&case.area)),
        filepath: None,
        system_out: remark.map(|remark| safe(&visible_block(&remark))),
        system_err: None,
    }
}

fn line(finding: &Finding) -> String {
    let place = match finding.path.as_str() {
        "" => finding.step.clone(),
        path => format!("{}, {path}", finding.step),
    };
    format!(
        "wanted {}, came {} (step {place})",
        finding.wanted, finding.came
    )
}

/// All that a person needs to believe a failure.
fn evidence(input: &ReportInput<'_>, case: &CaseResult) -> String {
    let mut lines: Vec<String> = case.verdict.findings().iter().map(line).collect();
    for cited in case.requirements.iter() {
        lines.push(format!("clause: {}", summary::clause(cited)));
        lines.push(format!("        {} {}", cited.id, cited.url));
    }
    if let Some(threat) = &case.threat {
        lines.push(format!("threat: {}", group::threat(threat)));
    }
    if let Some(control) = &case.control {
        let how = summary::control(control);
        lines.push(format!("control: {}: {how}", control.title));
    }
    let changed = input.changed(case).into_iter();
    lines.extend(changed.map(|changed| format!("changed: {changed}")));
    if let Some(exchange) = input.deciding(case) {
        lines.push(format!("repeat: {}", curl::command(&exchange.request)));
    }
    lines.push(format!("why: {}", case.why));
    lines.push(format!("mend: {}", case.mend));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::rules::{Element, parse};
    use super::*;
    use crate::report::sample::Sample;

    fn written(sample: &Sample) -> Element {
        let mut out = Vec::new();
        write(&sample.input(), &mut out).unwrap();
        let document = parse(&out).unwrap();
        rules::check(&document).unwrap();
        document
    }

    fn find<'d>(document: &'d Element, id: &str) -> &'d Element {
        let mut cases = document.children.iter().flat_map(|suite| &suite.children);
        cases.find(|case| case.attribute("name") == id).unwrap()
    }

    #[test]
    fn each_verdict_has_its_element() {
        let document = written(&Sample::full());
        let inside = |id| -> Vec<&str> {
            let case = find(&document, id);
            case.children
                .iter()
                .map(|child| child.name.as_str())
                .collect()
        };
        assert_eq!(
            inside("authorization/pkce/verifier-wrong[truncated]"),
            ["failure"]
        );
        assert_eq!(inside("authorization/pkce/plain"), ["skipped"]);
        assert_eq!(inside("scopes/users/data-of-another"), ["skipped"]);
        assert_eq!(
            inside("registration/management/deleted-client"),
            ["skipped"]
        );
        assert_eq!(inside("audit/log/denial-appears"), ["error"]);
        assert_eq!(inside("token/lifetimes/expires-in"), ["system-out"]);
        assert_eq!(inside("discovery/metadata/resource-identical"), [""; 0]);
        assert_eq!(document.attribute("tests"), "10");
        let untested = &find(&document, "scopes/users/data-of-another").children[0];
        assert_eq!(
            untested.attribute("message"),
            "untested: add to the target file: `users.second`, so that there are two"
        );
    }

    #[test]
    fn a_suite_says_what_was_judged_by_what() {
        let document = written(&Sample::full());
        let suite = &document.children[0];
        assert_eq!(suite.attribute("name"), "discovery/challenge");
        assert_eq!(suite.attribute("timestamp"), "2026-11-25T12:00:00Z");
        let said = &suite.children.last().unwrap().text;
        for line in [
            "target: weather",
            "MCP version: 2025-11-25",
            "requirement set: 2025-11-25/1",
            "suite digest: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert!(said.contains(line), "{said}");
        }
    }

    #[test]
    fn a_start_that_no_calendar_knows_is_no_panic() {
        for started in [
            "",
            "yesterday",
            "-009999-01-01T00:00:00Z",
            "9999-12-30T00:00:00Z",
        ] {
            let mut sample = Sample::full();
            sample.recording.started = started.into();
            written(&sample);
        }
    }

    #[test]
    fn parts_what_would_end_a_section() {
        assert_eq!(
            safe("a]]>b\u{0}\u{ffff}\u{fffe}c\u{1b}\n"),
            "a]] >b\u{fffd}\u{fffd}\u{fffd}c\u{fffd}\n"
        );
        let document = written(&Sample::hostile(
            "]]>]]]]>><![CDATA[&\"'<x>\r\0\u{b}\u{ffff}",
        ));
        assert_eq!(document.children.len(), 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_string_makes_a_document_that_a_parser_reads(
            text in prop_oneof![any::<String>(), r#"[\]\[>CDAT!<&"'/\x00-\x1f\u{fffe}\u{ffff}]{0,24}"#],
        ) {
            let sample = Sample::hostile(&text);
            let document = written(&sample);
            let names = document.children.iter().flat_map(|suite| &suite.children)
                .filter(|child| child.name == "testcase").count();
            prop_assert_eq!(names, sample.judgement.cases.len());
        }
    }
}
