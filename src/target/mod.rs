//! LOAD: the target file, which names the server under test.

mod file;
mod login;
mod secret;

pub use file::{
    AuditLog, GivenClient, Limits, Operation, OperationCall, Registration, SecondResource,
    TargetFile, ToolCall, User,
};
pub use login::{JsonLogin, Recipe};
pub use secret::{Live, Secret, SecretError};
