//! What a text may hold that is sought by place. Nearly all texts hold nothing of the kind, and one
//! look at each byte says so; the patterns then look closer at the others.

/// What the names of secrets end in, in small letters.
const ENDS: &[&str] = &[
    "token",
    "code",
    "assertion",
    "password",
    "passwd",
    "passphrase",
    "client_secret",
    "id_token_hint",
    "code_verifier",
    "auth_req_id",
];

/// What may stand in a text.
#[derive(Default)]
pub(super) struct Signs {
    /// A name before `=`.
    pub pair: bool,
    /// A name before `%3D`.
    pub nested: bool,
    /// A name in quotes, a colon, and another quote.
    pub member: bool,
    /// A tag whose name begins with an I.
    pub input: bool,
    /// The beginning of a JSON object in Base64.
    pub jwt: bool,
}

/// The bytes that say something.
const TELLING: [bool; 256] = {
    let mut telling = [false; 256];
    let (mut at, all) = (0, b"=%\"<J");
    while at < all.len() {
        telling[all[at] as usize] = true;
        at += 1;
    }
    telling
};

impl Signs {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut signs = Self::default();
        for (at, byte) in bytes.iter().enumerate() {
            if !TELLING[usize::from(*byte)] {
                continue;
            }
            let (before, after) = (&bytes[..at], &bytes[at + 1..]);
            match byte {
                b'=' => signs.pair = signs.pair || ends_with_name(before),
                b'%' if matches!(after, [b'3', b'D' | b'd', ..]) => {
                    signs.nested = signs.nested || ends_with_name(before);
                }
                b'"' if ends_with_name(before) => {
                    let after = text[at + 1..].trim_start().strip_prefix(':');
                    signs.member |= after.is_some_and(|it| it.trim_start().starts_with('"'));
                }
                b'<' => signs.input |= matches!(after, [b'i' | b'I', ..]),
                b'J' => signs.jwt |= before.ends_with(b"ey"),
                _ => {}
            }
        }
        signs
    }
}

fn ends_with_name(before: &[u8]) -> bool {
    let ends = |end: &&str| {
        let start = before.len().checked_sub(end.len());
        start.is_some_and(|start| before[start..].eq_ignore_ascii_case(end.as_bytes()))
    };
    ENDS.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::redact::text::NAMES;

    #[test]
    fn every_name_is_seen_in_every_place() {
        for name in NAMES.split('|') {
            for name in [name.to_owned(), name.to_uppercase()] {
                assert!(Signs::of(&format!("{name}=x")).pair, "{name}");
                assert!(Signs::of(&format!("%3F{name}%3dx")).nested, "{name}");
                assert!(Signs::of(&format!("%26{name}%3Dx")).nested, "{name}");
                assert!(Signs::of(&format!("{{\"{name}\" : \"x")).member, "{name}");
            }
        }
        assert!(Signs::of("é<INPUT>").input && Signs::of("é eyJ").jwt);
        let none = Signs::of("state=1&x%3D<p class=\"a\">é e yJ < i");
        assert!(!none.pair && !none.nested && !none.member && !none.input && !none.jwt);
    }
}
