//! The driver `form`: walks from page to page with plain HTTP.

use std::time::Duration;

use url::Url;

use super::callback::{self, Destination, classify, query_and_fragment};
use super::choose::{Choice, Next, choose};
use super::fill::{self, Person};
use super::lockouts::Lockouts;
use super::page::{self, Page};
use super::progress::Progress;
use super::submission::Submission;
use super::{
    CAPTCHA, CookieJar, FormLeft, MAX_TEXT, Method, PageKind, PageSeen, Visit, VisitOutcome,
    Visited, hop,
};
use crate::run::http::{Client, RequestKind, Response};
use crate::target::Recipe;

use hop::Hop;

/// One walk.
pub(super) struct Walk<'a> {
    client: &'a Client,
    jar: &'a mut CookieJar,
    visit: &'a Visit,
    recipe: &'a Recipe,
    progress: Progress<'a>,
    asked_json_login: bool,
}

/// Where the walk stands after an answer.
enum Step {
    On(Box<Hop>),
    End(VisitOutcome),
}

fn undecided(reason: impl Into<String>) -> Step {
    Step::End(VisitOutcome::Undecided {
        reason: reason.into(),
    })
}

impl<'a> Walk<'a> {
    pub fn new(
        client: &'a Client,
        jar: &'a mut CookieJar,
        visit: &'a Visit,
        recipe: &'a Recipe,
        lockouts: &'a Lockouts,
    ) -> Self {
        Self {
            client,
            jar,
            visit,
            recipe,
            progress: Progress::new(visit, lockouts),
            asked_json_login: false,
        }
    }

    /// Walks to the end.
    pub async fn go(mut self) -> Visited {
        let mut hop = self.first();
        let outcome = loop {
            if self.progress.visited.exchanges.len() >= self.visit.max_pages.max(1) {
                let reason = format!(
                    "no end after {} requests, the last one was for: {}",
                    self.progress.visited.exchanges.len(),
                    hop.purpose
                );
                break VisitOutcome::Undecided { reason };
            }
            match self.take(hop).await {
                Step::On(next) => hop = *next,
                Step::End(outcome) => break outcome,
            }
        };
        self.progress.finish(outcome, self.recipe)
    }

    fn first(&self) -> Hop {
        let url = &self.visit.authorization_url;
        if let Some(form) = &self.visit.form {
            let body = fill::query(form).into_bytes();
            let kind = fill::FORM_TYPE.to_owned();
            let hop = Hop::post(url.clone(), "form left by another visit", kind, body);
            let page = self.visit.form_page.as_ref();
            return match page.and_then(|page| Url::parse(page).ok()) {
                Some(page) => hop.started_on(&page, false),
                None => hop,
            };
        }
        match self.visit.method {
            Method::Get => Hop::get(url.clone(), "authorization request"),
            Method::Post => {
                let (query, _) = query_and_fragment(url);
                let bare = url.split(['?', '#']).next().unwrap_or_default().to_owned();
                let body = query.unwrap_or_default().as_bytes().to_vec();
                Hop::post(
                    bare,
                    "authorization request",
                    fill::FORM_TYPE.to_owned(),
                    body,
                )
            }
        }
    }

    async fn take(&mut self, hop: Hop) -> Step {
        let Ok(url) = Url::parse(&hop.url) else {
            return undecided(format!("{}: the address does not parse", hop.purpose));
        };
        let sent = self
            .client
            .send(hop.purpose, hop.request(self.jar.header(&url), &url))
            .await;
        self.progress.visited.exchanges.push(sent.exchange);
        let response = match sent.answer {
            Ok(response) => response,
            Err(failure) => return undecided(format!("{}: {}", hop.purpose, failure.message)),
        };
        self.jar.store(&url, &response.header_all("set-cookie"));
        if let (300..=399, Some(location)) = (response.status, response.header("location")) {
            return self.redirect(&hop, &url, response.status, &location);
        }
        self.arrive(hop, &url, &response, sent.exchange).await
    }

    fn redirect(&mut self, hop: &Hop, url: &Url, status: u16, location: &str) -> Step {
        let Some(address) = page::resolve(url, location.trim()) else {
            return undecided(format!(
                "{}: the redirect's address does not parse",
                hop.purpose
            ));
        };
        let login = match hop.kind {
            RequestKind::Login => " (login)",
            _ => "",
        };
        let told = format!("{} {status}{login}", hop.method());
        self.progress.visited.redirects.push(told);
        let keeps = matches!(status, 307 | 308);
        let next = if keeps {
            hop.again_at(address)
        } else {
            hop.redirected(address)
        };
        let posted = if keeps {
            hop.members.clone()
        } else {
            Vec::new()
        };
        self.lead(next, posted)
    }

    /// Goes on to an address, or ends there if it is a callback or a stranger's.
    fn lead(&mut self, hop: Hop, posted: Vec<(String, String)>) -> Step {
        if self.progress.is_handed_back(&hop.url) {
            return Step::End(VisitOutcome::Page {
                status: 303,
                title: "the third party's answer".to_owned(),
                text: String::new(),
                exchange: None,
            });
        }
        match classify(&hop.url, &posted, self.visit, self.client.allowed()) {
            Destination::Onward => Step::On(Box::new(hop)),
            Destination::Strange(reason) => undecided(reason),
            Destination::Callback(kind) => Step::End(callback::outcome(hop.url, posted, kind)),
        }
    }

    async fn arrive(&mut self, hop: Hop, url: &Url, response: &Response, exchange: usize) -> Step {
        let page = match self.read(response).await {
            Ok(page) => page,
            Err(reason) => return undecided(reason),
        };
        let login = self.visit.login.as_ref();
        let person = Person {
            login,
            consent: self.visit.consent,
            recipe: self.recipe,
        };
        let Choice { kind, next } = choose(&page, response.status, &person);
        let request = format!("{} {}", hop.method(), url.path());
        let from = (url.origin().ascii_serialization(), request);
        self.see(&page, kind, from, response, exchange);
        match response.status {
            429 => {
                let reason = format!("{}: {}", hop.purpose, limited(response));
                return undecided(self.progress.is_limited(reason));
            }
            500.. => {
                let status = response.status;
                return undecided(format!("{}: the server answered {status}", hop.purpose));
            }
            _ => {}
        }
        if page.captcha {
            return undecided(CAPTCHA);
        }
        let settled = self
            .progress
            .settle_login(&page, kind, &next, response.status);
        if let Err(reason) = settled {
            return undecided(reason);
        }
        let no_referrer = hop::hides_referrer(response, &page);
        if self.progress.stops_at(kind, &next) {
            if let Next::Submit(form) = &next {
                self.progress.visited.form =
                    page.resolve(url, &form.action).map(|action| FormLeft {
                        action,
                        post: form.post,
                        members: form.members.clone(),
                        page: (!no_referrer).then(|| url.to_string()),
                    });
            }
            return self.rest(&page, response.status, exchange);
        }
        match next {
            Next::Submit(submission) => self.submit(submission, &page, url, no_referrer),
            Next::Follow {
                reference,
                consents,
                ..
            } => {
                if consents {
                    self.progress.consents();
                }
                match page.resolve(url, &reference) {
                    Some(address) => {
                        let purpose = if consents {
                            "consent"
                        } else {
                            "redirect by the page"
                        };
                        let hop = Hop::get(address, purpose).started_on(url, no_referrer);
                        self.lead(hop, Vec::new())
                    }
                    None => undecided("the page leads to an address that does not parse"),
                }
            }
            Next::JsonLogin => self.json_login(&page, url).await,
            Next::Rest if self.progress.looks_again() => Step::On(Box::new(self.first())),
            Next::Rest => self.rest(&page, response.status, exchange),
            Next::GiveUp(reason) => undecided(reason),
        }
    }

    /// Reads HTML on a thread of its own: a hostile page may keep the parser busy, and must not
    /// keep the other requests waiting.
    async fn read(&self, response: &Response) -> Result<Page, String> {
        let text = response.text();
        // Browsers follow the header whatever the body is.
        let refresh = || page::refresh(&response.header("refresh")?);
        let content_type = response
            .header("content-type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_html = content_type.contains("html")
            || (content_type.is_empty() && text.trim_start().starts_with('<'));
        if !is_html {
            let text: String = text.chars().take(MAX_TEXT).collect();
            return Ok(Page {
                text,
                refresh: refresh(),
                ..Page::default()
            });
        }
        let recipe = self.recipe.clone();
        let reading = tokio::task::spawn_blocking(move || Box::new(page::read(&text, &recipe)));
        let mut page = tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .map_err(|_| "the page takes too long to parse".to_owned())?
            .map_err(|_| "the page cannot be parsed".to_owned())?;
        page.refresh = page.refresh.take().or_else(refresh);
        Ok(*page)
    }

    fn see(
        &mut self,
        page: &Page,
        kind: PageKind,
        (origin, request): (String, String),
        response: &Response,
        exchange: usize,
    ) {
        let headers = response.headers.iter();
        let seen = PageSeen {
            exchange,
            origin,
            request,
            status: response.status,
            title: String::new(),
            kind,
            text: String::new(),
            custom_elements: Vec::new(),
            headers: headers
                .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
                .collect(),
            foreign_scripts: Vec::new(),
        };
        self.progress.see(page, seen);
    }

    fn rest(&self, page: &Page, status: u16, exchange: usize) -> Step {
        Step::End(VisitOutcome::Page {
            status,
            title: page.title.clone(),
            text: page.text.clone(),
            exchange: Some(exchange),
        })
    }

    fn submit(&mut self, form: Submission, page: &Page, url: &Url, no_referrer: bool) -> Step {
        if let Some(reason) = self.progress.again(&form, page) {
            return undecided(reason);
        }
        let Some(address) = page.resolve(url, &form.action) else {
            return undecided("the form's address does not parse");
        };
        self.progress.submits(&form);
        let purpose = match (form.with_password, form.consents) {
            (true, _) => "login",
            (false, true) => "consent",
            (false, false) => "form",
        };
        let mut hop = if form.post {
            let (content_type, body) = fill::encode(&form.members, form.encoding);
            Hop::post(address, purpose, content_type, body)
        } else {
            let bare = address.split(['?', '#']).next().unwrap_or_default();
            Hop::get(format!("{bare}?{}", fill::query(&form.members)), purpose)
        };
        if form.with_password {
            hop.kind = RequestKind::Login;
        }
        if form.post {
            hop.members.clone_from(&form.members);
        }
        let posted = if form.post { form.members } else { Vec::new() };
        self.lead(hop.started_on(url, no_referrer), posted)
    }

    /// Logs in by JSON and goes where the answer says, or back to the page that asked.
    async fn json_login(&mut self, page: &Page, url: &Url) -> Step {
        let (Some(login), Some(json)) = (&self.visit.login, &self.recipe.json_login) else {
            return undecided("no JSON login is given");
        };
        let Some(address) = page.resolve(url, &json.url) else {
            return undecided("the address of `json_login` does not parse");
        };
        if std::mem::replace(&mut self.asked_json_login, true) {
            return undecided("the login page is there again after the JSON login");
        }
        if let Some(reason) = self.progress.locked_out() {
            return undecided(reason);
        }
        let body: serde_json::Map<String, serde_json::Value> = json
            .body
            .iter()
            .map(|(name, value)| {
                let value = value.replace("{username}", &login.username);
                (
                    name.clone(),
                    value.replace("{password}", &login.password).into(),
                )
            })
            .collect();
        let body = serde_json::Value::Object(body).to_string().into_bytes();
        let mut hop = Hop::post(address, "login", "application/json".to_owned(), body);
        hop.kind = RequestKind::Login;
        let hop = hop.started_on(url, false);
        let Ok(login_url) = Url::parse(&hop.url) else {
            return undecided("the address of `json_login` does not parse");
        };
        let request = hop.request(self.jar.header(&login_url), &login_url);
        let sent = self.client.send(hop.purpose, request).await;
        self.progress.visited.exchanges.push(sent.exchange);
        let response = match sent.answer {
            Ok(response) if response.status < 400 => response,
            Ok(response) if response.status == 429 => {
                let reason = format!("login: {}", limited(&response));
                return undecided(self.progress.lock_out(reason));
            }
            Ok(response) => {
                return undecided(format!(
                    "login refused: the server answered {}",
                    response.status
                ));
            }
            Err(failure) => return undecided(format!("login: {}", failure.message)),
        };
        self.jar
            .store(&login_url, &response.header_all("set-cookie"));
        self.progress.visited.logged_in = true;
        let onward = response
            .header("location")
            .or_else(|| named_address(&response));
        let onward = onward.and_then(|reference| page::resolve(&login_url, &reference));
        let onward = onward.unwrap_or_else(|| url.to_string());
        self.lead(
            Hop::get(onward, "after the login").started_on(url, false),
            Vec::new(),
        )
    }
}

fn limited(response: &Response) -> String {
    match response.asks_to_wait() {
        Some(wait) => format!(
            "the server answered 429 and asks to wait {} s",
            wait.as_secs()
        ),
        None => "the server answered 429".to_owned(),
    }
}

/// The address that a JSON answer to a login names.
fn named_address(response: &Response) -> Option<String> {
    const NAMES: &[&str] = &[
        "redirect",
        "redirect_to",
        "redirectTo",
        "redirect_url",
        "redirectUrl",
        "location",
        "url",
    ];
    let json = response.json().ok()?;
    NAMES
        .iter()
        .find_map(|name| json.get(name)?.as_str().map(str::to_owned))
}
