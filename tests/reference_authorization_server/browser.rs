//! A person with a browser: cookies, forms, no redirects followed blindly.

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode, header};
use scraper::{Html, Selector};

pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

pub struct Page {
    pub status: StatusCode,
    pub location: Option<String>,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Page {
    /// Action and preset fields of the page's form, ticked boxes included, buttons left out.
    pub fn form(&self) -> (String, Vec<(String, String)>) {
        let document = Html::parse_document(&self.body);
        let form = document.select(&selector("form")).next().expect("a form");
        let fields = form
            .select(&selector("input"))
            .filter(|input| {
                input.attr("type") != Some("checkbox") || input.attr("checked").is_some()
            })
            .map(|input| {
                let value = |name| input.attr(name).unwrap_or_default().to_owned();
                (value("name"), value("value"))
            })
            .filter(|(name, _)| name != "username" && name != "password")
            .collect();
        (form.attr("action").expect("an action").to_owned(), fields)
    }

    /// A parameter of the callback that the page redirects to.
    pub fn callback(&self, name: &str) -> Option<String> {
        let location = url::Url::parse(self.location.as_deref()?).ok()?;
        location
            .query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, v)| v.into_owned())
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

impl Browser {
    pub fn new() -> Self {
        Self {
            http: super::http(),
            cookies: BTreeMap::new(),
        }
    }

    pub async fn get(&mut self, url: &str) -> Page {
        let request = self
            .http
            .get(url)
            .header(header::COOKIE, self.cookie_header());
        let answer = request.send().await.expect("an answer");
        self.page(answer).await
    }

    pub async fn post(&mut self, url: &str, fields: &[(String, String)]) -> Page {
        let request = self
            .http
            .post(url)
            .header(header::COOKIE, self.cookie_header())
            .form(fields);
        let answer = request.send().await.expect("an answer");
        self.page(answer).await
    }

    /// Logs in on a login page and follows to the next page of the same server.
    pub async fn log_in(&mut self, page: &Page, name: &str, password: &str) -> Page {
        let (action, mut fields) = page.form();
        fields.push(("username".into(), name.into()));
        fields.push(("password".into(), password.into()));
        let next = self.post(&action, &fields).await;
        match next.location.clone() {
            Some(place) if place.contains("/consent?") => self.get(&place).await,
            _ => next,
        }
    }

    pub async fn decide(&mut self, page: &Page, decision: &str) -> Page {
        let (action, mut fields) = page.form();
        fields.push(("decision".into(), decision.into()));
        self.post(&action, &fields).await
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, v)| format!("{name}={v}"))
            .collect();
        pairs.join("; ")
    }

    async fn page(&mut self, answer: Response) -> Page {
        for value in answer.headers().get_all(header::SET_COOKIE) {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get(header::LOCATION);
        Page {
            status: answer.status(),
            location: location.map(|value| value.to_str().unwrap().to_owned()),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap_or_default(),
        }
    }
}
