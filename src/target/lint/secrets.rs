//! Secrets: where they stand, and that each can be had.

use super::Lint;
use crate::suite::{Source, Spot};
use crate::target::address::{absolute, names_loopback};
use crate::target::{Driver, Secret, SecretError};

/// Where secrets stand.
pub(in crate::target) fn secret_spots(source: &Source) -> Vec<Spot> {
    let root = Spot::root();
    let mut spots = vec![
        root.key("registration").key("initial_access_token"),
        root.key("client_id_metadata").key("private_key"),
    ];
    for (map, member) in [
        ("users", "password"),
        ("clients", "client_secret"),
        ("clients", "private_key"),
        ("played_issuers", "private_key"),
    ] {
        for name in source.keys(&root.key(map)) {
            spots.push(root.key(map).key(name).key(member));
        }
    }
    for name in source.keys(&root.key("access_tokens")) {
        spots.push(root.key("access_tokens").key(name));
    }
    spots
}

impl Lint<'_> {
    /// Each secret can be had.
    pub(super) fn secrets(&mut self) {
        let (root, target) = (Spot::root(), self.target);
        let mut secrets: Vec<(Spot, &Secret)> = Vec::new();
        for (name, user) in &target.users {
            let at = root.key("users").key(name);
            match &user.password {
                Some(password) => secrets.push((at.key("password"), password)),
                None if matches!(target.login.driver, Driver::Interactive(_)) => {}
                None => self.error(
                    &at.name(),
                    format!("the user `{name}` has no password"),
                    "add `password: { env: VARIABLE }`; only `login: { driver: { interactive: {} } }` needs none",
                ),
            }
        }
        for (name, client) in &target.clients {
            let at = root.key("clients").key(name);
            if let Some(secret) = &client.client_secret {
                secrets.push((at.key("client_secret"), secret));
            }
            if let Some(key) = &client.private_key {
                secrets.push((at.key("private_key"), key));
            }
        }
        for (name, issuer) in &target.played_issuers {
            let at = root.key("played_issuers").key(name);
            secrets.push((at.key("private_key"), &issuer.private_key));
        }
        if let Some(token) = &target.registration.initial_access_token {
            secrets.push((root.key("registration").key("initial_access_token"), token));
        }
        let documents = target.client_id_metadata.as_ref();
        if let Some(key) = documents.and_then(|place| place.private_key.as_ref()) {
            secrets.push((root.key("client_id_metadata").key("private_key"), key));
        }
        for (name, token) in &target.access_tokens {
            secrets.push((root.key("access_tokens").key(name), token));
        }
        for (spot, secret) in secrets {
            self.secret(&spot, secret);
        }
    }

    fn secret(&mut self, at: &Spot, secret: &Secret) {
        match (secret.resolve(self.base), secret) {
            (Err(error @ SecretError::NotSet(_)), _) => self.error(
                &at.key("env"),
                error.to_string(),
                "set it in the shell that starts authspec, or name another variable",
            ),
            (Err(error), _) => self.error(
                &at.key("file"),
                error.to_string(),
                "relative paths start at the target file",
            ),
            (Ok(live), _) if live.expose().is_empty() => {
                let help = "an empty text is no secret: look where it comes from";
                self.error(&at.clone().name(), "this secret is empty", help);
            }
            (Ok(_), Secret::Value(_)) if !self.is_local() => self.warning(
                &at.key("value").name(),
                "a secret of a server that is not on this machine stands in the file",
                "use `{ env: VARIABLE }` or `{ file: PATH }`, and change the secret if others saw the file",
            ),
            _ => {}
        }
    }

    fn is_local(&self) -> bool {
        let issuer = self.target.authorization_server.iter();
        let mut addresses = self.target.resource_urls().chain(issuer);
        // What is no address at all is of no machine, and has been said.
        addresses.all(|url| names_loopback(url) || absolute(url).is_err())
    }
}
