//! The kinds of secrets and the marker that stands for one in a recording.

use sha2::{Digest, Sha256};

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
        Some(match name.to_ascii_lowercase().as_str() {
            "access_token" => Self::AccessToken,
            "refresh_token" => Self::RefreshToken,
            "id_token" | "id_token_hint" => Self::IdToken,
            "code" | "device_code" | "user_code" => Self::Code,
            "code_verifier" => Self::CodeVerifier,
            "client_secret" => Self::ClientSecret,
            "client_assertion" | "assertion" => Self::ClientAssertion,
            "password" | "passwd" | "passphrase" => Self::Password,
            "registration_access_token" => Self::RegistrationAccessToken,
            "mcp-session-id" | "mcp_session_id" | "session_id" => Self::SessionId,
            "private_key" => Self::PrivateKey,
            "token"
            | "subject_token"
            | "actor_token"
            | "bearer_token"
            | "initial_access_token"
            | "auth_req_id"
            | "logout_token" => Self::Token,
            _ => return None,
        })
    }
}

/// `[kind:length in characters:first 12 hex digits of SHA-256]`.
pub(super) fn marker(kind: Kind, value: &str) -> String {
    let digest = Sha256::digest(value.as_bytes());
    let hex: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("[{}:{}:{hex}]", kind.as_str(), value.chars().count())
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
    fn a_marker_names_kind_and_length_and_is_recognized() {
        let marker = marker(Kind::AccessToken, "grün-token");
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
