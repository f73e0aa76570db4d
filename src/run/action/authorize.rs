//! An authorization request, driven through login and consent to its end (OAuth 2.1 section 4.1.1).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{At, Done, Halt, exposed, halt};
use crate::run::Outcome;
use crate::run::parameters::{Pairs, describe, pairs, with_query};
use crate::run::redact::Kind;
use crate::run::user_agent::{
    Consent, Credentials, Delegated, MAX_PAGES, Method, PageKind, PageSeen, StopBefore, Visit,
    VisitOutcome, Visited, start_of,
};
use crate::suite::{Authorize, MAIN_BROWSER};
use crate::target::AuthorizationRequest;

/// Visits the authorization endpoint; accepted where a code arrived at a callback.
pub async fn step(at: &mut At<'_>, step: &Authorize) -> Result<Done, Halt> {
    let endpoint = at
        .session
        .metadata("authorization_endpoint")
        .ok_or_else(|| Halt::Stopped("the metadata name no authorization_endpoint".to_owned()))?;
    let client = at
        .client
        .clone()
        .ok_or_else(|| Halt::Fault("the step has no client".to_owned()))?;
    let left = match &step.open {
        Some(left) => Some(Left::new(at, left)?),
        None => None,
    };
    let mut list = match &left {
        Some(left) => left.members.clone(),
        None => {
            let mut list = pairs(&at.params(&step.query)?);
            if !step.query.contains_key("client_id") {
                list.insert(0, ("client_id".to_owned(), client.live.client_id.clone()));
            }
            add_standing_parameters(&mut list, &at.session.target.file.authorization);
            list
        }
    };
    at.mutation.changes.to_pairs(&mut list);
    let browser = at
        .mutation
        .browser
        .as_ref()
        .unwrap_or(&step.browser)
        .clone();
    let jar = at.scope.jar(&browser);
    let mut jar = jar.lock().await;
    let recipe = &at.session.target.file.login;
    let user = user(at, step)?;
    let mut visit = visit(at, step, &user, &endpoint, &list, client.live.redirect_uris)?;
    visit.everyday = browser == MAIN_BROWSER;
    if let Some(left) = left {
        left.begin(&mut visit, &list, &browser);
    }
    let lent = match may_be_logged_in(&visit) && jar.is_empty() {
        true => at.session.logins.lend(&user),
        false => None,
    };
    let is_lent = lent.is_some();
    if let Some(lent) = lent {
        *jar = lent;
    }
    let agent = &at.session.user_agent;
    let mut visited = agent
        .authorize(&at.session.http, &mut jar, visit, recipe)
        .await;
    visited.logged_in |= is_lent;
    // A visit without an end may have left anything behind.
    let is_sound = !matches!(visited.outcome, VisitOutcome::Undecided { .. });
    let login = (is_sound && visited.logged_in).then(|| (user, jar.clone()));
    at.scope.note_login(&browser, login);
    let mut done = describe_visit(at, visited, &list);
    if let Some(Value::Object(form)) = done.result.get_mut("form") {
        form.insert("browser".to_owned(), Value::String(browser));
    }
    let wanted = match step.stop_before.as_deref() {
        Some("handback") => "handback",
        _ => "form",
    };
    // It went as far as it was to go.
    let is_planned = step.stop_before.is_some() && at.mutation.stop_before.is_none();
    if is_planned && done.result.contains_key(wanted) && !done.outcome.is_accepted() {
        done.outcome = Outcome::Accepted;
    }
    Ok(done)
}

/// What an earlier visit stopped before: a form, or the address of a third party's answer.
struct Left {
    address: String,
    post: bool,
    members: Pairs,
    /// The page that a form stood on, and the browser that showed it.
    seen: Option<(String, String)>,
}

impl Left {
    fn new(at: &At<'_>, left: &Value) -> Result<Self, Halt> {
        let left = at
            .session
            .templates
            .render_value(left, &at.context)
            .map_err(halt)?;
        if let Value::String(address) = &left {
            let (bare, query) = address.split_once('?').unwrap_or((address, ""));
            return Ok(Self {
                address: bare.to_owned(),
                post: false,
                members: url::form_urlencoded::parse(query.as_bytes())
                    .into_owned()
                    .collect(),
                seen: None,
            });
        }
        let text = |name: &str| left.get(name).and_then(Value::as_str).map(str::to_owned);
        let members = left.get("members").cloned().unwrap_or_default();
        let (Some(address), Ok(members)) = (text("action"), serde_json::from_value(members)) else {
            return Err(Halt::Stopped("no form was left to send".to_owned()));
        };
        Ok(Self {
            address,
            post: left.get("post") == Some(&Value::Bool(true)),
            members,
            seen: text("page").zip(text("browser")),
        })
    }

    /// The visit begins there. In another browser another site sends the form, of which that browser
    /// saw no page.
    fn begin(self, visit: &mut Visit, list: &Pairs, browser: &str) {
        visit.requested_redirect_uri = None;
        visit.begins_elsewhere = true;
        if self.post {
            visit.authorization_url = self.address;
            visit.form = Some(list.clone());
            let seen = self.seen.filter(|(_, shown_in)| shown_in == browser);
            visit.form_page = seen.map(|(page, _)| page);
        } else {
            visit.authorization_url = with_query(&self.address, list);
        }
    }
}

/// Whether the person may have logged in before: in the browser of everyday, on the way to a code.
fn may_be_logged_in(visit: &Visit) -> bool {
    visit.everyday
        && visit.form.is_none()
        && visit.consent == Consent::Approve
        && visit.stop_before.is_none()
        && visit.login.is_some()
}

fn user(at: &At<'_>, step: &Authorize) -> Result<String, Halt> {
    match &at.mutation.user {
        Some(user) => Ok(user.clone()),
        None => at.string(&step.user),
    }
}

/// Adds what the target file wants in every authorization request.
fn add_standing_parameters(list: &mut Pairs, standing: &AuthorizationRequest) {
    for (name, value) in pairs(&standing.parameters) {
        if !list.iter().any(|(known, _)| *known == name) {
            list.push((name, value));
        }
    }
    let asked = list.iter_mut().find(|(name, _)| name == "scope");
    if let Some((_, scope)) = asked {
        for more in &standing.scopes {
            if !scope.split(' ').any(|known| known == more) {
                scope.push(' ');
                scope.push_str(more);
            }
        }
    }
}

fn visit(
    at: &At<'_>,
    step: &Authorize,
    user: &str,
    endpoint: &str,
    list: &Pairs,
    redirect_uris: Vec<String>,
) -> Result<Visit, Halt> {
    let login = at.session.target.users.get(user).map(Credentials::from);
    let consent = at.mutation.consent.as_ref().unwrap_or(&step.consent);
    let stop = at
        .mutation
        .stop_before
        .as_ref()
        .or(step.stop_before.as_ref());
    Ok(Visit {
        authorization_url: with_query(endpoint, list),
        form: None,
        form_page: None,
        redirect_uris,
        requested_redirect_uri: list
            .iter()
            .find(|(name, _)| name == "redirect_uri")
            .map(|(_, value)| value.clone()),
        login,
        consent: match consent.as_str() {
            "deny" => Consent::Deny,
            "narrow" => Consent::Narrow,
            _ => Consent::Approve,
        },
        stop_before: stop.map(|stop| match stop.as_str() {
            "consent" => StopBefore::Consent,
            "handback" => StopBefore::Handback,
            _ => StopBefore::Login,
        }),
        method: match at.mutation.method.as_deref() {
            Some("POST") => Method::Post,
            _ => Method::Get,
        },
        max_pages: MAX_PAGES,
        user: user.to_owned(),
        begins_elsewhere: false,
        everyday: true,
    })
}

fn describe_visit(at: &At<'_>, visited: Visited, list: &Pairs) -> Done {
    let mut result = Map::new();
    let mut foreign_address = false;
    let mut exposed = Vec::new();
    let outcome = match visited.outcome {
        VisitOutcome::Callback {
            url,
            params,
            fragment,
            form_post,
            registered,
            as_requested,
            foreign,
        } => {
            foreign_address = foreign;
            exposed = exposed::names(list, [&params, &form_post, &fragment]);
            let delivered = [&params, &form_post, &fragment]
                .into_iter()
                .flatten()
                // Behind a fragment that the redirect URI had, the query stands in the fragment.
                .find(|(name, _)| name == "code" || name.ends_with("?code"))
                .map(|(_, value)| value.clone());
            let error = [&params, &form_post, &fragment]
                .into_iter()
                .flatten()
                .find(|(name, _)| name == "error")
                .map(|(_, value)| value.clone());
            result.insert("outcome".to_owned(), json!("callback"));
            result.insert(
                "callback".to_owned(),
                json!({
                    "url": url,
                    "parameters": describe(&params),
                    "fragment": describe(&fragment),
                    "form_post": describe(&form_post),
                    "registered": registered,
                    "as_requested": as_requested,
                    "redirects": visited.redirects,
                }),
            );
            match delivered {
                Some(code) if !code.is_empty() => {
                    at.session.http.vault().learn(Kind::Code, &code);
                    result.insert("code".to_owned(), Value::String(code));
                    Outcome::Accepted
                }
                _ => Outcome::Refused {
                    reason: error.map_or_else(
                        || "redirect without a code".to_owned(),
                        |error| format!("redirect with error {error}"),
                    ),
                },
            }
        }
        VisitOutcome::Page {
            status,
            title,
            text,
            exchange: _,
        } => {
            result.insert("outcome".to_owned(), json!("page"));
            result.insert("status".to_owned(), json!(status));
            let mut reason = told(status, &title, &text);
            if let Some(unused) = &visited.unused {
                reason.push_str(&format!("; {unused}"));
            }
            result.insert(
                "page".to_owned(),
                json!({ "status": status, "title": title, "text": text }),
            );
            Outcome::Refused { reason }
        }
        VisitOutcome::Undecided { reason } => {
            result.insert("outcome".to_owned(), json!("undecided"));
            Outcome::Undecided { reason }
        }
    };
    result.insert("foreign".to_owned(), json!(foreign_address));
    result.insert("exposed".to_owned(), json!(exposed));
    if let Some(scope) = visited.declined.filter(|scope| asked_for(list, scope)) {
        result.insert("declined".to_owned(), Value::String(scope));
    }
    // Pages that nobody saw are not there, rather than an empty list of faults.
    if at.session.user_agent.shows_pages() {
        result.insert("pages".to_owned(), visited.pages.iter().map(page).collect());
        result.insert("framable_pages".to_owned(), framable(&visited.pages));
        result.insert("delegated".to_owned(), delegated(&visited.delegated));
    }
    if let Some(form) = &visited.form {
        let form = json!({ "action": form.action, "post": form.post, "members": form.members, "page": form.page });
        result.insert("form".to_owned(), form);
    }
    if let Some(handback) = visited.handback {
        result.insert("handback".to_owned(), json!(handback));
    }
    result.insert("logged_in".to_owned(), json!(visited.logged_in));
    result.insert("consented".to_owned(), json!(visited.consented));
    result.insert("sent".to_owned(), describe(list));
    Done {
        outcome,
        result,
        exchanges: visited.exchanges,
    }
}

/// A page in a few words: many pages of a server have one title.
fn told(status: u16, title: &str, text: &str) -> String {
    let named = format!("page {status} {title}").trim_end().to_owned();
    match start_of(text, 100) {
        said if said.is_empty() || said == title.trim() => named,
        said => format!("{named}: {said}"),
    }
}

/// Whether the request named this scope.
fn asked_for(list: &Pairs, scope: &str) -> bool {
    list.iter()
        .filter(|(name, _)| name == "scope")
        .any(|(_, asked)| asked.split(' ').any(|one| one == scope))
}

fn delegated(requests: &[Delegated]) -> Value {
    let told = requests.iter().map(|request| {
        json!({
            "origin": request.origin,
            "client_id": request.client_id,
            "redirect_uri": request.redirect_uri,
        })
    });
    told.collect()
}

fn page(page: &PageSeen) -> Value {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &page.headers {
        let known = joined.entry(name.to_ascii_lowercase());
        known
            .and_modify(|all| all.push_str(&format!(", {value}")))
            .or_insert_with(|| value.clone());
    }
    json!({
        "status": page.status,
        "title": page.title,
        "kind": kind(page),
        "origin": page.origin,
        "headers": joined,
        "text": page.text,
        "foreign_scripts": page.foreign_scripts,
        "custom_elements": page.custom_elements,
    })
}

const fn kind(page: &PageSeen) -> &'static str {
    match page.kind {
        PageKind::Login => "login",
        PageKind::Consent => "consent",
        PageKind::Error => "error",
        PageKind::Other => "other",
    }
}

/// The pages that another site could show in a frame, each once: `GET /login (login)`.
fn framable(pages: &[PageSeen]) -> Value {
    let mut named: Vec<String> = Vec::new();
    for page in pages.iter().filter(|page| can_be_framed(page)) {
        let name = format!("{} ({})", page.request, kind(page));
        if !named.contains(&name) {
            named.push(name);
        }
    }
    json!(named)
}

/// Whether another site could show this page in a frame: neither `frame-ancestors` with a closed
/// list nor `X-Frame-Options` stands against it.
fn can_be_framed(page: &PageSeen) -> bool {
    if !matches!(page.kind, PageKind::Login | PageKind::Consent) {
        return false;
    }
    let by_policy = headers(page, "content-security-policy").any(|policy| {
        policy.split(';').any(|directive| {
            let mut words = directive.split_whitespace();
            words.next() == Some("frame-ancestors") && words.all(|source| source != "*")
        })
    });
    let by_option =
        headers(page, "x-frame-options").any(|value| matches!(value.trim(), "deny" | "sameorigin"));
    !(by_policy || by_option)
}

fn headers<'p>(page: &'p PageSeen, wanted: &'p str) -> impl Iterator<Item = String> + 'p {
    page.headers
        .iter()
        .filter(move |(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title_and_its_first_words() {
        for (title, text, wanted) in [
            (
                "Login",
                "Check your phone. Go on",
                "page 200 Login: Check your phone. Go on",
            ),
            ("", "{}", "page 200: {}"),
            ("Error", "Error", "page 200 Error"),
            ("Error", "", "page 200 Error"),
        ] {
            assert_eq!(told(200, title, text), wanted);
        }
        // Half a token would not be taken for one.
        let token = "t".repeat(99);
        assert_eq!(told(200, "A", &format!("b {token}")), "page 200 A: b");
    }

    #[test]
    fn pages_that_can_be_framed_are_named_once() {
        let page = |request: &str, kind, policy: &str| PageSeen {
            exchange: 0,
            origin: "https://as.example".to_owned(),
            request: request.to_owned(),
            status: 200,
            title: String::new(),
            kind,
            text: String::new(),
            custom_elements: Vec::new(),
            headers: vec![("Content-Security-Policy".to_owned(), policy.to_owned())],
            foreign_scripts: Vec::new(),
        };
        let pages = [
            page("GET /login", PageKind::Login, "frame-ancestors *"),
            page("GET /login", PageKind::Login, "default-src 'self'"),
            page("POST /login", PageKind::Consent, "frame-ancestors 'none'"),
            page("GET /wrong", PageKind::Error, ""),
        ];
        assert_eq!(framable(&pages), json!(["GET /login (login)"]));
        assert_eq!(framable(&pages[2..]), json!([]));
    }
}
