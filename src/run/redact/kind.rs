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
        // Every member of every document is asked for, so nothing is put on the heap.
        let mut small = [0; LONGEST_NAME];
        let small = small.get_mut(..name.len())?;
        small.copy_from_slice(name.as_bytes());
        small.make_ascii_lowercase();
        Some(match &*small {
            b"access_token" => Self::AccessToken,
            b"refresh_token" => Self::RefreshToken,
            b"id_token" | b"id_token_hint" => Self::IdToken,
            b"code" | b"device_code" | b"user_code" => Self::Code,
            b"code_verifier" => Self::CodeVerifier,
            b"client_secret" => Self::ClientSecret,
            b"client_assertion" | b"assertion" => Self::ClientAssertion,
            b"password" | b"passwd" | b"passphrase" => Self::Password,
            b"registration_access_token" => Self::RegistrationAccessToken,
            b"mcp-session-id" | b"mcp_session_id" | b"session_id" => Self::SessionId,
            b"private_key" => Self::PrivateKey,
            b"token"
            | b"subject_token"
            | b"actor_token"
            | b"bearer_token"
            | b"initial_access_token"
            | b"auth_req_id"
            | b"logout_token" => Self::Token,
            _ => return None,
        })
    }

    /// Whether a part of the text may be such a name.
    pub(super) fn may_be_named_in(text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        STEMS.iter().any(|stem| text.contains(stem))
    }
}

/// Length of the longest name, `registration_access_token`.
const LONGEST_NAME: usize = 25;

/// Each name has one of these in it.
const STEMS: &[&str] = &[
    "token",
    "code",
    "secret",
    "assertion",
    "pass",
    "session",
    "private_key",
    "auth_req_id",
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
    fn names_count_in_any_case_and_all_have_a_stem() {
        for name in "access_token refresh_token id_token id_token_hint code device_code user_code \
                     code_verifier client_secret client_assertion assertion password passwd \
                     passphrase registration_access_token mcp-session-id mcp_session_id session_id \
                     private_key token subject_token actor_token bearer_token initial_access_token \
                     auth_req_id logout_token"
            .split(' ')
        {
            let name = name.to_ascii_uppercase();
            assert!(Kind::of_name(&name).is_some(), "{name}");
            assert!(
                Kind::may_be_named_in(&format!("<input name={name}>")),
                "{name}"
            );
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
        assert!(!Kind::may_be_named_in("<input name=user>"));
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
