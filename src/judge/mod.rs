//! JUDGE: a pure function from recordings and checks to verdicts. No I/O, no clock.

mod verdict;

pub use verdict::{CaseResult, ControlResult, Finding, Judgement, Tally, Verdict};
