//! What a person is asked to do, in words and as a page.

use minijinja::{Environment, context};

/// One errand.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    /// Counted from 1.
    pub number: usize,
    pub window: Window,
    /// The user's name in the target file.
    pub user: String,
    /// The user name to log in with, where nobody is logged in.
    pub log_in_as: Option<String>,
    /// The answer to a consent page is no.
    pub denies: bool,
    /// The authorization request.
    pub go: String,
}

/// Which window of the person's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// The one that opens by itself; the first user stays logged in there.
    Everyday,
    /// The private window of the last errand.
    Private,
    /// A private window in which nobody is logged in.
    NewPrivate,
}

impl Errand {
    /// Whether it explains itself: nothing is to be done but what the pages ask.
    pub fn goes_by_itself(&self) -> bool {
        self.window == Window::Everyday && self.log_in_as.is_none() && !self.denies
    }

    /// In one line.
    pub fn in_words(&self) -> String {
        let mut words = vec![
            match self.window {
                Window::Everyday => "in your browser",
                Window::Private => "in the private window",
                Window::NewPrivate => "in a new private window",
            }
            .to_owned(),
        ];
        if let Some(user) = &self.log_in_as {
            words.push(format!("log in as {user}"));
        }
        words.push(match self.denies {
            true => "say no to what is asked".to_owned(),
            false => "allow what is asked".to_owned(),
        });
        words.join(", ")
    }

    /// The page that says so.
    pub fn page(&self) -> String {
        let mut environment = Environment::new();
        let source = include_str!("errand.html");
        let page = environment
            .add_template("errand.html", source)
            .and_then(|()| environment.get_template("errand.html"))
            .and_then(|template| {
                template.render(context! {
                    number => self.number,
                    window => match self.window {
                        Window::Everyday => "everyday",
                        Window::Private => "private",
                        Window::NewPrivate => "new_private",
                    },
                    user => &self.user,
                    log_in_as => &self.log_in_as,
                    denies => self.denies,
                    go => &self.go,
                })
            });
        page.unwrap_or_else(|cause| cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_says_window_user_and_answer() {
        let errand = Errand {
            number: 3,
            window: Window::NewPrivate,
            user: "second".to_owned(),
            log_in_as: Some("<bob>".to_owned()),
            denies: true,
            go: "http://127.0.0.1:1/authorize?a=1&b=\"2\"".to_owned(),
        };
        assert_eq!(
            errand.in_words(),
            "in a new private window, log in as <bob>, say no to what is asked"
        );
        let page = errand.page();
        for part in [
            "&lt;bob&gt;",
            "private window",
            "data-user=\"second\"",
            "a=1&amp;b=",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!errand.goes_by_itself() && !page.contains("<bob>"));
    }
}
