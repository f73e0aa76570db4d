//! The frozen sets of requirements: what counts under each MCP version.
//!
//! `AUTHSPEC_FREEZE=1 cargo test --test coverage` writes the current set anew. Until the first
//! release that is how it follows the registry; afterwards raise `current` in
//! `suites/requirement-sets.yaml` first: a set that was released stays as it is.

use std::path::PathBuf;

use authspec::suite::{Cited, McpVersion, Role, Suites};

fn file(set: u32, version: McpVersion) -> PathBuf {
    PathBuf::from(format!("suites/requirement-sets/{set}-{version}.yaml"))
}

fn of_servers(suites: &Suites, version: McpVersion) -> Vec<&Cited> {
    let mut all: Vec<&Cited> = suites
        .registry
        .iter()
        .filter(|cited| cited.requirement.role != Role::Client)
        .filter(|cited| cited.requirement.binds(version))
        .collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn text(suites: &Suites, version: McpVersion) -> String {
    let set = suites.requirement_set;
    let mut text = format!(
        "# Requirement set {version}/{set}: what binds a server that is judged by MCP {version}.\n\
         set: {set}\nmcp_version: {version}\nrequirements:\n"
    );
    for cited in of_servers(suites, version) {
        let level = cited.requirement.level.as_str();
        text.push_str(&format!("  {}: {level}\n", cited.id));
    }
    text
}

#[test]
fn each_version_has_its_frozen_set() {
    let suites = super::suites();
    let freeze = std::env::var_os("AUTHSPEC_FREEZE").is_some();
    std::fs::create_dir_all("suites/requirement-sets").expect("a folder");
    for version in McpVersion::ALL {
        let file = file(suites.requirement_set, version);
        if freeze {
            std::fs::write(&file, text(&suites, version)).expect("written");
        }
        assert!(file.is_file(), "{}", file.display());
    }
}

#[test]
fn what_counts_is_what_the_set_holds() {
    let suites = super::suites();
    for version in McpVersion::ALL {
        let counted = of_servers(&suites, version)
            .iter()
            .filter(|cited| suites.counts(cited, version))
            .count();
        let frozen = std::fs::read_to_string(file(suites.requirement_set, version));
        let frozen = frozen
            .expect("a set")
            .lines()
            .filter(|line| line.starts_with("  "))
            .count();
        assert_eq!(
            counted, frozen,
            "MCP {version}: a level was raised since, or an id is gone"
        );
    }
}
