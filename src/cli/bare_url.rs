//! A target of which only the URL is known: nobody registers, nobody logs in. It is taken as an
//! MCP server unless it shows itself as an issuer and not as an MCP server.

use std::path::Path;

use serde_json::Value;

use super::args::Reach;
use super::conduct::{Conduct, Prepared, prepare};
use super::console::Console;
use super::failure::Failure;
use super::one_test::Watched;
use crate::run::http::Origin;
use crate::run::{DoctorState, DoctorStep, Presence};
use crate::suite::{Capability, Suites};
use crate::target::{Registration, Target, TargetFile};

/// Whether an argument is a URL rather than a file.
pub fn is_url(target: &str) -> bool {
    target.contains("://")
}

/// The target that `url` is as long as nothing is known: an MCP server.
pub fn target_file(url: &str, reach: &Reach) -> Result<TargetFile, Failure> {
    let mut file = TargetFile::from_url(url, reach.insecure_http)?;
    file.allow_origins
        .extend(reach.allow_origin.iter().cloned());
    file.registration = Registration {
        allowed: false,
        ..Registration::default()
    };
    Ok(file)
}

/// Looks at the URL and says what it was taken for.
pub async fn look(
    suites: &Suites,
    file: TargetFile,
    conduct: &Conduct,
    watched: &Watched,
    console: &Console,
) -> Result<Prepared, Failure> {
    let events = watched.events();
    let url = file.mcp_server.clone().unwrap_or_default();
    let as_server = prepare(suites, resolve(&file)?, conduct, events, watched.cancel()).await?;
    // Cut short, it can be taken for nothing.
    if watched.cancel().borrow().is_some() {
        return Ok(as_server);
    }
    if is(Capability::Protected, &as_server) {
        console.remark(&format!(
            "{url} is taken as an MCP server: it asks for a token. {LOOKING}"
        ));
        suggest_origin(&file, &as_server, console);
        return Ok(as_server);
    }
    let answers = |step: &DoctorStep| step.state != DoctorState::Broken;
    if !as_server.examined().steps.first().is_some_and(answers) {
        return Ok(as_server);
    }
    if let Some(as_issuer) = as_issuer(suites, &file, &url, conduct, watched).await? {
        as_server.dismiss(events).await;
        console.remark(&format!(
            "{url} is taken as an authorization server: its metadata name it as the issuer. \
             {LOOKING}"
        ));
        return Ok(as_issuer);
    }
    // `mend` says what was meant, where the address is wrong.
    let wrong = as_server.examined().steps.first();
    let wrong = wrong.filter(|step| step.state == DoctorState::Notice);
    if let Some(step) = wrong {
        let full_stop = if step.mend.ends_with('?') { "" } else { "." };
        console.remark(&format!(
            "{}: {}{full_stop} {LOOKING}",
            step.found, step.mend
        ));
        return Ok(as_server);
    }
    console.remark(&format!(
        "{url} is taken as an MCP server, though it shows no sign of asking for a token; no \
         authorization server metadata name it as the issuer either. {LOOKING}"
    ));
    Ok(as_server)
}

const LOOKING: &str = "Nothing is registered and nobody logs in; a target file lets more be judged";

fn is(capability: Capability, prepared: &Prepared) -> bool {
    let capabilities = &prepared.examined().knowledge.capabilities;
    capabilities.get(&capability) == Some(&Presence::Present)
}

/// The authorization server whose issuer identifier is `url`, if there is one.
async fn as_issuer(
    suites: &Suites,
    file: &TargetFile,
    url: &str,
    conduct: &Conduct,
    watched: &Watched,
) -> Result<Option<Prepared>, Failure> {
    let events = watched.events();
    // A slash too many is a person's slip, not a server's: identifiers are compared as they are.
    for issuer in [url, url.trim_end_matches('/')] {
        let target = TargetFile {
            mcp_server: None,
            authorization_server: Some(issuer.to_owned()),
            ..file.clone()
        };
        let prepared =
            prepare(suites, resolve(&target)?, conduct, events, watched.cancel()).await?;
        let metadata = prepared.examined().knowledge.variables.get("metadata");
        let named = metadata.and_then(|document| document.get("issuer"));
        if named.and_then(Value::as_str) == Some(issuer)
            && is(Capability::AuthorizationServerMetadata, &prepared)
        {
            return Ok(Some(prepared));
        }
        prepared.dismiss(events).await;
        if !url.ends_with('/') {
            break;
        }
    }
    Ok(None)
}

/// A URL brings no secrets that could be missing.
fn resolve(file: &TargetFile) -> Result<Target, Failure> {
    Ok(Target::resolve(file.clone(), Path::new(""))?)
}

/// The authorization server on another origin is not talked to unless somebody says so.
fn suggest_origin(file: &TargetFile, prepared: &Prepared, console: &Console) {
    let variables = &prepared.examined().knowledge.variables;
    let origin = |url: &str| Origin::of(url).map(|origin| origin.to_string());
    let Some(issuer) = variables.get("issuer").and_then(Value::as_str) else {
        return;
    };
    let allowed = file.allow_origins.iter().chain(&file.mcp_server);
    let mut allowed = allowed.filter_map(|url| origin(url));
    if let Some(other) = origin(issuer).filter(|other| !allowed.any(|known| known == *other)) {
        console.remark(&format!(
            "its authorization server {issuer} is on another origin and is left alone: add \
             `--allow-origin {other}` to judge it, too"
        ));
    }
}
