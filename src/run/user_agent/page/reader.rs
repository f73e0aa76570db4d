//! Reads a page in one pass over the parsed document, so that time and memory grow with the
//! page's length alone, however it is nested.

use std::collections::HashSet;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::node::Element;
use scraper::{Html, Node, Selector};

use super::control::{Button, Encoding, Field, FieldKind, Form, Link, Marks};
use super::{Page, text};
use crate::target::Recipe;

const MAX_TEXT: usize = 4000;
const MAX_SCRIPT: usize = 64 * 1024;
/// Scripts beyond this number are not named.
const MAX_SCRIPTS: usize = 50;
/// Custom elements beyond this number are not named.
const MAX_CUSTOM: usize = 50;
/// Controls and links beyond this number are not looked at.
const MAX_ITEMS: usize = 2000;

/// Reads a page.
pub(in crate::run::user_agent) fn read(source: &str, recipe: &Recipe) -> Page {
    let source = text::bounded(source);
    let document = Html::parse_document(source);
    let mut reader = Reader::new(&document, recipe);
    for edge in document.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => reader.open(node.id(), element),
                Node::Text(text) => reader.text(text),
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    reader.close(node.id(), element);
                }
            }
        }
    }
    reader.gathered.finish(source)
}

struct Reader {
    gathered: Gathered,
    /// What the recipe's selectors for submit, approve and deny match.
    marked: [HashSet<NodeId>; 3],
    form: Option<usize>,
    /// How many open elements hide what is in them.
    hidden: usize,
    /// The open elements whose text goes to a place of its own.
    sinks: Vec<(NodeId, Sink)>,
    label: Option<usize>,
    items: usize,
}

/// What the pass has found so far.
#[derive(Default)]
pub(super) struct Gathered {
    pub page: Page,
    /// Fields and buttons that stand outside of every form.
    pub loose: Form,
    /// Controls of other forms by `form=ID`.
    pub by_id: Vec<(String, Control)>,
    pub labels: Vec<Label>,
    /// Form (`None` is loose), field and label that belong together by nesting.
    pub labelled: Vec<(Option<usize>, usize, usize)>,
    /// Scripts that submit a form.
    pub submitting: String,
}

#[derive(Default)]
pub(super) struct Label {
    pub of: String,
    pub text: String,
}

pub(super) enum Control {
    Field(Field),
    Button(Button),
}

/// What the text that is being read belongs to.
enum Sink {
    Title,
    Heading,
    Script(String),
    Ignored,
    Button(Button, Option<String>),
    Link(Link),
    Option {
        selected: bool,
        value: Option<String>,
        text: String,
    },
    Area(Field),
}

impl Reader {
    fn new(document: &Html, recipe: &Recipe) -> Self {
        let marked = [&recipe.submit, &recipe.approve, &recipe.deny].map(|wanted| {
            let selector = wanted
                .as_deref()
                .and_then(|wanted| wanted.strip_prefix("css:"));
            let selector = selector.and_then(|selector| Selector::parse(selector.trim()).ok());
            selector
                .map(|selector| document.select(&selector).map(|found| found.id()).collect())
                .unwrap_or_default()
        });
        Self {
            gathered: Gathered::default(),
            marked,
            form: None,
            hidden: 0,
            sinks: Vec::new(),
            label: None,
            items: 0,
        }
    }

    fn marks(&self, node: NodeId) -> Marks {
        let [submit, approve, deny] = &self.marked;
        Marks {
            submit: submit.contains(&node),
            approve: approve.contains(&node),
            deny: deny.contains(&node),
        }
    }

    fn open(&mut self, node: NodeId, element: &Element) {
        if hides(element) {
            self.hidden += 1;
        }
        let own = &mut self.gathered.page.custom_elements;
        if element.name().contains('-') && own.len() < MAX_CUSTOM {
            own.push(element.name().to_owned());
        }
        self.items += usize::from(matches!(
            element.name(),
            "a" | "input" | "button" | "select" | "textarea" | "option" | "form" | "label"
        ));
        if self.items > MAX_ITEMS {
            return;
        }
        let attr = |name| element.attr(name).unwrap_or_default();
        let page = &mut self.gathered.page;
        match element.name() {
            "script" => {
                page.has_script = true;
                if let Some(source) = element.attr("src")
                    && page.scripts.len() < MAX_SCRIPTS
                {
                    page.scripts.push(source.to_owned());
                }
            }
            "base" if page.base.is_none() => page.base = element.attr("href").map(str::to_owned),
            "meta" => self.meta(attr("http-equiv"), attr("name"), attr("content")),
            "body" if text::submits(attr("onload")) => {
                self.gathered.submitting.push_str(attr("onload"));
            }
            "form" => self.open_form(element),
            "label" => {
                let label = Label {
                    of: attr("for").to_owned(),
                    text: String::new(),
                };
                self.gathered.labels.push(label);
                self.label = Some(self.gathered.labels.len() - 1);
            }
            "input" => self.input(node, element),
            "select" if !disabled(element) => {
                let field = Field {
                    kind: FieldKind::Select,
                    ..field(element)
                };
                self.add(element.attr("form"), Control::Field(field));
            }
            "img" => self.text(attr("alt")),
            _ => {}
        }
        if let Some(sink) = self.sink_of(node, element) {
            self.sinks.push((node, sink));
        }
    }

    /// Where the element's text goes, if not to where text goes already.
    fn sink_of(&self, node: NodeId, element: &Element) -> Option<Sink> {
        let attr = |name| element.attr(name).unwrap_or_default();
        Some(match element.name() {
            "title" if self.sinks.is_empty() && self.gathered.page.title.is_empty() => Sink::Title,
            "h1" | "h2" => Sink::Heading,
            "script" => Sink::Script(String::new()),
            "style" | "noscript" | "template" => Sink::Ignored,
            "button" if matches!(attr("type"), "" | "submit") && !disabled(element) => {
                Sink::Button(
                    self.button(node, element),
                    element.attr("form").map(str::to_owned),
                )
            }
            "a" if element.attr("href").is_some() && self.hidden == 0 => {
                let (href, text) = (attr("href").to_owned(), attr("aria-label").to_owned());
                Sink::Link(Link {
                    href,
                    text,
                    marks: self.marks(node),
                    number: number(element),
                })
            }
            "option" => Sink::Option {
                selected: element.attr("selected").is_some(),
                value: element.attr("value").map(str::to_owned),
                text: String::new(),
            },
            "textarea" if !disabled(element) => Sink::Area(field(element)),
            _ => return None,
        })
    }

    fn close(&mut self, node: NodeId, element: &Element) {
        match element.name() {
            "form" => self.form = None,
            "label" => self.label = None,
            _ => {}
        }
        if let Some((_, sink)) = self.sinks.pop_if(|(id, _)| *id == node) {
            self.close_sink(sink);
        }
        if hides(element) {
            self.hidden = self.hidden.saturating_sub(1);
        }
    }

    fn close_sink(&mut self, sink: Sink) {
        match sink {
            Sink::Script(script) => self.script(&script),
            Sink::Button(button, form) if self.hidden == 0 => {
                self.add(form.as_deref(), Control::Button(button));
            }
            Sink::Link(link) => self.gathered.page.links.push(link),
            Sink::Option {
                selected,
                value,
                text,
            } => self.option(selected, value.unwrap_or(text)),
            Sink::Area(field) => self.add(None, Control::Field(field)),
            Sink::Title | Sink::Heading | Sink::Ignored | Sink::Button(..) => {}
        }
    }

    fn text(&mut self, piece: &str) {
        let page = &mut self.gathered.page;
        match self.sinks.last_mut().map(|(_, sink)| sink) {
            Some(Sink::Title) => return text::append(&mut page.title, piece, 300),
            Some(Sink::Script(script)) => {
                if script.len() + piece.len() <= MAX_SCRIPT {
                    script.push_str(piece);
                }
                return;
            }
            Some(Sink::Ignored) => return,
            Some(Sink::Option { text, .. }) => return text::append(text, piece, 300),
            Some(Sink::Area(field)) => return text::append(&mut field.value, piece, 4000),
            Some(Sink::Button(button, _)) => text::append(&mut button.text, piece, 300),
            Some(Sink::Link(link)) => text::append(&mut link.text, piece, 300),
            Some(Sink::Heading) => text::append(&mut page.heading, piece, 300),
            None => {}
        }
        if let Some(label) = self
            .label
            .and_then(|label| self.gathered.labels.get_mut(label))
        {
            text::append(&mut label.text, piece, 300);
        }
        if self.hidden == 0 {
            text::append(&mut page.text, piece, MAX_TEXT);
        }
    }

    fn meta(&mut self, http_equiv: &str, name: &str, content: &str) {
        let page = &mut self.gathered.page;
        if http_equiv.eq_ignore_ascii_case("refresh") && page.refresh.is_none() {
            page.refresh = text::refresh(content);
        }
        if name.eq_ignore_ascii_case("referrer") {
            page.referrer_policy = Some(content.to_ascii_lowercase());
        }
    }

    fn script(&mut self, script: &str) {
        let gathered = &mut self.gathered;
        if text::submits(script) {
            if gathered.submitting.len() < MAX_SCRIPT {
                gathered.submitting.push_str(script);
            }
        } else if gathered.page.script_target.is_none() {
            gathered.page.script_target = text::script_target(script);
        }
    }

    fn open_form(&mut self, element: &Element) {
        let attr = |name| element.attr(name).unwrap_or_default();
        let forms = &mut self.gathered.page.forms;
        forms.push(Form {
            id: attr("id").to_owned(),
            name: attr("name").to_owned(),
            action: attr("action").to_owned(),
            post: attr("method").eq_ignore_ascii_case("post"),
            encoding: encoding(attr("enctype")),
            is_search: attr("role").eq_ignore_ascii_case("search"),
            ..Form::default()
        });
        self.form = Some(forms.len() - 1);
    }

    fn input(&mut self, node: NodeId, element: &Element) {
        if disabled(element) {
            return;
        }
        let owner = element.attr("form");
        let kind = match element
            .attr("type")
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "submit" | "image" => {
                if self.hidden == 0 {
                    let mut button = self.button(node, element);
                    button.text = element.attr("value").unwrap_or("Submit").to_owned();
                    self.add(owner, Control::Button(button));
                }
                return;
            }
            "button" | "reset" | "file" => return,
            "hidden" => FieldKind::Hidden,
            "password" => FieldKind::Password,
            "checkbox" => FieldKind::Checkbox,
            "radio" => FieldKind::Radio,
            "email" => FieldKind::Email,
            "search" => {
                let forms = &mut self.gathered.page.forms;
                if let Some(form) = self.form.and_then(|form| forms.get_mut(form)) {
                    form.is_search = true;
                }
                FieldKind::Text
            }
            _ => FieldKind::Text,
        };
        self.add(
            owner,
            Control::Field(Field {
                kind,
                ..field(element)
            }),
        );
    }

    fn button(&self, node: NodeId, element: &Element) -> Button {
        let attr = |name| element.attr(name).unwrap_or_default().to_owned();
        Button {
            name: attr("name"),
            value: attr("value"),
            text: attr("aria-label"),
            form_action: element.attr("formaction").map(str::to_owned),
            form_post: element
                .attr("formmethod")
                .map(|method| method.eq_ignore_ascii_case("post")),
            form_encoding: element.attr("formenctype").map(encoding),
            marks: self.marks(node),
            number: number(element),
        }
    }

    fn add(&mut self, owner: Option<&str>, control: Control) {
        let gathered = &mut self.gathered;
        if let Some(owner) = owner {
            gathered.by_id.push((owner.to_owned(), control));
            return;
        }
        let forms = &mut gathered.page.forms;
        let target = self
            .form
            .map_or(Some(&mut gathered.loose), |index| forms.get_mut(index));
        match (target, control) {
            (Some(form), Control::Button(button)) => form.buttons.push(button),
            (Some(form), Control::Field(field)) => {
                form.fields.push(field);
                if let Some(label) = self.label {
                    gathered
                        .labelled
                        .push((self.form, form.fields.len() - 1, label));
                }
            }
            (None, _) => {}
        }
    }

    fn option(&mut self, selected: bool, value: String) {
        let gathered = &mut self.gathered;
        let forms = &mut gathered.page.forms;
        let form = self
            .form
            .map_or(Some(&mut gathered.loose), |index| forms.get_mut(index));
        let select = form.and_then(|form| form.fields.last_mut());
        if let Some(select) = select.filter(|field| field.kind == FieldKind::Select) {
            // The first option stands unless another is selected.
            if selected || !select.checked {
                select.value = value;
            }
            select.checked = true;
        }
    }
}

fn field(element: &Element) -> Field {
    let attr = |name| element.attr(name).unwrap_or_default().to_owned();
    Field {
        id: attr("id"),
        name: attr("name"),
        kind: FieldKind::Text,
        value: attr("value"),
        checked: element.attr("checked").is_some(),
        required: element.attr("required").is_some(),
        read_only: element.attr("readonly").is_some(),
        autocomplete: attr("autocomplete").to_ascii_lowercase(),
        is_cell: attr("maxlength").trim() == "1",
        hint: [attr("placeholder"), attr("aria-label")]
            .join(" ")
            .trim()
            .to_owned(),
        number: number(element),
    }
}

/// The number that the driver `browser` has given a control.
fn number(element: &Element) -> Option<usize> {
    element.attr("data-authspec")?.parse().ok()
}

fn disabled(element: &Element) -> bool {
    element.attr("disabled").is_some()
}

fn encoding(enctype: &str) -> Encoding {
    match enctype.to_ascii_lowercase().as_str() {
        "multipart/form-data" => Encoding::Multipart,
        "text/plain" => Encoding::Plain,
        _ => Encoding::UrlEncoded,
    }
}

/// Whether nobody sees what is in it.
fn hides(element: &Element) -> bool {
    element.attr("hidden").is_some()
        || element.attr("style").is_some_and(|style| {
            let style: String = style.split_whitespace().collect();
            style.to_ascii_lowercase().contains("display:none")
        })
}
