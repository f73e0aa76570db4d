//! LOAD: the target file, which names the server under test.

mod address;
mod driver;
mod file;
mod key;
mod lint;
mod load;
mod login;
mod operation;
mod resolved;
mod secret;

pub use address::{PLAIN_HTTP, typed_origin as origin};
pub use driver::{Ability, BrowserDriver, CommandDriver, Driver, InteractiveDriver};
pub use file::{
    ACCESS_TOKENS, ASSERTIONS, ApplicationType, AuditLog, AuditWords, AuthorizationRequest,
    ClientIdMetadata, GivenClient, Limits, PlayedIssuer, Registration, SecondResource,
    SecretAuthentication, TargetFile, User,
};
pub use key::ClientKey;
pub use login::{JsonLogin, Recipe};
pub use operation::{
    Elicitation, Handle, HttpCall, HttpMethod, Operation, OperationCall, ToolCall,
};
pub use resolved::{Certificate, DocumentPlace, LiveClient, LiveUser, Target};
pub use secret::{Live, Secret, SecretError};
