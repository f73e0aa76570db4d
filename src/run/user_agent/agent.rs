//! The user agent that the target file names, and what its driver keeps between visits.

#[cfg(feature = "browser")]
use super::browser::Browser;
use super::command::Program;
use super::interactive::Person;
use super::lockouts::Lockouts;
use super::walk::Walk;
use super::{CookieJar, StopBefore, Visit, VisitOutcome, Visited};
use crate::run::http::Client;
use crate::run::redact::Kind;
use crate::target::{Driver, Recipe, Target};

/// Makes the visits of a session.
pub struct UserAgent {
    driving: Driving,
    lockouts: Lockouts,
}

enum Driving {
    Form,
    Command(Program),
    Interactive(Person),
    #[cfg(feature = "browser")]
    Browser(Box<Browser>),
}

impl UserAgent {
    /// The user agent of a target.
    pub fn new(target: &Target) -> Self {
        let driving = match &target.file.login.driver {
            Driver::Form => Driving::Form,
            #[cfg(feature = "browser")]
            Driver::Browser(driver) => {
                let browser = Browser::new(driver.clone(), target.base.clone());
                Driving::Browser(Box::new(browser))
            }
            // The target file is refused before.
            #[cfg(not(feature = "browser"))]
            Driver::Browser(_) => Driving::Form,
            Driver::Interactive(driver) => Driving::Interactive(Person::new(driver.clone())),
            Driver::Command(driver) => {
                Driving::Command(Program::new(driver.clone(), target.base.clone()))
            }
        };
        Self {
            driving,
            lockouts: Lockouts::default(),
        }
    }

    /// Makes one visit to the authorization endpoint. The jar keeps the session for a next visit.
    pub async fn authorize(
        &self,
        client: &Client,
        jar: &mut CookieJar,
        visit: Visit,
        recipe: &Recipe,
    ) -> Visited {
        if let Some(login) = &visit.login {
            client.vault().learn(Kind::Password, &login.password);
        }
        let is_walk = matches!(self.driving, Driving::Form);
        if !is_walk && (visit.form.is_some() || visit.stop_before == Some(StopBefore::Handback)) {
            return Visited::undecided("only the driver `form` can do this");
        }
        let lockouts = &self.lockouts;
        match &self.driving {
            Driving::Form => Walk::new(client, jar, &visit, recipe, lockouts).go().await,
            #[cfg(feature = "browser")]
            Driving::Browser(browser) => browser.visit(client, jar, &visit, recipe, lockouts).await,
            Driving::Interactive(person) => person.visit(client, jar, &visit).await,
            Driving::Command(program) => program.visit(client, jar, &visit).await,
        }
    }

    /// Whether a visit tells of every page on the way.
    pub fn shows_pages(&self) -> bool {
        match self.driving {
            Driving::Form => true,
            #[cfg(feature = "browser")]
            Driving::Browser(_) => true,
            Driving::Command(_) | Driving::Interactive(_) => false,
        }
    }

    /// Ends what the driver has started.
    pub async fn close(&self) {
        #[cfg(feature = "browser")]
        if let Driving::Browser(browser) = &self.driving {
            browser.close().await;
        }
    }
}

impl Visited {
    /// A visit of which only the end is known.
    pub(super) fn ended(outcome: VisitOutcome) -> Self {
        Self {
            delegated: Vec::new(),
            form: None,
            handback: None,
            outcome,
            pages: Vec::new(),
            exchanges: Vec::new(),
            redirects: Vec::new(),
            logged_in: false,
            consented: false,
            unused: None,
            declined: None,
        }
    }

    /// A visit that tells nothing.
    pub(super) fn undecided(reason: impl Into<String>) -> Self {
        Self::ended(VisitOutcome::Undecided {
            reason: reason.into(),
        })
    }
}
