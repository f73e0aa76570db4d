//! Steps that ask nothing of the server: time passes, a document is served, a log is read.

use std::time::Duration;

use serde_json::{Map, json};

use super::mutation::{pause, seconds};
use super::{At, Done, Halt};
use crate::run::host::Document;
use crate::run::{Outcome, audit};
use crate::suite::{Audit, Host, Visits, Wait};

/// Lets time pass.
pub async fn wait(at: &At<'_>, wait: &Wait) -> Result<Done, Halt> {
    let seconds = seconds(at.session, &at.context, &wait.seconds)?;
    pause(at.session, seconds).await?;
    Ok(Done {
        outcome: Outcome::Accepted,
        result: Map::from_iter([("seconds".to_owned(), json!(seconds))]),
        exchanges: Vec::new(),
    })
}

/// Serves a document.
pub async fn host(at: &At<'_>, step: &Host) -> Result<Done, Halt> {
    let mut members = at.params(&step.json)?;
    at.mutation.changes.to_members(&mut members);
    let document = Document {
        status: step.status,
        headers: at.params(&step.headers)?,
        ..Document::new(at.string(&step.path)?, members)
    };
    let url = at
        .session
        .host
        .serve(&document)
        .await
        .map_err(|error| Halt::Fault(format!("cannot serve a document: {error}")))?;
    Ok(Done {
        outcome: Outcome::Accepted,
        result: Map::from_iter([("url".to_owned(), json!(url))]),
        exchanges: Vec::new(),
    })
}

/// Tells who came for a hosted document; accepted where somebody did.
pub fn visits(at: &At<'_>, step: &Visits) -> Result<Done, Halt> {
    let requests = at.session.host.visits(&at.string(&step.url)?);
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
