//! The cookie jar of one user's browser (RFC 6265).
//!
//! Forgiving as a person's browser is: on loopback, cookies marked `Secure` or named `__Host-`
//! travel over plain http too, since a browser counts loopback as trustworthy.

use cookie_store::CookieStore;
use url::Url;

use crate::run::http::is_loopback;
use crate::suite::random_verifier;

/// Cookies of one user. Clone it to keep a session for later, make a new one for a new person.
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    cookies: CookieStore,
    session: Option<String>,
}

/// The most cookies that a jar sends to one place; browsers keep about 180 for a site.
const MAX_SENT: usize = 200;

impl CookieJar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it holds no cookie, nor the name of a session that somebody else keeps.
    pub fn is_empty(&self) -> bool {
        self.session.is_none() && self.cookies.iter_unexpired().next().is_none()
    }

    /// The name of the session for drivers that keep cookies themselves; made at the first call.
    pub fn session(&mut self, user: &str) -> &str {
        self.session.get_or_insert_with(|| {
            let random: String = random_verifier().chars().take(12).collect();
            format!("{user}-{random}")
        })
    }

    /// Takes the `Set-Cookie` lines of an answer; malformed ones are ignored as browsers do.
    pub fn store(&mut self, url: &Url, lines: &[String]) {
        let url = trusted(url);
        for line in lines {
            // An `Err` is a cookie for another domain or without a name: a browser drops it too.
            let _ = self.cookies.parse(line, &url);
        }
    }

    /// Takes cookies that a script has set, as far as they are not there.
    #[cfg(feature = "browser")]
    pub fn add_missing(&mut self, url: &Url, lines: &[String]) {
        let here = trusted(url);
        let known: Vec<String> = self
            .cookies
            .get_request_values(&here)
            .map(|(name, _)| format!("{name}="))
            .collect();
        let new: Vec<String> = lines
            .iter()
            .filter(|line| !known.iter().any(|name| line.starts_with(name)))
            .cloned()
            .collect();
        self.store(url, &new);
    }

    /// Name, value, domain and path of the cookies that scripts may read.
    #[cfg(feature = "browser")]
    pub fn visible_to_scripts(
        &self,
    ) -> impl Iterator<Item = (String, String, String, String)> + '_ {
        self.cookies
            .iter_unexpired()
            .filter(|cookie| !cookie.http_only().unwrap_or(false))
            .filter_map(|cookie| {
                let domain = match &cookie.domain {
                    cookie_store::CookieDomain::HostOnly(host) => host.clone(),
                    cookie_store::CookieDomain::Suffix(suffix) => format!(".{suffix}"),
                    _ => return None,
                };
                let path = String::from(&cookie.path);
                Some((
                    cookie.name().to_owned(),
                    cookie.value().to_owned(),
                    domain,
                    path,
                ))
            })
    }

    /// The value of the `Cookie` header for a request to `url`.
    pub fn header(&self, url: &Url) -> Option<String> {
        let url = trusted(url);
        let pairs: Vec<String> = self
            .cookies
            .get_request_values(&url)
            .take(MAX_SENT)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Loopback over http counts as https, as far as cookies go.
fn trusted(url: &Url) -> Url {
    let mut url = url.clone();
    if url.scheme() == "http" && is_loopback(&url) {
        let port = url.port_or_known_default();
        // Both calls only fail for URLs without a host; this one has one.
        let _ = url.set_scheme("https");
        let _ = url.set_port(port);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn secure_and_host_cookies_travel_over_loopback_http() {
        let mut jar = CookieJar::new();
        let page = url("http://127.0.0.1:9000/login");
        jar.store(
            &page,
            &[
                "sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax".to_owned(),
                "__Host-csrf=def; Path=/; Secure".to_owned(),
                "old=1; Path=/; Max-Age=0".to_owned(),
                "no name or equals".to_owned(),
            ],
        );
        let header = jar.header(&url("http://127.0.0.1:9000/consent")).unwrap();
        assert!(
            header.contains("sid=abc") && header.contains("__Host-csrf=def"),
            "{header}"
        );
        assert!(!header.contains("old"), "{header}");
    }

    #[test]
    fn cookies_stay_with_their_host_and_path() {
        let mut jar = CookieJar::new();
        jar.store(
            &url("https://as.example/a/login"),
            &["sid=abc; Path=/a; Secure".to_owned()],
        );
        assert!(jar.header(&url("https://as.example/a/x")).is_some());
        assert!(jar.header(&url("https://as.example/b")).is_none());
        assert!(jar.header(&url("https://evil.example/a/x")).is_none());
        assert!(
            jar.header(&url("http://as.example/a/x")).is_none(),
            "Secure, not loopback"
        );
    }
}
