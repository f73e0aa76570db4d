//! No secret that went in comes out.

use proptest::prelude::*;
use serde_json::json;

use super::encoding::spellings;
use super::{Body, Kind, Vault};

/// Secrets as machines and as people make them.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{22,64}",
        "[A-Za-z0-9+/=._~-]{8,40}",
        "[ -~]{6,24}",
        "[a-zäöü€ &<>\"'/\\\\%+]{6,16}",
    ]
    .prop_filter(
        "the vocabulary of the protocol is redacted by place only",
        |secret| {
            super::vault::is_opaque(secret)
                || secret.chars().any(|letter| !letter.is_ascii_lowercase())
        },
    )
}

proptest! {
    #[test]
    fn no_spelling_of_a_known_secret_comes_out(secret in secret(), before in ".{0,20}", after in ".{0,20}") {
        let vault = Vault::new();
        vault.learn(Kind::Password, &secret);
        for spelling in spellings(&secret) {
            let text = format!("{before}{spelling}{after}");
            let out = vault.redact_text(&text);
            prop_assert!(!out.contains(&spelling), "{spelling:?} in {out:?}");
        }
    }

    #[test]
    fn what_an_answer_taught_is_clean_in_everything_recorded_later(token in "[A-Za-z0-9_-]{22,64}") {
        let vault = Vault::new();
        let body = json!({"access_token": token, "nested": {"list": [{"refresh_token": format!("r{token}")}]}});
        let text = body.to_string();
        let mut bytes = Body::of(text.as_bytes());
        vault.absorb_response(&[], &mut bytes);
        prop_assert!(!vault.redact_body(&bytes).contains(&token));
        prop_assert!(!vault.redact_value(&body).to_string().contains(&token));
        let echo = vault.redact_text(&format!("echo {token}"));
        prop_assert!(!echo.contains(&token));
        let headers = vault.redact_headers(&[("x-echo".to_owned(), token.clone())]);
        prop_assert!(!headers[0].1.contains(&token));
    }

    #[test]
    fn by_place_nothing_comes_out_even_if_unknown(value in "[A-Za-z0-9]{8,40}[0-9]") {
        let vault = Vault::new();
        for text in [
            format!("https://c.example/cb?state=1&code={value}"),
            format!("grant_type=refresh_token&refresh_token={value}"),
            format!("<form><input type=hidden name='id_token' value='{value}'></form>"),
            format!("{{\"a\": {{\"client_secret\": \"{value}\"}}"),
        ] {
            prop_assert!(!vault.redact_text(&text).contains(&value), "{text}");
        }
        for (name, text) in [
            ("Authorization", format!("Bearer {value}")),
            ("authorization", format!("DPoP {value}")),
            ("authorization", format!("Custom {value}")),
            ("Authorization", value.clone()),
            ("Cookie", format!("a=b; sid={value}")),
            ("Set-Cookie", format!("sid={value}; Secure")),
            ("Mcp-Session-Id", value.clone()),
            ("Location", format!("http://127.0.0.1:1/cb#access_token={value}")),
        ] {
            let out = vault.redact_headers(&[(name.to_owned(), text)]);
            prop_assert!(!out[0].1.contains(&value), "{out:?}");
        }
    }

    #[test]
    fn nothing_panics_and_redacting_twice_is_redacting_once(text in ".{0,200}", bytes in any::<Vec<u8>>()) {
        let vault = Vault::new();
        vault.learn(Kind::Token, "3f9a0c77d1");
        let mut body = Body::of(&bytes);
        vault.absorb_response(&[("set-cookie".to_owned(), bytes.clone())], &mut body);
        let _ = vault.redact_body(&body);
        let once = vault.redact_text(&text);
        prop_assert_eq!(vault.redact_text(&once), once.clone());
    }
}
