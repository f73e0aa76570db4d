//! The policy: every security decision of the reference servers as a typed field whose default is
//! right.
//!
//! A wrong server is described by a JSON merge patch (RFC 7396) over the default
//! ([`Policy::patched`]); fields are cut so that one of them makes the server wrong in one way.
//! Nothing here may know what the wrong values are good for.

pub mod access_token;
pub mod audit;
pub mod authorization;
pub mod client_authentication;
pub mod client_documents;
pub mod configuration;
pub mod extension;
pub(crate) mod macros;
pub mod metadata;
pub mod oversight;
pub mod pkce;
pub mod redirect;
pub mod refresh;
pub mod registration;
pub mod resource;
pub mod token;

use serde_json::Value;

use super::mcp_server::policy::McpServerPolicy;
use access_token::AccessTokenPolicy;
use audit::AuditPolicy;
use authorization::AuthorizationPolicy;
use client_authentication::ClientAuthenticationPolicy;
use client_documents::ClientDocumentPolicy;
use configuration::{PreconfiguredClient, User};
use extension::{AssertionGrantPolicy, PushedRequestPolicy};
use macros::section;
use metadata::{JwksPolicy, MetadataPolicy};
use oversight::{CorsPolicy, IntrospectionPolicy, RevocationPolicy};
use pkce::PkcePolicy;
use redirect::RedirectPolicy;
use refresh::{ClientCredentialsPolicy, RefreshPolicy};
use registration::{ManagementPolicy, RegistrationPolicy};
use resource::{ResourcePolicy, ScopePolicy};
use token::{CodePolicy, TokenEndpointPolicy};

section! {
    /// The whole policy of both reference servers.
    pub struct Policy {
        /// Path of the issuer identifier: empty, or `/` and segments without a trailing slash
        /// (RFC 8414 section 2).
        issuer_path: String = String::new(),
        /// Whether the key set is also at `/keys` and the token endpoint at `/oauth/token` of the
        /// origin: hosted platforms have one environment with an issuer for each resource, and their
        /// libraries look there.
        environment_endpoints: bool = false,
        /// Whether both servers share one origin or each has its own.
        shared_origin: bool = false,
        /// The people who can log in.
        users: Vec<User> = configuration::default_users(),
        /// Clients that exist from the start.
        clients: Vec<PreconfiguredClient> = configuration::default_clients(),
        /// Scopes that the authorization server knows.
        scopes: Vec<String> = configuration::default_scopes(),
        /// Metadata documents.
        metadata: MetadataPolicy = MetadataPolicy::default(),
        /// The key set.
        jwks: JwksPolicy = JwksPolicy::default(),
        /// Dynamic registration.
        registration: RegistrationPolicy = RegistrationPolicy::default(),
        /// Management of registered clients.
        management: ManagementPolicy = ManagementPolicy::default(),
        /// Client ID metadata documents.
        client_documents: ClientDocumentPolicy = ClientDocumentPolicy::default(),
        /// The authorization endpoint.
        authorization: AuthorizationPolicy = AuthorizationPolicy::default(),
        /// Redirect URIs.
        redirect_uris: RedirectPolicy = RedirectPolicy::default(),
        /// PKCE.
        pkce: PkcePolicy = PkcePolicy::default(),
        /// Scopes of a request.
        scope_rules: ScopePolicy = ScopePolicy::default(),
        /// Resource indicators.
        resources: ResourcePolicy = ResourcePolicy::default(),
        /// The token endpoint.
        token_endpoint: TokenEndpointPolicy = TokenEndpointPolicy::default(),
        /// Authorization codes.
        codes: CodePolicy = CodePolicy::default(),
        /// Refresh tokens.
        refresh_tokens: RefreshPolicy = RefreshPolicy::default(),
        /// Client credentials.
        client_credentials: ClientCredentialsPolicy = ClientCredentialsPolicy::default(),
        /// Client authentication.
        client_authentication: ClientAuthenticationPolicy = ClientAuthenticationPolicy::default(),
        /// Access tokens.
        access_tokens: AccessTokenPolicy = AccessTokenPolicy::default(),
        /// Revocation.
        revocation: RevocationPolicy = RevocationPolicy::default(),
        /// Pushed authorization requests.
        pushed_requests: PushedRequestPolicy = PushedRequestPolicy::default(),
        /// Assertions as grants.
        assertion_grants: AssertionGrantPolicy = AssertionGrantPolicy::default(),
        /// Introspection.
        introspection: IntrospectionPolicy = IntrospectionPolicy::default(),
        /// CORS.
        cors: CorsPolicy = CorsPolicy::default(),
        /// The audit log of both servers.
        audit: AuditPolicy = AuditPolicy::default(),
        /// The MCP server's decisions.
        mcp_server: McpServerPolicy = McpServerPolicy::default(),
    }
}

/// Why a patch does not describe a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The patched document is no policy: an unknown field, or a value of the wrong kind.
    #[error("the policy is not valid: {0}")]
    Invalid(#[from] serde_json::Error),
    /// `issuer_path` is no path.
    #[error(
        "issuer_path is {0:?}, but must be empty or `/` and segments without a slash at the end"
    )]
    IssuerPath(String),
}

impl Policy {
    /// The default policy with `patch` merged in (RFC 7396).
    pub fn patched(patch: Value) -> Result<Self, PolicyError> {
        Self::default().patch(patch)
    }

    /// This policy with `patch` merged in (RFC 7396).
    pub fn patch(&self, patch: Value) -> Result<Self, PolicyError> {
        let mut document = serde_json::to_value(self)?;
        merge(&mut document, patch);
        let policy: Self = serde_json::from_value(document)?;
        policy.check()?;
        Ok(policy)
    }

    /// What the types cannot say.
    pub fn check(&self) -> Result<(), PolicyError> {
        let path = &self.issuer_path;
        let is_segment = |segment: &str| {
            !segment.is_empty()
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        };
        let is_path = path.is_empty()
            || path
                .strip_prefix('/')
                .is_some_and(|rest| rest.split('/').all(is_segment));
        if is_path {
            Ok(())
        } else {
            Err(PolicyError::IssuerPath(path.clone()))
        }
    }
}

/// JSON merge patch, RFC 7396 section 2.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(members) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Default::default());
    }
    let Value::Object(object) = target else {
        return;
    };
    for (name, value) in members {
        if value.is_null() {
            object.shift_remove(&name);
        } else {
            merge(object.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let patched = Policy::patched(json!({ "access_tokens": { "lifetime": 7 } })).unwrap();
        let mut expected = Policy::default();
        expected.access_tokens.lifetime = 7;
        assert_eq!(patched, expected);
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error = Policy::patched(json!({ "access_tokens": { "lifetyme": 7 } })).unwrap_err();
        assert!(error.to_string().contains("lifetyme"), "{error}");
    }

    #[test]
    fn an_issuer_path_has_no_slash_at_its_end() {
        for right in ["", "/tenant", "/a/b"] {
            assert!(
                Policy::patched(json!({ "issuer_path": right })).is_ok(),
                "{right}"
            );
        }
        for wrong in ["/", "tenant", "/tenant/", "//a", "/{x}", "/a b"] {
            assert!(
                Policy::patched(json!({ "issuer_path": wrong })).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn every_field_is_documented_in_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(Policy)).unwrap();
        let mut sections = vec![&schema];
        sections.extend(schema["$defs"].as_object().unwrap().values());
        let fields: Vec<(&String, &Value)> = sections
            .iter()
            .filter_map(|section| section["properties"].as_object())
            .flatten()
            .collect();
        assert!(fields.len() > 200, "{}", fields.len());
        for (name, field) in fields {
            assert!(
                field.get("description").is_some(),
                "{name} has no description"
            );
        }
    }

    #[test]
    fn a_policy_survives_its_own_serialisation() {
        let text = serde_json::to_string(&Policy::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<Policy>(&text).unwrap(),
            Policy::default()
        );
    }
}
