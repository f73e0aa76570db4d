//! Which secrets stand in a text that is not ours, such as a server's log.

use super::{Kind, Vault};

/// Shorter values stand in innocent texts too often to accuse anybody.
const MIN_ACCUSED: usize = 8;

/// Every kind, in the order of answers.
const KINDS: &[Kind] = &[
    Kind::AccessToken,
    Kind::RefreshToken,
    Kind::IdToken,
    Kind::Code,
    Kind::CodeVerifier,
    Kind::ClientSecret,
    Kind::ClientAssertion,
    Kind::Password,
    Kind::Cookie,
    Kind::RegistrationAccessToken,
    Kind::SessionId,
    Kind::PrivateKey,
    Kind::Token,
];

impl Vault {
    /// The kinds of the secrets that stand in the text, each once. Sought are the values that the
    /// vault knows and that have at least eight characters, in every spelling that gives them away
    /// (percent-encoded, escaped, Base64); a marker in the text is none.
    pub fn kinds_in(&self, text: &str) -> Vec<Kind> {
        let markers = self.markers_in(text);
        let found: Vec<&str> = markers.iter().filter_map(|m| accused_kind(m)).collect();
        let mut kinds = KINDS.to_vec();
        kinds.retain(|kind| found.contains(&kind.as_str()));
        kinds
    }
}

/// The word for the kind in a marker, if the value is long enough.
fn accused_kind(marker: &str) -> Option<&str> {
    let (kind, rest) = marker.strip_prefix('[')?.split_once(':')?;
    let length: usize = rest.split(':').next()?.parse().ok()?;
    (length >= MIN_ACCUSED).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_whatever_the_spelling() {
        let vault = Vault::new();
        vault.learn(Kind::Password, "wonder land/1");
        vault.learn(Kind::AccessToken, "3f9a0c77d1");
        vault.learn(Kind::AccessToken, "3f9a0c77d2");
        vault.learn(Kind::Code, "never-logged");
        let text = "p=wonder%20land%2F1 wonder land\\/1 3f9a0c77d1 3f9a0c77d2";
        assert_eq!(vault.kinds_in(text), [Kind::AccessToken, Kind::Password]);
        assert_eq!(vault.kinds_in("nothing"), []);
        assert_eq!(vault.kinds_in(&vault.redact_text(text)), []);
    }

    #[test]
    fn a_secret_inside_another_is_told_too() {
        let vault = Vault::new();
        vault.learn(Kind::AccessToken, "3f9a0c77d1");
        vault.learn(Kind::Cookie, "token=3f9a0c77d1&user=alice");
        let kinds = vault.kinds_in("cookie token=3f9a0c77d1&user=alice");
        assert_eq!(kinds, [Kind::AccessToken, Kind::Cookie]);
    }

    #[test]
    fn short_values_accuse_nobody() {
        let vault = Vault::new();
        vault.learn(Kind::Password, "alice12");
        assert_eq!(vault.kinds_in("alice12 logged in"), []);
        vault.learn(Kind::Password, "alice123");
        assert_eq!(vault.kinds_in("alice123 logged in"), [Kind::Password]);
    }

    #[test]
    fn no_kind_is_forgotten() {
        use Kind::{
            AccessToken, ClientAssertion, ClientSecret, Code, CodeVerifier, Cookie, IdToken,
            Password, PrivateKey, RefreshToken, RegistrationAccessToken, SessionId, Token,
        };
        for kind in KINDS {
            // Whoever adds a kind is stopped here, and adds it above.
            match kind {
                AccessToken
                | RefreshToken
                | IdToken
                | Code
                | CodeVerifier
                | ClientSecret
                | ClientAssertion
                | Password
                | Cookie
                | RegistrationAccessToken
                | SessionId
                | PrivateKey
                | Token => {}
            }
        }
        assert_eq!(KINDS.len(), 13);
    }
}
