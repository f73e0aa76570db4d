//! Operations, and what belongs to them.

use super::Lint;
use crate::suite::{Spot, suggest};
use crate::target::address;
use crate::target::{HttpCall, OperationCall};

impl Lint<'_> {
    pub(super) fn operations(&mut self, complete: bool) {
        let target = self.target;
        let at = Spot::root().key("operations");
        for (name, operation) in &target.operations {
            if matches!(name.as_str(), "any" | "list") {
                self.error(
                    &at.key(name).name(),
                    format!("`{name}` means something else in checks, so no operation can be called that"),
                    "give the operation another name",
                );
            }
            self.kind(&at.key(name).key("call"), &operation.call, complete);
            for (index, scope) in operation.scopes.iter().enumerate() {
                let spot = at.key(name).key("scopes").item(index);
                let known = target.scopes.contains(scope);
                let wildcard = target.scope_wildcards
                    && target
                        .scopes
                        .iter()
                        .any(|granted| crate::suite::covers(granted, scope));
                if !known && !wildcard && (complete || !target.scopes.is_empty()) {
                    let help = suggest(scope, target.scopes.iter().map(String::as_str));
                    let joint = if help.ends_with('?') { "" } else { ";" };
                    self.error(
                        &spot,
                        format!("the scope `{scope}` is not among `scopes`"),
                        format!("{help}{joint} otherwise add it to `scopes`"),
                    );
                }
            }
        }
    }

    pub(super) fn handles(&mut self) {
        let target = self.target;
        let handles = target
            .handles
            .iter()
            .map(|(name, one)| ("handles", name, &one.call));
        let asked = target.elicitations.iter();
        let asked = asked.map(|(name, one)| ("elicitations", name, &one.call));
        for (member, name, call) in handles.chain(asked) {
            if matches!(call, OperationCall::Http(_)) {
                self.error(
                    &Spot::root()
                        .key(member)
                        .key(name)
                        .key("call")
                        .key("http")
                        .name(),
                    "a plain HTTP API has no such thing",
                    format!("remove it; `{member}` are of MCP servers"),
                );
            }
        }
        for (name, handle) in &target.handles {
            if !target.operations.contains_key(&handle.from) {
                self.error(
                    &Spot::root().key("handles").key(name).key("from"),
                    format!("there is no operation `{}`", handle.from),
                    suggest(&handle.from, target.operations.keys().map(String::as_str)),
                );
            }
        }
        let more = [
            ("handles", target.handles.keys().collect::<Vec<_>>()),
            ("elicitations", target.elicitations.keys().collect()),
        ];
        for (member, names) in more {
            for name in names {
                if target.operations.contains_key(name)
                    || (member == "elicitations" && target.handles.contains_key(name))
                    || matches!(name.as_str(), "any" | "list")
                {
                    self.error(
                        &Spot::root().key(member).key(name).name(),
                        format!("`{name}` means something else already"),
                        "give it another name",
                    );
                }
            }
        }
    }

    /// Whether the operation is of the kind of server that the file names. One target is one
    /// resource server, so that nothing of MCP is asked of what does not speak it.
    fn kind(&mut self, at: &Spot, call: &OperationCall, complete: bool) {
        let word = call.word();
        let spot = at.key(word).name();
        match (call, &self.target.mcp_server) {
            (OperationCall::Http(call), None) => self.http(&at.key(word), call),
            (OperationCall::Http(_), Some(_)) => self.error(
                &spot,
                "this is an operation of a plain HTTP API, and the file names an MCP server",
                "write a file of its own for the API, without `mcp_server`",
            ),
            (_, None) if complete => self.error(
                &spot,
                format!("`{word}` is an operation of an MCP server, and the file names none"),
                "add `mcp_server: URL`, or call a plain HTTP API: `http: { url: URL, shows: TEXT }`",
            ),
            _ => {}
        }
    }

    fn http(&mut self, at: &Spot, call: &HttpCall) {
        let insecure = self.target.insecure_http;
        self.fault(&at.key("url"), address::endpoint(&call.url, insecure));
        if call.shows.trim().is_empty() {
            self.error(
                &at.key("shows"),
                "an empty text stands in every answer",
                "give a text that stands in the answer only when the operation was carried out",
            );
        }
    }
}
