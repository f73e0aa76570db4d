//! Taking a JWS in compact form apart (RFC 7515 section 7.1) and judging its header (RFC 9068 section 4).
//!
//! Nothing here verifies a signature; see `signature`. The header is kept as JSON, because parameters
//! such as `jku` and `jwk` must be seen to be ignored.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64URL, Engine as _};
use serde_json::{Map, Value};

use super::claims::Fault;
use super::policy::{CriticalCheck, TokenPolicy, TypeCheck};

/// A JWS whose payload is a claims set.
#[derive(Clone, Debug)]
pub struct Jwt<'t> {
    /// The JOSE header.
    pub header: Map<String, Value>,
    /// The claims, not to be believed before the signature is verified.
    pub claims: Map<String, Value>,
    /// Header and payload as signed.
    pub signed: &'t str,
    /// The signature as it stands in the token.
    pub signature: &'t str,
}

impl<'t> Jwt<'t> {
    /// Reads the three parts.
    pub fn parse(token: &'t str) -> Result<Self, Fault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let object = |part: &str| {
            let bytes = BASE64URL.decode(part).map_err(|_| Fault::Malformed)?;
            serde_json::from_slice::<Map<String, Value>>(&bytes).map_err(|_| Fault::Malformed)
        };
        Ok(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature,
        })
    }

    /// A header parameter that is a string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// `alg`, or an empty text.
    pub fn algorithm(&self) -> &str {
        self.parameter("alg").unwrap_or_default()
    }
}

/// Judges `crit` and `typ`. No extension is understood, so any `crit` is refused (RFC 7515 section
/// 4.1.11); the library below does not look at it.
pub fn check_header(jwt: &Jwt<'_>, policy: &TokenPolicy) -> Result<(), Fault> {
    if jwt.header.contains_key("crit") && policy.critical_check == CriticalCheck::Refused {
        return Err(Fault::Critical);
    }
    let is_access_token = jwt.parameter("typ").is_some_and(|kind| {
        kind.eq_ignore_ascii_case("at+jwt") || kind.eq_ignore_ascii_case("application/at+jwt")
    });
    let fits = match policy.type_check {
        TypeCheck::AccessToken => is_access_token,
        TypeCheck::AbsentAccepted => is_access_token || !jwt.header.contains_key("typ"),
        TypeCheck::JwtAccepted => {
            is_access_token
                || jwt
                    .parameter("typ")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("JWT"))
        }
        TypeCheck::Ignored => true,
    };
    if fits { Ok(()) } else { Err(Fault::Type) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(header: Value) -> String {
        let part = |value: Value| BASE64URL.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(json!({"sub": "alice"})))
    }

    fn judge(header: Value, policy: &TokenPolicy) -> Result<(), Fault> {
        let token = token(header);
        check_header(&Jwt::parse(&token).unwrap(), policy)
    }

    #[test]
    fn a_token_comes_apart() {
        let token = token(json!({"alg": "ES256", "kid": "k"}));
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!(jwt.algorithm(), "ES256");
        assert_eq!(jwt.claims["sub"], "alice");
        assert_eq!(jwt.signature, "c2ln");
    }

    #[test]
    fn what_is_no_jws_is_malformed() {
        for token in ["", "abc", "a.b", "..", "e30.e30", "e30.bm8.x", "a.b.c.d.e"] {
            assert_eq!(Jwt::parse(token).err(), Some(Fault::Malformed), "{token}");
        }
    }

    #[test]
    fn type_and_critical_extensions_are_checked() {
        let policy = TokenPolicy::default();
        assert_eq!(judge(json!({"typ": "at+jwt"}), &policy), Ok(()));
        assert_eq!(judge(json!({"typ": "application/AT+JWT"}), &policy), Ok(()));
        assert_eq!(judge(json!({"typ": "JWT"}), &policy), Err(Fault::Type));
        assert_eq!(judge(json!({}), &policy), Err(Fault::Type));
        let critical = json!({"typ": "at+jwt", "crit": ["x"], "x": 1});
        assert_eq!(judge(critical.clone(), &policy), Err(Fault::Critical));
        let lax = TokenPolicy {
            critical_check: CriticalCheck::Ignored,
            ..Default::default()
        };
        assert_eq!(judge(critical, &lax), Ok(()));
    }
}
