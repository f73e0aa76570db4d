//! One request of the user agent, with the headers that a browser's navigation has.

use url::Url;

use super::page::Page;
use crate::run::http::{Origin, Request, RequestKind, Response};

const AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; authspec/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Where to go next.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub url: String,
    pub purpose: &'static str,
    pub kind: RequestKind,
    /// Members of the form in `body`, should the form go to a callback.
    pub members: Vec<(String, String)>,
    body: Option<(String, Vec<u8>)>,
    /// The page on which the navigation began.
    page: Option<Url>,
    no_referrer: bool,
}

impl Hop {
    pub fn get(url: String, purpose: &'static str) -> Self {
        Self {
            url,
            purpose,
            kind: RequestKind::Plain,
            members: Vec::new(),
            body: None,
            page: None,
            no_referrer: false,
        }
    }

    pub fn post(url: String, purpose: &'static str, content_type: String, body: Vec<u8>) -> Self {
        Self {
            body: Some((content_type, body)),
            ..Self::get(url, purpose)
        }
    }

    pub fn started_on(self, page: &Url, no_referrer: bool) -> Self {
        Self {
            page: Some(page.clone()),
            no_referrer,
            ..self
        }
    }

    /// After 301, 302 and 303: a GET (RFC 9110 section 15.4).
    pub fn redirected(&self, url: String) -> Self {
        let next = Self::get(url, "redirect");
        Self {
            page: self.page.clone(),
            no_referrer: self.no_referrer,
            ..next
        }
    }

    /// After 307 and 308: the same once more.
    pub fn again_at(&self, url: String) -> Self {
        Self {
            url,
            ..self.clone()
        }
    }

    /// The method of the request.
    pub const fn method(&self) -> &'static str {
        match self.body {
            None => "GET",
            Some(_) => "POST",
        }
    }

    /// The request. The URL is sent without its fragment, as browsers do.
    pub fn request(&self, cookies: Option<String>, url: &Url) -> Request {
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        let mut request = match &self.body {
            None => Request::get(&self.url),
            Some((content_type, body)) => Request {
                method: "POST".to_owned(),
                url: self.url.clone(),
                body: Some(body.clone()),
                ..Request::default()
            }
            .header("content-type", content_type),
        }
        .header("user-agent", AGENT)
        .header("accept", accept)
        .header("accept-language", "en")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", self.site(url))
        .counted_as(self.kind);
        if self.body.is_some() {
            request = request.header("origin", self.origin());
        }
        if let Some(referrer) = self.referrer(url) {
            request = request.header("referer", referrer);
        }
        if let Some(cookies) = cookies {
            request = request.header("cookie", cookies);
        }
        request
    }

    fn origin(&self) -> String {
        let page = self.page.as_ref().filter(|_| !self.no_referrer);
        page.and_then(Origin::of_url)
            .map_or_else(|| "null".to_owned(), |o| o.to_string())
    }

    /// By the default policy, `strict-origin-when-cross-origin`.
    fn referrer(&self, url: &Url) -> Option<String> {
        let page = self.page.as_ref().filter(|_| !self.no_referrer)?;
        if page.scheme() == "https" && url.scheme() == "http" {
            return None;
        }
        if page.origin() != url.origin() {
            return Some(format!("{}/", Origin::of_url(page)?));
        }
        let mut page = page.clone();
        page.set_fragment(None);
        // Neither fails for a web address.
        let _ = page.set_username("");
        let _ = page.set_password(None);
        Some(page.into())
    }

    fn site(&self, url: &Url) -> &'static str {
        match &self.page {
            None => "none",
            Some(page) if page.origin() == url.origin() => "same-origin",
            Some(page) if page.host() == url.host() => "same-site",
            Some(_) => "cross-site",
        }
    }
}

/// Whether the page's policy is that nobody learns of it.
pub(super) fn hides_referrer(response: &Response, page: &Page) -> bool {
    let policy = response
        .header("referrer-policy")
        .or_else(|| page.referrer_policy.clone());
    // The last policy that is known counts (Referrer Policy section 8.1).
    policy.is_some_and(|policy| {
        policy
            .rsplit(',')
            .map(str::trim)
            .next()
            .is_some_and(|p| p.eq_ignore_ascii_case("no-referrer"))
    })
}
