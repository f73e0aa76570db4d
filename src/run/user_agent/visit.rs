//! What a visit to an authorization endpoint needs and what it comes to.

use crate::target::{Live, LiveUser};

/// A user's name and password.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl From<&LiveUser> for Credentials {
    /// Without a password where a person types it.
    fn from(user: &LiveUser) -> Self {
        let password = user.password.as_ref().map(Live::expose);
        Self {
            username: user.username.clone(),
            password: password.unwrap_or_default().to_owned(),
        }
    }
}

/// What the user says on a consent page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    #[default]
    Approve,
    /// No.
    Deny,
    /// Yes, but not to the last of several scopes that can be chosen.
    Narrow,
}

/// Where the visit ends although there is a way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopBefore {
    /// At the login page.
    Login,
    /// At the consent page.
    Consent,
    /// Where a third party's answer would be handed back to the server.
    Handback,
}

impl StopBefore {
    /// The word in suites.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
            Self::Handback => "handback",
        }
    }
}

/// How the authorization request is sent (RFC 6749 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// In the query.
    #[default]
    Get,
    /// The query of the URL as a form.
    Post,
}

/// One visit to the authorization endpoint.
#[derive(Clone)]
pub struct Visit {
    /// The authorization request, raw; or where else the visit begins.
    pub authorization_url: String,
    /// Members of a form that is posted there.
    pub form: Option<Vec<(String, String)>>,
    /// The page on which this browser saw that form; `None` where another site sends it.
    pub form_page: Option<String>,
    /// The client's registered redirect URIs, raw.
    pub redirect_uris: Vec<String>,
    /// The `redirect_uri` that the request names, raw.
    pub requested_redirect_uri: Option<String>,
    /// Who logs in; `None` stops at a login page.
    pub login: Option<Credentials>,
    /// What is said on a consent page.
    pub consent: Consent,
    /// Where to stop on purpose.
    pub stop_before: Option<StopBefore>,
    /// How the authorization request is sent.
    pub method: Method,
    /// The most requests that the visit may take.
    pub max_pages: usize,
    /// The user's name in the target file, for drivers that keep one session for each.
    pub user: String,
    /// It begins elsewhere than with an authorization request.
    pub begins_elsewhere: bool,
    /// It is made in the browser in which the user may be logged in from before.
    pub everyday: bool,
}

impl Visit {
    /// A visit in which nobody logs in and, were it asked, says yes.
    pub fn new(authorization_url: impl Into<String>) -> Self {
        Self {
            authorization_url: authorization_url.into(),
            form: None,
            form_page: None,
            redirect_uris: Vec::new(),
            requested_redirect_uri: None,
            login: None,
            consent: Consent::Approve,
            stop_before: None,
            method: Method::Get,
            max_pages: MAX_PAGES,
            user: "first".to_owned(),
            begins_elsewhere: false,
            everyday: true,
        }
    }

    /// Whether somebody may log in on the way.
    pub fn may_log_in(&self) -> bool {
        self.login.is_some() && self.stop_before != Some(StopBefore::Login)
    }
}

/// The default of [`Visit::max_pages`].
pub const MAX_PAGES: usize = 20;

/// What a page is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Asks who the user is.
    Login,
    /// Asks whether the user agrees.
    Consent,
    /// Says that something is wrong.
    Error,
    /// Anything else.
    Other,
}

/// One page that the user saw.
#[derive(Clone, Debug)]
pub struct PageSeen {
    /// Its exchange.
    pub exchange: usize,
    /// Scheme, host and port of its address.
    pub origin: String,
    /// Method and path of its request: `GET /login`.
    pub request: String,
    /// Status code.
    pub status: u16,
    /// Text of the title.
    pub title: String,
    /// What it was taken for.
    pub kind: PageKind,
    /// Visible text, bounded.
    pub text: String,
    /// Names of its custom elements (HTML, section 4.13): markup that a stranger's text brought in.
    pub custom_elements: Vec<String>,
    /// Response headers.
    pub headers: Vec<(String, String)>,
    /// Origins of another site from which it has scripts.
    pub foreign_scripts: Vec<String>,
}

/// How what decides nothing begins where forms cannot pass: somebody else can.
pub const CAPTCHA: &str = "the page has a captcha";
/// The same for what a user has beside the password.
pub const SECOND_FACTOR: &str = "the page asks for a second factor";
/// The same for a user who is shut out.
pub const LOCKED_OUT: &str = "the server takes no more logins of this user";

/// How a visit ended.
#[derive(Clone, Debug)]
pub enum VisitOutcome {
    /// The user agent was sent to a callback, which it did not request.
    Callback {
        /// The address, raw.
        url: String,
        /// Parameters of its query.
        params: Vec<(String, String)>,
        /// Parameters of its fragment.
        fragment: Vec<(String, String)>,
        /// Members of the form that was to be posted there (`response_mode=form_post`).
        form_post: Vec<(String, String)>,
        /// It is a registered redirect URI (any port on loopback, RFC 8252 section 7.3).
        registered: bool,
        /// It is the redirect URI that the request named.
        as_requested: bool,
        /// It is neither registered nor on an allowed origin.
        foreign: bool,
    },
    /// The visit came to rest at a page without a way on, or at the page to stop before.
    Page {
        /// Status code.
        status: u16,
        /// Text of the title.
        title: String,
        /// Visible text, bounded.
        text: String,
        /// Its exchange, where authspec itself sent the request.
        exchange: Option<usize>,
    },
    /// Nothing can be said (429, 5xx, captcha, a login that never ends, no answer).
    Undecided {
        /// Why not.
        reason: String,
    },
}

/// A form that was filled in and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormLeft {
    /// Its address, absolute.
    pub action: String,
    /// Whether it is posted.
    pub post: bool,
    /// Its members.
    pub members: Vec<(String, String)>,
    /// The page that it stood on; `None` where a browser says nothing of it (`no-referrer`).
    pub page: Option<String>,
}

/// An authorization request that the server made to a third party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegated {
    /// Scheme, host and port of the third party.
    pub origin: String,
    /// The server's own client identifier there.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
}

/// A visit, told.
#[derive(Clone, Debug)]
pub struct Visited {
    /// Requests to third parties on the way.
    pub delegated: Vec<Delegated>,
    /// The consent form before which the visit stopped.
    pub form: Option<FormLeft>,
    /// The address by which a third party's answer came back to the server.
    pub handback: Option<String>,
    /// How it ended.
    pub outcome: VisitOutcome,
    /// The pages, in order.
    pub pages: Vec<PageSeen>,
    /// Positions of all its exchanges.
    pub exchanges: Vec<usize>,
    /// How the server sent the user agent on: the method that it answered, and the status
    /// (`POST 303`), and `(login)` behind it where a password was sent.
    pub redirects: Vec<String>,
    /// A password was submitted and the page after it was another one.
    pub logged_in: bool,
    /// A consent form was submitted.
    pub consented: bool,
    /// What of the recipe fitted nothing before a page without a way on.
    pub unused: Option<String>,
    /// The value of the scope that was declined on the way.
    pub declined: Option<String>,
}
