//! What of an authorization request can be read in its response by anybody (OAuth 2.1 section 4.1.2).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::run::parameters::Pairs;

/// Shorter values are found anywhere.
const TELLING: usize = 16;

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The names of the request's parameters whose values stand in one of the response's, in clear or
/// in Base64; `state` has to.
pub(super) fn names(sent: &Pairs, response: [&Pairs; 3]) -> Vec<String> {
    let texts: Vec<String> = response
        .into_iter()
        .flatten()
        .filter(|(name, _)| name != "state")
        .flat_map(|(_, value)| readings(value))
        .collect();
    sent.iter()
        .filter(|(_, value)| value.len() >= TELLING)
        .filter(|(_, value)| texts.iter().any(|text| text.contains(value.as_str())))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The value itself, and what it and its parts between dots say in Base64.
fn readings(value: &str) -> Vec<String> {
    let mut all = vec![value.to_owned()];
    for part in std::iter::once(value).chain(value.split('.')) {
        for alphabet in [&alphabet::URL_SAFE, &alphabet::STANDARD] {
            let decoded = GeneralPurpose::new(alphabet, FORGIVING).decode(part);
            all.extend(decoded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn found(code: &str) -> Vec<String> {
        let sent = vec![
            pair("response_type", "code"),
            pair("state", "a state of some length"),
            pair("code_challenge", CHALLENGE),
        ];
        let query = vec![pair("code", code), pair("state", "a state of some length")];
        names(&sent, [&query, &Vec::new(), &Vec::new()])
    }

    #[test]
    fn a_challenge_is_read_in_clear_and_in_each_part() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(format!("{{\"c\":\"{CHALLENGE}\"}}"));
        for code in [
            format!("7.{CHALLENGE}"),
            claims.clone(),
            format!("e30.{claims}.c2ln"),
        ] {
            assert_eq!(found(&code), ["code_challenge"], "{code}");
        }
    }

    #[test]
    fn random_codes_and_the_state_tell_nothing() {
        assert_eq!(found("fS8ddG1d3W2vbK0kR9GQ"), Vec::<String>::new());
    }
}
