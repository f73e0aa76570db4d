//! `authspec schema KIND`: the JSON Schema of each format that people write, made from the types
//! that read it, so that an editor completes and checks while they type.

use clap::ValueEnum;
use schemars::{Schema, schema_for};

use crate::reference::Policy;
use crate::suite::{CheckFile, ClientFile, FlowFile, RequirementFile, RequirementSets};
use crate::target::TargetFile;

/// A format that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// `suites/requirements/*.yaml`.
    Requirement,
    /// `suites/requirement-sets.yaml`.
    RequirementSets,
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
}

/// The JSON Schema of a format.
pub fn schema(kind: SchemaKind) -> Schema {
    match kind {
        SchemaKind::Requirement => schema_for!(RequirementFile),
        SchemaKind::RequirementSets => schema_for!(RequirementSets),
        SchemaKind::Flow => schema_for!(FlowFile),
        SchemaKind::Client => schema_for!(ClientFile),
        SchemaKind::Check => schema_for!(CheckFile),
        SchemaKind::Target => schema_for!(TargetFile),
        SchemaKind::Policy => schema_for!(Policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::SuiteFile;

    /// What the file's place says that it holds.
    fn kind(path: &str) -> SchemaKind {
        match path.split_once('/') {
            Some(("requirements", _)) => SchemaKind::Requirement,
            Some(("flows", _)) => SchemaKind::Flow,
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
