//! Making tokens and the answer that carries them (OAuth 2.1 section 3.2.3, RFC 9068 section 2).

use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::reference::Site;
use crate::reference::audit::{Entry, Event};
use crate::reference::policy::access_token::{
    TokenAudience, TokenExp, TokenFormat, TokenKid, TokenProtection, TokenScopeClaim,
};
use crate::reference::policy::refresh::RefreshIssue;
use crate::reference::policy::token::{ExpiresIn, ScopeInAnswer};
use crate::reference::store::client::Client;
use crate::reference::store::grant::{AccessToken, Grant, GrantId, RefreshToken};
use crate::reference::store::{State, handles, now};

use super::super::answer::{self, Refused};

/// What an access token is made for.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// The grant.
    pub grant: GrantId,
    /// The client.
    pub client: &'a Client,
    /// The user; none for machines.
    pub user: Option<&'a str>,
    /// Scopes.
    pub scopes: &'a [String],
    /// Resources.
    pub resources: &'a [String],
}

/// An access token that was made and stored.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The token.
    pub text: String,
    /// Seconds until it expires, as the client is told.
    pub lifetime: u64,
    /// End of life.
    pub expires_at: u64,
}

/// What a grant leads to.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The access token.
    pub token: Minted,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The ID token.
    pub id_token: Option<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// The `scope` parameter.
    pub requested_scope: Option<String>,
    /// The entry for the audit log, complete but for the outcome.
    pub entry: Entry,
}

/// Stores a new grant and gives its number.
pub fn open_grant(
    state: &mut State,
    client: &Client,
    user: Option<&str>,
    scopes: &[String],
    resources: &[String],
) -> GrantId {
    let number = state.next_number();
    let grant = Grant {
        client_id: client.client_id.clone(),
        user: user.map(str::to_owned),
        scopes: scopes.to_vec(),
        resources: resources.to_vec(),
        created_at: now(),
        ..Grant::default()
    };
    state.grants.insert(number, grant);
    number
}

/// Makes an access token and stores it.
pub fn access_token(site: &Site, state: &mut State, new: &NewToken<'_>) -> Result<Minted, Refused> {
    let policy = &site.policy.access_tokens;
    let lifetime = new.client.access_token_lifetime.unwrap_or(policy.lifetime);
    let issued_at = now();
    // `exp` has whole seconds: rounding up keeps the promise of `expires_in`.
    let expires_at = match policy.exp {
        TokenExp::AsAnswered => issued_at + lifetime + 1,
        TokenExp::YearAhead | TokenExp::Absent => issued_at + 31_536_000,
    };
    let audience = audience(site, new);
    let subject = new.user.unwrap_or(&new.client.client_id).to_owned();
    let number = state.next_number();
    let (jti, text) = match policy.format {
        TokenFormat::Opaque => {
            let drawn = || handles::of_form(policy.opaque_form, number, &subject);
            let text = unprotected(site, &subject, number).unwrap_or_else(drawn);
            (text.clone(), text)
        }
        TokenFormat::Jwt => {
            let jti = handles::random();
            let claims = claims(site, new, &subject, &audience, &jti, issued_at, expires_at);
            let text = match unprotected(site, &subject, number) {
                Some(text) => text,
                None => encode(site, &claims)?,
            };
            (jti, text)
        }
    };
    let token = AccessToken {
        jti: jti.clone(),
        grant: new.grant,
        client_id: new.client.client_id.clone(),
        subject,
        scopes: new.scopes.to_vec(),
        audience,
        issued_at,
        expires_at,
        revoked: false,
    };
    state.tokens_by_jti.insert(jti, text.clone());
    state.access_tokens.insert(text.clone(), token);
    Ok(Minted {
        text,
        lifetime,
        expires_at,
    })
}

fn audience(site: &Site, new: &NewToken<'_>) -> Vec<String> {
    match site.policy.access_tokens.audience {
        TokenAudience::Resources => new.resources.to_vec(),
        TokenAudience::AllResources => site.resources(),
        TokenAudience::Issuer => vec![site.issuer.clone()],
        TokenAudience::ClientId => vec![new.client.client_id.clone()],
        TokenAudience::FirstResource => vec![site.mcp_url.clone()],
        TokenAudience::Absent => Vec::new(),
    }
}

/// Tokens that anybody could make, should the policy ask for them.
fn unprotected(site: &Site, subject: &str, number: u64) -> Option<String> {
    match site.policy.access_tokens.protection {
        TokenProtection::UserAndTime => Some(format!("{subject}-{}-{number}", now())),
        TokenProtection::Counter => Some(format!("{number:010}")),
        _ => None,
    }
}

fn claims(
    site: &Site,
    new: &NewToken<'_>,
    subject: &str,
    audience: &[String],
    jti: &str,
    issued_at: u64,
    expires_at: u64,
) -> Map<String, Value> {
    let policy = &site.policy.access_tokens;
    let issuer = match policy.iss_exact {
        true => site.issuer.clone(),
        false => format!("{}/", site.issuer),
    };
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", json!(issuer));
    set("sub", json!(subject));
    if !audience.is_empty() {
        set("aud", one_or_many(audience));
    }
    set("client_id", json!(new.client.client_id));
    set("scope", json!(new.scopes.join(" ")));
    if policy.scope_claim == TokenScopeClaim::ScopeAndScopes {
        set("scopes", json!(new.scopes));
    }
    set("jti", json!(jti));
    set("iat", json!(issued_at));
    if policy.exp != TokenExp::Absent {
        set("exp", json!(expires_at));
    }
    for name in &policy.omit_claims {
        claims.shift_remove(name);
    }
    claims
}

/// A string if there is one value, else an array (RFC 7519 section 4.1.3).
pub fn one_or_many(values: &[String]) -> Value {
    match values {
        [one] => json!(one),
        many => json!(many),
    }
}

fn encode(site: &Site, claims: &Map<String, Value>) -> Result<String, Refused> {
    let policy = &site.policy.access_tokens;
    let claims = Value::Object(claims.clone());
    match policy.protection {
        TokenProtection::BareJson => return Ok(BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())),
        TokenProtection::AlgNone => {
            let header = json!({ "alg": "none", "typ": policy.typ });
            return Ok(format!(
                "{}.{}.",
                BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
                BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
            ));
        }
        _ => {}
    }
    let pair = site
        .keys
        .pair_of_size(policy.signing_algorithm, site.policy.jwks.rsa_bits);
    let mut header = json!({ "alg": policy.signing_algorithm.as_str(), "typ": policy.typ });
    match policy.kid {
        TokenKid::Published => header["kid"] = json!(pair.kid),
        TokenKid::Unpublished => header["kid"] = json!("retired-key"),
        TokenKid::Absent => {}
    }
    pair.sign(&header, &claims).map_err(|error| {
        tracing::error!(%error, "an access token cannot be signed");
        Refused::server_error()
    })
}

/// Makes a refresh token if the client gets one (OAuth 2.1 section 4.3).
pub fn refresh_token(
    site: &Site,
    state: &mut State,
    grant: GrantId,
    client: &Client,
) -> Option<String> {
    let policy = &site.policy.refresh_tokens;
    let is_given = match policy.issued {
        RefreshIssue::WhenRegistered => client.may_use("refresh_token"),
        RefreshIssue::Always => true,
        RefreshIssue::Never => false,
    };
    if !is_given {
        return None;
    }
    let number = state.next_number();
    let text = handles::of_form(policy.form, number, &client.client_id);
    let created_at = state
        .grants
        .get(&grant)
        .map_or_else(now, |grant| grant.created_at);
    let token = RefreshToken {
        grant,
        client_id: client.client_id.clone(),
        spent: false,
        expires_at: if policy.lifetime == 0 {
            0
        } else {
            created_at + policy.lifetime
        },
    };
    state.refresh_tokens.insert(text.clone(), token);
    Some(text)
}

/// The answer of the token endpoint.
pub fn answer(site: &Site, issued: &Issued) -> Response {
    let policy = &site.policy.token_endpoint;
    site.audit
        .record(issued.entry.clone().credential(&issued.token.text).ok());
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("access_token", json!(issued.token.text));
    if !policy.token_type.is_empty() {
        set("token_type", json!(policy.token_type));
    }
    let lifetime = issued.token.lifetime;
    match policy.expires_in {
        ExpiresIn::Number => set("expires_in", json!(lifetime)),
        ExpiresIn::String => set("expires_in", json!(lifetime.to_string())),
        ExpiresIn::Absolute => set("expires_in", json!(issued.token.expires_at)),
        ExpiresIn::Understated => set("expires_in", json!((lifetime / 10).max(1))),
        ExpiresIn::Absent => None,
    };
    match &issued.refresh_token {
        Some(token) => set("refresh_token", json!(token)),
        None if !policy.omits_absent_members => set("refresh_token", Value::Null),
        None => None,
    };
    if let Some(token) = &issued.id_token {
        set("id_token", json!(token));
    }
    let granted = issued.scopes.join(" ");
    match policy.scope {
        ScopeInAnswer::Always => set("scope", json!(granted)),
        ScopeInAnswer::AsRequested => set(
            "scope",
            json!(issued.requested_scope.as_deref().unwrap_or(&granted)),
        ),
        ScopeInAnswer::Array => set("scope", json!(issued.scopes)),
        ScopeInAnswer::Absent => None,
    };
    let text = Value::Object(body).to_string();
    let mut answer = answer::typed(policy.success_status, &policy.content_type, text);
    answer::cache(&mut answer, policy.caching, false);
    answer
}

/// The audit entry of an issued token.
pub fn entry(
    grant_type: &str,
    client: &Client,
    user: Option<&str>,
    scopes: &[String],
    resources: &[String],
) -> Entry {
    Entry::new(Event::TokenIssued)
        .client(&client.client_id)
        .user(user.unwrap_or_default())
        .scope(scopes.join(" "))
        .resource(resources.join(" "))
        .with("grant_type", grant_type)
}
