//! Which endpoint a check is about: what a developer reads a report by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Check, Sampled, Steps, Suites};

/// A part of a server that answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Protected resource metadata and the challenge that names it.
    ResourceMetadata,
    /// The authorization server's metadata and its keys.
    ServerMetadata,
    /// Dynamic registration and its management.
    Registration,
    /// The authorization endpoint, login and consent.
    Authorization,
    /// The token endpoint.
    Token,
    /// The revocation endpoint.
    Revocation,
    /// The introspection endpoint.
    Introspection,
    /// The endpoint for pushed authorization requests.
    PushedAuthorization,
    /// The MCP endpoint.
    Mcp,
    /// The audit log, which is no endpoint of the protocol.
    AuditLog,
    /// Several, or one that has no name here.
    Other,
}

impl Endpoint {
    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourceMetadata => "protected resource metadata",
            Self::ServerMetadata => "authorization server metadata",
            Self::Registration => "registration endpoint",
            Self::Authorization => "authorization endpoint",
            Self::Token => "token endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Introspection => "introspection endpoint",
            Self::PushedAuthorization => "pushed authorization request endpoint",
            Self::Mcp => "MCP endpoint",
            Self::AuditLog => "audit log",
            Self::Other => "other endpoints",
        }
    }

    /// The endpoint that a check is about: that of the first step which deviates, or else of the
    /// first whose result is judged.
    pub fn of(check: &Check, suites: &Suites) -> Self {
        let (with, _, mut steps) = suites.steps(&check.flow);
        steps.extend(check.steps.clone());
        let expect = &check.expect;
        let judged = [
            &expect.refused_at,
            &expect.may_refuse_at,
            &expect.at_most_one,
        ];
        let deviates = steps.keys().find(|step| check.mutate.contains_key(*step));
        let matched = check.matches.iter().next();
        let found = deviates
            .or_else(|| check.mutate.keys().next())
            .or_else(|| judged.into_iter().flatten().next())
            .map(|step| Self::of_step(step, "", &steps, suites))
            .or_else(|| {
                let (step, paths) = matched?;
                let path = paths.keys().next().map_or("", String::as_str);
                Some(Self::of_step(step, path, &steps, suites))
            })
            .or_else(|| {
                let step = expect.accepted.last()?;
                Some(Self::of_step(step, "", &steps, suites))
            })
            .unwrap_or(Self::Other);
        match found {
            // The URL is a parameter.
            Self::Other => {
                let given = serde_json::json!([check.with, check.cases, with]);
                Self::of_url(&given.to_string())
            }
            found => found,
        }
    }

    fn of_step(step: &str, path: &str, steps: &Steps, suites: &Suites) -> Self {
        let (outer, inner) = step.split_once('/').unwrap_or((step, ""));
        match steps.get(outer) {
            Some(Action::Discover(_)) if path.starts_with("server_metadata") => {
                Self::ServerMetadata
            }
            Some(Action::Discover(_)) => Self::ResourceMetadata,
            Some(Action::Register(_)) => Self::Registration,
            Some(Action::Authorize(_) | Action::Host(_) | Action::Visits(_)) => Self::Authorization,
            Some(Action::Token(_)) => Self::Token,
            Some(Action::Obtain(_)) if inner == "authorize" => Self::Authorization,
            Some(Action::Obtain(_)) => Self::Token,
            Some(Action::Revoke(_)) => Self::Revocation,
            Some(Action::Introspect(_)) => Self::Introspection,
            Some(Action::Push(_)) => Self::PushedAuthorization,
            Some(Action::Call(_)) => Self::Mcp,
            Some(Action::Audit(_)) => Self::AuditLog,
            Some(Action::Sample(sample)) => match sample.of {
                Sampled::Code => Self::Authorization,
                Sampled::AccessToken | Sampled::RefreshToken => Self::Token,
                Sampled::ClientSecret => Self::Registration,
                Sampled::SessionId | Sampled::Handle => Self::Mcp,
            },
            Some(Action::Fetch(fetch)) => Self::of_url(&fetch.url),
            Some(Action::Repeat(repeat)) if repeat.step != step => {
                Self::of_step(&repeat.step, path, steps, suites)
            }
            Some(Action::Flow(flow)) => {
                let (_, _, within) = suites.steps(&flow.id);
                let name = match inner {
                    "" => within.keys().last().map_or("", String::as_str),
                    inner => inner,
                };
                // A flow of flows is no deeper than the loader allows; a step of no name ends it.
                match within.get(name) {
                    Some(Action::Flow(_)) | None => Self::Other,
                    Some(_) => Self::of_step(name, path, &within, suites),
                }
            }
            Some(Action::Repeat(_) | Action::Wait(_)) | None => Self::Other,
        }
    }

    /// By the words of a URL template.
    fn of_url(url: &str) -> Self {
        const WORDS: [(&str, Endpoint); 14] = [
            ("resource_metadata", Endpoint::ResourceMetadata),
            ("oauth-protected-resource", Endpoint::ResourceMetadata),
            ("authorization_endpoint", Endpoint::Authorization),
            ("token_endpoint", Endpoint::Token),
            ("registration_client_uri", Endpoint::Registration),
            ("registration_endpoint", Endpoint::Registration),
            ("revocation_endpoint", Endpoint::Revocation),
            ("introspection_endpoint", Endpoint::Introspection),
            (
                "pushed_authorization_request_endpoint",
                Endpoint::PushedAuthorization,
            ),
            ("mcp_server", Endpoint::Mcp),
            ("jwks_uri", Endpoint::ServerMetadata),
            ("metadata_url", Endpoint::ServerMetadata),
            ("oauth-authorization-server", Endpoint::ServerMetadata),
            ("openid-configuration", Endpoint::ServerMetadata),
        ];
        WORDS
            .iter()
            .find(|(word, _)| url.contains(word))
            .map_or(Self::Other, |(_, endpoint)| *endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_about_the_endpoint_that_it_asks_wrongly() {
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        for (check, endpoint) in [
            ("authorization/pkce/verifier-wrong", Endpoint::Token),
            (
                "authorization/pkce/challenge-missing",
                Endpoint::Authorization,
            ),
            ("resource/forged/alg-none", Endpoint::Mcp),
            ("token/code/used-twice-at-once", Endpoint::Token),
            ("audit/log/no-secrets", Endpoint::AuditLog),
        ] {
            let found = suites.check(check).expect(check);
            assert_eq!(Endpoint::of(&found.check, &suites), endpoint, "{check}");
        }
    }
}
