//! The rules of a target file that types cannot hold.

mod client;
mod documents;
mod limits;
mod login;
mod operations;
mod secrets;

use std::path::Path;

use super::TargetFile;
use super::address::{self, Fault};
use crate::suite::{Problems, Source, Spot, Suites, suggest};

pub(super) use secrets::secret_spots;

const USERS: [&str; 2] = ["first", "second"];

/// Lints a target. Where something could not be read (`complete` is false), nothing is called
/// missing.
pub(super) fn target(
    target: &TargetFile,
    source: &Source,
    base: &Path,
    suites: &Suites,
    complete: bool,
    problems: &mut Problems,
) {
    let mut lint = Lint {
        target,
        source,
        base,
        problems,
    };
    if complete {
        lint.purpose();
    }
    lint.addresses();
    lint.users();
    lint.login();
    for (name, client) in &target.clients {
        lint.client(name, client, suites);
    }
    lint.registration(suites);
    lint.documents();
    lint.operations(complete);
    lint.handles();
    lint.secrets();
    lint.files();
    limits::lint(&target.limits, &mut lint);
}

struct Lint<'a> {
    target: &'a TargetFile,
    source: &'a Source,
    base: &'a Path,
    problems: &'a mut Problems,
}

impl Lint<'_> {
    fn error(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.source.problem(spot, message);
        self.problems.push(problem.with_help(Some(help.into())));
    }

    fn warning(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.source.problem(spot, message).warning();
        self.problems.push(problem.with_help(Some(help.into())));
    }

    fn fault(&mut self, spot: &Spot, outcome: Result<(), Fault>) {
        if let Err((message, help)) = outcome {
            self.error(spot, message, help);
        }
    }

    fn purpose(&mut self) {
        let target = self.target;
        let is_resource = target.mcp_server.is_some() || target.is_plain_api();
        if !is_resource && target.authorization_server.is_none() {
            self.error(
                &Spot::root(),
                "this target names no server",
                "add `mcp_server: URL`, or `authorization_server: ISSUER` where there is no MCP server",
            );
        } else if !is_resource && !target.access_tokens.is_empty() {
            self.error(
                &Spot::root().key("access_tokens").name(),
                "access tokens are given, but no server to use them at",
                "add `mcp_server: URL`, or `operations` of a plain HTTP API",
            );
        }
    }

    fn addresses(&mut self) {
        let (root, target) = (Spot::root(), self.target);
        let insecure = target.insecure_http;
        for (member, url) in [
            ("mcp_server", &target.mcp_server),
            ("authorization_server", &target.authorization_server),
        ] {
            if let Some(url) = url {
                self.fault(&root.key(member), address::endpoint(url, insecure));
            }
        }
        if let Some(issuer) = &target.authorization_server
            && issuer.contains('?')
        {
            self.error(
                &root.key("authorization_server"),
                "an issuer has no query (RFC 8414 section 2)",
                "remove `?` and what follows",
            );
        }
        if let Some(resource) = &target.resource {
            let outcome = address::absolute(resource).map(drop);
            self.fault(&root.key("resource"), outcome);
        }
        if let Some(second) = &target.second_resource {
            let at = root.key("second_resource");
            let outcome = address::absolute(&second.resource).map(drop);
            self.fault(&at.key("resource"), outcome);
            if let Some(url) = &second.mcp_server {
                self.fault(&at.key("mcp_server"), address::endpoint(url, insecure));
            }
        }
        for (index, origin) in target.allow_origins.iter().enumerate() {
            let spot = root.key("allow_origins").item(index);
            self.fault(&spot, address::origin(origin, insecure));
        }
    }

    fn users(&mut self) {
        let (root, target) = (Spot::root(), self.target);
        let tokens = target
            .access_tokens
            .keys()
            .map(|name| ("access_tokens", name));
        for (map, name) in target
            .users
            .keys()
            .map(|name| ("users", name))
            .chain(tokens)
        {
            if !USERS.contains(&name.as_str()) {
                self.error(
                    &root.key(map).key(name).name(),
                    format!("unknown user `{name}`"),
                    "the suites know two users, `first` and `second`; the login name goes into `username`",
                );
            }
        }
        if let (Some(first), Some(second)) = (target.users.get("first"), target.users.get("second"))
            && first.username == second.username
        {
            self.error(
                &root.key("users").key("second").key("username"),
                "`second` is the same user as `first`, so what belongs to another could not be told",
                "give the login name of somebody else, or remove `users.second`",
            );
        }
    }

    fn registration(&mut self, suites: &Suites) {
        let at = Spot::root().key("registration").key("profiles");
        for name in self.target.registration.profiles.keys() {
            let registers = suites.clients.get(name).map(|profile| !profile.only_given);
            if registers == Some(true) {
                continue;
            }
            let known = suites
                .clients
                .iter()
                .filter(|(_, profile)| !profile.only_given);
            let (message, help) = match registers {
                Some(_) => (
                    format!("a client of the profile `{name}` is never registered"),
                    format!("give one under `clients.{name}`"),
                ),
                None => (
                    format!("unknown client profile `{name}`"),
                    suggest(name, known.map(|(name, _)| name.as_str())),
                ),
            };
            self.error(&at.key(name).name(), message, help);
        }
    }

    fn files(&mut self) {
        let target = self.target;
        if let Some(path) = &target.root_ca
            && let Err(cause) = std::fs::read(self.base.join(path))
        {
            self.error(
                &Spot::root().key("root_ca"),
                format!("the certificate file cannot be read: {cause}"),
                "give a PEM file; relative paths start at the target file",
            );
        }
        if let Some(log) = &target.audit_log {
            let at = Spot::root().key("audit_log");
            if !self.base.join(&log.file).exists() {
                self.warning(
                    &at.key("file"),
                    "there is no such file yet",
                    "relative paths start at the target file; the server must write it before it answers",
                );
            }
            if !(0.0..=600.0).contains(&log.wait) {
                self.error(
                    &at.key("wait"),
                    "an entry is awaited for 0 to 600 seconds",
                    "write a number in that range",
                );
            }
        }
    }
}
