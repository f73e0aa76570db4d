//! The result document: everything a program needs of a result, in one versioned JSON file.
//!
//! `reports/README.md` says what a reader may rely on; `reports/result.schema.json` is generated
//! from the types in here.

mod document;

pub use document::{Case, RESULT_FORMAT, ResultDocument, VerdictName};

use std::io::Write;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{ReportError, ReportInput};

/// Writes the document, indented, with a line end.
pub fn write(input: &ReportInput<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    serde_json::to_writer_pretty(&mut *out, &ResultDocument::new(input))?;
    writeln!(out)?;
    Ok(())
}

/// The JSON Schema of the document.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<ResultDocument<'_>>()
        .to_value()
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::Sample;

    const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/result.schema.json");

    fn written(sample: &Sample) -> Value {
        let mut out = Vec::new();
        write(&sample.input(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn the_stored_schema_is_that_of_the_types() {
        let current = format!("{:#}\n", schema());
        if env::var_os("AUTHSPEC_BLESS").is_some() {
            fs::write(SCHEMA, &current).unwrap();
        }
        let stored = fs::read_to_string(SCHEMA).unwrap_or_default();
        assert!(
            stored == current,
            "run with AUTHSPEC_BLESS=1 to rewrite {SCHEMA}"
        );
    }

    #[test]
    fn the_document_keeps_its_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for sample in [Sample::full(), Sample::empty(), Sample::hostile("\0\u{1b}")] {
            let document = written(&sample);
            let mistakes: Vec<_> = validator
                .iter_errors(&document)
                .map(|e| e.to_string())
                .collect();
            assert!(mistakes.is_empty(), "{mistakes:#?}");
        }
    }

    #[test]
    fn verdicts_are_flat() {
        let document = written(&Sample::full());
        let cases = document["cases"].as_array().unwrap();
        let by_verdict = |name: &str| cases.iter().find(|case| case["verdict"] == name).unwrap();
        let failed = by_verdict("fail");
        assert_eq!(failed["findings"][1]["came"], "absent");
        assert!(
            failed["curl"]
                .as_str()
                .unwrap()
                .contains("\"$CODE_VERIFIER\"")
        );
        assert_eq!(
            by_verdict("untested")["reason"],
            "add to the target file: `users.second`, so that there are two"
        );
        assert!(by_verdict("pass").get("reason").is_none());
        assert_eq!(document["must_cases"]["judged"], 4);
        assert_eq!(document["conformant"], false);
        assert_eq!(document["exit_code"], 4);
    }

    #[test]
    fn a_reader_of_this_version_ignores_what_a_newer_one_added() {
        let mut document = written(&Sample::full());
        document["added_later"] = Value::from(1);
        document["cases"][0]["added_later"] = Value::from(1);
        let read: ResultDocument<'_> = serde_json::from_value(document).unwrap();
        assert_eq!(read.cases.len(), 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn hostile_strings_come_back_as_they_went_in(text in any::<String>()) {
            let document = written(&Sample::hostile(&text));
            let name = document["target"]["name"].as_str().unwrap().to_owned();
            prop_assert_eq!(name, format!("weather{text}"));
        }
    }
}
