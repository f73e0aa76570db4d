//! The driver `command`: a program of the operator's makes the visit and tells how it ended.
//!
//! What it tells is taken for true, but not what it leaves open: a program that does not know of
//! `stop_before`, logs in as somebody else or says yes where a no was wanted would have a correct
//! server accused. Such a visit decides nothing.

mod child;
mod document;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::callback::{self, Destination, classify};
use super::{CookieJar, StopBefore, Visit, VisitOutcome, Visited};
use crate::run::http::Client;
use crate::target::CommandDriver;

use child::Ended;
use document::{Answer, Page, Said, Task};

/// The program.
pub(super) struct Program {
    driver: CommandDriver,
    base: PathBuf,
    places: Semaphore,
}

impl Program {
    pub fn new(driver: CommandDriver, base: PathBuf) -> Self {
        let places = Semaphore::new(driver.at_once.clamp(1, 64));
        Self {
            driver,
            base,
            places,
        }
    }

    /// Hands over one visit.
    pub async fn visit(&self, client: &Client, jar: &mut CookieJar, visit: &Visit) -> Visited {
        let Ok(_place) = self.places.acquire().await else {
            return Visited::undecided("the user agent is closed");
        };
        let is_new = jar.is_empty();
        if is_new
            && visit.may_log_in()
            && let Err(failure) = client.count_login()
        {
            return Visited::undecided(format!("login: {}", failure.message));
        }
        let mut limit = Duration::from_secs(self.driver.timeout);
        if let Some(left) = client.time_left() {
            limit = limit.min(left);
        }
        let session = jar.session(&visit.user).to_owned();
        let task = Task::of(visit, &session, is_new, client.allowed(), limit);
        let ended = child::run(&self.driver.program, &self.base, &task.to_line(), limit).await;
        let name = self.name();
        let answer = match told(ended).and_then(|text| Answer::read(&text)) {
            Ok(answer) => answer,
            Err(reason) => return Visited::undecided(format!("{name} {reason}")),
        };
        let callback = answer.callback.as_deref().unwrap_or_default();
        client.vault().absorb_request(callback, &[], None);
        if let Some(doubt) = doubt(visit, &answer) {
            return Visited::undecided(format!("{name} {doubt}"));
        }
        let (logged_in, consented) = (answer.logged_in_as.is_some(), answer.consent.is_some());
        let outcome = outcome(&name, answer, visit, client);
        Visited {
            logged_in,
            consented,
            ..Visited::ended(outcome)
        }
    }

    /// What the program is called in reasons.
    fn name(&self) -> String {
        let whole = self.driver.program.join(" ");
        format!("`{}`", whole.chars().take(80).collect::<String>())
    }
}

/// What the program wrote, if it ended well.
fn told(ended: Ended) -> Result<String, String> {
    let said = |complaint: String| match complaint.is_empty() {
        true => String::new(),
        false => format!(": {complaint}"),
    };
    match ended {
        Ended::Well { output } => Ok(output),
        Ended::NotStarted { cause } => Err(format!("cannot be started: {cause}")),
        Ended::Badly { status, complaint } => {
            Err(format!("ended with {status}{}", said(complaint)))
        }
        Ended::TooLate { limit, complaint } => Err(format!(
            "did not answer within {} s and was killed (`login.driver.command.timeout`){}",
            limit.as_secs(),
            said(complaint)
        )),
        Ended::TooMuch => Err("wrote more than a megabyte".to_owned()),
    }
}

/// Why an answer decides nothing: it is not about the visit that was wanted.
fn doubt(visit: &Visit, answer: &Answer) -> Option<String> {
    if answer.gave_up.is_some() {
        return None;
    }
    let user = visit.login.as_ref().map(|login| login.username.as_str());
    let logged_in_as = answer.logged_in_as.as_deref();
    let stop = visit.stop_before.map(StopBefore::word);
    if let Some(stop) = stop.filter(|stop| answer.stop_before.as_deref() != Some(*stop)) {
        return Some(format!(
            "does not say `\"stop_before\": \"{stop}\"` in its answer: it may not know that it was to stop there"
        ));
    }
    match (visit.stop_before, logged_in_as, answer.consent) {
        (Some(StopBefore::Login), Some(_), _) => {
            return Some("logged in, though it was to stop before that".to_owned());
        }
        (Some(StopBefore::Consent), _, Some(_)) => {
            return Some("answered the consent page, though it was to stop before that".to_owned());
        }
        _ => {}
    }
    if logged_in_as.is_some() && logged_in_as != user {
        let who = logged_in_as.unwrap_or_default();
        return Some(format!(
            "logged in as {who:?}, not as the user it was given"
        ));
    }
    let differs = answer
        .consent
        .is_some_and(|said| said != Said::of(visit.consent));
    differs.then(|| "said something else on the consent page than it was to say".to_owned())
}

fn outcome(name: &str, answer: Answer, visit: &Visit, client: &Client) -> VisitOutcome {
    let undecided = |reason: String| VisitOutcome::Undecided {
        reason: format!("{name} {reason}"),
    };
    match (answer.callback, answer.page, answer.gave_up) {
        (Some(url), None, None) => match classify(&url, &[], visit, client.allowed()) {
            Destination::Callback(kind) => callback::outcome(url, Vec::new(), kind),
            Destination::Onward => undecided(
                "gave an address of the server as the callback: that is no redirect URI of the client"
                    .to_owned(),
            ),
            Destination::Strange(reason) => undecided(format!(
                "gave an address as the callback that is none: {reason}"
            )),
        },
        (None, Some(Page { status, .. }), None) if matches!(status, 429 | 500..) => {
            undecided(format!("was answered {status}"))
        }
        (None, Some(page), None) => VisitOutcome::Page {
            status: page.status,
            title: page.title,
            text: page.text.chars().take(super::MAX_TEXT).collect(),
            exchange: None,
        },
        (None, None, Some(reason)) => undecided(format!("gave up: {}", short(&reason))),
        _ => undecided("must answer with one of `callback`, `page`, `gave_up`".to_owned()),
    }
}

/// One line of somebody else's words.
fn short(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests;
