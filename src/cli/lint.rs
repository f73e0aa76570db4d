//! `authspec lint [PATH...]`: every mistake of every file, at once.

use std::path::{Path, PathBuf};

use super::args::Lint;
use super::console::{Console, tally};
use super::failure::Failure;
use super::fixtures;
use crate::report::text::count;
use crate::suite::{Gravity, Problem, Problems, Source, Spot, SuiteFile, Suites};
use crate::target::TargetFile;

/// Lints what is built in, or the paths.
pub fn lint(args: &Lint, console: &Console) -> Result<u8, Failure> {
    let (suite_paths, others) = sort(&args.paths);
    let (suites, mut problems) = Suites::lint(&suite_paths);
    if args.paths.is_empty() {
        problems.extend(fixtures::lint_defects(&suites).1);
    } else if suite_paths.is_empty() {
        // The built-in files are not asked about.
        problems = Problems::default();
    } else if !suite_paths.iter().any(|path| is_built_in(path)) {
        let built_in: Vec<String> = SuiteFile::embedded()
            .into_iter()
            .map(|file| file.name)
            .collect();
        let of_ours = |problem: &Problem| built_in.iter().any(|name| name == problem.file());
        problems.retain(|problem| problem.gravity() == Gravity::Error || !of_ours(problem));
    }
    let mut skipped = 0;
    for (path, kind) in others {
        let found = match kind {
            Kind::Target => TargetFile::lint(&path, &suites).1,
            Kind::Defect => fixtures::lint_defect_file(&path, &suites),
            Kind::Policy => fixtures::lint_policy_file(&path),
            Kind::Other => {
                skipped += 1;
                continue;
            }
        };
        problems.extend(found);
    }
    if skipped > 0 {
        let files = count(skipped, "file");
        console.remark(&format!(
            "{files} not looked at: hostile servers, findings and pairs, which the tests read"
        ));
    }
    problems.sort();
    if problems.errors() > 0 {
        return Err(problems.into());
    }
    if !problems.is_empty() {
        console.remark(&format!("{}\n", console.render(&problems)));
    }
    console.remark(&format!("nothing wrong: {}", tally(&problems)));
    Ok(0)
}

/// Whether a path may be one of the built-in suites, in a checkout of the project.
fn is_built_in(path: &Path) -> bool {
    path.iter().any(|part| part == "suites")
}

/// A file that is no part of suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Target,
    Defect,
    Policy,
    /// What only the tests of the project read.
    Other,
}

/// Suite folders and files on one side, everything else on the other. A folder of suites goes to
/// the suites' loader as a whole, since the place of a file says what it holds.
fn sort(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<(PathBuf, Kind)>) {
    let (mut suites, mut others) = (Vec::new(), Vec::new());
    for path in paths {
        let files = yaml_files(path);
        let kinds: Vec<Option<Kind>> = files.iter().map(|file| kind(file)).collect();
        if files.is_empty() || kinds.iter().any(Option::is_none) {
            suites.push(path.clone());
        } else {
            let kinds = kinds.into_iter().flatten();
            others.extend(files.into_iter().zip(kinds));
        }
    }
    (suites, others)
}

fn yaml_files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return if path.is_file() {
            vec![path.to_owned()]
        } else {
            Vec::new()
        };
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    entries.sort();
    entries
        .iter()
        .filter(|entry| entry.is_dir() || entry.extension().is_some_and(|end| end == "yaml"))
        .flat_map(|entry| yaml_files(entry))
        .collect()
}

/// What a file is by its members; `None` for a file of suites, and for one that cannot be told.
fn kind(path: &Path) -> Option<Kind> {
    let text = std::fs::read_to_string(path).ok()?;
    let source = Source::new(&path.display().to_string(), &text).ok();
    let Some(source) = source else {
        // Too broken to tell: a target file is told by its words, so that its secrets are masked.
        let target = text.contains("mcp_server:") || text.contains("authorization_server:");
        return target.then_some(Kind::Target);
    };
    let root = Spot::root();
    let keys = source.keys(&root);
    let any = |names: &[&str]| names.iter().any(|name| keys.contains(name));
    if any(&["checks", "flows", "requirements", "sets", "threats"]) {
        None
    } else if any(&["answers", "expect", "findings", "pairs", "peers"]) {
        Some(Kind::Other)
    } else if any(&["kills", "why"]) {
        Some(Kind::Defect)
    } else if any(&["policy", "rewrite", "tells"]) || keys == ["title"] {
        Some(Kind::Policy)
    } else if any(&TARGET_KEYS) {
        Some(Kind::Target)
    } else {
        None
    }
}

const TARGET_KEYS: [&str; 8] = [
    "mcp_server",
    "authorization_server",
    "users",
    "operations",
    "login",
    "scopes",
    "limits",
    "access_tokens",
];
