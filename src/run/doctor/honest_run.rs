//! What the honest run adds to what is known of each capability.

use serde_json::Value;

use super::capabilities::{Capabilities, absent, broken, present_if};
use super::mends;
use crate::run::session::Session;
use crate::run::{Outcome, Presence, RunRecord, StepRecord};
use crate::suite::Capability;

/// Whether a step of the honest code grant shows that the server does not do it: the endpoint is
/// there, for another response type. Its list of grants leaves it out, and it refuses it, too.
pub fn no_code_grant(session: &Session, step: &StepRecord) -> Option<Presence> {
    let metadata = session.variable("metadata");
    let grants = metadata.get("grant_types_supported")?.as_array()?;
    let is_listed = grants.iter().any(|grant| grant == "authorization_code");
    let refused = matches!(step.outcome, Outcome::Refused { .. });
    let error = mends::error(step).filter(|_| refused && !is_listed)?;
    let is_of_grant = match error.as_str() {
        "unsupported_response_type" | "unsupported_grant_type" => true,
        // A client of the target file may lack a grant that others have.
        "unauthorized_client" => !session.target.clients.contains_key("public"),
        _ => false,
    };
    is_of_grant.then(|| {
        absent(format!(
            "the metadata do not list the grant authorization_code, and the server refuses it \
             ({error})"
        ))
    })
}

/// What the honest code grant adds: whether a third party logs users in, whether tokens are JWTs,
/// whether refresh tokens come.
pub fn of_honest_run(run: &RunRecord, all: &mut Capabilities) {
    use Capability as C;
    // The first visit of a browser that knows nobody; not every driver sees where it goes.
    let visit = run
        .step("authorize")
        .filter(|visit| visit.outcome.is_accepted());
    let delegated = visit.and_then(|visit| visit.result.at("/delegated"));
    if delegated.is_some_and(|delegated| delegated.as_array().is_some_and(Vec::is_empty)) {
        let reason = "the server logs nobody in at a third party";
        all.insert(C::ThirdPartyLogin, absent(reason));
    }
    let token = run.step("token").or_else(|| run.step("grant/token"));
    if let Some(token) = token.filter(|token| token.outcome.is_accepted()) {
        let result = token.result.read();
        let refresh = result.pointer("/json/refresh_token");
        let refresh = refresh.is_some_and(|token| !token.is_null());
        all.insert(
            C::RefreshTokens,
            present_if(refresh, || {
                absent("the honest grant brought no refresh token")
            }),
        );
        let jwt = result.get("jwt").is_some();
        all.insert(
            C::JwtAccessTokens,
            present_if(jwt, || absent("access tokens are opaque")),
        );
        all.insert(C::ResourceIndicators, resource_indicators(&result));
    }
    let given = run.step("grant").filter(|grant| grant.action == "obtain");
    if let Some(grant) = given {
        let jwt = grant.result.at("/token/jwt").is_some();
        all.insert(
            C::JwtAccessTokens,
            present_if(jwt, || absent("the access token that was given is opaque")),
        );
    }
    let call = run.step("call");
    if let Some(call) = call.filter(|call| !call.outcome.is_accepted()) {
        let reason = match call.result.number_at("/status") {
            // That is about scope, and a matter for the checks.
            Some(403) => None,
            Some(401) => Some("the resource server answers the honestly obtained token with 401"),
            // Where the operation or the MCP version is at fault, no token can be called good.
            _ => Some("the honest call with the honestly obtained token came to nothing"),
        };
        if let Some(reason) = reason {
            all.insert(C::AccessToken, broken(reason));
        }
    }
    let session = call.is_some_and(|call| call.result.at("/session").is_some());
    let sessions = match call {
        Some(call) if !session && !call.outcome.is_accepted() => {
            broken("the honest call came to nothing, and showed no session")
        }
        _ => present_if(session, || absent("the MCP server opens no sessions")),
    };
    all.insert(C::Sessions, sessions);
}

/// What the registrations of the honest run add: whether clients can be managed afterwards.
pub fn of_registration(session: &Session, all: &mut Capabilities) {
    if session.registered_clients() == 0 {
        return;
    }
    all.insert(
        Capability::RegistrationManagement,
        present_if(session.managed_clients() > 0, || {
            absent("registration answers hold no registration_client_uri and its token")
        }),
    );
}

/// Whether the token of the honest grant shows that `resource` is honoured.
///
/// A server that does not know the parameter ignores it rightly (OAuth 2.1 section 3.1), so only
/// one whose tokens name the resource is held to the rules of RFC 8707.
fn resource_indicators(token: &Value) -> Presence {
    let asked = token.pointer("/sent/resource");
    let named = token.pointer("/jwt/claims/aud");
    match (asked, named) {
        (None, _) => absent("the honest grant asked for no resource"),
        (_, None) => absent("access tokens do not show their audience"),
        (Some(asked), Some(Value::Array(list))) if list.contains(asked) => Presence::Present,
        (Some(asked), Some(named)) if asked == named => Presence::Present,
        _ => absent("the audience of access tokens is not the resource that was asked for"),
    }
}

/// The honest way to a token does not lead there: what needs it is `instead`.
pub fn break_way_in(instead: &Presence, all: &mut Capabilities) {
    use Capability as C;
    if matches!(instead, Presence::Absent { .. }) {
        all.insert(C::AuthorizationCode, instead.clone());
    }
    for capability in [
        C::Login,
        C::AccessToken,
        C::RefreshTokens,
        C::JwtAccessTokens,
        C::ResourceIndicators,
        C::Sessions,
    ] {
        let known = all.get(&capability);
        if matches!(known, None | Some(Presence::Present)) {
            all.insert(capability, instead.clone());
        }
    }
}
