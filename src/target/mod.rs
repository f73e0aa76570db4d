//! LOAD: the target file, which names the server under test.

mod address;
mod driver;
mod file;
mod lint;
mod load;
mod login;
mod resolved;
mod secret;

pub use address::PLAIN_HTTP;
pub use driver::{Ability, CommandDriver, Driver};
pub use file::{
    AuditLog, AuditWords, AuthorizationRequest, GivenClient, Limits, Operation, OperationCall,
    Registration, SecondResource, TargetFile, ToolCall, User,
};
pub use login::{JsonLogin, Recipe};
pub use resolved::{LiveClient, LiveUser, Target};
pub use secret::{Live, Secret, SecretError};
