//! Secrets of the operator: where they are, and the value that nobody prints.

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Where a secret is found. Written as a map with one key.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file; white space around its text is dropped. Relative paths start at the target file.
    File(String),
    /// The value itself, for test servers.
    Value(String),
}

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("environment variable {0} is not set")]
    NotSet(String),
    /// The file could not be read.
    #[error("secret file {path} cannot be read: {cause}")]
    Unreadable {
        /// As the target file names it.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It was read, but is no key.
    #[error("the private key of the client {client} cannot be used: {cause}")]
    NoKey {
        /// The client's profile.
        client: String,
        /// What is wrong with it; never the key itself.
        cause: String,
    },
}

impl Secret {
    /// Fetches the value; `base` is the target file's folder.
    pub fn resolve(&self, base: &Path) -> Result<Live, SecretError> {
        let text = match self {
            Self::Env(name) => {
                std::env::var(name).map_err(|_| SecretError::NotSet(name.clone()))?
            }
            Self::File(path) => {
                let text = std::fs::read_to_string(base.join(path)).map_err(|cause| {
                    SecretError::Unreadable {
                        path: path.clone(),
                        cause,
                    }
                })?;
                text.trim().to_owned()
            }
            Self::Value(value) => value.clone(),
        };
        Ok(Live(Zeroizing::new(text)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "Env({name})"),
            Self::File(path) => write!(f, "File({path})"),
            Self::Value(_) => f.write_str("Value(...)"),
        }
    }
}

/// A live secret. It has no `Display`, and its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Live(Zeroizing<String>);

impl Live {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value, for the wire and for the redaction vault only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_form_shows_the_value() {
        let secret = Secret::Value("wonderland".to_owned());
        let live = secret.resolve(Path::new(".")).expect("a value resolves");
        assert_eq!(live.expose(), "wonderland");
        assert!(!format!("{secret:?} {live:?}").contains("wonderland"));
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Secret::Env("AUTHSPEC_NO_SUCH_VARIABLE".to_owned())
            .resolve(Path::new("."))
            .expect_err("the variable is not set");
        assert!(error.to_string().contains("AUTHSPEC_NO_SUCH_VARIABLE"));
    }
}
