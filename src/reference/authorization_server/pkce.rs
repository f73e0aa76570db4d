//! PKCE as pure functions (OAuth 2.1 sections 4.1.1, 4.1.3 and 7.5.2).

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::reference::policy::pkce::{
    ChallengeMethod, MethodSource, MissingMethod, PkcePolicy, S256Form, UnexpectedVerifier,
    UnknownMethod, VerifierCheck, VerifierSyntax,
};
use crate::reference::store::handles::equal;

/// What is stored beside a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The challenge as it came.
    pub value: String,
    /// How a verifier becomes it; none: no verifier is compared.
    pub method: Option<ChallengeMethod>,
}

/// Reads the challenge of an authorization request.
pub fn challenge(
    policy: &PkcePolicy,
    is_public: bool,
    value: Option<&str>,
    method: Option<&str>,
) -> Result<Option<Challenge>, &'static str> {
    let required = if is_public {
        policy.required_public
    } else {
        policy.required_confidential
    };
    let Some(value) = value else {
        return match required {
            true => Err("code_challenge is required"),
            false => Ok(None),
        };
    };
    let method = stored_method(policy, method)?;
    if method.is_some_and(|method| !policy.methods.contains(&method)) {
        return Err("this code_challenge_method is not supported");
    }
    if policy.challenge_syntax_checked && method.is_some() && !is_verifier(value, 43, 128) {
        return Err("code_challenge is malformed");
    }
    if policy.challenge_syntax_checked
        && method == Some(ChallengeMethod::S256)
        && !BASE64_URL_SAFE_NO_PAD
            .decode(value)
            .is_ok_and(|bytes| bytes.len() == 32)
    {
        return Err("code_challenge is no SHA-256 value");
    }
    Ok(Some(Challenge {
        value: value.to_owned(),
        method,
    }))
}

fn stored_method(
    policy: &PkcePolicy,
    method: Option<&str>,
) -> Result<Option<ChallengeMethod>, &'static str> {
    let Some(method) = method else {
        return Ok(match policy.missing_method {
            MissingMethod::Plain => Some(ChallengeMethod::Plain),
            MissingMethod::S256 => Some(ChallengeMethod::S256),
            MissingMethod::Unverified => None,
        });
    };
    match method {
        "S256" => Ok(Some(ChallengeMethod::S256)),
        "plain" => Ok(Some(ChallengeMethod::Plain)),
        other if !policy.method_case_sensitive && other.eq_ignore_ascii_case("S256") => Ok(None),
        _ => match policy.unknown_method {
            UnknownMethod::Refused => Err("this code_challenge_method is not known"),
            UnknownMethod::Plain => Ok(Some(ChallengeMethod::Plain)),
            UnknownMethod::S256 => Ok(Some(ChallengeMethod::S256)),
            UnknownMethod::Unverified => Ok(None),
        },
    }
}

/// Holds the verifier of a token request against the stored challenge.
pub fn verify(
    policy: &PkcePolicy,
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
    token_method: Option<&str>,
) -> Result<(), &'static str> {
    let Some(challenge) = challenge else {
        return match (verifier, policy.unexpected_verifier) {
            (Some(_), UnexpectedVerifier::Refused) => {
                Err("code_verifier was sent, but there was no code_challenge")
            }
            _ => Ok(()),
        };
    };
    if policy.verifier == VerifierCheck::Ignored {
        return Ok(());
    }
    let Some(method) = challenge.method else {
        return Ok(());
    };
    let method = match (policy.method_source, token_method) {
        (MethodSource::TokenRequest, Some("plain")) => ChallengeMethod::Plain,
        (MethodSource::TokenRequest, Some("S256")) => ChallengeMethod::S256,
        _ => method,
    };
    let Some(verifier) = verifier else {
        return match policy.verifier {
            VerifierCheck::OptionalWhenAbsent | VerifierCheck::EmptyAccepted => Ok(()),
            _ => Err("code_verifier is required"),
        };
    };
    if is_accepted(policy, challenge, method, verifier) {
        Ok(())
    } else {
        Err("code_verifier does not match the code_challenge")
    }
}

fn is_accepted(
    policy: &PkcePolicy,
    challenge: &Challenge,
    method: ChallengeMethod,
    verifier: &str,
) -> bool {
    let matches = |verifier: &str| {
        has_right_form(policy.verifier_syntax, verifier)
            && equal(&transform(policy.s256, method, verifier), &challenge.value)
    };
    let transformed = || transform(policy.s256, method, verifier);
    match policy.verifier {
        VerifierCheck::AnyPresent => true,
        VerifierCheck::ChallengeAccepted => matches(verifier) || verifier == challenge.value,
        VerifierCheck::EmptyAccepted => verifier.is_empty() || matches(verifier),
        VerifierCheck::Prefix => transformed()
            .bytes()
            .zip(challenge.value.bytes())
            .take(16)
            .all(|(a, b)| a == b),
        VerifierCheck::Trimmed => matches(verifier.trim()),
        VerifierCheck::IgnoreCase => transformed().eq_ignore_ascii_case(&challenge.value),
        VerifierCheck::LongerAccepted => (43..=verifier.len())
            .filter_map(|end| verifier.get(..end))
            .any(matches),
        VerifierCheck::Compared | VerifierCheck::OptionalWhenAbsent | VerifierCheck::Ignored => {
            matches(verifier)
        }
    }
}

/// The challenge that belongs to a verifier.
pub fn transform(form: S256Form, method: ChallengeMethod, verifier: &str) -> String {
    if method == ChallengeMethod::Plain {
        return verifier.to_owned();
    }
    let digest = Sha256::digest(verifier.as_bytes());
    match form {
        S256Form::Right => BASE64_URL_SAFE_NO_PAD.encode(digest),
        S256Form::Padded => BASE64_URL_SAFE.encode(digest),
        S256Form::StandardAlphabet => BASE64_STANDARD_NO_PAD.encode(digest),
        S256Form::Hexadecimal => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        S256Form::DecodedVerifier => {
            let decoded = BASE64_URL_SAFE_NO_PAD
                .decode(verifier)
                .unwrap_or_else(|_| verifier.as_bytes().to_vec());
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(decoded))
        }
    }
}

fn has_right_form(syntax: VerifierSyntax, verifier: &str) -> bool {
    match syntax {
        VerifierSyntax::Checked => is_verifier(verifier, 43, 128),
        VerifierSyntax::AnyShort => is_verifier(verifier, 1, 128),
        VerifierSyntax::AnyLong => is_verifier(verifier, 43, usize::MAX),
        VerifierSyntax::LongRefused => is_verifier(verifier, 43, 64),
        VerifierSyntax::AnyCharacters => (43..=128).contains(&verifier.len()),
        VerifierSyntax::Unchecked => true,
    }
}

fn is_verifier(text: &str, shortest: usize, longest: usize) -> bool {
    (shortest..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn stored(policy: &PkcePolicy) -> Option<Challenge> {
        challenge(policy, true, Some(CHALLENGE), Some("S256")).unwrap()
    }

    fn check(verifier: VerifierCheck, presented: Option<&str>) -> bool {
        let policy = PkcePolicy {
            verifier,
            ..Default::default()
        };
        verify(&policy, stored(&policy).as_ref(), presented, None).is_ok()
    }

    #[test]
    fn the_right_verifier_passes_and_no_other() {
        assert!(check(VerifierCheck::Compared, Some(VERIFIER)));
        let short = &VERIFIER[..42];
        let long = format!("{VERIFIER}x");
        for wrong in [
            None,
            Some(""),
            Some(CHALLENGE),
            Some(short),
            Some(long.as_str()),
        ] {
            assert!(!check(VerifierCheck::Compared, wrong), "{wrong:?}");
        }
    }

    #[test]
    fn each_other_check_accepts_its_own_wrong_value() {
        assert!(check(VerifierCheck::Ignored, Some("x")) && check(VerifierCheck::Ignored, None));
        assert!(check(VerifierCheck::OptionalWhenAbsent, None));
        assert!(!check(VerifierCheck::OptionalWhenAbsent, Some("x")));
        assert!(check(VerifierCheck::ChallengeAccepted, Some(CHALLENGE)));
        assert!(check(VerifierCheck::EmptyAccepted, Some("")));
        assert!(check(
            VerifierCheck::LongerAccepted,
            Some(&format!("{VERIFIER}x"))
        ));
        assert!(check(
            VerifierCheck::Trimmed,
            Some(&format!(" {VERIFIER} "))
        ));
    }

    #[test]
    fn a_request_without_challenge_is_refused_unless_the_policy_says_otherwise() {
        let policy = PkcePolicy::default();
        assert!(challenge(&policy, true, None, None).is_err());
        assert!(challenge(&policy, false, None, None).is_err());
        let lax = PkcePolicy {
            required_confidential: false,
            ..Default::default()
        };
        assert_eq!(challenge(&lax, false, None, None), Ok(None));
        assert!(challenge(&lax, true, None, None).is_err());
    }

    #[test]
    fn plain_unknown_and_missing_methods_are_refused() {
        let policy = PkcePolicy::default();
        for method in [Some("plain"), Some("s256"), Some("S512"), None] {
            assert!(
                challenge(&policy, true, Some(CHALLENGE), method).is_err(),
                "{method:?}"
            );
        }
    }

    #[test]
    fn malformed_challenges_are_refused() {
        let policy = PkcePolicy::default();
        let padded = format!("{CHALLENGE}=");
        for value in [
            &CHALLENGE[..42],
            padded.as_str(),
            VERIFIER.repeat(3).as_str(),
        ] {
            assert!(
                challenge(&policy, true, Some(value), Some("S256")).is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn a_verifier_without_challenge_is_refused() {
        let policy = PkcePolicy::default();
        assert!(verify(&policy, None, Some(VERIFIER), None).is_err());
        assert!(verify(&policy, None, None, None).is_ok());
    }
}
