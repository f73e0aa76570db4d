//! What a visit has seen and done so far, whoever turns the pages.

use std::collections::HashMap;

use url::Url;

use super::callback::{parameters, query_and_fragment};
use super::choose::Next;
use super::lockouts::Lockouts;
use super::page::Page;
use super::submission::Submission;
use super::{
    Delegated, LOCKED_OUT, PageKind, PageSeen, StopBefore, Visit, VisitOutcome, Visited, start_of,
    words,
};
use crate::run::http::Origin;
use crate::target::Recipe;

/// The same form may come back once: a session may have been missing or a token stale.
const MAX_SAME_FORM: usize = 2;

/// A password may be sent twice: two servers may ask for one, or the first page was stale.
const MAX_PASSWORDS: usize = 2;

/// How much of a page a reason repeats.
const MAX_SAID: usize = 200;

pub(super) struct Progress<'v> {
    visit: &'v Visit,
    lockouts: &'v Lockouts,
    pub visited: Visited,
    submissions: HashMap<String, usize>,
    /// How often the password was sent.
    passwords: usize,
    /// The login form whose password was sent last, until the next page tells.
    pending_login: Option<String>,
    /// A form without a password said who the person is: the next page tells whether that was enough.
    named: bool,
    /// What a page without a way on said after a password, while the visit is made once more.
    doubt: Option<Doubt>,
    /// The visit is to be made once more.
    looks_again: bool,
    /// What of the recipe some page had a use for.
    found: Found,
}

/// A page that may answer the login or the request.
struct Doubt {
    said: String,
    /// Why nothing is known of the request, should the login be asked for again.
    reason: String,
}

#[derive(Default)]
struct Found {
    fields: Vec<String>,
    labels: Vec<String>,
    submit: bool,
    approve: bool,
    deny: bool,
}

impl<'v> Progress<'v> {
    pub fn new(visit: &'v Visit, lockouts: &'v Lockouts) -> Self {
        Self {
            visit,
            lockouts,
            visited: Visited::undecided("not begun"),
            submissions: HashMap::new(),
            passwords: 0,
            pending_login: None,
            named: false,
            doubt: None,
            looks_again: false,
            found: Found::default(),
        }
    }

    /// Notes a page that the user saw.
    pub fn see(&mut self, page: &Page, seen: PageSeen) {
        let forms = || page.forms.iter();
        for field in forms().flat_map(|form| &form.fields) {
            self.found
                .fields
                .extend([field.name.clone(), field.id.clone()]);
            self.found.labels.push(field.hint.clone());
        }
        let texts = forms()
            .flat_map(|form| &form.buttons)
            .map(|button| (&button.marks, [&button.text, &button.value]));
        let links = page
            .links
            .iter()
            .map(|link| (&link.marks, [&link.text, &link.text]));
        for (marks, called) in texts.chain(links) {
            self.found.submit |= marks.submit;
            self.found.approve |= marks.approve;
            self.found.deny |= marks.deny;
            self.found
                .fields
                .extend(called.map(|text| text.to_lowercase()));
        }
        let at = Url::parse(&seen.origin).ok();
        self.visited.pages.push(PageSeen {
            foreign_scripts: at.map_or_else(Vec::new, |at| page.foreign_scripts(&at)),
            title: page.title.clone(),
            text: page.text.clone(),
            custom_elements: page.custom_elements.clone(),
            ..seen
        });
    }

    /// The page after a password tells whether it was taken.
    ///
    /// Where it leads nowhere, it may answer the login (a limit, a server that is busy, a password
    /// that is not taken) as well as the authorization request. A person would reload: the visit is
    /// made once more, without another password. Who is known now has logged in, and what comes then
    /// answers the request; where the login is asked for again, it brought nothing, and nothing is
    /// known of the request. A page that names what is wrong with the request is its answer at once.
    ///
    /// # Errors
    /// It says that no login is taken any more: that is no answer to the authorization request.
    pub fn settle_login(
        &mut self,
        page: &Page,
        kind: PageKind,
        next: &Next,
        status: u16,
    ) -> Result<(), String> {
        let pending = self.pending_login.take();
        let named = std::mem::take(&mut self.named);
        self.visited.logged_in |= named && kind == PageKind::Consent;
        let is_dead_end = matches!(next, Next::Rest);
        // Without a fresh password the page answers the request, unless logins are over already.
        let is_over = self.doubt.is_some() || self.locked_out().is_some();
        let locks_out = (pending.is_some() || is_over) && words::locks_out(&page.text);
        let closes = is_dead_end && is_over && words::closes_login(&page.text);
        if kind != PageKind::Consent && (locks_out || closes) {
            return Err(self.no_more_logins(&page.text));
        }
        match self.doubt.take() {
            Some(doubt) if kind == PageKind::Login => {
                return Err(match words::closes_login(&doubt.said) {
                    true => self.no_more_logins(&doubt.said),
                    false => doubt.reason,
                });
            }
            doubt => {
                self.visited.logged_in |= doubt.is_some();
                self.doubt = doubt;
            }
        }
        let Some(pending) = pending else {
            return Ok(());
        };
        let is_refusal = matches!(status, 401 | 403);
        // Other statuses speak of the request, unless the words are about the password.
        if is_dead_end
            && (status < 400 || is_refusal || words::speaks_of_password(&page.text))
            && !words::blames_request(&page.text)
            // Elsewhere a page may be what was wanted.
            && !self.visit.begins_elsewhere
        {
            let text = match page.text.as_str() {
                "" => &page.title,
                text => text,
            };
            let said = start_of(text, MAX_SAID);
            let reason = match status >= 400 {
                true => format!("login refused: {status} {said}"),
                false => format!("the login leads nowhere and is asked for again: {status} {said}"),
            };
            self.doubt = Some(Doubt { said, reason });
            self.looks_again = true;
            return Ok(());
        }
        let same = matches!(next, Next::Submit(s) if s.with_password && s.fingerprint == pending);
        let refused =
            same || is_refusal || (kind == PageKind::Login && words::refuses_login(&page.text));
        self.visited.logged_in |= !refused;
        Ok(())
    }

    /// Whether the visit is made once more to see what the page after the password meant.
    pub fn looks_again(&mut self) -> bool {
        std::mem::take(&mut self.looks_again)
    }

    /// Why the user's password is not sent any more, if it is not.
    pub fn locked_out(&self) -> Option<String> {
        self.lockouts.of(&self.visit.user)
    }

    fn no_more_logins(&self, said: &str) -> String {
        let said = start_of(said, MAX_SAID);
        self.lock_out(format!("{LOCKED_OUT}: {said}"))
    }

    /// Has the user's password not sent any more.
    pub fn lock_out(&self, reason: String) -> String {
        self.lockouts.note(&self.visit.user, &reason);
        reason
    }

    /// The server wants fewer requests. After a password it wants fewer logins.
    pub fn is_limited(&self, reason: String) -> String {
        match self.pending_login {
            Some(_) => self.lock_out(reason),
            None => reason,
        }
    }

    /// Whether the visit ends here although there is a way on.
    pub fn stops_at(&self, kind: PageKind, next: &Next) -> bool {
        let consents = matches!(
            next,
            Next::Submit(Submission { consents: true, .. }) | Next::Follow { consents: true, .. }
        );
        match (kind, self.visit.stop_before) {
            (PageKind::Login, Some(StopBefore::Login)) => true,
            (PageKind::Login, _) if self.visit.login.is_none() => true,
            (PageKind::Consent, Some(StopBefore::Consent)) => true,
            (_, Some(StopBefore::Consent)) => consents,
            _ => false,
        }
    }

    /// Why a form is not submitted once more, if it is not; counts it.
    pub fn again(&mut self, form: &Submission, page: &Page) -> Option<String> {
        if form.with_password
            && let Some(reason) = self.locked_out()
        {
            return Some(reason);
        }
        let times = self
            .submissions
            .entry(form.fingerprint.clone())
            .or_default();
        let (before, refuses) = (*times, words::refuses_login(&page.text));
        *times += 1;
        let is_over = before >= MAX_SAME_FORM
            || (before > 0 && form.with_password && refuses)
            // Its fields may have other names each time.
            || (form.with_password && self.passwords >= MAX_PASSWORDS);
        is_over.then(|| match (form.with_password, refuses) {
            (true, true) => format!("login refused: {}", start_of(&page.text, MAX_SAID)),
            (true, false) => format!(
                "the login form never ends: the password was sent {} times",
                self.passwords
            ),
            _ => "the same form comes again and again".to_owned(),
        })
    }

    /// Notes an address on the way: a request that the server makes to a third party, or the
    /// answer to one. Says whether the visit ends before that answer is handed back.
    pub fn is_handed_back(&mut self, address: &str) -> bool {
        let (query, _) = query_and_fragment(address);
        let list = parameters(query);
        let value = |wanted: &str| {
            let found = list.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let (own, _) = query_and_fragment(&self.visit.authorization_url);
        let own = parameters(own);
        let is_own = |client: &str| {
            own.iter()
                .any(|(name, id)| name == "client_id" && id == client)
        };
        if let (Some(_), Some(client_id), Some(redirect_uri)) =
            (value("response_type"), value("client_id"), value("redirect_uri"))
            && !is_own(&client_id)
            // What names our own redirect URI is our own request on its way from page to page.
            && !self.visit.redirect_uris.contains(&redirect_uri)
        {
            let origin = Origin::of(address).map(|origin| origin.to_string());
            self.visited.delegated.push(Delegated {
                origin: origin.unwrap_or_default(),
                client_id,
                redirect_uri,
            });
        }
        let uris = || self.visited.delegated.iter().map(|one| &one.redirect_uri);
        let is_answer = (value("code").is_some() || value("error").is_some())
            && uris().any(|uri| address.split(['?', '#']).next() == uri.split(['?', '#']).next());
        if is_answer {
            self.visited.handback = Some(address.to_owned());
        }
        is_answer && self.visit.stop_before == Some(StopBefore::Handback)
    }

    /// Notes that a form is being submitted.
    pub fn submits(&mut self, form: &Submission) {
        self.visited.consented |= form.consents;
        if form.declined.is_some() {
            self.visited.declined.clone_from(&form.declined);
        }
        if form.with_password {
            self.passwords += 1;
            self.pending_login = Some(form.fingerprint.clone());
        }
        self.named = form.with_username && !form.with_password && !form.consents;
    }

    /// Notes that consent is being answered by a link.
    pub fn consents(&mut self) {
        self.visited.consented = true;
    }

    /// The visit with its end.
    pub fn finish(mut self, outcome: VisitOutcome, recipe: &Recipe) -> Visited {
        if matches!(outcome, VisitOutcome::Callback { .. }) {
            self.visited.logged_in |=
                self.named || self.pending_login.is_some() || self.doubt.is_some();
        }
        let unused = self.unused(recipe);
        self.visited.outcome = match (outcome, unused) {
            (VisitOutcome::Undecided { reason }, Some(unused)) => VisitOutcome::Undecided {
                reason: format!("{reason}; {unused}"),
            },
            (page @ VisitOutcome::Page { .. }, unused) => {
                self.visited.unused = unused;
                page
            }
            (other, _) => other,
        };
        self.visited
    }

    /// What of the recipe fitted nothing on the pages where it would have been used.
    fn unused(&self, recipe: &Recipe) -> Option<String> {
        let saw = |kind| self.visited.pages.iter().any(|page| page.kind == kind);
        let (login, consent) = (saw(PageKind::Login), saw(PageKind::Consent));
        // Where no login was found, the way to it may be what it names.
        let chooser = !consent && self.visited.pages.last().is_some_and(is_other);
        let found = &self.found;
        let has = |text: &str| found.fields.iter().any(|found| found == text);
        let named = |fits: fn(&str, &str) -> bool| {
            move |wanted: &str| has(wanted) || found.labels.iter().any(|label| fits(label, wanted))
        };
        let field = named(words::has_phrase);
        let button =
            |marked: bool| move |wanted: &str| marked || has(&wanted.trim().to_lowercase());
        let mut unused = Vec::new();
        let mut check =
            |due: bool, member: &str, wanted: &Option<String>, fits: &dyn Fn(&str) -> bool| {
                if let Some(wanted) = wanted.as_ref().filter(|wanted| due && !fits(wanted)) {
                    unused.push(format!("`login.{member}: {wanted}`"));
                }
            };
        check(login, "username_field", &recipe.username_field, &field);
        check(login, "password_field", &recipe.password_field, &field);
        check(
            login || chooser,
            "submit",
            &recipe.submit,
            &button(found.submit),
        );
        check(consent, "approve", &recipe.approve, &button(found.approve));
        check(consent, "deny", &recipe.deny, &button(found.deny));
        let extra = named(words::is_label);
        for name in recipe.extra_fields.keys() {
            check(
                login || consent,
                "extra_fields",
                &Some(name.clone()),
                &extra,
            );
        }
        (!unused.is_empty()).then(|| format!("nothing on the way was {}", unused.join(", ")))
    }
}

fn is_other(page: &PageSeen) -> bool {
    page.kind == PageKind::Other
}
