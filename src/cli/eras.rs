//! `--mcp-version auto`: the versions that a server speaks, found out by an honest client, and one
//! test for each. A server of both eras chooses its rules by how the client opens, so that a test in
//! one of them says nothing of the other (MCP 2026-07-28, versioning).

use super::args::{AskedVersion, Judging, Run};
use super::conduct::{Conduct, ConductError, DEFAULT_VERSION, enter};
use super::console::Console;
use super::failure::Failure;
use super::one_test::{Wanted, Watched, test};
use super::signals;
use crate::plan::honest_run;
use crate::run::{Cancel, DoctorState, Examined, RunRecord, execute_run, unless};
use crate::suite::{McpVersion, Suites};
use crate::target::Target;

/// Exit code of a run that was cut short.
const CUT_SHORT: u8 = 3;

/// What was found out.
#[derive(Debug, PartialEq, Eq)]
struct Spoken {
    /// The versions to judge by, oldest first; never empty.
    versions: Vec<McpVersion>,
    /// How that is known.
    because: String,
}

/// Tests `target` once for each era that it speaks; the worst exit code.
pub async fn run(
    args: &Run,
    suites: &Suites,
    target: Target,
    console: &Console,
) -> Result<u8, Failure> {
    let fallback = target.file.mcp_version.unwrap_or(DEFAULT_VERSION);
    let cancel = signals::listen();
    let spoken = if args.output.dry_run {
        Spoken {
            versions: vec![fallback],
            because: "a dry run does not ask the server".to_owned(),
        }
    } else {
        ask(suites, &target, fallback, &cancel).await?
    };
    if cancel.borrow().is_some() {
        console.remark("ended before a version was negotiated");
        return Ok(CUT_SHORT);
    }
    let names: Vec<&str> = spoken.versions.iter().map(|one| one.as_str()).collect();
    console.remark(&format!(
        "judged by MCP {}: {}",
        names.join(", then by "),
        spoken.because
    ));
    let mut worst = 0;
    for version in &spoken.versions {
        let judging = Judging {
            mcp_version: Some(AskedVersion::One(*version)),
            ..args.judging
        };
        let mut output = args.output.clone();
        if spoken.versions.len() > 1 {
            output.out.push(version.as_str());
        }
        let wanted = Wanted {
            filters: &args.filters,
            judging: &judging,
            manners: &args.manners,
            output: &output,
        };
        if cancel.borrow().is_some() {
            console.remark(&format!("MCP {version} was not judged any more"));
            return Ok(worse(worst, CUT_SHORT));
        }
        let selection = wanted.selection(suites, &target.file)?;
        let conduct = wanted.conduct(&target.file, selection, false);
        let watched = Watched::until(cancel.clone(), console.verbosity);
        let target = target.clone();
        let code = test(suites, target, &conduct, &output, watched, console).await?;
        worst = worse(worst, code);
    }
    Ok(worst)
}

/// The exit code that says more against the server, or against authspec.
fn worse(one: u8, other: u8) -> u8 {
    let weight = |code: &u8| [0, 3, 1, 4].iter().position(|known| known == code);
    std::cmp::max_by_key(one, other, weight)
}

/// Takes the way in as a client of the handshake: of the newest version that has one and, where
/// nobody answers that, of the oldest, whose authorization server needs no resource metadata.
async fn ask(
    suites: &Suites,
    target: &Target,
    fallback: McpVersion,
    cancel: &Cancel,
) -> Result<Spoken, ConductError> {
    let mut failed = String::new();
    for version in [McpVersion::V20251125, McpVersion::V20250326] {
        let conduct = Conduct {
            version,
            ..Conduct::default()
        };
        let (session, examined) = enter(suites, target.clone(), &conduct, None, cancel).await?;
        // A server of 2026-07-28 alone gives a token, and then refuses the handshake.
        let called = examined
            .honest
            .as_ref()
            .is_some_and(|record| record.step("call").is_some());
        let run = honest_run(suites, &examined.knowledge, "versions").ok();
        let record = match run.filter(|_| called) {
            Some(run) => unless(cancel, execute_run(&session, &run)).await.ok(),
            None => None,
        };
        session.clean_up().await;
        match record.as_ref().and_then(spoken) {
            Some(spoken) => return Ok(spoken),
            None if failed.is_empty() => failed = broken(&examined),
            None => {}
        }
    }
    Ok(Spoken {
        versions: vec![fallback],
        because: format!("no version could be negotiated ({failed})"),
    })
}

/// What the answers to both openings say.
fn spoken(record: &RunRecord) -> Option<Spoken> {
    let call = record.step("call")?;
    let negotiated = call.result.text_at("/protocol_version");
    let legacy = negotiated.filter(|_| call.outcome.is_accepted());
    let modern = McpVersion::V20260728;
    let supported = record.step("modern").and_then(|step| {
        let versions = step.result.at("/result/supportedVersions")?;
        Some(
            versions
                .as_array()?
                .iter()
                .any(|one| one == modern.as_str()),
        )
    });
    let mut versions = Vec::new();
    let mut because = Vec::new();
    if let Some(text) = legacy {
        match McpVersion::parse(&text) {
            Some(version) if !version.is_stateless() => {
                versions.push(version);
                because.push(format!("initialize was answered with {text}"));
            }
            // Older than all that authspec knows: the oldest is the nearest.
            _ => {
                versions.push(McpVersion::V20250326);
                because.push(format!(
                    "initialize was answered with {text}, which authspec does not know"
                ));
            }
        }
    }
    if supported == Some(true) {
        versions.push(modern);
        because.push(format!("server/discover lists {modern}"));
    }
    (!versions.is_empty()).then(|| Spoken {
        versions,
        because: because.join(", and "),
    })
}

/// Where the way in ended.
fn broken(examined: &Examined) -> String {
    let found = |wanted| {
        let step = examined.steps.iter().find(|step| step.state == wanted)?;
        Some(format!("{}: {}", step.name, step.found))
    };
    found(DoctorState::Broken)
        .or_else(|| found(DoctorState::Skipped))
        .unwrap_or_else(|| "the operation was not carried out".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::run::{Outcome, StepRecord};

    fn record(call: (Outcome, Value), modern: Value) -> RunRecord {
        let step = |name: &str, (outcome, result): (Outcome, Value)| StepRecord {
            name: name.to_owned(),
            action: "call".to_owned(),
            mutation: String::new(),
            outcome,
            result: result.into(),
            exchanges: Vec::new(),
        };
        RunRecord {
            id: String::new(),
            title: String::new(),
            steps: vec![
                step("call", call),
                step("modern", (Outcome::Accepted, modern)),
            ],
            variables: json!(null).into(),
            stopped: None,
            fault: None,
        }
    }

    fn versions(call: (Outcome, Value), modern: Value) -> Option<Vec<McpVersion>> {
        spoken(&record(call, modern)).map(|spoken| spoken.versions)
    }

    #[test]
    fn each_era_is_told_by_its_own_opening() {
        use McpVersion::{V20250326, V20250618, V20260728};
        let took = |version: &str| (Outcome::Accepted, json!({ "protocol_version": version }));
        let refused = || {
            let reason = String::new();
            (Outcome::Refused { reason }, json!({ "status": 400 }))
        };
        let lists = |version: &str| json!({ "result": { "supportedVersions": [version] } });
        let silent = json!({ "status": 404 });
        assert_eq!(
            versions(took("2025-06-18"), silent.clone()),
            Some(vec![V20250618])
        );
        assert_eq!(
            versions(took("2025-06-18"), lists("2026-07-28")),
            Some(vec![V20250618, V20260728])
        );
        assert_eq!(
            versions(refused(), lists("2026-07-28")),
            Some(vec![V20260728])
        );
        assert_eq!(versions(refused(), lists("2025-11-25")), None);
        assert_eq!(versions(took("2024-11-05"), silent), Some(vec![V20250326]));
    }

    #[test]
    fn the_worst_exit_code_counts() {
        assert_eq!(worse(0, 3), 3);
        assert_eq!(worse(3, 1), 1);
        assert_eq!(worse(1, 3), 1);
        assert_eq!(worse(4, 1), 4);
    }
}
