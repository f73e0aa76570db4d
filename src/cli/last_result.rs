//! `--failed`: which cases failed last time, by the result document of that run.

use std::path::Path;

use super::failure::Failure;
use crate::report::Format;
use crate::report::json::{RESULT_FORMAT, ResultDocument, VerdictName};

/// The ids of the cases that failed in the result of folder `out`: broken MUSTs, faults of
/// authspec, and broken SHOULDs where the run was strict.
pub fn failed(out: &Path) -> Result<Vec<String>, Failure> {
    let path = out.join(Format::Json.file_name());
    let shown = path.display();
    let help =
        "run once without --failed, with the same --out and `--format json` among the formats";
    let text = std::fs::read_to_string(&path)
        .map_err(|cause| Failure::usage(format!("{shown} cannot be read: {cause}"), help))?;
    let document: ResultDocument<'_> = serde_json::from_str(&text)
        .map_err(|cause| Failure::usage(format!("{shown} is no result: {cause}"), help))?;
    if document.format != RESULT_FORMAT {
        let format = document.format;
        let message = format!("{shown} has format {format}, this program reads {RESULT_FORMAT}");
        return Err(Failure::usage(message, help));
    }
    let failed: Vec<String> = document
        .cases
        .iter()
        .filter(|case| match case.verdict {
            VerdictName::Fail | VerdictName::Error => true,
            VerdictName::Warning => document.strict,
            _ => false,
        })
        .map(|case| case.id.clone().into_owned())
        .collect();
    if failed.is_empty() {
        return Err(Failure::usage(
            format!("no case failed in {shown}"),
            "leave out --failed to run all cases",
        ));
    }
    Ok(failed)
}
