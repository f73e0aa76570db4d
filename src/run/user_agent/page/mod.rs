//! What a person sees of an HTML page: its text, forms, buttons and links. Owned, so that the
//! parsed document need not live across a wait.

mod control;
mod gathered;
mod reader;
mod text;

pub(super) use control::{Button, Encoding, Field, FieldKind, Form, Link};
pub(super) use reader::read;
pub(super) use text::{append, refresh};

use url::Url;

/// A page, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub title: String,
    /// First headings, in one line.
    pub heading: String,
    /// Visible text, bounded.
    pub text: String,
    pub forms: Vec<Form>,
    pub links: Vec<Link>,
    /// Where a meta refresh leads, and after how many seconds.
    pub refresh: Option<(u32, String)>,
    /// Where a script leads at once, as far as a literal tells.
    pub script_target: Option<String>,
    /// `<base href>`.
    pub base: Option<String>,
    /// A challenge for humans.
    pub captcha: bool,
    /// A password field that belongs to no form.
    pub loose_password: bool,
    /// The controls that belong to no form: a script may do without one.
    pub loose: Form,
    /// Where its scripts come from, as written.
    pub scripts: Vec<String>,
    /// Scripts that draw.
    pub has_script: bool,
    /// Names of its custom elements, bounded.
    pub custom_elements: Vec<String>,
    /// Referrer policy of a meta element.
    pub referrer_policy: Option<String>,
}

impl Page {
    /// The page with its loose controls as one more form, for those who can press them.
    #[cfg(feature = "browser")]
    pub fn with_loose_form(mut self) -> Self {
        let loose = std::mem::take(&mut self.loose);
        if !loose.fields.is_empty() || !loose.buttons.is_empty() {
            self.forms.push(loose);
            self.loose_password = false;
        }
        self
    }

    /// Origins of its scripts that belong to another site: their hosts' last two labels differ.
    pub fn foreign_scripts(&self, at: &Url) -> Vec<String> {
        let mut foreign: Vec<String> = Vec::new();
        for source in &self.scripts {
            let address = self
                .resolve(at, source)
                .and_then(|url| Url::parse(&url).ok());
            let Some(address) = address.filter(|address| address.has_host()) else {
                continue;
            };
            let origin = address.origin().ascii_serialization();
            if site(&address) != site(at) && !foreign.contains(&origin) {
                foreign.push(origin);
            }
        }
        foreign
    }

    /// The address that a reference on the page means. Absolute references stay as written.
    pub fn resolve(&self, at: &Url, reference: &str) -> Option<String> {
        let reference = reference.trim();
        if reference.is_empty() {
            let mut here = at.clone();
            here.set_fragment(None);
            return Some(here.into());
        }
        let base = self.base.as_deref().and_then(|base| at.join(base).ok());
        resolve(base.as_ref().unwrap_or(at), reference)
    }
}

/// The last two labels of a host name, or the whole address of a host without a name.
fn site(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.domain() {
        None => host.to_owned(),
        Some(name) => {
            let labels: Vec<&str> = name.rsplit('.').take(2).collect();
            labels.join(".")
        }
    }
}

/// A reference resolved by RFC 3986 section 5; raw when it is absolute, so that what the server
/// wrote can be compared and sent byte for byte.
pub(super) fn resolve(base: &Url, reference: &str) -> Option<String> {
    if has_scheme(reference) {
        return Some(reference.to_owned());
    }
    base.join(reference).ok().map(String::from)
}

fn has_scheme(reference: &str) -> bool {
    let Some((scheme, rest)) = reference.split_once(':') else {
        return false;
    };
    let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        // `http:path` is relative for a browser.
        && (!http || rest.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_another_site_are_foreign() {
        let at = Url::parse("https://login.example.com/a").unwrap();
        let page = Page {
            scripts: [
                "/own.js",
                "https://cdn.example.com/x",
                "//a.test/x",
                "https://a.test/y",
            ]
            .map(str::to_owned)
            .to_vec(),
            ..Page::default()
        };
        assert_eq!(page.foreign_scripts(&at), ["https://a.test"]);
    }

    #[test]
    fn references_are_resolved_and_absolute_ones_stay_raw() {
        let at = Url::parse("http://127.0.0.1:1/a/login?x=1#f").unwrap();
        let page = Page::default();
        for (reference, wanted) in [
            ("", "http://127.0.0.1:1/a/login?x=1"),
            ("/consent", "http://127.0.0.1:1/consent"),
            ("step2", "http://127.0.0.1:1/a/step2"),
            ("?y", "http://127.0.0.1:1/a/login?y"),
            ("//other.example/x", "http://other.example/x"),
            ("HTTP://A.example/x/../y", "HTTP://A.example/x/../y"),
            ("com.example.app:/cb?code=1", "com.example.app:/cb?code=1"),
        ] {
            assert_eq!(
                page.resolve(&at, reference).as_deref(),
                Some(wanted),
                "{reference}"
            );
        }
        let based = Page {
            base: Some("/deep/er/".to_owned()),
            ..Page::default()
        };
        assert_eq!(
            based.resolve(&at, "x").as_deref(),
            Some("http://127.0.0.1:1/deep/er/x")
        );
    }
}
