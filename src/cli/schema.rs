//! `authspec schema KIND`: the JSON Schema of each format that people write, made from the types
//! that read it, so that an editor completes and checks while they type.

use std::io::Write as _;

use clap::ValueEnum;
use schemars::{Schema, schema_for};

use super::args;
use super::console::Console;
use super::failure::Failure;
use super::fixtures::PolicyFile;
use crate::reference::{Defect, Policy};
use crate::report::json;
use crate::suite::{
    CheckFile, ClientFile, FlowFile, FrozenSet, RequirementFile, RequirementSets, ThreatFile,
};
use crate::target::TargetFile;

/// A format that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// `suites/requirements/*.yaml`.
    Requirement,
    /// `suites/requirement-sets.yaml`.
    RequirementSets,
    /// `suites/requirement-sets/*.yaml`.
    FrozenSet,
    /// `suites/threats.yaml`.
    Threat,
    /// `suites/flows/*.yaml`.
    Flow,
    /// `suites/clients.yaml`.
    Client,
    /// Every other file of `suites/`.
    Check,
    /// The target file.
    Target,
    /// What the reference servers decide.
    Policy,
    /// A file of `fixtures/policies/`.
    PolicyFile,
    /// A file of `fixtures/defects/`.
    Defect,
    /// `result.json`, which programs read.
    Result,
}

/// The JSON Schema of a format.
pub fn schema(kind: SchemaKind) -> Schema {
    match kind {
        SchemaKind::Requirement => schema_for!(RequirementFile),
        SchemaKind::RequirementSets => schema_for!(RequirementSets),
        SchemaKind::FrozenSet => schema_for!(FrozenSet),
        SchemaKind::Threat => schema_for!(ThreatFile),
        SchemaKind::Flow => schema_for!(FlowFile),
        SchemaKind::Client => schema_for!(ClientFile),
        SchemaKind::Check => schema_for!(CheckFile),
        SchemaKind::Target => schema_for!(TargetFile),
        SchemaKind::Policy => schema_for!(Policy),
        SchemaKind::PolicyFile => schema_for!(PolicyFile),
        SchemaKind::Defect => schema_for!(Defect),
        SchemaKind::Result => Schema::try_from(json::schema()).unwrap_or_default(),
    }
}

/// Prints the schema.
pub(super) fn print(args: &args::Schema, console: &Console) -> Result<u8, Failure> {
    let text = serde_json::to_string_pretty(&schema(args.kind))
        .map_err(|cause| Failure::Harness(cause.to_string()))?;
    let mut out = console.out();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::SuiteFile;

    /// What the file's place says that it holds.
    fn kind(path: &str) -> SchemaKind {
        match path.split_once('/') {
            Some(("requirements", _)) => SchemaKind::Requirement,
            Some(("requirement-sets", _)) => SchemaKind::FrozenSet,
            Some(("flows", _)) => SchemaKind::Flow,
            None if path == "threats.yaml" => SchemaKind::Threat,
            None if path == "clients.yaml" => SchemaKind::Client,
            None if path == "requirement-sets.yaml" => SchemaKind::RequirementSets,
            _ => SchemaKind::Check,
        }
    }

    /// `yes` is a text, as editors have it.
    fn yaml_1_2() -> serde_saphyr::Options {
        serde_saphyr::options! { strict_booleans: true }
    }

    #[test]
    fn every_built_in_file_is_as_its_schema_says() {
        for file in SuiteFile::embedded() {
            let schema = schema(kind(&file.path));
            let document: serde_json::Value =
                serde_saphyr::from_str_with_options(&file.text, yaml_1_2()).expect("YAML");
            let validator = jsonschema::validator_for(schema.as_value()).expect("a schema");
            let faults: Vec<String> = validator
                .iter_errors(&document)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{}: {faults:#?}", file.name);
        }
    }

    #[test]
    fn a_misspelt_member_breaks_the_schema() {
        let validator = jsonschema::validator_for(schema(SchemaKind::Target).as_value());
        let document = serde_json::json!({ "mcp_sever": "https://mcp.example/mcp" });
        assert!(!validator.expect("a schema").is_valid(&document));
    }

    #[test]
    fn every_kind_has_a_schema() {
        for kind in SchemaKind::value_variants() {
            assert!(
                schema(*kind).as_value().get("properties").is_some(),
                "{kind:?}"
            );
        }
    }
}
