//! The kinds of secrets and the marker that stands for one in a recording.

/// What a secret is for. The marker names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Access token (RFC 6749 section 1.4).
    AccessToken,
    /// Refresh token (RFC 6749 section 1.5).
    RefreshToken,
    /// ID token (OpenID Connect Core section 2).
    IdToken,
    /// Authorization code (RFC 6749 section 1.3.1).
    Code,
    /// PKCE verifier (RFC 7636 section 4.1).
    CodeVerifier,
    /// Client secret (RFC 6749 section 2.3.1).
    ClientSecret,
    /// JWT client assertion (RFC 7523 section 2.2).
    ClientAssertion,
    /// Password of a user.
    Password,
    /// Value of a cookie.
    Cookie,
    /// Registration access token (RFC 7592 section 3).
    RegistrationAccessToken,
    /// MCP session (`Mcp-Session-Id`).
    SessionId,
    /// Private or symmetric key material (RFC 7517 section 9.2).
    PrivateKey,
    /// Any other token.
    Token,
}

impl Kind {
    /// The word in the marker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::IdToken => "id_token",
            Self::Code => "code",
            Self::CodeVerifier => "code_verifier",
            Self::ClientSecret => "client_secret",
            Self::ClientAssertion => "client_assertion",
            Self::Password => "password",
            Self::Cookie => "cookie",
            Self::RegistrationAccessToken => "registration_access_token",
            Self::SessionId => "session_id",
            Self::PrivateKey => "private_key",
            Self::Token => "token",
        }
    }

    /// The kind that a parameter, form member or JSON member of this name carries.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut named = NAMES.iter();
        let (_, kind) = named.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(*kind)
    }
}

/// Parameters, form members and JSON members that carry a secret, by their names in small letters.
pub(super) const NAMES: &[(&str, Kind)] = &[
    ("access_token", Kind::AccessToken),
    ("refresh_token", Kind::RefreshToken),
    ("id_token", Kind::IdToken),
    ("id_token_hint", Kind::IdToken),
    ("code", Kind::Code),
    ("device_code", Kind::Code),
    ("user_code", Kind::Code),
    ("code_verifier", Kind::CodeVerifier),
    ("client_secret", Kind::ClientSecret),
    ("client_assertion", Kind::ClientAssertion),
    ("assertion", Kind::ClientAssertion),
    ("password", Kind::Password),
    ("passwd", Kind::Password),
    ("passphrase", Kind::Password),
    ("registration_access_token", Kind::RegistrationAccessToken),
    ("mcp-session-id", Kind::SessionId),
    ("mcp_session_id", Kind::SessionId),
    ("session_id", Kind::SessionId),
    ("private_key", Kind::PrivateKey),
    ("token", Kind::Token),
    ("subject_token", Kind::Token),
    ("actor_token", Kind::Token),
    ("bearer_token", Kind::Token),
    ("initial_access_token", Kind::Token),
    ("auth_req_id", Kind::Token),
    ("logout_token", Kind::Token),
];

/// `[kind:length in characters:first 12 hex digits of SHA-256]`.
pub(super) fn marker(kind: Kind, value: &str, digest: &[u8; 32]) -> String {
    let [a, b, c, d, e, f, ..] = digest;
    let length = value.chars().count();
    format!(
        "[{}:{length}:{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}]",
        kind.as_str()
    )
}

/// Whether the text is a marker already, so that redacting twice changes nothing.
pub(super) fn is_marker(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        return false;
    };
    let mut parts = inner.split(':');
    let (Some(kind), Some(length), Some(hex), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    !kind.is_empty()
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && !length.is_empty()
        && length.bytes().all(|byte| byte.is_ascii_digit())
        && hex.len() == 12
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_in_any_case_and_whole() {
        for (name, kind) in NAMES {
            assert_eq!(Kind::of_name(&name.to_uppercase()), Some(*kind), "{name}");
            assert_eq!(*name, name.to_lowercase());
        }
        for no in [
            "",
            "scope",
            "tokens",
            "to\u{212a}en",
            "a_registration_access_token",
        ] {
            assert_eq!(Kind::of_name(no), None, "{no}");
        }
    }

    #[test]
    fn a_marker_names_kind_and_length_and_is_recognized() {
        let marker = marker(Kind::AccessToken, "grün-token", &[0xab; 32]);
        assert!(marker.starts_with("[access_token:10:"), "{marker}");
        assert!(is_marker(&marker));
        for no in [
            "",
            "[]",
            "[a:1]",
            "[code:x:0123456789ab]",
            "[code:1:0123456789ab]x",
        ] {
            assert!(!is_marker(no), "{no}");
        }
    }
}
