//! The reference authorization server (OAuth 2.1, RFC 7591, 7592, 7009, 7662, 8414, 8707, 9126, 9207).
//!
//! Handlers are thin: they read a request, ask pure functions that know the policy, and write the
//! answer. Nothing here knows what a wrong policy is good for.

pub mod answer;
pub mod authorize;
pub mod client_authentication;
pub mod client_documents;
pub mod clients;
pub mod cors;
pub mod introspection;
pub mod jwks;
pub mod metadata;
pub mod pages;
pub mod parameters;
pub mod pkce;
pub mod pushed;
pub mod redirect_uri;
pub mod registration;
pub mod resources;
pub mod revocation;
pub mod scopes;
pub mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use super::Site;

/// The routes of the authorization server: endpoints below the issuer, well-known documents at the
/// root of the origin.
pub fn router(site: Arc<Site>) -> Router {
    let cors = &site.policy.cors;
    let mut endpoints = Router::new()
        .route("/authorize", any(authorize::endpoint))
        .route("/login", any(authorize::login::endpoint))
        .route("/consent", any(authorize::consent::endpoint))
        .route("/link", any(authorize::link::endpoint))
        .route("/jwks", cors::route(any(jwks::endpoint), cors.jwks))
        .route("/token", cors::route(any(token::endpoint), cors.token));
    if site.policy.authorization.delegation.enabled {
        endpoints = endpoints
            .route("/callback", any(authorize::delegate::callback))
            .route("/third-party", any(authorize::delegate::third_party));
    }
    if site.policy.registration.enabled {
        endpoints = endpoints.route(
            "/register",
            cors::route(any(registration::endpoint), cors.registration),
        );
    }
    if site.policy.management.enabled {
        endpoints = endpoints.route(
            "/register/{client_id}",
            cors::route(any(registration::manage::endpoint), cors.registration),
        );
    }
    if site.policy.revocation.enabled {
        endpoints = endpoints.route(
            "/revoke",
            cors::route(any(revocation::endpoint), cors.revocation),
        );
    }
    if site.policy.pushed_requests.enabled {
        endpoints = endpoints.route("/par", any(pushed::endpoint));
    }
    if site.policy.introspection.enabled {
        endpoints = endpoints.route("/introspect", any(introspection::endpoint));
    }
    let documents = metadata::routes(&site);
    let below = match site.policy.issuer_path.as_str() {
        "" => endpoints,
        path => Router::new().nest(path, endpoints),
    };
    let environment = match site.policy.environment_endpoints {
        true => Router::new()
            .route("/keys", any(jwks::endpoint))
            .route("/oauth/token", any(token::endpoint)),
        false => Router::new(),
    };
    below.merge(documents).merge(environment).with_state(site)
}
