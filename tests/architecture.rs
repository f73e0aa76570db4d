//! The one way through the house: who may import whom, and what the judge must not touch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each module and the modules that it may import besides itself.
const MAY_IMPORT: [(&str, &[&str]); 9] = [
    ("signing", &[]),
    ("suite", &[]),
    ("target", &["suite"]),
    ("plan", &["suite", "target"]),
    ("run", &["signing", "suite", "target", "plan"]),
    ("judge", &["suite", "target", "plan", "run"]),
    ("report", &["suite", "target", "plan", "run", "judge"]),
    ("reference", &["signing"]),
    (
        "cli",
        &[
            "suite",
            "target",
            "plan",
            "run",
            "judge",
            "report",
            "reference",
        ],
    ),
];

/// Imports against the way: importer, what it names, and why that is right.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "plan",
        "run::Presence",
        "what is known of a capability is found out before planning and recorded with the run",
    ),
    (
        "plan",
        "run::Counts",
        "a plan says beforehand what a run will count",
    ),
];

/// What would make a judgement depend on more than its arguments.
const IMPURE: [&str; 8] = [
    "tokio",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "std::time",
    "jiff",
    "reqwest",
    "rand::",
];

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for file in sources("src") {
        let Some(module) = module_of(&file) else {
            continue;
        };
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{}: src/{module} has no rule", file.display()));
            continue;
        };
        for path in crate_paths(&code_of(&file)) {
            let top = path.split("::").next().unwrap_or_default();
            let is_exception = EXCEPTIONS.iter().any(|(importer, named, _)| {
                let below = path.strip_prefix(named);
                *importer == module && below.is_some_and(|p| p.is_empty() || p.starts_with("::"))
            });
            if top != module && !allowed.contains(&top) && !is_exception {
                wrong.push(format!("{}: {module} imports {path}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_module_climbs_to_the_root() {
    let mut wrong = Vec::new();
    for file in sources("src") {
        let below = file.strip_prefix("src").unwrap_or(&file);
        let is_folder = below.ends_with("mod.rs");
        // `src/a/b.rs` is two levels below the root, `src/a/mod.rs` one; an inline module of
        // tests is one level more.
        let depth = below.components().count() - usize::from(is_folder);
        let climb = "super::".repeat(depth + 1);
        if code_of(&file).contains(&climb) {
            wrong.push(file.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "use crate:: instead: {wrong:?}");
}

#[test]
fn the_judge_is_pure() {
    let mut wrong = Vec::new();
    for file in sources("src/judge") {
        let code = code_of(&file);
        for word in IMPURE.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{}: {word}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_in_every_form() {
    let code = "use crate::suite::{Level, Cited};\nuse crate::{plan::Plan, run::{self, http::Client}};\n\
                let x = crate::judge::judge(a);\n";
    let paths: Vec<String> = crate_paths(code).into_iter().collect();
    assert_eq!(
        paths,
        [
            "judge::judge",
            "plan::Plan",
            "run::http::Client",
            "run::self",
            "suite::Cited",
            "suite::Level"
        ]
    );
}

/// Every Rust file below `folder`, relative to the package.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(folder)];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no source");
    found
}

/// The top-level module of a file; none for `lib.rs` and `main.rs`.
fn module_of(file: &Path) -> Option<String> {
    let below = file.strip_prefix("src").ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    match first.strip_suffix(".rs") {
        Some("lib" | "main") => None,
        Some(module) => Some(module.to_owned()),
        None => Some(first.to_owned()),
    }
}

/// The file's text without line comments, so that prose may name any module.
fn code_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{file:?}: {e}"));
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Everything named from the crate's root, groups taken apart: `suite::Level`.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let bytes = code.as_bytes();
    for (at, found) in code.match_indices("crate::") {
        let inside_word =
            at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if !inside_word {
            expand(&code[at + found.len()..], "", &mut paths);
        }
    }
    paths
}

/// Reads one path, or a group of paths in braces; returns how much it read.
fn expand(code: &str, prefix: &str, paths: &mut BTreeSet<String>) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '*';
    let end = code.find(|c| !is_path(c)).unwrap_or(code.len());
    let path = format!("{prefix}{}", &code[..end]);
    if !code[end..].starts_with('{') {
        paths.insert(path);
        return end;
    }
    let mut at = end + 1;
    while let Some(next) = code[at..].chars().next() {
        match next {
            '}' => return at + 1,
            c if is_path(c) || c == '{' => at += expand(&code[at..], &path, paths).max(1),
            c => at += c.len_utf8(),
        }
    }
    at
}
