//! LOAD: every suite file into types that hold no nonsense, or every mistake of every file.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files::{Holds, SuiteFile};
use super::lint;
use super::problem::{Gravity, Problem, Problems};
use super::source::{Source, Spot};
use super::{
    Capability, Check, CheckFile, Cited, ClientFile, ClientProfile, Flow, FlowFile, Level,
    McpVersion, Params, Registry, RequirementFile, Steps, Threat, ThreatFile,
};

/// Everything that the suites say.
#[derive(Clone, Debug, Default)]
pub struct Suites {
    /// The requirements.
    pub registry: Registry,
    /// The flows, by id.
    pub flows: IndexMap<String, Flow>,
    /// The client profiles, by name.
    pub clients: IndexMap<String, ClientProfile>,
    /// The checks, in file order.
    pub checks: Vec<LoadedCheck>,
    /// SHA-256 over all files, in hexadecimal: the same digest, the same suites.
    pub digest: String,
    /// The number of the set of requirements that counts.
    pub requirement_set: u32,
    /// The threats, by id.
    pub threats: IndexMap<String, Threat>,
    /// What that set holds for each MCP version, with the level of that day.
    pub(super) counted: HashMap<McpVersion, IndexMap<String, Level>>,
    /// The requirements that the frozen sets speak of: ours.
    pub(super) built_in: HashSet<String>,
}

/// A check and where it stands.
#[derive(Clone, Debug)]
pub struct LoadedCheck {
    /// Path of its file below the suites' folder, without the ending: `authorization/pkce`.
    pub area: String,
    /// Its file as shown to people.
    pub file: String,
    /// The line on which it begins.
    pub line: usize,
    /// The threat that it stands against.
    pub threat: Option<Threat>,
    /// The check.
    pub check: Check,
}

impl LoadedCheck {
    /// `authorization/pkce/verifier-wrong`: selects the check, and stays the same over releases.
    pub fn id(&self) -> String {
        format!("{}/{}", self.area, self.check.id)
    }

    /// The id of the case that `row` names, `authorization/pkce/verifier-wrong[truncated]`; the
    /// check's own where it has no table.
    pub fn case_id(&self, row: Option<&str>) -> String {
        match row {
            Some(row) => format!("{}[{row}]", self.id()),
            None => self.id(),
        }
    }
}

/// `suites/requirement-sets.yaml`: the frozen sets of requirements. What comes later is reported,
/// and counted from the next set on, so that an upgrade turns no green pipeline red.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementSets {
    /// The set that counts.
    pub current: u32,
    /// Each set's number and the day on which it was frozen.
    pub sets: IndexMap<u32, String>,
}

/// A file of `suites/requirement-sets/`: a frozen set, as it is for one MCP version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrozenSet {
    /// The set's number.
    pub set: u32,
    /// The version.
    pub mcp_version: McpVersion,
    /// What binds a server under this version, with its level.
    pub requirements: IndexMap<String, Level>,
}

/// A file that was read.
pub(super) struct Read<T> {
    pub(super) file: SuiteFile,
    pub(super) source: Source,
    pub(super) value: T,
}

/// All files that were read, by what they hold.
#[derive(Default)]
pub(super) struct Files {
    pub(super) requirements: Vec<Read<RequirementFile>>,
    pub(super) flows: Vec<Read<FlowFile>>,
    pub(super) clients: Vec<Read<ClientFile>>,
    pub(super) checks: Vec<Read<CheckFile>>,
    pub(super) threats: Vec<Read<ThreatFile>>,
    pub(super) sets: Vec<Read<FrozenSet>>,
    /// What could not be read in part or whole: a name that is missing may stand there.
    pub(super) broken: Vec<Holds>,
    requirement_set: u32,
}

impl Suites {
    /// The suites inside the binary.
    ///
    /// # Errors
    /// A file has mistakes; a test sees to it that none has.
    pub fn embedded() -> Result<Self, Problems> {
        Self::load(&[])
    }

    /// The suites inside the binary and those of the user's folders.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn load(extra: &[PathBuf]) -> Result<Self, Problems> {
        let (suites, mut problems) = Self::lint(extra);
        if problems.errors() > 0 {
            // Nobody asked about the files inside.
            let inside = SuiteFile::embedded();
            let is_inside =
                |problem: &Problem| inside.iter().any(|file| file.name == problem.file());
            problems.retain(|problem| problem.gravity() == Gravity::Error || !is_inside(problem));
            return Err(problems);
        }
        Ok(suites)
    }

    /// As [`Self::load`], with the warnings; what has mistakes is left out.
    pub fn lint(extra: &[PathBuf]) -> (Self, Problems) {
        let mut files = SuiteFile::embedded();
        let mut unreadable = Vec::new();
        for place in extra {
            let (found, problems) = SuiteFile::gather(place);
            unreadable.extend(problems);
            for file in found {
                // The built-in files themselves, given by path.
                if !files
                    .iter()
                    .any(|known| known.path == file.path && known.text == file.text)
                {
                    files.push(file);
                }
            }
        }
        let (suites, mut problems) = Self::from_files(files);
        problems.extend(unreadable);
        problems.sort();
        (suites, problems)
    }

    /// Reads and lints `files`.
    pub fn from_files(files: Vec<SuiteFile>) -> (Self, Problems) {
        let digest = digest(&files);
        let mut problems = Problems::default();
        let read = Files::read(files, &mut problems);
        let mut suites = Self {
            digest,
            requirement_set: read.requirement_set,
            ..Self::default()
        };
        lint::names(&read, &mut suites, &mut problems);
        lint::contents(&read, &suites, &mut problems);
        for Read {
            file,
            source,
            value,
        } in read.checks
        {
            for (index, check) in value.checks.into_iter().enumerate() {
                let threat = check.threat.as_ref().or(value.threat.as_ref());
                suites.checks.push(LoadedCheck {
                    area: file.area().to_owned(),
                    file: file.name.clone(),
                    line: source.line(&Spot::root().key("checks").item(index)),
                    threat: threat.and_then(|id| suites.threats.get(id)).cloned(),
                    check,
                });
            }
        }
        problems.sort();
        (suites, problems)
    }

    /// Whether the set of requirements that counts holds `cited` for `version`, at this level. What
    /// a user wrote always counts.
    pub fn counts(&self, cited: &Cited, version: McpVersion) -> bool {
        let Some(set) = self.counted.get(&version) else {
            return true;
        };
        let frozen = set.get(&cited.id);
        !self.built_in.contains(&cited.id)
            || frozen.is_some_and(|level| *level >= cited.requirement.level)
    }

    /// The check called `id`.
    pub fn check(&self, id: &str) -> Option<&LoadedCheck> {
        self.checks.iter().find(|check| check.id() == id)
    }

    /// A flow's parameters with their defaults, what it needs, and its steps: first those of the
    /// flows that it comes after, then its own. Empty for an unknown flow.
    pub fn steps(&self, flow: &str) -> (Params, Vec<Capability>, Steps) {
        let mut chain: Vec<&Flow> = Vec::new();
        let mut next = self.flows.get(flow);
        while let Some(flow) = next {
            if chain.len() > self.flows.len() {
                break;
            }
            chain.push(flow);
            next = flow.after.as_ref().and_then(|after| self.flows.get(after));
        }
        let (mut with, mut needs, mut steps) = (Params::new(), Vec::new(), Steps::new());
        for flow in chain.into_iter().rev() {
            with.extend(flow.with.clone());
            for need in &flow.needs {
                if !needs.contains(need) {
                    needs.push(*need);
                }
            }
            steps.extend(flow.steps.clone());
        }
        (with, needs, steps)
    }
}

impl Files {
    fn read(files: Vec<SuiteFile>, problems: &mut Problems) -> Self {
        let mut read = Self {
            requirement_set: 1,
            ..Self::default()
        };
        for file in files {
            let holds = file.holds();
            let before = problems.errors();
            match holds {
                Holds::Requirements => {
                    read.requirements
                        .extend(entries(file, "requirements", problems));
                }
                Holds::Flows => read.flows.extend(entries(file, "flows", problems)),
                Holds::Clients => read.clients.extend(entries(file, "clients", problems)),
                Holds::Threats => read.threats.extend(entries(file, "threats", problems)),
                Holds::FrozenSet => read.sets.extend(entries(file, "requirements", problems)),
                Holds::Checks => read.checks.extend(entries(file, "checks", problems)),
                Holds::RequirementSets => match requirement_set(&file) {
                    Ok(number) => read.requirement_set = number,
                    Err(problem) => problems.push(problem),
                },
            }
            if problems.errors() > before {
                read.broken.push(holds);
            }
        }
        read
    }
}

fn entries<T: DeserializeOwned>(
    file: SuiteFile,
    container: &str,
    problems: &mut Problems,
) -> Option<Read<T>> {
    let source = match Source::new(&file.name, &file.text) {
        Ok(source) => source,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let (value, source, found) = source.read_entries(Some(container));
    problems.extend(found);
    value.map(|value| Read {
        file,
        source,
        value,
    })
}

fn requirement_set(file: &SuiteFile) -> Result<u32, Problem> {
    let source = Source::new(&file.name, &file.text)?;
    let sets: RequirementSets = source.read()?;
    if sets.sets.contains_key(&sets.current) {
        return Ok(sets.current);
    }
    Err(source
        .problem(
            &Spot::root().key("current"),
            format!("there is no set {}", sets.current),
        )
        .with_help("give one of the numbers under `sets`".to_owned()))
}

/// SHA-256 over path and text of each file, in the order of paths.
fn digest(files: &[SuiteFile]) -> String {
    let mut files: Vec<&SuiteFile> = files.iter().collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut hash = Sha256::new();
    for file in files {
        for part in [&file.path, &file.text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_suites_load() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(suites.digest.len(), 64);
        assert!(suites.check("authorization/pkce/verifier-wrong").is_some());
        assert!(suites.registry.ids().count() > 600);
    }

    #[test]
    fn a_flow_brings_the_steps_of_the_flow_before_it() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let (with, needs, steps) = suites.steps("code_grant_call");
        let names: Vec<&str> = steps.keys().map(String::as_str).collect();
        assert_eq!(names, ["authorize", "token", "call"]);
        assert!(with.contains_key("user") && with.contains_key("operation"));
        assert!(needs.contains(&Capability::Login) && needs.contains(&Capability::ResourceServer));
    }
}
