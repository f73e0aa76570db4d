//! Browsers in which a person is logged in, kept between runs so that not every run logs in anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::user_agent::CookieJar;

/// The browsers of a session that nobody uses at the moment, by user. One serves one run at a time:
/// servers keep what is going on in cookies, and two visits at once would get into each other's way.
#[derive(Debug, Default)]
pub struct Logins {
    idle: Mutex<HashMap<String, Vec<CookieJar>>>,
}

impl Logins {
    /// A browser in which `user` is logged in, if one is free.
    pub fn lend(&self, user: &str) -> Option<CookieJar> {
        self.lock().get_mut(user)?.pop()
    }

    /// Takes a browser back, or a new one.
    pub fn give_back(&self, user: String, jar: CookieJar) {
        self.lock().entry(user).or_default().push(jar);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<CookieJar>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_serves_its_user_and_one_run_at_a_time() {
        let logins = Logins::default();
        logins.give_back("first".to_owned(), CookieJar::new());
        assert!(logins.lend("second").is_none());
        assert!(logins.lend("first").is_some());
        assert!(logins.lend("first").is_none());
    }
}
