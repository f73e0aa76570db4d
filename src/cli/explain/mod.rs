//! `authspec explain NAME`: one page about one check, an area or a requirement.

mod steps;

use std::io::Write;

use super::args::Explain;
use super::catalogue;
use super::console::{Console, heading};
use super::failure::Failure;
use super::fixtures;
use crate::plan::{Pattern, is_within};
use crate::suite::{Cited, LoadedCheck, Params, Suites, suggest};

/// Prints the page.
pub fn explain(args: &Explain, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.suites)?;
    let mut out = console.out();
    let width = console.options().width.clamp(40, 100);
    let name = args.name.as_str();
    let same = |id: &&str| id.eq_ignore_ascii_case(name);
    let requirement = suites.registry.ids().find(same);
    let area = name.trim_end_matches('/');
    if let Some(cited) = requirement.and_then(|id| suites.registry.get(id)) {
        about_requirement(&suites, cited, width, &mut out)?;
    } else if catalogue::areas(&suites).contains(area) {
        about_area(&suites, area, width, &mut out)?;
    } else {
        let (check, row) = find(name, &suites)?;
        let page = Page {
            suites: &suites,
            check,
            row,
            width,
        };
        page.write(&mut out)?;
    }
    out.flush()?;
    Ok(0)
}

/// An area's checks.
fn about_area(
    suites: &Suites,
    area: &str,
    width: usize,
    out: &mut impl Write,
) -> Result<(), Failure> {
    writeln!(out, "{}", heading(area))?;
    for check in suites
        .checks
        .iter()
        .filter(|check| is_within(&check.area, area))
    {
        writeln!(out, "\n  {}", check.id())?;
        text(&check.check.title, "    ", width, out)?;
    }
    writeln!(out, "\nTo run them: authspec run TARGET --suite {area}")?;
    Ok(())
}

/// A requirement's clause, and the checks that test it.
fn about_requirement(
    suites: &Suites,
    cited: &Cited,
    width: usize,
    out: &mut impl Write,
) -> Result<(), Failure> {
    writeln!(out, "{}", heading(&cited.id))?;
    clause(cited, width, out)?;
    writeln!(out, "\n{}", heading("Tested by"))?;
    let mut tests = catalogue::tested_by(suites, &cited.id).peekable();
    if tests.peek().is_none() {
        writeln!(out, "  no check")?;
    }
    if !cited.requirement.unchecked.is_empty() {
        text(&cited.requirement.unchecked, "  ", width, out)?;
    }
    for check in tests {
        writeln!(out, "  {}", check.id())?;
        text(&check.check.title, "    ", width, out)?;
    }
    Ok(())
}

/// The check called `name`, by id, by a case's id, or by the last part of either; and the row of
/// the case, where one is named or there is only one.
fn find<'s>(
    name: &str,
    suites: &'s Suites,
) -> Result<(&'s LoadedCheck, Option<&'s Params>), Failure> {
    let check = find_check(name, suites)?;
    let ids = catalogue::case_ids(check);
    let named = name.contains('[') && check.check.each.is_none();
    let at = ids.iter().position(|id| id.ends_with(name));
    if named && at.is_none() {
        let help = suggest(name, ids.iter().map(String::as_str));
        return Err(Failure::usage(format!("there is no case {name}"), help));
    }
    let row = match check.check.cases.as_slice() {
        [only] => Some(only),
        rows if named => at.and_then(|at| rows.get(at)),
        _ => None,
    };
    Ok((check, row))
}

fn find_check<'s>(name: &str, suites: &'s Suites) -> Result<&'s LoadedCheck, Failure> {
    let of_check = name.split('[').next().unwrap_or(name);
    if let Some(check) = suites.check(of_check) {
        return Ok(check);
    }
    let tails: Vec<&LoadedCheck> = suites
        .checks
        .iter()
        .filter(|check| check.id().ends_with(&format!("/{of_check}")))
        .collect();
    match tails.as_slice() {
        [only] => Ok(only),
        [] => {
            let (names, areas) = (catalogue::names(suites), catalogue::areas(suites));
            let known = names.iter().chain(&areas).map(String::as_str);
            let known = known.chain(suites.registry.ids());
            let help = suggest(name, known.collect::<Vec<_>>());
            let message = format!("there is no check, area or requirement {name}");
            Err(Failure::usage(message, help))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|check| check.id()).collect();
            let message = format!("{name} may be any of {}", ids.join(", "));
            Err(Failure::usage(message, "give the whole id"))
        }
    }
}

struct Page<'a> {
    suites: &'a Suites,
    check: &'a LoadedCheck,
    row: Option<&'a Params>,
    width: usize,
}

impl Page<'_> {
    fn write(&self, out: &mut impl Write) -> Result<(), Failure> {
        let check = &self.check.check;
        writeln!(out, "{}", heading(&self.check.id()))?;
        self.text(&check.title, "", out)?;
        writeln!(out, "{}:{}", self.check.file, self.check.line)?;
        self.section("Why it matters", &check.why, out)?;
        if let Some(threat) = &self.check.threat {
            let sources = threat.sources.join(", ");
            self.text(&format!("Threat: {} ({sources}).", threat.title), "  ", out)?;
        }
        writeln!(out, "\n{}", heading("What it cites"))?;
        for id in catalogue::cited(self.check) {
            if let Some(cited) = self.suites.registry.get(id) {
                clause(cited, self.width, out)?;
            }
        }
        steps::write(self.suites, check, self.row, out)?;
        self.cases(out)?;
        self.proof(out)?;
        self.section("How to mend a server that fails", &check.mend, out)
    }

    fn section(&self, title: &str, text: &str, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "\n{}", heading(title))?;
        self.text(text, "  ", out)
    }

    fn text(&self, words: &str, indent: &str, out: &mut impl Write) -> Result<(), Failure> {
        text(words, indent, self.width, out)
    }

    fn cases(&self, out: &mut impl Write) -> Result<(), Failure> {
        let check = &self.check.check;
        writeln!(out, "\n{}", heading("Cases"))?;
        if let Some(each) = &check.each {
            writeln!(out, "  one for each combination of the target's own lists:")?;
            for (name, list) in &each.of {
                writeln!(out, "    {name} of {list}")?;
            }
            if let Some(condition) = &each.condition {
                writeln!(out, "    where {condition}")?;
            }
            writeln!(out, "  named {}", self.check.case_id(Some(&each.case)))?;
            return Ok(());
        }
        for id in catalogue::case_ids(self.check) {
            writeln!(out, "  {id}")?;
        }
        Ok(())
    }

    /// The defects that make it fail.
    fn proof(&self, out: &mut impl Write) -> Result<(), Failure> {
        let kills = |text: &String| {
            Pattern::new(text).is_ok_and(|pattern| catalogue::selects(&pattern, self.check))
        };
        let all = fixtures::defects(self.suites)?;
        let mut proving = all
            .iter()
            .filter(|defect| defect.value.kills.iter().any(kills))
            .peekable();
        writeln!(out, "\n{}", heading("Proved by"))?;
        if proving.peek().is_none() {
            writeln!(out, "  no defect inside this program makes it fail")?;
        }
        for defect in proving {
            writeln!(out, "  {}: {}", defect.id, defect.value.title)?;
            if let Some(reference) = &defect.value.reference {
                writeln!(out, "    seen in the field: {reference}")?;
            }
            writeln!(out, "    authspec demo --defect {}", defect.id)?;
        }
        Ok(())
    }
}

fn text(words: &str, indent: &str, width: usize, out: &mut impl Write) -> Result<(), Failure> {
    let options = textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent(indent);
    writeln!(out, "{}", textwrap::fill(words.trim(), options))?;
    Ok(())
}

/// Document, section, level, paraphrase; what is our inference is called so.
fn clause(cited: &Cited, width: usize, out: &mut impl Write) -> Result<(), Failure> {
    let requirement = &cited.requirement;
    let level = requirement.level.as_str();
    writeln!(
        out,
        "  {} section {} ({level})  {}",
        cited.document, requirement.section, cited.id
    )?;
    text(&requirement.summary, "    ", width, out)?;
    let versions: Vec<&str> = requirement
        .mcp_versions
        .iter()
        .map(|version| version.as_str())
        .collect();
    match versions.is_empty() {
        true => writeln!(
            out,
            "    Binds a server that offers the feature, under every MCP version."
        )?,
        false => writeln!(out, "    Binds under MCP {}.", versions.join(", "))?,
    }
    if let Some(why) = cited.at_most_warns() {
        let remark = format!("Alone it is at most a warning: {why}.");
        text(&remark, "    ", width, out)?;
    }
    writeln!(out, "    {}", cited.url)?;
    Ok(())
}
