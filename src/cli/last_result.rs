//! The result document of the last run: which cases failed (`--failed`), and what a new run would
//! take away.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use serde::Deserialize;

use super::failure::Failure;
use crate::judge::Judgement;
use crate::report::Format;
use crate::report::json::{RESULT_FORMAT, VerdictName};
use crate::suite::McpVersion;

/// What is wanted of a result document. The rest of it, megabytes of evidence, is read past.
#[derive(Debug, Deserialize)]
struct LastResult {
    format: u32,
    target: LastTarget,
    mcp_version: McpVersion,
    cases: Vec<LastCase>,
}

#[derive(Debug, Deserialize)]
struct LastTarget {
    name: String,
}

#[derive(Debug, Deserialize)]
struct LastCase {
    id: String,
    verdict: VerdictName,
}

impl LastResult {
    fn read(path: &Path) -> io::Result<Result<Self, serde_json::Error>> {
        Ok(serde_json::from_reader(BufReader::new(File::open(path)?)))
    }
}

/// What a result is of.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The target's name; its address where it has none.
    pub name: String,
    /// The MCP version that it is judged by.
    pub version: McpVersion,
}

impl Tested {
    /// Whether both are of the same; a slash too many at an address's end is a slip.
    fn is(&self, other: &Self) -> bool {
        let name = |it: &Self| it.name.trim_end_matches('/').to_owned();
        name(self) == name(other) && self.version == other.version
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by MCP {}", self.name, self.version)
    }
}

/// How many cases the result in folder `out` holds that `judgement` does not, so that nobody
/// loses them without a word.
pub fn lost(out: &Path, judgement: &Judgement) -> usize {
    let Ok(Ok(document)) = LastResult::read(&out.join(Format::Json.file_name())) else {
        return 0;
    };
    let new: HashSet<&str> = judgement
        .cases
        .iter()
        .map(|case| case.id.as_str())
        .collect();
    let old = document.cases.iter();
    old.filter(|case| !new.contains(case.id.as_str())).count()
}

/// The ids of the cases that failed in the result of folder `out`, faults of authspec among them.
pub fn failed(out: &Path, tested: &Tested) -> Result<Vec<String>, Failure> {
    let path = out.join(Format::Json.file_name());
    let shown = path.display();
    let help =
        "run once without --failed, with the same --out and `--format json` among the formats";
    let document = LastResult::read(&path)
        .map_err(|cause| Failure::usage(format!("{shown} cannot be read: {cause}"), help))?
        .map_err(|cause| Failure::usage(format!("{shown} is no result: {cause}"), help))?;
    if document.format != RESULT_FORMAT {
        let format = document.format;
        let message = format!("{shown} has format {format}, this program reads {RESULT_FORMAT}");
        return Err(Failure::usage(message, help));
    }
    let of = Tested {
        name: document.target.name,
        version: document.mcp_version,
    };
    if !of.is(tested) {
        let message = format!("{shown} is the result of {of}, and this is {tested}");
        return Err(Failure::usage(message, help));
    }
    let failed: Vec<String> = document
        .cases
        .into_iter()
        .filter(|case| matches!(case.verdict, VerdictName::Fail | VerdictName::Error))
        .map(|case| case.id)
        .collect();
    if failed.is_empty() {
        return Err(Failure::usage(
            format!("no case failed in {shown}"),
            "leave out --failed to run all cases",
        ));
    }
    Ok(failed)
}
