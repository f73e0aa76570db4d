//! The rules of a target file that types cannot hold.

use std::path::Path;

use super::address::{self, Fault, names_loopback};
use super::{GivenClient, Limits, Secret, SecretError, TargetFile};
use crate::suite::{
    Authentication, Capability, ClientProfile, Problems, Source, Spot, Suites, suggest,
};

const USERS: [&str; 2] = ["first", "second"];

/// Where secrets stand.
pub(super) fn secret_spots(source: &Source) -> Vec<Spot> {
    let root = Spot::root();
    let mut spots = vec![root.key("registration").key("initial_access_token")];
    for (map, member) in [("users", "password"), ("clients", "client_secret")] {
        for name in source.keys(&root.key(map)) {
            spots.push(root.key(map).key(name).key(member));
        }
    }
    for name in source.keys(&root.key("access_tokens")) {
        spots.push(root.key("access_tokens").key(name));
    }
    spots
}

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
    for (name, client) in &target.clients {
        lint.client(name, client, suites);
    }
    lint.operations(complete);
    lint.secrets();
    lint.files();
    limits(&target.limits, &mut lint);
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
        if target.mcp_server.is_none() && target.authorization_server.is_none() {
            self.error(
                &Spot::root(),
                "this target names no server",
                "add `mcp_server: URL`, or `authorization_server: ISSUER` where there is no MCP server",
            );
        } else if target.mcp_server.is_none() && !target.access_tokens.is_empty() {
            self.error(
                &Spot::root().key("access_tokens").name(),
                "access tokens are given, but no MCP server to use them at",
                "add `mcp_server: URL`",
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
        if let Some(login) = &target.login.json_login
            && !login
                .body
                .values()
                .any(|value| value.contains("{password}"))
        {
            self.error(
                &root.key("login").key("json_login").key("body").name(),
                "no member of this login sends the password",
                "write `{username}` and `{password}` where the user's belong",
            );
        }
    }

    fn client(&mut self, name: &str, client: &GivenClient, suites: &Suites) {
        let at = Spot::root().key("clients").key(name);
        let Some(profile) = suites.clients.get(name) else {
            let help = suggest(name, suites.clients.keys().map(String::as_str));
            self.error(&at.name(), format!("unknown client profile `{name}`"), help);
            return;
        };
        if uses_redirects(profile) && client.redirect_uris.is_empty() {
            self.error(
                &at.clone().name(),
                format!("the client `{name}` is used for logins, but has no redirect URI"),
                "add `redirect_uris` as they are registered, byte for byte",
            );
        }
        for (index, uri) in client.redirect_uris.iter().enumerate() {
            let spot = at.key("redirect_uris").item(index);
            if !uri.contains(':') {
                self.error(
                    &spot,
                    "a redirect URI is absolute (OAuth 2.1 section 2.3.1)",
                    "write it whole, as it is registered",
                );
            } else if uri.contains('#') {
                self.error(
                    &spot,
                    "a redirect URI has no fragment (OAuth 2.1 section 2.3.1)",
                    "remove `#` and what follows",
                );
            }
        }
        let none = matches!(
            client.authentication,
            Some(Authentication::None | Authentication::Nothing)
        );
        if client.client_secret.is_some() && none {
            self.error(
                &at.key("authentication"),
                "this client has a secret, but does not authenticate",
                "write client_secret_basic or client_secret_post, or remove `client_secret`",
            );
        }
        let key = client.authentication == Some(Authentication::PrivateKeyJwt);
        if is_confidential(profile) && client.client_secret.is_none() && !key {
            self.error(
                &at.name(),
                format!("the client `{name}` must authenticate, but has no secret"),
                "add `client_secret: { env: VARIABLE }`",
            );
        }
    }

    fn operations(&mut self, complete: bool) {
        let target = self.target;
        let at = Spot::root().key("operations");
        for (name, operation) in &target.operations {
            if matches!(name.as_str(), "any" | "list") {
                self.error(
                    &at.key(name).name(),
                    format!("`{name}` means something else in checks, so no operation can be called that"),
                    "give the operation another name",
                );
            }
            for (index, scope) in operation.scopes.iter().enumerate() {
                let spot = at.key(name).key("scopes").item(index);
                let known = target.scopes.contains(scope);
                let wildcard = target.scope_wildcards
                    && target
                        .scopes
                        .iter()
                        .any(|granted| crate::suite::covers(granted, scope));
                if !known && !wildcard && (complete || !target.scopes.is_empty()) {
                    let help = suggest(scope, target.scopes.iter().map(String::as_str));
                    self.error(
                        &spot,
                        format!("the scope `{scope}` is not among `scopes`"),
                        format!("{help} otherwise add it to `scopes`"),
                    );
                }
            }
        }
    }

    /// Each secret can be had.
    fn secrets(&mut self) {
        let (root, target) = (Spot::root(), self.target);
        let mut secrets: Vec<(Spot, &Secret)> = Vec::new();
        for (name, user) in &target.users {
            secrets.push((root.key("users").key(name).key("password"), &user.password));
        }
        for (name, client) in &target.clients {
            if let Some(secret) = &client.client_secret {
                secrets.push((root.key("clients").key(name).key("client_secret"), secret));
            }
        }
        if let Some(token) = &target.registration.initial_access_token {
            secrets.push((root.key("registration").key("initial_access_token"), token));
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
        [&self.target.mcp_server, &self.target.authorization_server]
            .into_iter()
            .flatten()
            .all(|url| names_loopback(url))
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

/// Numbers within reason.
fn limits(limits: &Limits, lint: &mut Lint<'_>) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with small bounds only"
    )]
    let bounds = [
        ("concurrency", limits.concurrency as f64, 1.0, 64.0),
        (
            "requests_per_second",
            limits.requests_per_second.unwrap_or(0.0),
            0.0,
            10_000.0,
        ),
        (
            "token_request_interval",
            limits.token_request_interval,
            0.0,
            600.0,
        ),
        ("answer_timeout", limits.answer_timeout, 0.1, 600.0),
        ("run_timeout", limits.run_timeout, 1.0, 86_400.0),
        ("longest_wait", limits.longest_wait, 0.0, 3_600.0),
        (
            "longest_retry_after",
            limits.longest_retry_after,
            0.0,
            3_600.0,
        ),
        (
            "answer_bytes",
            limits.answer_bytes as f64,
            1_024.0,
            67_108_864.0,
        ),
    ];
    for (member, value, least, most) in bounds {
        if !(least..=most).contains(&value) {
            lint.error(
                &Spot::root().key("limits").key(member),
                format!("`{member}` lies between {least} and {most}"),
                "write a number in that range, or remove the member to get the default",
            );
        }
    }
}

fn uses_redirects(profile: &ClientProfile) -> bool {
    let uris = profile.register.get("redirect_uris");
    uris.and_then(serde_json::Value::as_array)
        .is_some_and(|uris| !uris.is_empty())
}

fn is_confidential(profile: &ClientProfile) -> bool {
    profile.needs.iter().any(|need| {
        matches!(
            need,
            Capability::ConfidentialClient
                | Capability::ClientCredentials
                | Capability::Introspection
        )
    })
}
