//! Handles: strings that stand for something and must not be guessed (OAuth 2.1 section 7.7).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngCore;
use rand::rngs::OsRng;

use crate::reference::policy::token::HandleForm;

/// 256 bits from the system's generator, in base64url.
pub fn random() -> String {
    let mut bytes = [0_u8; 32];
    OsRng.fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A handle of the form that the policy asks for; `number` and `readable` serve the other forms.
pub fn of_form(form: HandleForm, number: u64, readable: &str) -> String {
    match form {
        HandleForm::Random => random(),
        HandleForm::Counter => format!("{number:08}"),
        HandleForm::SixDigits => format!("{:06}", OsRng.next_u32() % 1_000_000),
        HandleForm::LongCounter => format!("{number:040}"),
        HandleForm::Time => {
            let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
            let nanoseconds = elapsed.map_or(0, |elapsed| elapsed.as_nanos());
            format!("{nanoseconds:032x}{:08x}", OsRng.next_u32())
        }
        HandleForm::Filled => format!("{}{:08x}", "0123456789abcdef".repeat(2), OsRng.next_u32()),
        HandleForm::Bits128 => {
            let mut bytes = [0_u8; 16];
            OsRng.fill_bytes(&mut bytes);
            format!("{:032x}", u128::from_be_bytes(bytes))
        }
        HandleForm::Readable => BASE64_URL_SAFE_NO_PAD.encode(format!("{number}.{readable}")),
    }
}

/// Whether two secrets are equal, in time that does not tell where they differ.
pub fn equal(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_handles_are_long_and_distinct() {
        assert_eq!(random().len(), 43);
        assert_ne!(random(), random());
    }

    #[test]
    fn equality_is_equality() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abc", "abd") && !equal("abc", "ab") && !equal("", "a"));
    }
}
