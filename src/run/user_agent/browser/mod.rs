//! The driver `browser`: headless Chromium draws the pages and runs their scripts; everything else is
//! as with `form`: the same eyes, the same recipe.
//!
//! Chromium itself reaches nobody. Each of its requests comes here, goes out through the client of
//! the run with its limits, origins and recording, and the answer is handed back. What is left of
//! its own network leads to a proxy that is not there.

mod chromium;
mod script;
mod tab;
mod traffic;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};

use super::choose::{Choice, Next, choose};
use super::fill::Person;
use super::lockouts::Lockouts;
use super::page::{self, Page};
use super::progress::Progress;
use super::{CAPTCHA, CookieJar, PageKind, PageSeen, Visit, VisitOutcome, Visited};
use crate::run::http::{Client, RequestKind};
use crate::target::{BrowserDriver, Recipe};

use chromium::Chromium;
use script::Drawn;
use tab::Tab;
use traffic::MainDocument;

/// The most steps of one visit.
const MAX_STEPS: usize = 20;

/// Chromium, started at the first visit.
pub(super) struct Browser {
    driver: BrowserDriver,
    base: PathBuf,
    running: Mutex<Option<Chromium>>,
    places: Semaphore,
}

impl Browser {
    pub fn new(driver: BrowserDriver, base: PathBuf) -> Self {
        let places = Semaphore::new(driver.at_once.clamp(1, 16));
        Self {
            driver,
            base,
            running: Mutex::default(),
            places,
        }
    }

    /// Makes one visit in a window of its own, which has the cookies of the jar.
    pub async fn visit(
        &self,
        client: &Client,
        jar: &mut CookieJar,
        visit: &Visit,
        recipe: &Recipe,
        lockouts: &Lockouts,
    ) -> Visited {
        let Ok(_place) = self.places.acquire().await else {
            return Visited::undecided("the browser is closed");
        };
        let limit = Duration::from_secs(self.driver.timeout);
        let tab = match tokio::time::timeout(limit, self.tab(client, jar, visit)).await {
            Ok(Ok(tab)) => tab,
            Ok(Err(reason)) => return Visited::undecided(reason),
            Err(_) => return Visited::undecided("the browser did not start in time"),
        };
        let progress = Progress::new(visit, lockouts);
        let mut looking = Looking {
            tab: &tab,
            visit,
            recipe,
            progress,
        };
        let walked = tokio::time::timeout(limit, looking.walk()).await;
        let outcome = tab.end().unwrap_or_else(|| match walked {
            Ok(outcome) => outcome,
            Err(_) => undecided(format!(
                "no end within {} s (`login.driver.browser.timeout`)",
                limit.as_secs()
            )),
        });
        let mut visited = looking.progress.finish(outcome, recipe);
        let (exchanges, cookies) = tab.close().await;
        visited.exchanges = exchanges;
        *jar = cookies;
        visited
    }

    async fn tab(&self, client: &Client, jar: &CookieJar, visit: &Visit) -> Result<Tab, String> {
        let mut running = self.running.lock().await;
        if running.as_ref().is_none_or(|chromium| !chromium.is_alive()) {
            *running = Some(Chromium::start(&self.driver, &self.base).await?);
        }
        let chromium = running.as_ref().ok_or("the browser did not start")?;
        Tab::open(chromium, client, jar, visit).await
    }

    /// Ends Chromium.
    pub async fn close(&self) {
        if let Some(chromium) = self.running.lock().await.take() {
            chromium.close().await;
        }
    }
}

fn undecided(reason: impl Into<String>) -> VisitOutcome {
    VisitOutcome::Undecided {
        reason: reason.into(),
    }
}

/// A visit under way.
struct Looking<'a> {
    tab: &'a Tab,
    visit: &'a Visit,
    recipe: &'a Recipe,
    progress: Progress<'a>,
}

impl Looking<'_> {
    /// From page to page, until one is the last. An end that the traffic told comes before.
    async fn walk(&mut self) -> VisitOutcome {
        if let Err(reason) = self.tab.go(&self.visit.authorization_url).await {
            return undecided(reason);
        }
        for _ in 0..MAX_STEPS {
            let (page, document, choice) = match self.look().await {
                Ok(seen) => seen,
                Err(outcome) => return outcome,
            };
            match self.step(&page, &document, choice).await {
                Ok(()) => {}
                Err(outcome) => return outcome,
            }
        }
        undecided(format!("no end after {MAX_STEPS} pages"))
    }

    /// Waits until the page is drawn and asks for something, or for nothing any more.
    async fn look(&self) -> Result<(Page, MainDocument, Choice), VisitOutcome> {
        let mut patience = 4;
        loop {
            let drawn = self.tab.settled().await.map_err(undecided)?;
            let document = self.tab.document();
            let Some(document) = document else {
                return Err(undecided("the browser shows no page"));
            };
            let page = self.read(&drawn).await.map_err(undecided)?;
            let person = Person {
                login: self.visit.login.as_ref(),
                consent: self.visit.consent,
                recipe: self.recipe,
            };
            let choice = choose(&page, document.status, &person);
            // The browser follows by itself; and scripts may draw for a while.
            let asks = match &choice.next {
                Next::Submit(submission) => submission.click.is_some() || submission.with_password,
                Next::Follow { consents, .. } => *consents,
                Next::JsonLogin | Next::Rest | Next::GiveUp(_) => false,
            };
            if asks || patience == 0 || document.status >= 400 {
                return Ok((page, document, choice));
            }
            patience -= 1;
            self.tab.wait(Duration::from_millis(400)).await;
        }
    }

    async fn read(&self, drawn: &Drawn) -> Result<Page, String> {
        let (html, recipe) = (drawn.html.clone(), self.recipe.clone());
        let reading = tokio::task::spawn_blocking(move || Box::new(page::read(&html, &recipe)));
        let page = tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .map_err(|_| "the page takes too long to parse".to_owned())?
            .map_err(|_| "the page cannot be parsed".to_owned())?;
        Ok(page.with_loose_form())
    }

    /// Does what a person would do on the page.
    async fn step(
        &mut self,
        page: &Page,
        document: &MainDocument,
        choice: Choice,
    ) -> Result<(), VisitOutcome> {
        let Choice { kind, next } = choice;
        let status = document.status;
        self.progress.see(page, seen(kind, document));
        match status {
            429 => {
                let reason = "the server answered 429".to_owned();
                return Err(undecided(self.progress.is_limited(reason)));
            }
            500.. => return Err(undecided(format!("the server answered {status}"))),
            _ if page.captcha => return Err(undecided(CAPTCHA)),
            _ => {}
        }
        let settled = self.progress.settle_login(page, kind, &next, status);
        settled.map_err(undecided)?;
        let rest = || VisitOutcome::Page {
            status,
            title: page.title.clone(),
            text: page.text.clone(),
            exchange: Some(document.exchange),
        };
        if self.progress.stops_at(kind, &next) {
            return Err(rest());
        }
        match next {
            Next::Submit(form) => {
                if let Some(reason) = self.progress.again(&form, page) {
                    return Err(undecided(reason));
                }
                self.progress.submits(&form);
                if form.with_password {
                    self.tab.count_next_as(RequestKind::Login);
                }
                let acted = self.tab.act(&form.fills, form.click).await;
                acted.map_err(undecided)
            }
            Next::Follow {
                link: Some(link),
                consents: true,
                ..
            } => {
                self.progress.consents();
                self.tab.act(&[], Some(link)).await.map_err(undecided)
            }
            Next::GiveUp(reason) => Err(undecided(reason)),
            Next::JsonLogin => Err(undecided(
                "the login page was not drawn; `json_login` is for the driver `form`",
            )),
            Next::Rest | Next::Follow { .. } if kind == PageKind::Login => Err(undecided(
                "the login page asks for nothing that could be filled in",
            )),
            Next::Rest if self.progress.looks_again() => {
                let gone = self.tab.go(&self.visit.authorization_url).await;
                gone.map_err(undecided)
            }
            Next::Rest | Next::Follow { .. } => Err(rest()),
        }
    }
}

fn seen(kind: PageKind, document: &MainDocument) -> PageSeen {
    PageSeen {
        exchange: document.exchange,
        origin: document.origin.clone(),
        request: document.request.clone(),
        status: document.status,
        title: String::new(),
        kind,
        text: String::new(),
        custom_elements: Vec::new(),
        headers: document.headers.clone(),
        foreign_scripts: Vec::new(),
    }
}
