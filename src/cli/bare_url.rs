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
    let Recognized {
        prepared,
        taken_for,
    } = recognize(suites, file, conduct, watched).await?;
    if let Some(taken_for) = taken_for {
        console.remark(&format!("{taken_for} {LOOKING}"));
    }
    if let Some(other) = other_origin(&prepared) {
        console.remark(&format!(
            "its authorization server is on another origin and is left alone: add \
             `--allow-origin {other}` to judge it, too"
        ));
    }
    Ok(prepared)
}

/// A URL of which is known what it is.
pub struct Recognized {
    /// What was found.
    pub prepared: Prepared,
    /// What it was taken for and why, in a sentence; `None` where nobody answered.
    pub taken_for: Option<String>,
}

/// Looks at the URL: an MCP server, an issuer, or neither for certain.
pub async fn recognize(
    suites: &Suites,
    file: TargetFile,
    conduct: &Conduct,
    watched: &Watched,
) -> Result<Recognized, Failure> {
    let events = watched.events();
    let url = file.mcp_server.clone().unwrap_or_default();
    let prepared = prepare(suites, resolve(&file)?, conduct, events, watched.cancel()).await?;
    let taken = |prepared, taken_for| Recognized {
        prepared,
        taken_for,
    };
    // Cut short, it can be taken for nothing.
    if watched.cancel().borrow().is_some() {
        return Ok(taken(prepared, None));
    }
    if is(Capability::Protected, &prepared) {
        let words = format!("{url} is taken as an MCP server: it asks for a token.");
        return Ok(taken(prepared, Some(words)));
    }
    let answers = |step: &DoctorStep| step.state != DoctorState::Broken;
    if !prepared.examined().steps.first().is_some_and(answers) {
        return Ok(taken(prepared, None));
    }
    if let Some(as_issuer) = as_issuer(suites, &file, &url, conduct, watched).await? {
        prepared.dismiss(events).await;
        let words = format!(
            "{url} is taken as an authorization server: its metadata name it as the issuer."
        );
        return Ok(taken(as_issuer, Some(words)));
    }
    // `mend` says what was meant, where the address is wrong.
    let wrong = prepared.examined().steps.first();
    let wrong = wrong.filter(|step| step.state == DoctorState::Notice);
    let words = match wrong {
        Some(step) => {
            let full_stop = if step.mend.ends_with('?') { "" } else { "." };
            format!("{}: {}{full_stop}", step.found, step.mend)
        }
        None => format!(
            "{url} is taken as an MCP server, though it shows no sign of asking for a token; no \
             authorization server metadata name it as the issuer either."
        ),
    };
    Ok(taken(prepared, Some(words)))
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

/// The origin of the authorization server, where nothing may be sent to it yet.
pub fn other_origin(prepared: &Prepared) -> Option<String> {
    let file = prepared.file();
    let origin = |url: &str| Origin::of(url).map(|origin| origin.to_string());
    let variables = &prepared.examined().knowledge.variables;
    let other = origin(variables.get("issuer")?.as_str()?)?;
    let own = [&file.mcp_server, &file.authorization_server];
    let mut allowed = file.allow_origins.iter().chain(own.into_iter().flatten());
    let known = allowed.any(|url| origin(url).as_ref() == Some(&other));
    (!known).then_some(other)
}
