//! The files of the suites: those inside the binary, and those of the user.

use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

use super::problem::Problem;

/// `suites/`, inside the binary in release builds.
#[derive(RustEmbed)]
#[folder = "suites/"]
struct Embedded;

/// A file before it is read.
#[derive(Clone, Debug)]
pub struct SuiteFile {
    /// As shown to people.
    pub name: String,
    /// Below the suites' folder, parted by `/`; it says what the file holds.
    pub path: String,
    /// Its text.
    pub text: String,
    /// It is one of ours: the frozen sets speak of it.
    pub built_in: bool,
}

/// What a file holds, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Requirements,
    RequirementSets,
    FrozenSet,
    Threats,
    Flows,
    Clients,
    Checks,
}

impl SuiteFile {
    /// What the file's place says that it holds.
    pub(super) fn holds(&self) -> Holds {
        match self.path.split_once('/') {
            Some(("requirements", _)) => Holds::Requirements,
            Some(("requirement-sets", _)) => Holds::FrozenSet,
            Some(("flows", _)) => Holds::Flows,
            None if self.path == "clients.yaml" => Holds::Clients,
            None if self.path == "requirement-sets.yaml" => Holds::RequirementSets,
            None if self.path == "threats.yaml" => Holds::Threats,
            _ => Holds::Checks,
        }
    }

    /// The first part of its checks' ids: the path without the ending.
    pub(super) fn area(&self) -> &str {
        self.path.strip_suffix(".yaml").unwrap_or(&self.path)
    }

    /// The files inside the binary, by path.
    pub fn embedded() -> Vec<Self> {
        let mut paths: Vec<_> = Embedded::iter()
            .filter(|path| path.ends_with(".yaml"))
            .collect();
        paths.sort();
        paths
            .into_iter()
            .filter_map(|path| {
                let file = Embedded::get(&path)?;
                Some(Self {
                    name: format!("suites/{path}"),
                    text: String::from_utf8_lossy(&file.data).into_owned(),
                    path: path.into_owned(),
                    built_in: true,
                })
            })
            .collect()
    }

    /// The YAML files below a folder, by path; or the one file that `place` is, which then counts
    /// as lying in its folder's area.
    pub fn gather(place: &Path) -> (Vec<Self>, Vec<Problem>) {
        let mut found = (Vec::new(), Vec::new());
        if place.is_file() {
            let path = match (place.parent().and_then(Path::file_name), place.file_name()) {
                (Some(folder), Some(name)) => Path::new(folder).join(name),
                _ => place.to_path_buf(),
            };
            read(place, &path, &mut found);
        } else {
            walk(place, Path::new(""), &mut found);
            if !place.exists() {
                let name = place.display().to_string();
                found.1 = vec![Problem::unreadable(
                    &name,
                    "there is no such file or folder",
                )];
            } else if found.0.is_empty() && found.1.is_empty() {
                let name = place.display().to_string();
                found.1.push(
                    Problem::unreadable(&name, "this folder holds no suite file")
                        .with_help(layout_help()),
                );
            }
        }
        found
    }
}

fn layout_help() -> String {
    "checks lie in a folder of their area, as `AREA/TOPIC.yaml`; see suites/README.md".to_owned()
}

type Found = (Vec<SuiteFile>, Vec<Problem>);

fn walk(folder: &Path, below: &Path, found: &mut Found) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) => return cannot_read(folder, &cause, found),
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let Some(name) = entry.file_name() else {
            continue;
        };
        let path = below.join(name);
        if entry.is_dir() {
            walk(&entry, &path, found);
        } else {
            match entry.extension().and_then(|ending| ending.to_str()) {
                Some("yaml") => read(&entry, &path, found),
                Some("yml") => found.1.push(
                    Problem::unreadable(
                        &entry.display().to_string(),
                        "files that end in `.yml` are not read",
                    )
                    .with_help("rename it so that it ends in `.yaml`".to_owned())
                    .warning(),
                ),
                _ => {}
            }
        }
    }
}

fn read(file: &Path, path: &Path, found: &mut Found) {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    match std::fs::read_to_string(file) {
        Ok(text) => found.0.push(SuiteFile {
            name: file.display().to_string(),
            path: parts.join("/"),
            text,
            built_in: false,
        }),
        Err(cause) => cannot_read(file, &cause, found),
    }
}

fn cannot_read(path: &Path, cause: &std::io::Error, found: &mut Found) {
    found.1.push(
        Problem::unreadable(
            &path.display().to_string(),
            format!("cannot be read: {cause}"),
        )
        .with_help("give a folder of suites, or one file of it".to_owned()),
    );
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::suite::Suites;

    #[test]
    fn what_is_no_suite_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("checks.yml"), "").expect("written");
        let (files, problems) = SuiteFile::gather(folder.path());
        assert!(files.is_empty());
        assert!(problems[0].message().contains("`.yml`"));
        let (_, problems) = SuiteFile::gather(&folder.path().join("nowhere"));
        assert!(problems[0].message().contains("no such file"));
    }

    #[test]
    fn a_users_folder_lies_beside_the_built_in_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let area = folder.path().join("authorization");
        fs::create_dir(&area).expect("a folder");
        let known = SuiteFile::embedded()
            .into_iter()
            .find(|file| file.path == "authorization/pkce.yaml")
            .expect("built in");
        // The very file again is no duplicate; the same checks in another text are.
        fs::write(area.join("pkce.yaml"), &known.text).expect("written");
        let extra = [folder.path().to_path_buf()];
        assert!(Suites::load(&extra).is_ok());
        fs::write(area.join("pkce.yaml"), known.text + "\n# changed\n").expect("written");
        let problems = Suites::load(&extra).expect_err("each id exists twice");
        let told = problems.to_string();
        assert!(
            told.contains("exists already") && told.contains("suites/authorization/pkce.yaml:")
        );
    }
}
