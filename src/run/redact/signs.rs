//! What a text may hold that is sought by place. Nearly all texts hold nothing of the kind, and one
//! look at each byte says so; the patterns then look closer at the others.

use super::kind::{Kind, NAMES};

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

/// The last bytes of the names.
const LAST: [bool; 256] = {
    let mut last = [false; 256];
    let mut at = 0;
    while at < NAMES.len() {
        let name = NAMES[at].0.as_bytes();
        last[name[name.len() - 1] as usize] = true;
        at += 1;
    }
    last
};

fn ends_with_name(before: &[u8]) -> bool {
    let ends = |(name, _): &(&str, Kind)| {
        let start = before.len().checked_sub(name.len());
        start.is_some_and(|start| before[start..].eq_ignore_ascii_case(name.as_bytes()))
    };
    let last = before.last().map(u8::to_ascii_lowercase);
    last.is_some_and(|last| LAST[usize::from(last)]) && NAMES.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_seen_in_every_place() {
        for (name, _) in NAMES {
            for name in [(*name).to_owned(), name.to_uppercase()] {
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
