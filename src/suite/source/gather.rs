//! Every mistake of shape in a file.
//!
//! A reader stops at the first. So what is wrong is left out, and the file is read again: first the
//! member itself, then what cannot be read without it, of which nothing is said.

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

use super::spot::Segment;
use super::{Source, bytes, explain};
use crate::suite::names::near;
use crate::suite::problem::Problem;

/// So many mistakes in one file are enough to begin with.
const MOST: usize = 200;

/// One of them can be read at nearly every place.
const VALUES: [&str; 5] = ["[]", "{}", "''", "0", "false"];

impl Source {
    /// The mistakes, each once, in the order in which they are met.
    pub(super) fn mistakes<T: DeserializeOwned>(&self) -> Vec<Problem> {
        let mut source = self.clone();
        let mut gone: Vec<(Vec<Segment>, Segment)> = Vec::new();
        let mut problems: Vec<Problem> = Vec::new();
        for _ in 0..MOST {
            let Err(error) = source.typed::<T>() else {
                break;
            };
            let problem = source.explained(&error);
            let at = problem.offset();
            let rest = match missing(&error) {
                Some(field) => {
                    let Some(map) = source.map_at(at) else {
                        push(problem, &mut problems);
                        break;
                    };
                    let is_gone = |field: &str| {
                        gone.iter()
                            .any(|(from, key)| *from == map && stood_for(key, field))
                    };
                    let others = source.missing_too::<T>(&map, field);
                    let others = others.iter().filter(|other| !is_gone(other));
                    let others = others.map(|other| {
                        let (message, help) = explain::missing(other);
                        problem.beside(message, help)
                    });
                    let others: Vec<Problem> = others.collect();
                    if !is_gone(field) {
                        push(problem, &mut problems);
                    }
                    for other in others {
                        push(other, &mut problems);
                    }
                    match map.split_last() {
                        None => source.with_member::<T>(field),
                        Some((last, above)) => {
                            gone.push((above.to_vec(), last.clone()));
                            source.without_part(&map)
                        }
                    }
                }
                None => {
                    let path = source.place(at);
                    if !gone.iter().any(|(from, _)| from.starts_with(&path)) {
                        push(problem, &mut problems);
                    }
                    source.leave_out(path, &mut gone)
                }
            };
            let Some(rest) = rest else { break };
            source = rest;
        }
        // One of the two may have been left out for another mistake.
        let mut repeated = Vec::new();
        if let Some(tree) = &self.tree {
            tree.value.repeated(&mut repeated);
        }
        for key in repeated {
            let (message, help) = explain::twice(&key.value);
            let span = bytes(&self.text, &key.referenced);
            push(
                self.problem_in(span, message).with_help(help),
                &mut problems,
            );
        }
        problems
    }

    /// Leaves out what stands at `path`, with what holds nothing else.
    fn leave_out(
        &self,
        mut path: Vec<Segment>,
        gone: &mut Vec<(Vec<Segment>, Segment)>,
    ) -> Option<Self> {
        while let Some(last) = path.last().cloned() {
            let above = path[..path.len() - 1].to_vec();
            let alone = self.parts(&above).len() < 2;
            gone.push((above.clone(), last));
            let rest = match alone && !above.is_empty() {
                true => None,
                false => self.without_part(&path),
            };
            if rest.is_some() {
                return rest;
            }
            path = above;
        }
        None
    }

    /// What else the map at `map` lacks beside `field`. A reader names one member at a time: those that
    /// it named are put in before the first key, whatever can be read there.
    fn missing_too<T: DeserializeOwned>(&self, map: &[Segment], field: &str) -> Vec<String> {
        let Some((_, start)) = self.parts(map).into_iter().next() else {
            return Vec::new();
        };
        let before = &self.text[..start];
        let column = start - before.rfind('\n').map_or(0, |end| end + 1);
        let end = match before.trim_end().ends_with('{') {
            true => ", ".to_owned(),
            false => format!("\n{}", " ".repeat(column)),
        };
        let (mut found, mut put_in, mut field) = (Vec::new(), String::new(), field.to_owned());
        loop {
            let next = VALUES.iter().find_map(|value| {
                let put_in = format!("{put_in}{field}: {value}{end}");
                let text = [before, &put_in, &self.text[start..]].concat();
                let source = Self::masked(&self.name, &text, &self.shown).ok()?;
                let error = source.typed::<T>().err()?;
                let other = missing(&error).filter(|other| *other != field)?.to_owned();
                let at = source.span_of(&error).start;
                // In braces the reader points behind what was put in.
                let is_behind = *value != "{}" && (start..=start + put_in.len()).contains(&at);
                let is_here = is_behind || source.map_at(at).is_some_and(|path| path == map);
                is_here.then_some((put_in, other))
            });
            let Some((with_it, other)) = next else {
                return found;
            };
            put_in = with_it;
            found.push(other.clone());
            field = other;
        }
    }

    /// The same file with a member at its end, which nobody wrote, of whatever can be read there.
    pub(super) fn with_member<T: DeserializeOwned>(&self, field: &str) -> Option<Self> {
        let added = VALUES.iter().filter_map(|value| {
            let text = format!("{}\n{field}: {value}\n", self.text);
            let source = Self::masked(&self.name, &text, &self.shown).ok()?;
            let is_read = match source.typed::<T>() {
                Ok(_) => true,
                Err(error) => {
                    missing(&error) != Some(field)
                        && source.span_of(&error).start <= self.text.len()
                }
            };
            is_read.then_some(source)
        });
        added.into_iter().next()
    }
}

fn push(problem: Problem, problems: &mut Vec<Problem>) {
    let same = |other: &Problem| {
        other.offset() == problem.offset() && other.message() == problem.message()
    };
    if !problems.iter().any(same) {
        problems.push(problem);
    }
}

/// The member that an error misses.
pub(super) fn missing(error: &Error) -> Option<&str> {
    match error.without_snippet() {
        Error::SerdeMissingField { field, .. } => Some(field),
        _ => None,
    }
}

/// Whether what was left out is the missing member, or was meant to be.
fn stood_for(key: &Segment, field: &str) -> bool {
    match key {
        Segment::Key(name) => name == field || near(name, [field]).is_some(),
        Segment::Item(_) => false,
    }
}
