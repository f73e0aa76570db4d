//! The one deviation that a case makes in one step's request.
//!
//! What a member touches follows from the step: `set` on `authorize` is the query, on `token` the
//! form, on `register` the JSON document, on `call` the call's own members (`access_token`,
//! `operation`, `session`, those of `params`), on `fetch` query, form or JSON, whichever the step has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Params;

/// A deviation. Several members together are still one deviation (a wrong redirect URI crossed
/// with an unknown scope, say).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mutation {
    /// Replace parameters, or add them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Params,
    /// Leave parameters out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Send parameters a second time, with these values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub repeat: Params,
    /// Add text at the end of parameters' values.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub append: Params,
    /// Set headers; null removes one, a list sends one line for each element.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Params,
    /// Send parameters (or the access token of a `call`) somewhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_in: Option<Place>,
    /// Another HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Another way for the client to authenticate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// Rebuild the JWT that the step sends (access token, or client assertion).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forge: Option<Forge>,
    /// Seconds to let pass before the request is sent; a number or a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Value>,
    /// Log in as this user instead (`authorize`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `approve` or `deny` instead (`authorize`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Stop before `login`, `consent` or `handback` (`authorize`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_before: Option<String>,
    /// In another browser (`authorize`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Serve the document differently (`host`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<Serve>,
    /// Send as another client (profile or `register` step).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Deviate in this request of a `call` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
}

/// How a document of the harness is served, where it differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Another path, query or fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the URL begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Another status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// Sent instead of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A part of a `call`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The request of the operation, after an honest handshake.
    Operation,
}

/// Where parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The URL's query.
    Query,
    /// A form body.
    Form,
    /// A JSON body.
    Json,
    /// A cookie called `access_token`.
    Cookie,
}

/// How a client authenticates at an endpoint of the authorization server (OAuth 2.1 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// A public client: `client_id` only.
    None,
    /// HTTP Basic, both parts form-encoded.
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the form.
    ClientSecretPost,
    /// A signed assertion (RFC 7523 section 2.2).
    PrivateKeyJwt,
    /// Basic and form at once, which OAuth 2.1 2.4 forbids.
    BasicAndPost,
    /// Nothing, not even `client_id`.
    Nothing,
}

/// How a JWT is rebuilt (RFC 7515, RFC 7519).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Forge {
    /// Members of the JOSE header to replace; null removes one.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub header: Params,
    /// Claims to replace; null removes one.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Params,
    /// What becomes of the signature.
    pub signature: Signature,
}

/// The signature of a forged JWT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The original one, over the original bytes.
    #[default]
    Kept,
    /// The original one with a byte in the middle changed.
    Spoiled,
    /// An empty third part.
    Empty,
    /// Neither the third part nor its dot.
    Missing,
    /// By a key of the harness, of the algorithm that the header names.
    OwnKey,
    /// By a key of the harness, whose public part the header carries as `jwk`.
    OwnKeyInHeader,
    /// HMAC with the server's public key (PEM) as the secret.
    HmacPublicKeyPem,
    /// The same with the key's DER.
    HmacPublicKeyDer,
    /// The same with the key's JWK, as the key set writes it.
    HmacPublicKeyJwk,
    /// HMAC with an empty secret.
    HmacEmpty,
    /// HMAC with the secret that examples use, `secret`.
    HmacWeak,
    /// Zeros where an ECDSA signature stands.
    Zeros,
    /// By the right key: the client's for an assertion, for an access token that of the issuer which
    /// the operator lets the harness play.
    RightKey,
}
