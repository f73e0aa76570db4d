//! Completes what `junit-report` writes: `skipped` on each suite, and totals on the root.

use junit_report::TestSuite;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

/// `document` with the counts of `suites`, which it was written from.
pub fn add(document: &[u8], suites: &[TestSuite]) -> Result<Vec<u8>, quick_xml::Error> {
    let mut reader = Reader::from_reader(document);
    let mut writer = Writer::new(Vec::with_capacity(document.len() + 256));
    let mut remaining = suites.iter();
    loop {
        match reader.read_event()? {
            Event::Eof => return Ok(writer.into_inner()),
            Event::Start(start) => {
                let start = complete(start, suites, &mut remaining);
                writer.write_event(Event::Start(start))?;
            }
            Event::Empty(start) => {
                let start = complete(start, suites, &mut remaining);
                writer.write_event(Event::Empty(start))?;
            }
            other => writer.write_event(other)?,
        }
    }
}

fn complete<'e, 's>(
    mut start: BytesStart<'e>,
    suites: &[TestSuite],
    remaining: &mut impl Iterator<Item = &'s TestSuite>,
) -> BytesStart<'e> {
    match start.name().as_ref() {
        b"testsuites" => {
            let sum = |count: fn(&TestSuite) -> usize| {
                suites.iter().map(count).sum::<usize>().to_string()
            };
            start.push_attribute(("tests", sum(TestSuite::tests).as_str()));
            start.push_attribute(("failures", sum(TestSuite::failures).as_str()));
            start.push_attribute(("errors", sum(TestSuite::errors).as_str()));
        }
        b"testsuite" => {
            if let Some(suite) = remaining.next() {
                start.push_attribute(("skipped", suite.skipped().to_string().as_str()));
            }
        }
        _ => {}
    }
    start
}
