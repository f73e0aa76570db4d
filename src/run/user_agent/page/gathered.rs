//! Puts together what the pass over a page found apart: labels and their fields, controls and
//! the forms that they name, scripts and the forms that they submit.

use super::control::{Field, FieldKind};
use super::reader::{Control, Gathered};
use super::{Page, text};

impl Gathered {
    pub fn finish(mut self, source: &str) -> Page {
        self.attach_by_id();
        self.attach_labels();
        self.adopt_loose();
        self.mark_self_submission();
        let mut page = self.page;
        // A word below a login that it leaves alone is no challenge.
        let mut fields = page.forms.iter().flat_map(|form| &form.fields);
        let logs_in = page.loose_password || fields.any(|field| field.kind == FieldKind::Password);
        page.captcha =
            text::is_captcha(source) || (!logs_in && text::speaks_of_captcha(&page.text));
        page
    }

    fn attach_by_id(&mut self) {
        for (owner, control) in std::mem::take(&mut self.by_id) {
            let form = self.page.forms.iter_mut().find(|form| form.id == owner);
            match (form, control) {
                (Some(form), Control::Button(button)) => form.buttons.push(button),
                (Some(form), Control::Field(field)) => form.fields.push(field),
                (None, _) => {}
            }
        }
    }

    fn attach_labels(&mut self) {
        let (forms, loose) = (&mut self.page.forms, &mut self.loose);
        for (form, field, label) in &self.labelled {
            let form = form.map_or(Some(&mut *loose), |form| forms.get_mut(form));
            let field = form.and_then(|form| form.fields.get_mut(*field));
            if let (Some(field), Some(label)) = (field, self.labels.get(*label)) {
                text::append(&mut field.hint, &label.text, 600);
            }
        }
        for field in forms
            .iter_mut()
            .chain([loose])
            .flat_map(|form| &mut form.fields)
        {
            let own = self
                .labels
                .iter()
                .find(|label| !field.id.is_empty() && label.of == field.id);
            if let Some(label) = own {
                text::append(&mut field.hint, &label.text, 600);
            }
        }
    }

    /// The form that a script submits: the only one, the first, or one that it names.
    fn mark_self_submission(&mut self) {
        let script = &self.submitting;
        if script.is_empty() {
            return;
        }
        let names = |name: &str| !name.is_empty() && script.contains(name);
        let alone = self.page.forms.len() == 1;
        for (index, form) in self.page.forms.iter_mut().enumerate() {
            let first = index == 0 && script.contains("forms[0]");
            form.submits_itself = alone || first || names(&form.id) || names(&form.name);
        }
    }

    /// A form whose tags were torn from its controls by a table gets them back when it is the
    /// only one without any.
    fn adopt_loose(&mut self) {
        let loose = std::mem::take(&mut self.loose);
        let forms = &mut self.page.forms;
        let mut empty = forms
            .iter_mut()
            .filter(|f| f.fields.is_empty() && f.buttons.is_empty());
        match (empty.next(), empty.next()) {
            (Some(form), None) => {
                form.fields = loose.fields;
                form.buttons = loose.buttons;
            }
            _ => {
                let is_password = |field: &Field| field.kind == FieldKind::Password;
                self.page.loose_password = loose.fields.iter().any(is_password);
                self.page.loose = loose;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_word_of_a_captcha_below_a_login_is_none() {
        let footer = "<p>This site is protected by reCAPTCHA.";
        assert!(read_plain(footer).captcha);
        let login = "<form><input name=u><input type=password name=p></form>";
        assert!(!read_plain(&format!("{login}{footer}")).captcha);
        let asked = "<form><input type=password name=p><div class=g-recaptcha></div></form>";
        assert!(read_plain(asked).captcha);
    }

    use crate::run::user_agent::page::{Encoding, Page, read};
    use crate::target::Recipe;

    fn read_plain(source: &str) -> Page {
        read(source, &Recipe::default())
    }

    #[test]
    fn a_form_is_read_with_presets_labels_and_buttons() {
        let page = read_plain(
            "<title> Sign  in </title><h1>Welcome</h1><style>x{}</style>
             <form method=POST action=/login enctype='multipart/form-data'>
             <input type=hidden name=csrf value='a&amp;b'><label for=u>E-mail</label>
             <input id=u name=f1><label>Pass <input type=password name=f2></label>
             <input type=checkbox name=c checked><input disabled name=no value=x>
             <select name=s><option value=1>One<option value=2 selected>Two</select>
             <textarea name=t>note</textarea>
             <button type=button name=no>Help</button><button hidden name=no>x</button>
             <button name=go value=1><svg><title>i</title></svg>Log <b>in</b></button>
             <input type=submit value=Cancel formaction=/cancel></form>
             <a href='/forgot'>Forgot <i>it</i>?</a><script>location.href='/x'</script>",
        );
        assert_eq!(
            (page.title.as_str(), page.heading.as_str()),
            ("Sign in", "Welcome")
        );
        let [form] = page.forms.as_slice() else {
            panic!("{page:?}")
        };
        assert!(form.post && form.encoding == Encoding::Multipart && form.action == "/login");
        let fields: Vec<_> = form
            .fields
            .iter()
            .map(|f| (f.name.as_str(), f.value.as_str()))
            .collect();
        let wanted = [
            ("csrf", "a&b"),
            ("f1", ""),
            ("f2", ""),
            ("c", ""),
            ("s", "2"),
            ("t", "note"),
        ];
        assert_eq!(fields, wanted);
        assert!(form.fields[1].hint.contains("E-mail") && form.fields[2].hint.contains("Pass"));
        let buttons: Vec<_> = form.buttons.iter().map(|b| b.text.as_str()).collect();
        assert!(
            buttons.len() == 2 && buttons[0].ends_with("Log in"),
            "{buttons:?}"
        );
        assert_eq!(form.buttons[1].form_action.as_deref(), Some("/cancel"));
        assert_eq!(page.links[0].text, "Forgot it ?");
        assert_eq!(page.script_target.as_deref(), Some("/x"));
        assert!(page.text.starts_with("Welcome E-mail Pass") && !page.text.contains("x{}"));
    }

    #[test]
    fn controls_find_their_form_by_id_and_across_a_table() {
        let page = read_plain("<form id=f></form><input name=a form=f><button form=f>Go</button>");
        assert_eq!(
            (page.forms[0].fields.len(), page.forms[0].buttons.len()),
            (1, 1)
        );
        let page = read_plain(
            "<table><form action=/x><tr><td><input type=password name=p></td></tr></form></table>",
        );
        assert_eq!(page.forms[0].fields.len(), 1, "{page:?}");
        assert!(read_plain("<div><input type=password></div>").loose_password);
    }

    #[test]
    fn self_submitting_forms_are_seen_wherever_the_script_is() {
        for source in [
            "<body onload='document.forms[0].submit()'><form><input type=hidden name=a></form>",
            "<form><input type=hidden name=a></form><script>document.forms[0].submit()</script>",
            "<script>onload=()=>document.getElementById('f9').submit()</script>
             <form></form><form id=f9></form>",
        ] {
            let page = read_plain(source);
            assert!(page.forms.last().unwrap().submits_itself, "{source}");
        }
    }

    #[test]
    fn hostile_pages_end_and_stay_small() {
        for piece in [
            "<div>",
            "<a href=x><b>",
            "<form>",
            "<table><tr><td><form><input>",
            "<p><i><b><a>",
            "<select><option>",
            "<button>",
            "<svg><title>",
            "\u{0}<!--",
            "<template>",
            "<label>x",
        ] {
            let start = std::time::Instant::now();
            let page = read_plain(&piece.repeat(600_000 / piece.len()));
            println!("{piece}: {:?}", start.elapsed());
            assert!(
                page.text.len() <= 4000 && page.forms.len() <= 2000,
                "{piece}"
            );
        }
    }
}
