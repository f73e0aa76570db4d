//! Markers of redacted secrets: `[kind:length:fingerprint]`.
//!
//! A marker can be compared and measured, but nothing else is known of the secret.

use sha2::{Digest as _, Sha256};

/// A marker, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker<'t> {
    /// Length of the secret in characters.
    pub length: u64,
    /// First 12 hexadecimal digits of its SHA-256.
    fingerprint: &'t str,
}

impl<'t> Marker<'t> {
    /// The marker that is the whole of `text`.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        let mut parts = inner.split(':');
        let (kind, length, fingerprint) = (parts.next()?, parts.next()?, parts.next()?);
        let is_kind = |c: char| c.is_ascii_lowercase() || c == '_';
        let is_fingerprint =
            fingerprint.len() == 12 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
        if parts.next().is_some() || kind.is_empty() || !kind.chars().all(is_kind) {
            return None;
        }
        let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        (digits && is_fingerprint).then_some(())?;
        Some(Self {
            length: length.parse().ok()?,
            fingerprint,
        })
    }

    /// Whether two markers stand for the same secret, whatever it was taken for.
    pub(super) fn is_same_secret(&self, other: &Marker<'_>) -> bool {
        self.length == other.length && self.fingerprint == other.fingerprint
    }

    /// Whether the marker stands for this text.
    pub(super) fn stands_for(&self, text: &str) -> bool {
        if self.length != text.chars().count() as u64 {
            return false;
        }
        let hex: String = Sha256::digest(text.as_bytes())
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        hex == self.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::redact::{Kind, Vault};

    #[test]
    fn reads_what_the_vault_writes() {
        let vault = Vault::new();
        let text = vault.marker(Kind::AccessToken, "grün-token");
        let marker = Marker::parse(&text).expect("a marker");
        assert_eq!(marker.length, 10);
        assert!(marker.stands_for("grün-token"));
        assert!(!marker.stands_for("grun-token"));
        let other = vault.marker(Kind::Code, "grün-token");
        assert!(marker.is_same_secret(&Marker::parse(&other).expect("a marker")));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "[code]",
            "[code:1:abc]",
            "[Code:1:0123456789ab]",
            "x[a:1:0123456789ab]",
        ] {
            assert_eq!(Marker::parse(text), None, "{text}");
        }
    }
}
