//! Comparing client secrets (OAuth 2.1 section 2.4.1).

use crate::reference::Site;
use crate::reference::policy::client_authentication::SecretCheck;
use crate::reference::store::client::Client;
use crate::reference::store::handles::equal;

/// Whether `given` passes for the client's secret.
pub fn is_right(site: &Site, client: &Client, given: &str, has_verifier: bool) -> bool {
    let check = site.policy.client_authentication.secret;
    if check == SecretCheck::AnyClients {
        let state = site.store.lock();
        return state
            .clients
            .values()
            .any(|other| passes(check, other, given, has_verifier));
    }
    passes(check, client, given, has_verifier)
}

fn passes(check: SecretCheck, client: &Client, given: &str, has_verifier: bool) -> bool {
    let Some(secret) = client.secret.as_deref().filter(|secret| !secret.is_empty()) else {
        return false;
    };
    let is_equal = equal(secret, given);
    match check {
        SecretCheck::Compared | SecretCheck::AnyClients => is_equal,
        SecretCheck::AnyPresent => true,
        SecretCheck::Prefix => secret
            .get(..secret.len() / 2)
            .is_some_and(|half| given.starts_with(half)),
        SecretCheck::IgnoreCase => secret.eq_ignore_ascii_case(given),
        SecretCheck::SkippedWithVerifier => has_verifier || is_equal,
        SecretCheck::EmptyAccepted => given.is_empty() || is_equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes_for(check: SecretCheck, given: &str) -> bool {
        let client = Client {
            secret: Some("AbCd1234".into()),
            ..Client::default()
        };
        passes(check, &client, given, false)
    }

    #[test]
    fn only_the_whole_secret_passes() {
        assert!(passes_for(SecretCheck::Compared, "AbCd1234"));
        for wrong in ["", "AbCd", "abcd1234", "AbCd12345", "x"] {
            assert!(!passes_for(SecretCheck::Compared, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_client_without_secret_has_no_right_one() {
        assert!(!passes(
            SecretCheck::Compared,
            &Client::default(),
            "",
            false
        ));
    }

    #[test]
    fn each_other_check_lets_its_own_value_pass() {
        assert!(passes_for(SecretCheck::Prefix, "AbCdwrong"));
        assert!(passes_for(SecretCheck::IgnoreCase, "abcd1234"));
        assert!(passes_for(SecretCheck::EmptyAccepted, ""));
        assert!(passes_for(SecretCheck::AnyPresent, "x"));
    }
}
