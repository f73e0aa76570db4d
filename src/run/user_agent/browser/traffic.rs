//! The requests of a page: each goes out through the client of the run, and one to a callback is the
//! end of the visit.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::fetch::{
    EventRequestPaused, FailRequestParams, FulfillRequestParams, HeaderEntry,
};
use chromiumoxide::cdp::browser_protocol::network::{ErrorReason, ResourceType};
use chromiumoxide::cdp::browser_protocol::page::FrameId;
use tokio::sync::watch;
use url::Url;

use crate::run::FailureKind;
use crate::run::http::{Client, Failure, Request, RequestKind, Response};
use crate::run::user_agent::callback::{self, Destination, classify, query_and_fragment};
use crate::run::user_agent::page::resolve;
use crate::run::user_agent::{CookieJar, Method, Visit, VisitOutcome};

/// The document in the main frame.
#[derive(Clone, Debug)]
pub(in crate::run::user_agent) struct MainDocument {
    pub exchange: usize,
    /// Scheme, host and port.
    pub origin: String,
    /// Method and path.
    pub request: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

pub(super) struct Traffic {
    client: Client,
    visit: Visit,
    main: Option<FrameId>,
    state: Mutex<State>,
    end: watch::Sender<Option<VisitOutcome>>,
}

struct State {
    jar: CookieJar,
    exchanges: Vec<usize>,
    document: Option<MainDocument>,
    /// Requests under way.
    busy: usize,
    moved: Instant,
    next_kind: RequestKind,
    /// The authorization request has gone out.
    has_begun: bool,
}

impl Traffic {
    pub fn new(client: Client, jar: CookieJar, visit: Visit, main: Option<FrameId>) -> Self {
        Self {
            client,
            visit,
            main,
            state: Mutex::new(State {
                jar,
                exchanges: Vec::new(),
                document: None,
                busy: 0,
                moved: Instant::now(),
                next_kind: RequestKind::Plain,
                has_begun: false,
            }),
            end: watch::Sender::new(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begins(&self) {
        let mut state = self.state();
        state.busy += 1;
        state.moved = Instant::now();
    }

    pub fn ends(&self) {
        let mut state = self.state();
        state.busy = state.busy.saturating_sub(1);
        state.moved = Instant::now();
    }

    /// Something was done that the page may answer to.
    pub fn moves(&self) {
        self.state().moved = Instant::now();
    }

    pub fn is_still(&self, so_long: Duration) -> bool {
        let state = self.state();
        state.busy == 0 && state.moved.elapsed() >= so_long
    }

    pub fn document(&self) -> Option<MainDocument> {
        self.state().document.clone()
    }

    pub fn count_next_as(&self, kind: RequestKind) {
        self.state().next_kind = kind;
    }

    pub fn end(&self) -> Option<VisitOutcome> {
        self.end.borrow().clone()
    }

    pub async fn wait(&self, time: Duration) {
        let mut end = self.end.subscribe();
        let _ = tokio::time::timeout(time, end.wait_for(Option::is_some)).await;
    }

    /// Cookies that scripts of the page have set.
    pub fn keep_cookies(&self, url: &str, cookies: &str) {
        let Ok(url) = Url::parse(url) else { return };
        let lines: Vec<String> = cookies
            .split("; ")
            .filter(|cookie| !cookie.is_empty())
            .map(|cookie| format!("{cookie}; Path=/"))
            .collect();
        self.state().jar.add_missing(&url, &lines);
    }

    pub fn take(&self) -> (Vec<usize>, CookieJar) {
        let mut state = self.state();
        (std::mem::take(&mut state.exchanges), state.jar.clone())
    }

    fn ends_with(&self, outcome: VisitOutcome) {
        self.end.send_if_modified(|end| {
            let is_first = end.is_none();
            if is_first {
                *end = Some(outcome);
            }
            is_first
        });
    }

    /// Answers one request of the page.
    pub async fn serve(&self, page: &Page, event: &EventRequestPaused) {
        let is_main = event.resource_type == ResourceType::Document
            && self
                .main
                .as_ref()
                .is_none_or(|main| *main == event.frame_id);
        let answer = match self.is_wanted(event, is_main) {
            true => self.forward(event, is_main).await,
            false => Err(ErrorReason::BlockedByClient),
        };
        let id = event.request_id.clone();
        // The page may be gone meanwhile.
        let _ = match answer {
            Ok(response) => page.execute(fulfilled(event, &response)).await.map(drop),
            Err(reason) => page
                .execute(FailRequestParams::new(id, reason))
                .await
                .map(drop),
        };
    }

    /// Pictures and the like are not looked at; a callback is not requested.
    fn is_wanted(&self, event: &EventRequestPaused, is_main: bool) -> bool {
        use ResourceType::{Document, Fetch, Script, Stylesheet, Xhr};
        if self.end.borrow().is_some() {
            return false;
        }
        if !is_main {
            let is_read = matches!(
                event.resource_type,
                Document | Fetch | Script | Stylesheet | Xhr
            );
            return is_read && !self.comes_to_a_callback(event);
        }
        let posted = posted(event);
        let members = url::form_urlencoded::parse(&posted.unwrap_or_default())
            .into_owned()
            .collect();
        let url = whole_url(event);
        let has_begun = std::mem::replace(&mut self.state().has_begun, true);
        !has_begun || self.leads_on(url, members)
    }

    /// Whether a script or a frame has come to a callback, as one that sends the login itself does
    /// where no page follows: the code is there, and the visit at its end.
    fn comes_to_a_callback(&self, event: &EventRequestPaused) -> bool {
        let url = whole_url(event);
        match classify(&url, &[], &self.visit, self.client.allowed()) {
            Destination::Callback(arrival) if arrival.registered || arrival.as_requested => {
                self.ends_with(callback::outcome(url, Vec::new(), arrival));
                true
            }
            _ => false,
        }
    }

    /// Whether a navigation leads on; else it is the end.
    fn leads_on(&self, url: String, posted: Vec<(String, String)>) -> bool {
        match classify(&url, &posted, &self.visit, self.client.allowed()) {
            Destination::Onward => return true,
            Destination::Callback(arrival) => {
                self.ends_with(callback::outcome(url, posted, arrival));
            }
            Destination::Strange(reason) => self.ends_with(VisitOutcome::Undecided { reason }),
        }
        false
    }

    async fn forward(
        &self,
        event: &EventRequestPaused,
        is_main: bool,
    ) -> Result<Response, ErrorReason> {
        let asked = &event.request;
        let url = Url::parse(&asked.url).map_err(|_| ErrorReason::Failed)?;
        let mut request = Request {
            method: asked.method.clone(),
            url: asked.url.clone(),
            body: posted(event),
            ..Request::default()
        };
        let is_first =
            is_main && self.state().document.is_none() && self.state().exchanges.is_empty();
        if is_first && self.visit.method == Method::Post {
            let (query, _) = query_and_fragment(&self.visit.authorization_url);
            request.method = "POST".to_owned();
            request.body = Some(query.unwrap_or_default().as_bytes().to_vec());
            let bare = self.visit.authorization_url.split(['?', '#']).next();
            request.url = bare.unwrap_or_default().to_owned();
            request = request.header("content-type", "application/x-www-form-urlencoded");
        } else if is_first {
            // Byte for byte, before Chromium has spelled it in its own way.
            request.url.clone_from(&self.visit.authorization_url);
        }
        request.headers.extend(headers(event));
        let purpose = self.purpose(&mut request, event, is_main);
        if let Some(cookies) = self.state().jar.header(&url) {
            request = request.header("cookie", cookies);
        }
        let line = format!("{} {}", request.method, url.path());
        let sent = self.client.send(purpose, request).await;
        let mut state = self.state();
        // A stranger's tracker on the page is not what a visit fails for.
        let is_kept_out = |failure: &Failure| !is_main && failure.kind == FailureKind::NotAllowed;
        if !sent.answer.as_ref().is_err_and(is_kept_out) {
            state.exchanges.push(sent.exchange);
        }
        let response = match sent.answer {
            Ok(response) => response,
            Err(failure) => {
                drop(state);
                if is_main {
                    let reason = format!("{purpose}: {}", failure.message);
                    self.ends_with(VisitOutcome::Undecided { reason });
                }
                return Err(match failure.kind {
                    FailureKind::NotAllowed => ErrorReason::BlockedByClient,
                    _ => ErrorReason::Failed,
                });
            }
        };
        state.jar.store(&url, &response.header_all("set-cookie"));
        if !is_main {
            return Ok(response);
        }
        let location = response
            .header("location")
            .filter(|_| (300..=399).contains(&response.status));
        match location {
            // Also what no browser can open is seen here.
            Some(location) => {
                drop(state);
                let address = resolve(&url, location.trim());
                let keeps = matches!(response.status, 307 | 308);
                let leads_on = address.is_none_or(|address| {
                    self.leads_on(address, if keeps { members(event) } else { Vec::new() })
                });
                if !leads_on {
                    return Err(ErrorReason::Aborted);
                }
            }
            None => {
                state.document = Some(MainDocument {
                    exchange: sent.exchange,
                    origin: url.origin().ascii_serialization(),
                    request: line,
                    status: response.status,
                    headers: response
                        .headers
                        .iter()
                        .map(|(name, value)| {
                            (name.clone(), String::from_utf8_lossy(value).into_owned())
                        })
                        .collect(),
                });
            }
        }
        Ok(response)
    }

    /// What a request is for; a POST after a password was typed is a login.
    fn purpose(
        &self,
        request: &mut Request,
        event: &EventRequestPaused,
        is_main: bool,
    ) -> &'static str {
        let mut state = self.state();
        let is_first = is_main && state.exchanges.is_empty();
        if request.method == "POST" && !is_first {
            request.kind = std::mem::take(&mut state.next_kind);
        }
        match (is_first, request.kind, &event.resource_type) {
            (true, _, _) => "authorization request",
            (_, RequestKind::Login, _) => "login",
            (_, _, ResourceType::Document) => "page",
            (_, _, ResourceType::Script | ResourceType::Stylesheet) => "part of the page",
            _ => "request of the page",
        }
    }
}

/// The address with its fragment, which a callback may have.
fn whole_url(event: &EventRequestPaused) -> String {
    let fragment = event.request.url_fragment.as_deref().unwrap_or_default();
    format!("{}{fragment}", event.request.url)
}

fn posted(event: &EventRequestPaused) -> Option<Vec<u8>> {
    let entries = event.request.post_data_entries.as_ref()?;
    let mut body = Vec::new();
    for bytes in entries.iter().filter_map(|entry| entry.bytes.as_ref()) {
        let text: &str = bytes.as_ref();
        body.extend(BASE64_STANDARD.decode(text).unwrap_or_default());
    }
    Some(body)
}

fn members(event: &EventRequestPaused) -> Vec<(String, String)> {
    let body = posted(event).unwrap_or_default();
    url::form_urlencoded::parse(&body).into_owned().collect()
}

/// The headers that Chromium would send, without what the client sets and what would pack the body.
fn headers(event: &EventRequestPaused) -> Vec<(String, String)> {
    const OWN: [&str; 5] = [
        "cookie",
        "host",
        "content-length",
        "accept-encoding",
        "connection",
    ];
    let all = event.request.headers.inner().as_object();
    all.into_iter()
        .flatten()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect()
}

fn fulfilled(event: &EventRequestPaused, response: &Response) -> FulfillRequestParams {
    const LENGTHS: [&str; 3] = ["content-length", "transfer-encoding", "connection"];
    let mut params =
        FulfillRequestParams::new(event.request_id.clone(), i64::from(response.status));
    params.response_headers = Some(
        response
            .headers
            .iter()
            .filter(|(name, _)| !LENGTHS.contains(&name.as_str()))
            .map(|(name, value)| HeaderEntry::new(name.clone(), String::from_utf8_lossy(value)))
            .collect(),
    );
    params.body = Some(BASE64_STANDARD.encode(&response.body).into());
    params
}
