//! Steps that ask nothing of the server: time passes, a document is served, a log is read.

use std::time::Duration;

use serde_json::{Map, json};

use super::mutation::Delay;
use super::{At, Done, Halt};
use crate::run::host::{Document, DocumentError, SELF_URL};
use crate::run::{Outcome, audit};
use crate::suite::{Audit, Host, Params, Sample, Visits, Wait};

/// Lets time pass.
pub async fn wait(at: &At<'_>, wait: &Wait) -> Result<Done, Halt> {
    let delay = Delay::of(at.session, &at.context, &wait.seconds)?;
    delay.pass(at.session).await?;
    Ok(Done {
        outcome: Outcome::Accepted,
        result: Map::from_iter([("seconds".to_owned(), json!(delay.seconds))]),
        exchanges: Vec::new(),
    })
}

/// A look at samples: what there is to see, [`crate::run::samples`] writes in at the end.
pub fn sample(sample: &Sample) -> Done {
    Done {
        outcome: Outcome::Accepted,
        result: Map::from_iter([("of".to_owned(), json!(sample.of))]),
        exchanges: Vec::new(),
    }
}

/// Serves a document.
pub async fn host(at: &mut At<'_>, name: &str, step: &Host) -> Result<Done, Halt> {
    let honest = honest_members(at, step)?;
    let mut members = honest.clone();
    at.mutation.changes.to_members(&mut members);
    members.retain(|_, value| !value.is_null());
    let serve = at.mutation.serve.clone().unwrap_or_default();
    let text = |own: &Option<String>, other: Option<String>| match other {
        Some(other) => Ok(Some(other)),
        None => own.as_ref().map(|own| at.string(own)).transpose(),
    };
    let mut headers = at.params(&step.headers)?;
    headers.extend(at.mutation.header_changes.clone());
    let path = match serve.path {
        Some(path) => path,
        None => at.string(&step.path)?,
    };
    let document = Document {
        status: serve.status.unwrap_or(step.status),
        headers,
        body: text(&step.body, serve.body)?,
        base: text(&step.base, serve.base)?,
        replaces: text(&step.replaces, None)?,
        ..Document::new(path, members)
    };
    let served = at.session.host.serve(&document).await;
    let url = served.map_err(|error| match error {
        // What the operator's machine or certificate lacks.
        DocumentError::NotOurs | DocumentError::Listen { .. } | DocumentError::Certificate(_) => {
            Halt::Stopped(error.to_string())
        }
        error => Halt::Fault(format!("cannot serve a document: {error}")),
    })?;
    let mut result = Map::from_iter([("url".to_owned(), json!(url))]);
    if step.client.is_some()
        && let Some(client) = at.session.adopt(&json!({ "client_id": url }), &honest)
    {
        result.insert("client".to_owned(), client.variables());
        at.scope.adopt(name, client);
    }
    Ok(Done {
        outcome: Outcome::Accepted,
        result,
        exchanges: Vec::new(),
    })
}

/// The members of the document without a deviation: those of the client, changed by the step's own.
fn honest_members(at: &At<'_>, step: &Host) -> Result<Params, Halt> {
    let own = at.params(&step.json)?;
    let Some(profile) = &step.client else {
        return Ok(own);
    };
    let profile = at.string(profile)?;
    let mut members = at
        .session
        .registration_members(&profile, &at.context)
        .map_err(Halt::Fault)?;
    members.insert("client_id".to_owned(), json!(SELF_URL));
    members.extend(own);
    Ok(members)
}

/// Tells who came for a hosted document; accepted where somebody did.
pub fn visits(at: &At<'_>, step: &Visits) -> Result<Done, Halt> {
    let mut requests = at.session.host.visits(&at.string(&step.url)?);
    requests.retain(|visit| !visit.is_of_a_browser());
    let outcome = match requests.is_empty() {
        false => Outcome::Accepted,
        true => Outcome::Refused {
            reason: "nobody came for the document".to_owned(),
        },
    };
    let count = requests.len();
    Ok(Done {
        outcome,
        result: Map::from_iter([
            ("requests".to_owned(), json!(requests)),
            ("count".to_owned(), json!(count)),
        ]),
        exchanges: Vec::new(),
    })
}

/// Reads the audit log; accepted where one entry holds all texts.
pub async fn audit(at: &At<'_>, step: &Audit) -> Result<Done, Halt> {
    let (Some(path), Some(log)) = (
        at.session.target.audit_log.as_ref(),
        at.session.target.file.audit_log.as_ref(),
    ) else {
        return Err(Halt::Stopped("no audit log was given".to_owned()));
    };
    let texts = step
        .entry
        .iter()
        .map(|text| at.string(text))
        .collect::<Result<Vec<_>, _>>()?;
    let wait = Duration::from_secs_f64(log.wait.clamp(0.0, 60.0));
    let vault = at.session.http.vault();
    let read = audit::read(path, at.session.audit_start, vault, &texts, wait)
        .await
        .map_err(|error| Halt::Stopped(format!("the audit log: {error}")))?;
    let outcome = if read.found {
        Outcome::Accepted
    } else {
        Outcome::Refused {
            reason: format!("no entry holds all of: {}", texts.join(", ")),
        }
    };
    let result = Map::from_iter([
        ("entries".to_owned(), json!(read.entries)),
        ("found".to_owned(), json!(read.found)),
        ("entry".to_owned(), json!(read.entry)),
        ("secrets_found".to_owned(), json!(read.secrets_found)),
        ("texts".to_owned(), json!(texts)),
    ]);
    Ok(Done {
        outcome,
        result,
        exchanges: Vec::new(),
    })
}
