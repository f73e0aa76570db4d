//! Judging what a token says, once it is known who said it (RFC 9068 section 4, RFC 7662 section 2.2).
//!
//! Pure: claims, policy and expectations in, verdict out. It serves JWT claims and introspection answers
//! alike. Identifiers are compared as strings, byte for byte, unless the policy says otherwise.

use serde_json::{Map, Value};
use url::Url;

use super::policy::{
    AudienceCheck, BindingCheck, ExpiryCheck, IssuerCheck, NotBeforeCheck, TokenPolicy,
};

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No JWS in compact form.
    #[error("the token is malformed")]
    Malformed,
    /// The algorithm is none of the accepted ones.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// No published key fits.
    #[error("the key is unknown")]
    Key,
    /// The signature does not verify.
    #[error("the signature is not valid")]
    Signature,
    /// A critical extension is not understood.
    #[error("a critical header parameter is not understood")]
    Critical,
    /// `typ` is another one.
    #[error("the token is no access token")]
    Type,
    /// `iss` is another one.
    #[error("the issuer is not the expected one")]
    Issuer,
    /// `aud` does not name this resource.
    #[error("the token is meant for another audience")]
    Audience,
    /// `exp` has passed, or is missing.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim is missing.
    #[error("the token lacks a claim")]
    Incomplete,
    /// The token is bound to a key that was not shown.
    #[error("the token is bound to a key")]
    Bound,
    /// The token was revoked, or is unknown to the authorization server.
    #[error("the token is not active")]
    Inactive,
    /// The authorization server gave no usable answer.
    #[error("the authorization server cannot be asked")]
    Unreachable,
}

/// What the claims are compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The issuer identifier.
    pub issuer: &'e str,
    /// The resource identifier.
    pub resource: &'e str,
    /// Seconds since the epoch.
    pub now: u64,
    /// Whether the request opens a session.
    pub opening: bool,
    /// Whether the request is one of 2026-07-28.
    pub modern: bool,
    /// Whether `iss` may be missing (RFC 7662 section 2.2: optional).
    pub issuer_optional: bool,
}

/// Judges the claims.
pub fn check(
    claims: &Map<String, Value>,
    policy: &TokenPolicy,
    expected: &Expected<'_>,
) -> Result<(), Fault> {
    let says = |ok: bool, fault: Fault| if ok { Ok(()) } else { Err(fault) };
    says(
        issuer_fits(claims.get("iss"), policy.issuer_check, expected),
        Fault::Issuer,
    )?;
    says(
        audience_fits(claims, policy.audience_check, expected),
        Fault::Audience,
    )?;
    says(
        not_expired(claims.get("exp"), policy, expected),
        Fault::Expired,
    )?;
    says(
        has_begun(claims.get("nbf"), policy, expected),
        Fault::NotYetValid,
    )?;
    let bound = claims.contains_key("cnf") && policy.binding_check == BindingCheck::Refused;
    says(!bound, Fault::Bound)
}

fn issuer_fits(claim: Option<&Value>, check: IssuerCheck, expected: &Expected<'_>) -> bool {
    let issuer = expected.issuer;
    let Some(claim) = claim else {
        return expected.issuer_optional
            || matches!(check, IssuerCheck::Ignored | IssuerCheck::AbsentAccepted);
    };
    let Some(claim) = claim.as_str() else {
        return check == IssuerCheck::Ignored;
    };
    let host = issuer.split("://").nth(1).unwrap_or(issuer);
    match check {
        IssuerCheck::Exact | IssuerCheck::AbsentAccepted => claim == issuer,
        IssuerCheck::Ignored => true,
        IssuerCheck::Prefix => claim.starts_with(issuer),
        IssuerCheck::HostContained => claim.contains(host),
        IssuerCheck::IgnoreTrailingSlash => {
            claim.trim_end_matches('/') == issuer.trim_end_matches('/')
        }
        IssuerCheck::IgnoreCase => claim.eq_ignore_ascii_case(issuer),
    }
}

fn audience_fits(
    claims: &Map<String, Value>,
    check: AudienceCheck,
    expected: &Expected<'_>,
) -> bool {
    use AudienceCheck as Check;
    let audiences: Vec<&str> = match claims.get("aud") {
        None | Some(Value::Null) => return matches!(check, Check::Ignored | Check::AbsentAccepted),
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(_)) if check == Check::ArrayRefused => return false,
        Some(Value::Array(_)) if check == Check::ArrayAccepted => return true,
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        Some(_) => Vec::new(),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    match check {
        Check::Ignored | Check::AnyPresent => true,
        Check::LegacyEraOnly if expected.modern => true,
        Check::FirstElement => audiences.first() == Some(&expected.resource),
        Check::ClientIdAccepted => audiences
            .iter()
            .any(|aud| *aud == expected.resource || text("client_id") == Some(aud)),
        Check::IssuerAccepted => audiences
            .iter()
            .any(|aud| *aud == expected.resource || *aud == expected.issuer),
        _ => audiences
            .iter()
            .any(|aud| one_audience_fits(aud, check, expected.resource)),
    }
}

fn one_audience_fits(aud: &str, check: AudienceCheck, resource: &str) -> bool {
    use AudienceCheck as Check;
    let parsed = || Some((Url::parse(aud).ok()?, Url::parse(resource).ok()?));
    match check {
        Check::ClaimExtendsResource => aud.starts_with(resource),
        Check::ResourceExtendsClaim => !aud.is_empty() && resource.starts_with(aud),
        Check::Substring => !aud.is_empty() && (resource.contains(aud) || aud.contains(resource)),
        Check::OriginOnly => parsed().is_some_and(|(aud, own)| aud.origin() == own.origin()),
        Check::HostOnly => parsed().is_some_and(|(aud, own)| aud.host() == own.host()),
        Check::IgnoreTrailingSlash => aud.trim_end_matches('/') == resource.trim_end_matches('/'),
        Check::IgnoreCase => aud.eq_ignore_ascii_case(resource),
        _ => aud == resource,
    }
}

fn not_expired(claim: Option<&Value>, policy: &TokenPolicy, expected: &Expected<'_>) -> bool {
    match (policy.expiry_check, claim) {
        (ExpiryCheck::Ignored, _) | (ExpiryCheck::AbsentAccepted, None) => true,
        (ExpiryCheck::OnlyAtInitialize, _) if !expected.opening => true,
        (ExpiryCheck::NonNumericAccepted, Some(claim)) if !claim.is_number() => true,
        (_, Some(claim)) => claim
            .as_f64()
            .is_some_and(|exp| exp + policy.leeway as f64 > expected.now as f64),
        (_, None) => false,
    }
}

fn has_begun(claim: Option<&Value>, policy: &TokenPolicy, expected: &Expected<'_>) -> bool {
    match (policy.not_before_check, claim) {
        (NotBeforeCheck::Ignored, _) | (_, None) => true,
        (_, Some(claim)) => claim
            .as_f64()
            .is_some_and(|nbf| nbf <= (expected.now + policy.leeway) as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RESOURCE: &str = "http://127.0.0.1:9/mcp";

    fn judge(change: impl FnOnce(&mut Value), policy: &TokenPolicy) -> Result<(), Fault> {
        let mut claims = json!({
            "iss": "http://127.0.0.1:8", "aud": RESOURCE, "exp": 101, "client_id": "c",
        });
        change(&mut claims);
        let expected = Expected {
            issuer: "http://127.0.0.1:8",
            resource: RESOURCE,
            now: 100,
            opening: false,
            modern: false,
            issuer_optional: false,
        };
        check(claims.as_object().unwrap(), policy, &expected)
    }

    #[test]
    fn the_honest_token_passes() {
        let policy = TokenPolicy::default();
        assert_eq!(judge(|_| (), &policy), Ok(()));
        assert_eq!(
            judge(|c| c["aud"] = json!(["x", RESOURCE]), &policy),
            Ok(())
        );
    }

    #[test]
    fn the_right_policy_refuses_each_wrong_claim() {
        let policy = TokenPolicy::default();
        let wrong: [(&str, Value, Fault); 13] = [
            ("iss", json!("http://127.0.0.1:8/"), Fault::Issuer),
            ("iss", json!(null), Fault::Issuer),
            ("aud", json!("http://127.0.0.1:9/mcp/"), Fault::Audience),
            (
                "aud",
                json!("http://127.0.0.1:9/second/mcp"),
                Fault::Audience,
            ),
            ("aud", json!("http://127.0.0.1:9"), Fault::Audience),
            ("aud", json!("http://127.0.0.1:9/mcp.evil"), Fault::Audience),
            ("aud", json!("c"), Fault::Audience),
            ("aud", json!([]), Fault::Audience),
            ("aud", json!(null), Fault::Audience),
            ("exp", json!(100), Fault::Expired),
            ("exp", json!("101"), Fault::Expired),
            ("nbf", json!(101), Fault::NotYetValid),
            ("cnf", json!({"jkt": "x"}), Fault::Bound),
        ];
        for (claim, value, fault) in wrong {
            let verdict = judge(|claims| claims[claim] = value.clone(), &policy);
            assert_eq!(verdict, Err(fault), "{claim} {value}");
        }
    }

    #[test]
    fn each_other_audience_check_lets_its_own_kind_through() {
        use AudienceCheck as Check;
        let table = [
            (Check::Ignored, json!(null)),
            (Check::AbsentAccepted, json!(null)),
            (Check::AnyPresent, json!("other")),
            (
                Check::ClaimExtendsResource,
                json!("http://127.0.0.1:9/mcp.evil"),
            ),
            (Check::ResourceExtendsClaim, json!("http://127.0.0.1:9/m")),
            (Check::OriginOnly, json!("http://127.0.0.1:9/second/mcp")),
            (Check::HostOnly, json!("http://127.0.0.1:1/mcp")),
            (Check::IgnoreTrailingSlash, json!("http://127.0.0.1:9/mcp/")),
            (Check::IgnoreCase, json!("http://127.0.0.1:9/MCP")),
            (Check::ClientIdAccepted, json!("c")),
            (Check::IssuerAccepted, json!("http://127.0.0.1:8")),
            (Check::ArrayAccepted, json!(["other"])),
        ];
        for (check, aud) in table {
            let policy = TokenPolicy {
                audience_check: check,
                ..Default::default()
            };
            assert_eq!(
                judge(|claims| claims["aud"] = aud.clone(), &policy),
                Ok(()),
                "{check:?}"
            );
        }
    }

    #[test]
    fn leeway_and_missing_expiry_are_decisions() {
        let policy = TokenPolicy {
            leeway: 5,
            ..Default::default()
        };
        assert_eq!(judge(|claims| claims["exp"] = json!(96), &policy), Ok(()));
        let policy = TokenPolicy {
            expiry_check: ExpiryCheck::AbsentAccepted,
            ..Default::default()
        };
        let drop = |claims: &mut Value| {
            claims.as_object_mut().unwrap().shift_remove("exp");
        };
        assert_eq!(judge(drop, &policy), Ok(()));
        assert_eq!(judge(drop, &TokenPolicy::default()), Err(Fault::Expired));
    }
}
