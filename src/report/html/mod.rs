//! The report as one page for a browser: no file and no host beside it.
//!
//! Three guards keep a server's words from acting in the page: every string that the template
//! writes is made harmless, it is escaped, and a content security policy lets
//! run only the one script whose hash it names.

mod view;

use std::fmt::Write as _;
use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    Environment, HtmlEscape, Output, State, UndefinedBehavior, context, escape_formatter,
};
use sha2::{Digest, Sha256};

use super::text::visible_block;
use super::{ReportError, ReportInput};
use view::View;

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Writes the page.
pub fn write(input: &ReportInput<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    environment.set_formatter(harmless);
    environment.add_filter("marked", marked);
    environment.add_template("report.html", TEMPLATE)?;
    let context = context! {
        report => minijinja::Value::from(Serde(View::new(input))),
        style => STYLE,
        script => SCRIPT,
        style_hash => hash(STYLE),
        script_hash => hash(SCRIPT),
    };
    let page = environment.get_template("report.html")?;
    page.render_captured_to(context, out)?;
    Ok(())
}

/// `text` escaped, with what stands between backticks as code.
fn marked(text: &str) -> minijinja::Value {
    let mut out = String::new();
    let text = visible_block(text);
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        let part = HtmlEscape(part);
        // A backtick without a partner is itself.
        let _ = match (is_code, parts.peek()) {
            (true, Some(_)) => write!(out, "<code>{part}</code>"),
            (true, None) => write!(out, "`{part}"),
            (false, _) => write!(out, "{part}"),
        };
        is_code = !is_code;
    }
    minijinja::Value::from_safe_string(out)
}

/// A source expression of the content security policy.
fn hash(inline: &str) -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(inline.as_bytes()));
    format!("'sha256-{digest}'")
}

/// Writes a value: control characters and direction marks of a string are written out, then it is
/// escaped. What a filter has escaped passes as it is.
fn harmless(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => escape_formatter(out, state, &visible_block(text).into()),
        None => escape_formatter(out, state, value),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scraper::{Html, Selector};

    use super::*;
    use crate::report::sample::Sample;
    use crate::report::text::acts;

    fn written(sample: &Sample) -> String {
        let mut out = Vec::new();
        write(&sample.input(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// How often each element and each attribute name occurs: what an injection would change.
    fn skeleton(page: &str) -> Vec<String> {
        let document = Html::parse_document(page);
        let all = Selector::parse("*").unwrap();
        let mut names: Vec<String> = document
            .select(&all)
            // A hostile backtick may find a partner in our words; `marked` escapes all the same.
            .filter(|element| element.value().name() != "code")
            .map(|element| {
                let attributes: Vec<&str> = element.value().attrs().map(|(name, _)| name).collect();
                format!("{} {attributes:?}", element.value().name())
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn shows_each_case_once_and_failures_first() {
        let sample = Sample::full();
        let page = written(&sample);
        let document = Html::parse_document(&page);
        let cases = Selector::parse(".case").unwrap();
        let verdicts: Vec<_> = document
            .select(&cases)
            .filter_map(|case| case.value().attr("data-verdict"))
            .collect();
        assert_eq!(verdicts.len(), sample.judgement.cases.len());
        assert_eq!(verdicts[..3], ["fail", "error", "warning"]);
        assert!(
            page.contains("authorization/pkce/verifier-wrong[truncated]")
                || page.contains("verifier-wrong")
        );
    }

    #[test]
    fn links_within_the_page_lead_somewhere() {
        let sample = Sample::full();
        let page = written(&sample);
        let document = Html::parse_document(&page);
        let all = Selector::parse("[id]").unwrap();
        let ids: Vec<_> = document
            .select(&all)
            .filter_map(|it| it.attr("id"))
            .collect();
        for case in &sample.judgement.cases {
            assert!(ids.contains(&case.id.as_str()), "{ids:?}");
        }
        let links = Selector::parse("a[href^='#']").unwrap();
        for link in document.select(&links) {
            let target = link
                .attr("href")
                .unwrap_or_default()
                .trim_start_matches('#');
            assert!(ids.contains(&target), "{target}");
        }
        let area = Selector::parse("h2 a[href^='#authorization/pkce/']").unwrap();
        assert_eq!(document.select(&area).count(), 1);
    }

    #[test]
    fn cases_can_stand_by_endpoint() {
        let sample = Sample::full();
        let mut input = sample.input();
        input.group_by = crate::report::GroupBy::Endpoint;
        let mut out = Vec::new();
        write(&input, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(page.contains("id=\"token-endpoint\""), "{page}");
        assert!(page.contains("Authorization code injection"), "{page}");
    }

    #[test]
    fn of_a_check_that_fails_in_many_rows_one_is_open() {
        let mut sample = Sample::full();
        let mut more = sample.judgement.cases[3].clone();
        more.id = more.id.replace("truncated", "other");
        sample.judgement.cases.push(more);
        let document = Html::parse_document(&written(&sample));
        let open = Selector::parse(".case.case[open]").unwrap();
        let open: Vec<_> = document
            .select(&open)
            .filter_map(|it| it.attr("id"))
            .collect();
        assert!(
            !open.contains(&"authorization/pkce/verifier-wrong[other]"),
            "{open:?}"
        );
        assert!(open.contains(&"authorization/pkce/verifier-wrong[truncated]"));
    }

    #[test]
    fn backticks_mark_code_and_nothing_more() {
        let shown = |text| marked(text).to_string();
        assert_eq!(shown("add `a<b`, so"), "add <code>a&lt;b</code>, so");
        assert_eq!(shown("`a` b`<c"), "<code>a</code> b`&lt;c");
    }

    #[test]
    fn loads_nothing_from_elsewhere() {
        let page = written(&Sample::full());
        let document = Html::parse_document(&page);
        let loading =
            Selector::parse("[src], link, iframe, object, embed, form, base, [style]").unwrap();
        assert_eq!(document.select(&loading).count(), 0);
        let links = Selector::parse("a[href]").unwrap();
        for link in document.select(&links) {
            let href = link.value().attr("href").unwrap_or_default();
            assert!(
                href.starts_with("https://") || href.starts_with('#'),
                "{href}"
            );
        }
        assert!(page.contains(&hash(SCRIPT).replace('/', "&#x2f;").replace('\'', "&#x27;")));
    }

    #[test]
    fn a_script_address_is_no_link() {
        let page = written(&Sample::hostile("javascript:alert(1)"));
        assert!(!page.contains("href=\"javascript"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn hostile_strings_add_no_element_and_no_attribute(
            text in prop_oneof![any::<String>(), r#"[<>"'&/=a-d \x00-\x1f]{1,24}"#],
        ) {
            let page = written(&Sample::hostile(&format!("x{text}")));
            prop_assert!(skeleton(&page) == skeleton(&written(&Sample::hostile("x"))));
            prop_assert!(!page.chars().any(|c| c != '\n' && c != '\t' && acts(c)));
        }
    }
}
