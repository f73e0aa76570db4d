//! One window with one page, whose requests are made by the client of the run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chromiumoxide::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide::cdp::browser_protocol::fetch::{
    EnableParams, EventRequestPaused, RequestPattern,
};
use chromiumoxide::cdp::browser_protocol::network::{CookieParam, SetCookiesParams};
use chromiumoxide::cdp::browser_protocol::page::NavigateParams;
use chromiumoxide::cdp::browser_protocol::target::{
    CreateBrowserContextParams, CreateTargetParams, DisposeBrowserContextParams,
};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use futures_util::StreamExt as _;
use tokio::task::{JoinHandle, JoinSet};

use super::chromium::Chromium;
use super::script::{self, Drawn, LOOK};
use super::traffic::{MainDocument, Traffic};
use crate::run::http::{Client, RequestKind};
use crate::run::user_agent::fill::Fill;
use crate::run::user_agent::{CookieJar, Visit, VisitOutcome};

/// So long nothing must have moved before a page counts as drawn.
const STILL: Duration = Duration::from_millis(300);
/// The longest that is waited for it.
const RESTLESS: Duration = Duration::from_secs(10);

pub(super) struct Tab {
    page: chromiumoxide::Page,
    browser: chromiumoxide::Page,
    context: BrowserContextId,
    traffic: Arc<Traffic>,
    serving: JoinHandle<()>,
}

impl Tab {
    /// Opens an empty page in a new context that has the cookies of the jar.
    pub async fn open(
        chromium: &Chromium,
        client: &Client,
        jar: &CookieJar,
        visit: &Visit,
    ) -> Result<Self, String> {
        let browser = &chromium.browser;
        let context = browser
            .create_browser_context(CreateBrowserContextParams::default())
            .await
            .map_err(failed)?;
        let mut target = CreateTargetParams::new("about:blank");
        target.browser_context_id = Some(context.clone());
        let page = browser.new_page(target).await.map_err(failed)?;
        let mut paused = page
            .event_listener::<EventRequestPaused>()
            .await
            .map_err(failed)?;
        let everything = RequestPattern {
            url_pattern: Some("*".to_owned()),
            resource_type: None,
            request_stage: None,
        };
        let enable = EnableParams {
            patterns: Some(vec![everything]),
            handle_auth_requests: None,
        };
        page.execute(enable).await.map_err(failed)?;
        let cookies: Vec<CookieParam> = jar
            .visible_to_scripts()
            .map(|(name, value, domain, path)| {
                let mut cookie = CookieParam::new(name, value);
                cookie.domain = Some(domain);
                cookie.path = Some(path);
                cookie
            })
            .collect();
        if !cookies.is_empty() {
            // A cookie that Chromium does not like is still sent by us.
            let _ = page.execute(SetCookiesParams::new(cookies)).await;
        }
        let main = page.mainframe().await.map_err(failed)?;
        let traffic = Arc::new(Traffic::new(
            client.clone(),
            jar.clone(),
            visit.clone(),
            main,
        ));
        let serving = {
            let (traffic, page) = (Arc::clone(&traffic), page.clone());
            tokio::spawn(async move {
                let mut work = JoinSet::new();
                while let Some(event) = paused.next().await {
                    let (traffic, page) = (Arc::clone(&traffic), page.clone());
                    traffic.begins();
                    work.spawn(async move {
                        traffic.serve(&page, &event).await;
                        traffic.ends();
                    });
                    while work.try_join_next().is_some() {}
                }
            })
        };
        Ok(Self {
            browser: page.clone(),
            page,
            context,
            traffic,
            serving,
        })
    }

    /// Opens an address. It need not be reached: a callback never is.
    pub async fn go(&self, url: &str) -> Result<(), String> {
        let going = self.page.execute(NavigateParams::new(url));
        match tokio::time::timeout(RESTLESS, going).await {
            Ok(Err(cause)) if self.end().is_none() => Err(failed(cause)),
            _ => Ok(()),
        }
    }

    /// Waits until the page is still, or restless for too long, and looks at it.
    pub async fn settled(&self) -> Result<Drawn, String> {
        let until = Instant::now() + RESTLESS;
        loop {
            self.wait(Duration::from_millis(60)).await;
            if self.end().is_some() {
                return Err("it has ended".to_owned());
            }
            let is_late = Instant::now() > until;
            if !self.traffic.is_still(STILL) && !is_late {
                continue;
            }
            match self.look().await {
                Ok(drawn) if drawn.is_complete || is_late => {
                    self.traffic.keep_cookies(&drawn.url, &drawn.cookies);
                    return Ok(drawn);
                }
                // Between two pages there is nothing to look at.
                Err(cause) if is_late => return Err(cause),
                Ok(_) | Err(_) => {}
            }
        }
    }

    async fn look(&self) -> Result<Drawn, String> {
        let looked = self.evaluate(LOOK.to_owned(), false).await?;
        looked
            .map(serde_json::from_value)
            .ok_or("the page shows nothing")?
            .map_err(|cause| cause.to_string())
    }

    /// Fills fields and presses a control, by their numbers.
    pub async fn act(&self, fills: &[(usize, Fill)], click: Option<usize>) -> Result<(), String> {
        self.evaluate(script::act(fills, click), true).await?;
        self.traffic.moves();
        Ok(())
    }

    async fn evaluate(
        &self,
        script: String,
        waits: bool,
    ) -> Result<Option<serde_json::Value>, String> {
        let mut params = EvaluateParams::new(script);
        params.return_by_value = Some(true);
        params.await_promise = Some(waits);
        let evaluating = self.page.execute(params);
        let answer = tokio::time::timeout(Duration::from_secs(5), evaluating)
            .await
            .map_err(|_| "the page's scripts do not come to an end".to_owned())?
            .map_err(failed)?;
        match &answer.result.exception_details {
            Some(thrown) => Err(format!("the page cannot be looked at: {}", thrown.text)),
            None => Ok(answer.result.result.value.clone()),
        }
    }

    /// Lets time pass, unless the visit ends.
    pub async fn wait(&self, time: Duration) {
        self.traffic.wait(time).await;
    }

    /// The end that a request of the page was.
    pub fn end(&self) -> Option<VisitOutcome> {
        self.traffic.end()
    }

    /// The document in the main frame.
    pub fn document(&self) -> Option<MainDocument> {
        self.traffic.document()
    }

    /// What the next POST counts as.
    pub fn count_next_as(&self, kind: RequestKind) {
        self.traffic.count_next_as(kind);
    }

    /// Closes the window; gives the exchanges and the cookies.
    pub async fn close(self) -> (Vec<usize>, CookieJar) {
        self.serving.abort();
        let dispose = DisposeBrowserContextParams::new(self.context);
        let closing = self.browser.execute(dispose);
        let _ = tokio::time::timeout(Duration::from_secs(5), closing).await;
        self.traffic.take()
    }
}

fn failed(cause: impl std::fmt::Display) -> String {
    format!("the browser failed: {cause}")
}
