//! The browser's session: a cookie that scripts cannot read (RFC 9700 section 4.7 for the value that
//! ties forms to it).

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::reference::Site;
use crate::reference::policy::authorization::{Login, SessionCookie};
use crate::reference::store::handles;
use crate::reference::store::session::Session;

/// The session of a request.
#[derive(Clone, Debug)]
pub struct Current {
    /// The cookie's value.
    pub id: String,
    /// The session.
    pub session: Session,
    /// Whether the browser has yet to get the cookie.
    pub is_new: bool,
}

/// The name of the cookie. Ports do not part cookies, so the name does.
fn name(site: &Site) -> String {
    let port = site
        .authorization_server_origin
        .rsplit(':')
        .next()
        .unwrap_or_default();
    format!("session_{port}")
}

/// The session that the request's cookie names.
pub fn find(site: &Site, headers: &HeaderMap) -> Option<Current> {
    let id = cookie(headers, &name(site))?;
    let session = site.store.lock().sessions.get(&id).cloned()?;
    Some(Current {
        id,
        session,
        is_new: false,
    })
}

/// The session called `id`, for a browser that may not have its cookie.
pub fn of(site: &Site, id: &str) -> Option<Current> {
    let session = site.store.lock().sessions.get(id).cloned()?;
    Some(Current {
        id: id.to_owned(),
        session,
        is_new: true,
    })
}

/// The session of the request, or a new one.
pub fn open(site: &Site, headers: &HeaderMap) -> Current {
    if let Some(current) = find(site, headers) {
        return current;
    }
    let user = match site.policy.authorization.login {
        Login::Skipped => site.policy.users.first().map(|user| user.name.clone()),
        Login::Required | Login::AnyPassword => None,
    };
    start(site, user)
}

/// A new session. After a login this also keeps a planted cookie from becoming the user's.
pub fn start(site: &Site, user: Option<String>) -> Current {
    let id = handles::random();
    let session = Session {
        user,
        csrf: handles::random(),
    };
    site.store
        .lock()
        .sessions
        .insert(id.clone(), session.clone());
    Current {
        id,
        session,
        is_new: true,
    }
}

/// Ends a session.
pub fn end(site: &Site, id: &str) {
    site.store.lock().sessions.remove(id);
}

/// Whether the form's anti-forgery value is this session's (RFC 6749 section 10.12).
pub fn is_own_form(site: &Site, current: &Current, csrf: Option<&str>) -> bool {
    !site.policy.authorization.csrf_checked
        || csrf.is_some_and(|csrf| handles::equal(csrf, &current.session.csrf))
}

/// Gives the cookie to the browser if it does not have it yet.
pub fn attach(site: &Site, mut answer: Response, current: &Current) -> Response {
    if !current.is_new {
        return answer;
    }
    let attributes = match site.policy.authorization.session_cookie {
        SessionCookie::Guarded => "; HttpOnly; SameSite=Lax",
        SessionCookie::ReadableByScripts => "; SameSite=Lax",
        SessionCookie::SentCrossSite => "; HttpOnly; SameSite=None",
    };
    let path = match site.policy.issuer_path.as_str() {
        "" => "/",
        path => path,
    };
    let cookie = format!("{}={}; Path={path}{attributes}", name(site), current.id);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    answer
}

/// The value of the cookie called `name`.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}
