//! The files of `fixtures/hostile/`.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Answer;

/// One hostile server, and what is to come of testing it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What the server does, in one line.
    pub title: String,
    /// Merge patch over the default policy of the servers behind the door.
    #[serde(default)]
    pub policy: Map<String, Value>,
    /// Merge patch over the target file that the tests write.
    #[serde(default)]
    pub target: Map<String, Value>,
    /// Which cases are run, as globs; all of them unless given.
    #[serde(default)]
    pub cases: Vec<String>,
    /// What the door answers itself; the first that fits.
    #[serde(default)]
    pub answers: Vec<Rule>,
    /// After this many requests the door is gone.
    #[serde(default)]
    pub dies_after: Option<usize>,
    /// What comes of it.
    pub expect: Expected,
}

/// Which requests get which answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Path as a glob; `**` is every path.
    pub path: String,
    /// Method; any unless given.
    #[serde(default)]
    pub method: Option<String>,
    /// Text that the request's body holds.
    #[serde(default)]
    pub body_has: Option<String>,
    /// Whether it carries an `Authorization` header.
    #[serde(default)]
    pub authorized: Option<bool>,
    /// Only the first so many that fit.
    #[serde(default)]
    pub times: Option<usize>,
    /// Only after so many that fit.
    #[serde(default)]
    pub after: usize,
    /// The answer.
    pub answer: Answer,
}

impl Rule {
    /// The path's glob.
    pub fn matcher(&self) -> GlobMatcher {
        Glob::new(&self.path)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path))
            .compile_matcher()
    }
}

/// What comes of testing the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// The doctor's first broken step; none may be broken where this is not given.
    pub broken: Option<Says>,
    /// Steps of the doctor that say something without being broken.
    pub notices: Vec<Says>,
    /// Cases and what becomes of them.
    pub cases: Vec<Known>,
    /// Cases that fail or warn, as globs: each must match one, and no other case may.
    pub fails: Vec<String>,
    /// The most requests that the server may see.
    pub most_requests: Option<usize>,
    /// Why the run was cut short.
    pub interrupted: Option<String>,
}

/// A step of the doctor and part of what it says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Says {
    /// The step.
    pub step: String,
    /// Part of what was found.
    pub says: String,
    /// Part of the mend.
    #[serde(default)]
    pub mend: String,
}

/// Cases and what becomes of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Glob; at least one case matches.
    pub case: String,
    /// The verdict.
    pub is: String,
    /// Part of its reason.
    #[serde(default)]
    pub says: String,
}

/// Every fixture, by name.
pub fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|cause| panic!("{folder:?}: {cause}"));
    let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Fixture {
    let text = std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{path:?}: {cause}"));
    let mut fixture: Fixture =
        serde_saphyr::from_str(&text).unwrap_or_else(|cause| panic!("{path:?}: {cause}"));
    fixture.name = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    fixture
}
