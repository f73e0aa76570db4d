//! LOAD: the target file, which names the server under test.

mod login;

pub use login::{JsonLogin, Recipe};
