//! ID tokens, for who asks for `openid` (OpenID Connect Core 1.0 section 2).

use serde_json::json;

use super::super::answer::Refused;
use super::issue::{Minted, NewToken};
use crate::reference::Site;
use crate::reference::store::now;

/// The scope that asks for one.
const SCOPE: &str = "openid";

/// Says to the client who logged in; none unless a user granted `openid`. It lives as long as the
/// access token beside it.
pub fn of(
    site: &Site,
    new: &NewToken<'_>,
    nonce: Option<&str>,
    beside: &Minted,
) -> Result<Option<String>, Refused> {
    let (Some(user), true) = (new.user, new.scopes.iter().any(|scope| scope == SCOPE)) else {
        return Ok(None);
    };
    let algorithm = site.policy.access_tokens.signing_algorithm;
    let pair = site.keys.pair_of_size(algorithm, site.policy.jwks.rsa_bits);
    let header = json!({ "alg": algorithm.as_str(), "typ": "JWT", "kid": pair.kid });
    let mut claims = json!({
        "iss": site.issuer,
        "sub": user,
        "aud": new.client.client_id,
        "iat": now(),
        "exp": beside.expires_at,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    let signed = pair.sign(&header, &claims).map_err(|error| {
        tracing::error!(%error, "an ID token cannot be signed");
        Refused::server_error()
    });
    signed.map(Some)
}
