//! `authspec explain CHECK`: one page about one check.

mod steps;

use std::io::Write;

use super::args::Explain;
use super::catalogue;
use super::console::{Console, heading};
use super::failure::Failure;
use super::fixtures;
use crate::plan::Pattern;
use crate::suite::{Cited, LoadedCheck, Suites, suggest};

/// Prints the page.
pub fn explain(args: &Explain, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.suites)?;
    let check = find(&args.check, &suites)?;
    let mut out = console.out();
    let width = console.options().width.clamp(40, 100);
    let page = Page {
        suites: &suites,
        check,
        width,
    };
    page.write(&mut out)?;
    out.flush()?;
    Ok(0)
}

/// The check called `name`: by id, by a case's id, or by the last part of either.
fn find<'s>(name: &str, suites: &'s Suites) -> Result<&'s LoadedCheck, Failure> {
    let check = find_check(name, suites)?;
    let ids = catalogue::case_ids(check);
    let is_case = name.contains('[') && check.check.each.is_none();
    if is_case && !ids.iter().any(|id| id.ends_with(name)) {
        let help = suggest(name, ids.iter().map(String::as_str));
        return Err(Failure::usage(format!("there is no case {name}"), help));
    }
    Ok(check)
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
            let known = catalogue::names(suites);
            let help = suggest(name, known.iter().map(String::as_str));
            Err(Failure::usage(format!("there is no check {name}"), help))
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
    width: usize,
}

impl Page<'_> {
    fn write(&self, out: &mut impl Write) -> Result<(), Failure> {
        let check = &self.check.check;
        writeln!(out, "{}", heading(&self.check.id()))?;
        self.text(&check.title, "", out)?;
        writeln!(out, "{}:{}", self.check.file, self.check.line)?;
        self.section("Why it matters", &check.why, out)?;
        writeln!(out, "\n{}", heading("What it cites"))?;
        for id in catalogue::cited(self.check) {
            if let Some(cited) = self.suites.registry.get(id) {
                self.clause(cited, out)?;
            }
        }
        steps::write(self.suites, check, out)?;
        self.cases(out)?;
        self.proof(out)?;
        self.section("How to mend a server that fails", &check.mend, out)
    }

    fn section(&self, title: &str, text: &str, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "\n{}", heading(title))?;
        self.text(text, "  ", out)
    }

    fn text(&self, text: &str, indent: &str, out: &mut impl Write) -> Result<(), Failure> {
        let options = textwrap::Options::new(self.width)
            .initial_indent(indent)
            .subsequent_indent(indent);
        writeln!(out, "{}", textwrap::fill(text.trim(), options))?;
        Ok(())
    }

    /// Document, section, level, paraphrase; what is our inference is called so.
    fn clause(&self, cited: &Cited, out: &mut impl Write) -> Result<(), Failure> {
        let requirement = &cited.requirement;
        let level = requirement.level.as_str();
        writeln!(
            out,
            "  {} section {} ({level})  {}",
            cited.document, requirement.section, cited.id
        )?;
        self.text(&requirement.summary, "    ", out)?;
        let versions: Vec<&str> = requirement
            .mcp_versions
            .iter()
            .map(|version| version.as_str())
            .collect();
        match versions.is_empty() {
            true => writeln!(
                out,
                "    Binds a server that offers the feature, in no MCP version."
            )?,
            false => writeln!(out, "    Binds under MCP {}.", versions.join(", "))?,
        }
        if requirement.derived {
            let remark = "Derived: no sentence says exactly this; it follows from the section.";
            self.text(remark, "    ", out)?;
        }
        if !requirement.verified {
            let remark =
                "Not verified: the text has not been read; this alone never fails a server.";
            self.text(remark, "    ", out)?;
        }
        writeln!(out, "    {}", cited.url)?;
        Ok(())
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
