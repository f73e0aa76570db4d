//! The rules of the XML schema that Jenkins' xUnit plugin validates with (`junit-10.xsd`), as
//! far as our documents use it, and the counts that GitLab shows. Tests only.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A parsed element.
#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes
            .iter()
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| value)
    }

    fn count(&self, name: &str) -> usize {
        self.children
            .iter()
            .filter(|child| child.name == name)
            .count()
    }
}

fn open(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element {
        name: String::from_utf8(start.name().as_ref().to_vec()).map_err(|e| e.to_string())?,
        ..Element::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let raw = std::str::from_utf8(&attribute.value).map_err(|e| e.to_string())?;
        let value = quick_xml::escape::unescape(raw).map_err(|e| e.to_string())?;
        element.attributes.push((
            String::from_utf8_lossy(attribute.key.as_ref()).into_owned(),
            value.into_owned(),
        ));
    }
    Ok(element)
}

/// Parses a document, and refuses characters that XML 1.0 forbids: quick-xml lets them through.
pub fn parse(document: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(document).map_err(|error| error.to_string())?;
    let forbidden = |c: &char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if let Some(c) = text.chars().find(forbidden) {
        return Err(format!("forbidden character {c:?}"));
    }
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let top = stack.last_mut().ok_or("closed too often")?;
        match event {
            Event::Start(start) => stack.push(open(&start)?),
            Event::Empty(start) => top.children.push(open(&start)?),
            Event::End(_) => {
                let element = stack.pop().ok_or("closed too often")?;
                stack
                    .last_mut()
                    .ok_or("closed too often")?
                    .children
                    .push(element);
            }
            Event::CData(data) => top.text.push_str(&String::from_utf8_lossy(&data)),
            Event::Text(text) => top.text.push_str(&String::from_utf8_lossy(&text)),
            Event::Decl(_) => {}
            Event::Eof => break,
            other => return Err(format!("unexpected {other:?}")),
        }
    }
    let mut document = stack
        .pop()
        .filter(|_| stack.is_empty())
        .ok_or("not closed")?;
    match document.children.len() {
        1 => document.children.pop().ok_or_else(String::new),
        roots => Err(format!("{roots} root elements")),
    }
}

/// What an element may hold: required attributes, optional attributes, children.
type Rule = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "testsuites" => (
            &[],
            &["name", "time", "tests", "failures", "errors"],
            &["testsuite"],
        ),
        "testsuite" => (
            &["name", "tests", "failures", "errors"],
            &[
                "group",
                "time",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
                "file",
                "log",
                "url",
            ],
            &[
                "testsuite",
                "properties",
                "testcase",
                "system-out",
                "system-err",
            ],
        ),
        "testcase" => (
            &["name"],
            &["time", "classname", "group"],
            &["skipped", "error", "failure", "system-out", "system-err"],
        ),
        "skipped" | "error" | "failure" => (&[], &["type", "message"], &[]),
        "system-out" | "system-err" => (&[], &[], &[]),
        _ => return None,
    })
}

/// Checks a document against the schema's rules and its own counts.
pub fn check(root: &Element) -> Result<(), String> {
    if root.name != "testsuites" {
        return Err(format!("the root is {}", root.name));
    }
    shape(root)?;
    for suite in &root.children {
        counts(suite)?;
    }
    for name in ["tests", "failures", "errors"] {
        let sum: usize = root.children.iter().map(|suite| number(suite, name)).sum();
        if number(root, name) != sum {
            return Err(format!("{name} of the root is not {sum}"));
        }
    }
    Ok(())
}

fn shape(element: &Element) -> Result<(), String> {
    let name = element.name.as_str();
    let (required, optional, children) =
        rule(name).ok_or_else(|| format!("no element is called {name}"))?;
    for attribute in required {
        if !element
            .attributes
            .iter()
            .any(|(other, _)| other == attribute)
        {
            return Err(format!("{name} lacks {attribute}"));
        }
    }
    for (attribute, value) in &element.attributes {
        if !required.contains(&attribute.as_str()) && !optional.contains(&attribute.as_str()) {
            return Err(format!("{name} has no attribute {attribute}"));
        }
        let plain = value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
            && value.matches('.').count() <= 1;
        if attribute == "time" && !plain {
            return Err(format!("time of {name} is {value}"));
        }
    }
    let holds_text = !matches!(name, "testsuites" | "testsuite" | "testcase");
    if !holds_text && !element.text.trim().is_empty() {
        return Err(format!("{name} holds text"));
    }
    for child in &element.children {
        if !children.contains(&child.name.as_str()) {
            return Err(format!("{} may not stand in {name}", child.name));
        }
        shape(child)?;
    }
    Ok(())
}

fn number(element: &Element, attribute: &str) -> usize {
    element.attribute(attribute).parse().unwrap_or(usize::MAX)
}

fn counts(suite: &Element) -> Result<(), String> {
    let cases = || {
        suite
            .children
            .iter()
            .filter(|child| child.name == "testcase")
    };
    let with = |name| cases().filter(|case| case.count(name) > 0).count();
    for (attribute, counted) in [
        ("tests", cases().count()),
        ("failures", with("failure")),
        ("errors", with("error")),
        ("skipped", with("skipped")),
    ] {
        if number(suite, attribute) != counted {
            return Err(format!("{attribute} is not {counted}"));
        }
    }
    Ok(())
}

#[test]
fn the_rules_can_fail() {
    let wrong = [
        ("<testsuite/>", "root"),
        (
            "<testsuites><testsuite name='a' tests='0' failures='0'/></testsuites>",
            "lacks errors",
        ),
        ("<testsuites colour='red'/>", "no attribute colour"),
        ("<testsuites time='1.2.3'/>", "time of"),
        ("<testsuites>x</testsuites>", "holds text"),
        (
            "<testsuites><testcase name='a'/></testsuites>",
            "may not stand",
        ),
        (
            "<testsuites tests='1' failures='0' errors='0'>\
             <testsuite name='a' tests='2' failures='0' errors='0' skipped='0'>\
             <testcase name='b'/></testsuite></testsuites>",
            "tests is not 1",
        ),
    ];
    for (document, message) in wrong {
        let error = parse(document.as_bytes())
            .and_then(|root| check(&root))
            .unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    assert!(parse(b"<a>\x08</a>").is_err() && parse(b"<a><b></a>").is_err());
}
