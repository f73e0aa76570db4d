//! What is wrong with a rewrite although it has the right shape: it could not be applied, or would
//! quietly do nothing.

use globset::{GlobBuilder, GlobMatcher};
use http::{HeaderName, HeaderValue};

use super::{Change, Header, Rewrite, When};

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands in the rewrite.
    pub at: Vec<Part>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: &'static str,
}

/// A step on the way to a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A member of a map.
    Member(&'static str),
    /// An element of a list.
    Element(usize),
}

use Part::{Element, Member};

/// A glob over paths.
pub(super) fn glob(text: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(text).literal_separator(true).build()?;
    Ok(glob.compile_matcher())
}

impl Rewrite {
    /// Every mistake.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        faults.when(&self.when);
        if self.change.is_empty() {
            faults.add(
                &[],
                "this rewrite changes nothing".to_owned(),
                "add `change`, a list of changes",
            );
        }
        for (index, change) in self.change.iter().enumerate() {
            faults.change(change, Element(index));
        }
        faults.0
    }
}

/// What the servers may be asked with.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How an answer is framed is for the HTTP library to say: of these, a change would be undone, or
/// would cut the answer in two.
const FRAMING: [&str; 7] = [
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, at: &[Part], message: String, help: &'static str) {
        let at = at.to_vec();
        self.0.push(Fault { at, message, help });
    }

    fn when(&mut self, when: &When) {
        let at = |name| [Member("when"), Member(name)];
        if let Some(method) = &when.method
            && !METHODS.contains(&method.as_str())
        {
            self.add(
                &at("method"),
                format!("no request has the method `{method}`"),
                "write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, in capitals",
            );
        }
        if let Some(path) = &when.path {
            if let Err(cause) = glob(path) {
                self.add(
                    &at("path"),
                    format!("this is not a glob: {}", cause.kind()),
                    "`*` stands for any characters of a segment, `**` for any at all, `[ab]` for \
                     either",
                );
            } else if !(path.starts_with(['/', '{']) || path.starts_with("**")) {
                self.add(
                    &at("path"),
                    "no request has such a path".to_owned(),
                    "begin it with `/`",
                );
            }
        }
        if let Some(status) = when.status {
            self.status(status, &at("status"));
        }
    }

    fn status(&mut self, status: u16, at: &[Part]) {
        if !(200..=599).contains(&status) {
            self.add(
                at,
                format!("no answer ends with the status {status}"),
                "give a number from 200 to 599",
            );
        }
    }

    fn change(&mut self, change: &Change, index: Part) {
        let at = |name| [Member("change"), index, Member(name)];
        match change {
            Change::SetStatus(status) => self.status(*status, &at("set_status")),
            Change::SetHeader(header) => self.header(header, &at("set_header")),
            Change::AddHeader(header) => self.header(header, &at("add_header")),
            Change::RemoveHeader(name) => self.name(name, &at("remove_header")),
            Change::SetMember(member) => {
                let [change, index, name] = at("set_member");
                self.pointer(&member.pointer, &[change, index, name, Member("pointer")]);
            }
            Change::RemoveMember(pointer) if pointer.is_empty() => self.add(
                &at("remove_member"),
                "the document itself is no member".to_owned(),
                "name one, such as `/issuer`; `set_body: \"\"` leaves nothing",
            ),
            Change::RemoveMember(pointer) => self.pointer(pointer, &at("remove_member")),
            Change::ReplaceText(replacement) if replacement.from.is_empty() => {
                let [change, index, name] = at("replace_text");
                self.add(
                    &[change, index, name, Member("from")],
                    "nothing is to be replaced".to_owned(),
                    "say which text",
                );
            }
            Change::SetBody(_) | Change::ReplaceText(_) => {}
        }
    }

    fn header(&mut self, header: &Header, at: &[Part]) {
        self.name(&header.name, &[at, &[Member("name")]].concat());
        if HeaderValue::from_bytes(header.value.as_bytes()).is_err() {
            self.add(
                &[at, &[Member("value")]].concat(),
                "no header can have this value".to_owned(),
                "take line breaks and other control characters out",
            );
        }
    }

    fn name(&mut self, name: &str, at: &[Part]) {
        match HeaderName::try_from(name) {
            Err(_) => self.add(
                at,
                format!("no header is called `{name}`"),
                "a name has letters, digits and hyphens",
            ),
            Ok(parsed) if FRAMING.contains(&parsed.as_str()) => self.add(
                at,
                format!("`{name}` cannot be changed: it frames the answer"),
                "change another header, or the body",
            ),
            Ok(_) => {}
        }
    }

    /// RFC 6901 section 3: empty, or each token behind a `/`; `~` is written `~0`, `/` is `~1`.
    fn pointer(&mut self, pointer: &str, at: &[Part]) {
        let mut escapes = pointer.split('~').skip(1);
        let escaped = |rest: &str| rest.starts_with(['0', '1']);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.add(
                at,
                "this is not a JSON Pointer".to_owned(),
                "begin it with `/`: `/issuer`, `/keys/0/kid`",
            );
        } else if !escapes.all(escaped) {
            self.add(
                at,
                "this is not a JSON Pointer: `~` stands alone".to_owned(),
                "write `~0` for `~`, and `~1` for a `/` in a name",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults(rewrite: Value) -> Vec<Fault> {
        let rewrite: Rewrite = serde_json::from_value(rewrite).expect("the shape is right");
        rewrite.faults()
    }

    #[test]
    fn what_could_not_be_applied_or_would_do_nothing_is_a_fault() {
        for when in [
            json!({ "method": "post" }),
            json!({ "method": "FOO BAR" }),
            json!({ "path": "/to[ken" }),
            json!({ "path": "no-slash" }),
            json!({ "status": 42 }),
            json!({ "status": 1000 }),
        ] {
            let found = faults(json!({ "when": when, "change": [{ "set_body": "" }] }));
            assert_eq!(found.len(), 1, "{when}: {found:?}");
        }
        for change in [
            json!({ "set_status": 1000 }),
            json!({ "set_status": 199 }),
            json!({ "set_header": { "name": "bad name", "value": "" } }),
            json!({ "set_header": { "name": "x", "value": "a\nb" } }),
            json!({ "set_header": { "name": "Transfer-Encoding", "value": "chunked" } }),
            json!({ "remove_header": "bad name" }),
            json!({ "remove_header": "content-length" }),
            json!({ "set_member": { "pointer": "no-slash", "value": 1 } }),
            json!({ "set_member": { "pointer": "/a~2", "value": 1 } }),
            json!({ "remove_member": "nosl" }),
            json!({ "remove_member": "" }),
            json!({ "replace_text": { "from": "", "to": "x" } }),
        ] {
            let found = faults(json!({ "change": [change] }));
            assert_eq!(found.len(), 1, "{change}: {found:?}");
            assert_eq!(found[0].at[..2], [Member("change"), Element(0)]);
        }
        assert_eq!(faults(json!({})).len(), 1);
    }

    #[test]
    fn what_can_be_applied_is_none() {
        let sound = json!({
            "when": { "method": "POST", "path": "{/a,/b}/**", "status": 200 },
            "change": [
                { "set_header": { "name": "X-Text", "value": "é" } },
                { "set_member": { "pointer": "", "value": {} } },
                { "set_member": { "pointer": "/a~1b/-", "value": {} } },
                { "remove_member": "/a~0" },
            ],
        });
        assert_eq!(faults(sound), []);
    }
}
