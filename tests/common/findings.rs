//! `findings.yaml`: what authspec finds on a third-party server, confirmed by hand.

use std::collections::BTreeMap;
use std::path::Path;

use authspec::suite::McpVersion;
use indexmap::IndexMap;
use serde::Deserialize;

/// The confirmed findings of one server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// Package and version.
    pub server: String,
    /// Ways to start it.
    pub variants: IndexMap<String, Variant>,
    /// Fails and warnings.
    pub findings: Vec<Finding>,
    /// MUST cases that cannot be decided on this server, with the reason.
    #[serde(default)]
    pub open: Vec<Finding>,
    /// What its target file does not give, as an untested case names it.
    #[serde(default)]
    pub not_given: Vec<String>,
}

/// One way to start a server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variant {
    /// Environment of the start script.
    pub env: BTreeMap<String, String>,
    /// Version to judge by.
    pub mcp_version: Option<McpVersion>,
    /// The only cases that are run, as globs; all unless given.
    pub cases: Vec<String>,
}

/// Cases with one cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Ids or globs; each must come.
    pub cases: Vec<String>,
    /// The variants in which they come; all unless given.
    #[serde(default)]
    pub only_in: Vec<String>,
    /// What the evidence shows, in one sentence, with the clause.
    pub why: String,
}

impl Findings {
    /// Reads the file; a mistake in it is a failed test.
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        let findings: Self = serde_saphyr::from_str(&text)
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        for finding in findings.findings.iter().chain(&findings.open) {
            assert!(
                !finding.why.is_empty(),
                "{}: a finding without why",
                path.display()
            );
            for variant in &finding.only_in {
                assert!(
                    findings.variants.contains_key(variant),
                    "{}: no variant {variant}",
                    path.display()
                );
            }
        }
        findings
    }

    /// The cases to be found in a variant.
    pub fn of<'f>(&'f self, variant: &'f str) -> impl Iterator<Item = &'f String> {
        in_variant(&self.findings, variant)
    }

    /// The MUST cases that may stay open in a variant.
    pub fn open<'f>(&'f self, variant: &'f str) -> impl Iterator<Item = &'f String> {
        in_variant(&self.open, variant)
    }
}

fn in_variant<'f>(list: &'f [Finding], variant: &'f str) -> impl Iterator<Item = &'f String> {
    list.iter()
        .filter(move |finding| {
            finding.only_in.is_empty() || finding.only_in.iter().any(|only| only == variant)
        })
        .flat_map(|finding| &finding.cases)
}
