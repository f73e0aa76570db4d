//! JUDGE: a pure function from a plan and a recording to verdicts. No I/O, no clock.
//!
//! Two promises hold everywhere in here. *No vacuous pass*: a refusal counts only with an honest
//! request that was accepted, and what was not seen is never taken for granted. *No false alarm*:
//! an answer that does not decide the question (429, 5xx, a login that failed) is inconclusive.

mod acceptance;
mod applies;
mod at_most_one;
mod attempts;
mod case;
mod condition;
mod conditions;
mod control;
mod ending;
mod equality;
mod evidence;
mod failure;
mod given;
mod jwk;
mod kinds;
mod level;
mod marker;
mod matcher;
mod path;
mod refusal;
mod rounds;
#[cfg(test)]
mod sample;
mod scope;
mod standing;
mod unsent;
mod url_text;
mod verdict;
mod way;
mod words;

pub use applies::Pending;
pub use case::judge_case;
pub use verdict::{CaseResult, ControlResult, Finding, Judgement, Tally, Verdict};
pub use words::of_predicate;

use crate::plan::Plan;
use crate::run::Recording;

/// What a judgement says about itself.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A broken SHOULD is a failure, too.
    pub strict: bool,
    /// A filter left cases out.
    pub partial: bool,
    /// The requirement set, e.g. `2025-11-25/1`.
    pub requirement_set: String,
    /// SHA-256 of the suites that judge, hexadecimal.
    pub suite_digest: String,
}

/// Judges every case of the plan by the recording.
pub fn judge(plan: &Plan, recording: &Recording, settings: &Settings) -> Judgement {
    Judgement {
        requirement_set: settings.requirement_set.clone(),
        suite_digest: settings.suite_digest.clone(),
        strict: settings.strict,
        partial: settings.partial,
        cases: plan
            .cases
            .iter()
            .map(|case| {
                let judged = judge_case(plan, case, recording);
                match settings.strict {
                    true => judged.strict(),
                    false => judged,
                }
            })
            .collect(),
    }
}
