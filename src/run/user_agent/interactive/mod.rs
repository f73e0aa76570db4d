//! The driver `interactive`: a person makes the visit in the own browser, which ends at a callback
//! address of this machine where authspec listens (RFC 8252 section 7.3).
//!
//! Only the callback is seen. Whatever ends elsewhere looks like a person who went for a coffee, so
//! a visit without a callback decides nothing.

mod desk;
mod errand;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::callback::{self, Arrival, Destination, classify};
use super::{Consent, CookieJar, Visit, VisitOutcome, Visited};
use crate::run::Event;
use crate::run::http::Client;
use crate::target::InteractiveDriver;

use desk::{Came, Desk};
use errand::{Errand, Window};

/// The person with the browser; one errand at a time.
pub(super) struct Person {
    driver: InteractiveDriver,
    so_far: Mutex<SoFar>,
}

/// What was asked of the person until now.
#[derive(Default)]
struct SoFar {
    errands: usize,
    /// The session that is logged in in the private window.
    private: Option<String>,
    /// `state` of earlier visits, whose callbacks may come late.
    states: HashSet<String>,
    /// The person's tab shows our page and asks for the next errand.
    has_tab: bool,
}

/// A tab of the last visit asks for the next errand about so often, twice over.
const TAB_ASKS: Duration = Duration::from_millis(1500);

impl Person {
    pub fn new(driver: InteractiveDriver) -> Self {
        Self {
            driver,
            so_far: Mutex::default(),
        }
    }

    /// Sends the person on one visit.
    pub async fn visit(&self, client: &Client, jar: &mut CookieJar, visit: &Visit) -> Visited {
        if visit.stop_before.is_some() {
            return Visited::undecided(
                "a person cannot be stopped before the login or the consent page",
            );
        }
        let mut so_far = self.so_far.lock().await;
        let is_new = jar.is_empty();
        if is_new && let Err(failure) = client.count_login() {
            return Visited::undecided(format!("login: {}", failure.message));
        }
        let session = jar.session(&visit.user).to_owned();
        let errand = so_far.errand(visit, &session, is_new);
        let desk = match Desk::open(visit, &errand).await {
            Ok(desk) => desk,
            Err(reason) => return Visited::undecided(reason),
        };
        let begun = Instant::now();
        let came = self.wait(client, &mut so_far, &errand, desk).await;
        // A person's time is not the server's.
        client.pardon(begun.elapsed());
        so_far.has_tab = matches!(came, Came::Callback { .. });
        so_far.states.extend(state(&visit.authorization_url));
        let logged_in = is_new && so_far.has_tab;
        let outcome = outcome(came, visit, client);
        let consented = matches!(&outcome, VisitOutcome::Callback { params, .. }
            if visit.consent == Consent::Deny && has(params, "error", "access_denied"));
        Visited {
            logged_in,
            consented,
            ..Visited::ended(outcome)
        }
    }

    /// Waits with a countdown until the person is back.
    async fn wait(
        &self,
        client: &Client,
        so_far: &mut SoFar,
        errand: &Errand,
        mut desk: Desk,
    ) -> Came {
        let patience = Duration::from_secs(self.driver.timeout);
        let until = Instant::now() + patience;
        let url = desk.url().to_owned();
        let is_taken = so_far.has_tab && desk.is_taken(TAB_ASKS).await;
        if !is_taken {
            client.say(Event::Errand {
                text: format!("{}: {url}", errand.in_words()),
            });
            if self.driver.open {
                open(url.clone());
            }
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Came::Nothing {
                    waited: self.driver.timeout,
                };
            }
            client.say(Event::Waiting {
                reason: format!("{} at {url}", errand.in_words()),
                seconds: left.as_secs_f64().ceil(),
            });
            let tick = left.min(Duration::from_secs(1));
            let Ok(came) = tokio::time::timeout(tick, desk.next()).await else {
                continue;
            };
            if let Came::Callback { url, .. } = &came
                && state(url).is_some_and(|state| so_far.states.contains(&state))
            {
                continue;
            }
            return came;
        }
    }
}

impl SoFar {
    fn errand(&mut self, visit: &Visit, session: &str, is_new: bool) -> Errand {
        self.errands += 1;
        let window = match (visit.everyday && visit.user == "first", is_new) {
            (true, _) => Window::Everyday,
            (false, true) => Window::NewPrivate,
            (false, false) if self.private.as_deref() == Some(session) => Window::Private,
            (false, false) => Window::NewPrivate,
        };
        if window != Window::Everyday {
            self.private = Some(session.to_owned());
        }
        Errand {
            number: self.errands,
            window,
            user: visit.user.clone(),
            log_in_as: visit
                .login
                .as_ref()
                .filter(|_| is_new || window == Window::NewPrivate)
                .map(|login| login.username.clone()),
            denies: visit.consent == Consent::Deny,
            go: visit.authorization_url.clone(),
        }
    }
}

/// Opens the browser that the person uses, without waiting for it: some stay until they are closed.
fn open(url: String) {
    std::thread::spawn(move || {
        let mut options = webbrowser::BrowserOptions::new();
        options.with_suppress_output(true);
        // The address has been told: whoever has no browser here opens it elsewhere.
        let _ = webbrowser::open_browser_with_options(webbrowser::Browser::Default, &url, &options);
    });
}

fn outcome(came: Came, visit: &Visit, client: &Client) -> VisitOutcome {
    let undecided = |reason: String| VisitOutcome::Undecided { reason };
    match came {
        Came::Callback { url, posted } => {
            client.vault().absorb_request(&url, &[], None);
            let arrival = match classify(&url, &posted, visit, client.allowed()) {
                Destination::Callback(arrival) => arrival,
                // It came to the address that was to be watched.
                Destination::Onward | Destination::Strange(_) => Arrival {
                    registered: false,
                    as_requested: true,
                    foreign: false,
                },
            };
            let outcome = callback::outcome(url, posted, arrival);
            match &outcome {
                VisitOutcome::Callback { params, form_post, .. }
                    if visit.consent == Consent::Deny
                        && params.iter().chain(form_post).any(|(name, _)| name == "code") =>
                {
                    undecided(
                        "a code came though the person was to say no: either no consent page was shown, or yes was said"
                            .to_owned(),
                    )
                }
                _ => outcome,
            }
        }
        Came::CannotDo => undecided("the person could not do it".to_owned()),
        Came::Nothing { waited } => undecided(format!(
            "no callback came within {waited} s (`login.driver.interactive.timeout`)"
        )),
    }
}

fn state(url: &str) -> Option<String> {
    let (query, _) = callback::query_and_fragment(url);
    let mut parameters = callback::parameters(query).into_iter();
    parameters.find_map(|(name, value)| (name == "state").then_some(value))
}

fn has(params: &[(String, String)], name: &str, value: &str) -> bool {
    params.iter().any(|(n, v)| n == name && v == value)
}
