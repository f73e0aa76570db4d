//! The server's own pages and the headers that guard them (OAuth 2.1 section 7.10, RFC 9700 section
//! 4.2.4). Text from outside is escaped by the template engine.

use std::sync::OnceLock;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use minijinja::{Environment, Value, context};

use crate::reference::Site;
use crate::reference::policy::authorization::FrameProtection;

use super::answer;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Name and password.
    Login,
    /// Approve or deny.
    Consent,
    /// Something is done.
    Done,
    /// Something is wrong.
    Error,
}

impl Page {
    fn template(self) -> &'static str {
        match self {
            Self::Login => "login.html",
            Self::Consent => "consent.html",
            Self::Done => "done.html",
            Self::Error => "error.html",
        }
    }
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        let sources = [
            ("frame.html", include_str!("pages/frame.html")),
            ("login.html", include_str!("pages/login.html")),
            ("consent.html", include_str!("pages/consent.html")),
            ("done.html", include_str!("pages/done.html")),
            ("error.html", include_str!("pages/error.html")),
        ];
        for (name, source) in sources {
            if let Err(error) = environment.add_template(name, source) {
                tracing::error!(%error, name, "a page does not compile");
            }
        }
        environment
    })
}

/// Renders a page.
pub fn show(site: &Site, status: u16, page: Page, context: Value) -> Response {
    let rendered = environment()
        .get_template(page.template())
        .and_then(|template| template.render(context));
    let mut answer = match rendered {
        Ok(body) => answer::html(status, body),
        Err(error) => {
            tracing::error!(%error, ?page, "a page cannot be rendered");
            answer::html(500, "<!doctype html><title>Error</title>".into())
        }
    };
    guard(site, &mut answer, page != Page::Consent);
    answer
}

/// What a transaction that nobody knows any more is told.
pub fn over(site: &Site) -> Response {
    error(site, 400, "invalid_request", "The request is over.")
}

/// The error page (OAuth 2.1 section 4.1.2.1: no redirect).
pub fn error(site: &Site, status: u16, error: &str, text: &str) -> Response {
    let text = match site.policy.authorization.error_page_escaping {
        true => Value::from(text),
        false => Value::from_safe_string(text.to_owned()),
    };
    show(site, status, Page::Error, context! { error, text })
}

/// The guarding headers; `before_consent` says that the page comes before the consent page.
pub fn guard(site: &Site, answer: &mut Response, before_consent: bool) {
    let policy = &site.policy.authorization;
    let (csp, frame_options) = match policy.frame_protection {
        FrameProtection::Full => (true, true),
        FrameProtection::FrameOptionsOnly => (false, true),
        FrameProtection::LoginOnly => (before_consent, before_consent),
        FrameProtection::Absent => (false, false),
    };
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(name, value);
        }
    };
    // No form-action: browsers hold it against the redirect that follows the form.
    if csp {
        set(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        );
    }
    if frame_options {
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    if !policy.referrer_policy.is_empty() {
        set(header::REFERRER_POLICY, &policy.referrer_policy);
    }
    if !policy.cache_control.is_empty() {
        set(header::CACHE_CONTROL, &policy.cache_control);
    }
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_compiles_and_escapes() {
        for page in [Page::Login, Page::Consent, Page::Error] {
            let template = environment().get_template(page.template()).unwrap();
            let text = template
                .render(context! { client_name => "<script>", text => "<script>", scopes => ["a"] })
                .unwrap();
            assert!(!text.contains("<script>"), "{page:?}: {text}");
        }
    }
}
