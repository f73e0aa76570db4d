//! What is at the address: a server to write a target file for, one from before the resource metadata,
//! or nothing of the kind.

use serde_json::Value;

use super::super::bare_url::{self, Recognized};
use super::super::conduct::Conduct;
use super::super::failure::Failure;
use super::super::one_test::{Watched, unreachable};
use super::Seen;
use crate::run::{Answer, DoctorState, Presence};
use crate::suite::{Capability, McpVersion, Suites};
use crate::target::TargetFile;

/// A server from before the protected resource metadata, if it is one: it asks for a token, nothing
/// leads to an authorization server, and by MCP 2025-03-26 it is its own (authorization#2-3-3).
pub async fn before_metadata(
    suites: &Suites,
    looked: &Recognized,
    conduct: &Conduct,
    watched: &Watched,
) -> Result<Option<Recognized>, Failure> {
    let has = |looked: &Recognized, capability| {
        let known = &looked.prepared.examined().knowledge.capabilities;
        known.get(&capability) == Some(&Presence::Present)
    };
    let leads_on = looked.prepared.examined().knowledge.variables.get("issuer");
    if !has(looked, Capability::Protected) || leads_on.is_some_and(Value::is_string) {
        return Ok(None);
    }
    let version = McpVersion::V20250326;
    let file = TargetFile {
        mcp_version: Some(version),
        ..looked.prepared.file().clone()
    };
    let conduct = Conduct {
        version,
        ..conduct.clone()
    };
    let mut older = bare_url::recognize(suites, file, &conduct, watched).await?;
    if !has(&older, Capability::AuthorizationServerMetadata) {
        older.prepared.dismiss(watched.events()).await;
        return Ok(None);
    }
    older.taken_for = older.taken_for.map(|words| {
        format!(
            "{words} It has no protected resource metadata, but those of an authorization server: \
             it is judged by MCP {version}"
        )
    });
    Ok(Some(older))
}

/// Why there is no server that a target file could be written for, if there is none.
pub fn nothing_there(seen: &Seen) -> Option<String> {
    if let Some(reason) = unreachable(&seen.recording) {
        return Some(format!("the server could not be reached: {reason}"));
    }
    seen.file.mcp_server.as_ref()?;
    let first = seen.recording.doctor.first()?;
    if first.state != DoctorState::Ok {
        return Some(format!("{}: {}", first.found, first.mend));
    }
    let is_page = first.exchanges.first().is_some_and(|index| {
        let exchange = seen.recording.exchanges.get(*index);
        exchange.is_some_and(|exchange| is_html(&exchange.answer))
    });
    let is_challenged = seen.recording.variables["discovery"]["challenge"].is_object();
    let leads_on = seen.recording.target.issuer.is_some();
    (is_page && !is_challenged && !leads_on).then(|| {
        format!(
            "{}, with a web page: give the MCP endpoint (many are at `/mcp`) or the issuer of an \
             authorization server",
            first.found
        )
    })
}

pub fn is_html(answer: &Answer) -> bool {
    let Answer::Response { headers, .. } = answer else {
        return false;
    };
    headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type") && value.to_ascii_lowercase().contains("html")
    })
}
