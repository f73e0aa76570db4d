//! The doctor: the honest way in, before any case. What is broken here is the target file's or the
//! login's fault until shown otherwise, and nothing that hangs on it is called a failure.

mod capabilities;
mod honest_run;
mod login;
mod mends;
mod variables;
mod way_in;

pub use way_in::{Examined, examine, unless};
