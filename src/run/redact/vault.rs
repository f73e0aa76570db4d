//! The vault of live secrets.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::kind::{is_marker, marker};
use super::matcher::Matcher;
use super::{Kind, encoding, header, json, text};

/// Values shorter than this many characters are redacted by place only: sought in every text they
/// would tear innocent words apart.
const MIN_SOUGHT: usize = super::matcher::WINDOW;

/// Words of the protocol that a lazy operator may have as a password: by place only as well.
const TRIVIAL: &[&str] = &[
    "access",
    "access_token",
    "account",
    "authorization",
    "authorization_code",
    "authorize",
    "bearer",
    "client",
    "client_id",
    "client_secret",
    "code_verifier",
    "consent",
    "example",
    "invalid",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_token",
    "localhost",
    "openid",
    "passwd",
    "password",
    "profile",
    "public",
    "refresh",
    "refresh_token",
    "resource",
    "scopes",
    "secret",
    "session",
    "string",
    "username",
];

/// Knows every live secret of a run. Thread-safe; share it in an `Arc`.
#[derive(Default)]
pub struct Vault {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Digest of each value to the kind under which it was first met.
    kinds: HashMap<[u8; 32], (Kind, bool)>,
    /// Digests of values that are no secrets, whatever place they stand in.
    public: HashSet<[u8; 32]>,
    matcher: Matcher,
}

impl Vault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a live secret. The first kind learned for a value wins.
    pub fn learn(&self, kind: Kind, value: &str) {
        self.note(kind, value, &digest(value), || is_sought(value));
    }

    /// Says that a value is no secret: it travels in the clear or stands in a suite, and only a
    /// hostile case puts it where secrets stand (a `client_id` as a password, a `code_challenge` as
    /// its own verifier, a token that is none). There it is still redacted by place, but nobody
    /// seeks it in other texts. What is known as a secret already stays one.
    pub fn publish(&self, value: &str) {
        let digest = digest(value);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.kinds.get(&digest).is_none_or(|(_, sought)| !sought) {
            state.public.insert(digest);
        }
    }

    /// The marker that stands for this value in the recording.
    pub fn marker(&self, kind: Kind, value: &str) -> String {
        if is_marker(value) {
            return value.to_owned();
        }
        let digest = digest(value);
        let kind = self.note(kind, value, &digest, || is_opaque(value));
        marker(kind, value, &digest)
    }

    /// Learns a value that stood where secrets stand. A plain word is remembered but not sought:
    /// hostile cases send words as secrets, and servers use them for other things.
    pub(super) fn met(&self, kind: Kind, value: &str) {
        if !is_marker(value) {
            self.note(kind, value, &digest(value), || is_opaque(value));
        }
    }

    /// Remembers the value and gives the kind under which it is known.
    fn note(
        &self,
        kind: Kind,
        value: &str,
        digest: &[u8; 32],
        is_sought: impl FnOnce() -> bool,
    ) -> Kind {
        if value.is_empty() {
            return kind;
        }
        let known = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            if state.public.contains(digest) {
                return kind;
            }
            state.kinds.get(digest).copied()
        };
        if let Some((kind, true)) = known {
            return kind;
        }
        let sought = is_sought();
        if let Some((kind, false)) = known
            && !sought
        {
            return kind;
        }
        // Whoever looks for secrets meanwhile need not wait for the spelling.
        let spellings = match sought {
            true => encoding::spellings(value),
            false => Vec::new(),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let entry = state.kinds.entry(*digest).or_insert((kind, false));
        let (kind, already) = *entry;
        entry.1 = already || sought;
        if sought && !already {
            let marker: Arc<str> = marker(kind, value, digest).into();
            for spelling in spellings {
                state.matcher.add(spelling, Arc::clone(&marker));
            }
        }
        kind
    }

    /// Replaces every known secret, in all its spellings.
    pub(super) fn replace_known(&self, text: &str) -> Option<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.matcher.replace(text)
    }

    /// The markers of the known secrets that stand in a text.
    pub(super) fn markers_in(&self, text: &str) -> Vec<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let found = state.matcher.markers_in(text);
        found.into_iter().map(str::to_owned).collect()
    }

    /// Learns the secrets that stand in a request: in its URL, headers and body.
    pub fn absorb_request(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: Option<&mut Body<'_>>,
    ) {
        text::absorb(self, url);
        for (name, value) in headers {
            header::absorb(self, name, value);
        }
        if let Some(body) = body {
            self.absorb_body(body);
        }
    }

    /// Learns the secrets that stand in an answer.
    pub fn absorb_response(&self, headers: &[(String, Vec<u8>)], body: &mut Body<'_>) {
        for (name, value) in headers {
            header::absorb(self, name, &String::from_utf8_lossy(value));
        }
        self.absorb_body(body);
    }

    fn absorb_body(&self, body: &mut Body<'_>) {
        body.has_places = match &body.json {
            Some(value) => json::absorb(self, value),
            None => text::absorb(self, &body.text),
        };
    }

    /// The text with every secret replaced by its marker: the known ones wherever they stand, and
    /// by place those in query or form members, in form fields of HTML, and JSON Web Tokens.
    pub fn redact_text(&self, text: &str) -> String {
        text::redact(self, text).into_owned()
    }

    /// The text with the known secrets replaced, wherever they stand. Unlike [`Vault::redact_text`]
    /// it learns nothing from the text: for texts of ours, in which templates stand where secrets
    /// will.
    pub fn redact_known(&self, text: &str) -> String {
        self.replace_known(text).unwrap_or_else(|| text.to_owned())
    }

    /// The same for a URL.
    pub fn redact_url(&self, url: &str) -> String {
        text::redact(self, url).into_owned()
    }

    /// The same for headers, by name.
    pub fn redact_headers(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| (self.redact_text(name), header::redact(self, name, value)))
            .collect()
    }

    /// The same for a body, JSON by its members.
    pub fn redact_body(&self, body: &Body<'_>) -> String {
        match &body.json {
            Some(value) => json::redact_document(self, &body.text, value, body.has_places),
            None if body.has_places => self.redact_text(&body.text),
            None => self.redact_known(&body.text),
        }
    }

    /// The same for every string in a JSON value, and for members by their names.
    pub fn redact_value(&self, value: &Value) -> Value {
        let has_places = json::absorb(self, value);
        json::redact(self, value, has_places)
    }

    /// As [`Vault::redact_value`], to be written at once.
    pub fn redacted<'v>(&'v self, value: &'v Value) -> impl Serialize + 'v {
        let has_places = json::absorb(self, value);
        json::Redacted::new(self, value, has_places)
    }
}

/// The body of a request or an answer, read once.
pub struct Body<'b> {
    /// As text; bytes that are not UTF-8 are replaced.
    text: Cow<'b, str>,
    /// The document, when it is one.
    json: Option<Value>,
    /// Whether something stands where secrets stand; taken for so until it has been looked for.
    has_places: bool,
}

impl<'b> Body<'b> {
    /// Reads the bytes.
    pub fn of(bytes: &'b [u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let json = json::parse(&text);
        Self {
            text,
            json,
            has_places: true,
        }
    }
}

fn digest(value: &str) -> [u8; 32] {
    Sha256::digest(value.as_bytes()).into()
}

/// Whether a value that was named a secret is sought in every text.
fn is_sought(value: &str) -> bool {
    value.chars().count() >= MIN_SOUGHT
        && !TRIVIAL.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether a value looks made by a machine rather than like a word.
pub(super) fn is_opaque(value: &str) -> bool {
    let length = value.chars().count();
    let has = |test: fn(&char) -> bool| value.chars().any(|letter| test(&letter));
    let plain = value
        .chars()
        .all(|letter| letter.is_ascii_alphabetic() || "_-. ".contains(letter));
    let mixed = has(char::is_ascii_lowercase)
        && value
            .chars()
            .skip(1)
            .any(|letter| letter.is_ascii_uppercase());
    is_sought(value)
        && length >= 8
        && (!plain || mixed || (length >= 20 && !value.contains(['_', '-', '.', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_kind_wins_in_all_places() {
        let vault = Vault::new();
        vault.learn(Kind::RefreshToken, "3f9a0c77d1");
        let marker = vault.marker(Kind::AccessToken, "3f9a0c77d1");
        assert!(marker.starts_with("[refresh_token:10:"), "{marker}");
        assert_eq!(vault.redact_text("x 3f9a0c77d1 y"), format!("x {marker} y"));
        assert_eq!(
            vault.redact_url("/t?access_token=3f9a0c77d1"),
            format!("/t?access_token={marker}")
        );
    }

    #[test]
    fn words_are_redacted_by_place_only() {
        let vault = Vault::new();
        let body = vault.redact_body(&Body::of(
            b"grant_type=password&password=password&client_secret=wrong",
        ));
        assert!(
            body.starts_with("grant_type=password&password=[password:8:"),
            "{body}"
        );
        assert_eq!(
            vault.redact_text("the password is wrong"),
            "the password is wrong"
        );
        vault.learn(Kind::Password, "abc");
        assert_eq!(vault.redact_text("abcdef"), "abcdef");
    }

    #[test]
    fn what_travels_in_the_clear_stays_readable() {
        let vault = Vault::new();
        vault.publish("c-3f9a0c77d1");
        let form = vault.redact_body(&Body::of(
            b"client_id=c-3f9a0c77d1&client_secret=c-3f9a0c77d1",
        ));
        assert!(
            form.starts_with("client_id=c-3f9a0c77d1&client_secret=[client_secret:12:"),
            "{form}"
        );
        assert_eq!(vault.redact_text("c-3f9a0c77d1"), "c-3f9a0c77d1");
        assert_eq!(vault.kinds_in("c-3f9a0c77d1"), []);
        vault.learn(Kind::Password, "wonderland-7");
        vault.publish("wonderland-7");
        assert_eq!(vault.kinds_in("wonderland-7"), [Kind::Password]);
    }

    #[test]
    fn a_template_is_no_secret() {
        let vault = Vault::new();
        let text = r#"set {"code_verifier":"{{ run.code_challenge[:21] }}"}"#;
        assert_eq!(vault.redact_known(text), text);
        assert_eq!(vault.kinds_in(text), []);
    }

    #[test]
    fn a_value_met_as_a_word_and_then_named_a_secret_is_sought() {
        let vault = Vault::new();
        vault.met(Kind::Password, "wonderland");
        assert_eq!(vault.redact_text("in wonderland"), "in wonderland");
        vault.learn(Kind::ClientSecret, "wonderland");
        assert!(
            vault
                .redact_text("in wonderland")
                .starts_with("in [password:10:")
        );
    }
}
