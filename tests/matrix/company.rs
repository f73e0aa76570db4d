//! What a change of the correct servers does, found in few whole runs.
//!
//! A whole run for each defect takes long, and most of them say the same: nearly every case comes
//! out as on the correct servers. So changes that do not touch are also built into one pair of
//! servers together. A case that comes out there as ever is settled for each of them: none of them
//! makes it fail, unless two wrongs made a right. What is not settled is run again in smaller
//! companies, so that what one member upsets is settled for the others. All the rest, and always what
//! a defect lists, is run on servers that have the one change alone. Where only some trials are asked
//! for by name, and with `AUTHSPEC_MATRIX=whole`, nothing is settled in company, and every change gets
//! a whole run.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use authspec::judge::Verdict;
use authspec::reference::{Change, Defect, Rewrite, When};
use globset::Glob;
use serde_json::{Map, Value};

use crate::bench::Bench;

/// Members of the largest companies. More make fewer whole runs, but each settles less.
const LARGEST: usize = 32;
/// Members of the companies that these are parted into, one after the other.
const SMALLER: [usize; 2] = [12, 4];

/// A change of correct servers that is to be tested.
pub struct Member {
    /// The servers that it changes.
    pub correct: Arc<Bench>,
    /// What it changes in them, and whether it stands in no company.
    pub change: Defect,
}

/// Servers with several changes, and the correct ones.
pub struct Company {
    together: Bench,
    correct: Arc<Bench>,
    /// The company of which this is a part.
    larger: Option<Arc<Company>>,
    settled: OnceLock<HashSet<String>>,
}

impl Company {
    /// Ids of the cases of these checks.
    pub fn cases_of<'c>(&'c self, checks: &'c [String]) -> impl Iterator<Item = &'c str> {
        let cases = self.correct.cases().unwrap_or_default().iter();
        let ids = cases.map(|case| case.id.as_str());
        ids.filter(|id| {
            checks
                .iter()
                .any(|check| id.split('[').next() == Some(check))
        })
    }

    /// Ids of the cases that none of the changes makes fail.
    pub fn settled(&self) -> &HashSet<String> {
        self.settled.get_or_init(|| {
            let larger = self.larger.as_ref().map(|larger| larger.settled().clone());
            let mut settled = larger.unwrap_or_default();
            let (Ok(together), Ok(correct)) = (self.together.cases(), self.correct.cases()) else {
                return settled;
            };
            let correct: HashMap<&str, &Verdict> = correct
                .iter()
                .map(|case| (case.id.as_str(), &case.verdict))
                .collect();
            let as_ever = together.iter().filter(|case| {
                let correct = correct.get(case.id.as_str());
                correct.is_some_and(|correct| both_pass(correct, &case.verdict))
            });
            settled.extend(as_ever.map(|case| case.id.clone()));
            settled
        })
    }
}

fn both_pass(one: &Verdict, other: &Verdict) -> bool {
    let same = std::mem::discriminant(one) == std::mem::discriminant(other);
    same && is_right(one) && is_right(other)
}

/// Whether the correct servers may get this verdict.
pub fn is_right(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Pass { remark: None } | Verdict::NotApplicable { .. }
    )
}

/// A company and what it is parted into.
pub struct Family {
    /// All of them together.
    pub company: Arc<Company>,
    /// Smaller companies of the same members, or the members.
    pub parts: Vec<Part>,
}

/// Of the members, one or several.
pub enum Part {
    /// Several.
    Family(Family),
    /// One, by its place in the list.
    Member(usize),
}

/// Members that may stand together. Those that upset most of a run come alone.
pub fn families(members: &[Member]) -> Vec<Part> {
    let (alone, sociable): (Vec<usize>, Vec<usize>) =
        (0..members.len()).partition(|one| members[*one].change.alone);
    let groups = groups(members, sociable);
    let families = groups
        .iter()
        .map(|group| family(members, group, None, &SMALLER));
    alone
        .into_iter()
        .map(Part::Member)
        .chain(families)
        .collect()
}

/// Makes a company of the group and parts it. Neighbours are of one folder and upset the same cases,
/// so they stay together.
fn family(
    members: &[Member],
    group: &[usize],
    larger: Option<&Arc<Company>>,
    smaller: &[usize],
) -> Part {
    if let [member] = group {
        return Part::Member(*member);
    }
    let correct = &members[group[0]].correct;
    let all = together(group.iter().map(|member| &members[*member].change));
    let company = Arc::new(Company {
        together: correct
            .changed(&all)
            .in_company(larger.cloned(), Vec::new()),
        correct: Arc::clone(correct),
        larger: larger.cloned(),
        settled: OnceLock::new(),
    });
    let parts = match smaller.iter().position(|size| *size < group.len()) {
        Some(place) => {
            let parts = group.len().div_ceil(smaller[place]);
            let parts = group.chunks(group.len().div_ceil(parts));
            let smaller = &smaller[place + 1..];
            parts
                .map(|part| family(members, part, Some(&company), smaller))
                .collect()
        }
        None => group.iter().copied().map(Part::Member).collect(),
    };
    Part::Family(Family { company, parts })
}

/// Members that may stand together, by their places in the list.
fn groups(members: &[Member], mut sociable: Vec<usize>) -> Vec<Vec<usize>> {
    let correct = |one: usize| Arc::as_ptr(&members[one].correct);
    sociable.sort_by_key(|one| correct(*one));
    let of_the_same = sociable.chunk_by(|one, other| correct(*one) == correct(*other));
    of_the_same
        .flat_map(|same| share_out(members, same))
        .collect()
}

/// Gives each member to the smallest group in which nobody touches it.
fn share_out(members: &[Member], sociable: &[usize]) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); sociable.len().div_ceil(LARGEST)];
    for member in sociable {
        let fits = |group: &&mut Vec<usize>| {
            let touches = |other: &usize| touch(&members[*member].change, &members[*other].change);
            !group.iter().any(touches)
        };
        match groups
            .iter_mut()
            .filter(fits)
            .min_by_key(|group| group.len())
        {
            Some(group) => group.push(*member),
            None => groups.push(vec![*member]),
        }
    }
    groups
}

fn touch(one: &Defect, other: &Defect) -> bool {
    let rewrites = |rewrite: &Rewrite| other.rewrite.iter().any(|with| meet(rewrite, with));
    one.rewrite.iter().any(rewrites) || overlap(&one.policy, &other.policy)
}

/// Whether both may change the same of an answer.
fn meet(one: &Rewrite, other: &Rewrite) -> bool {
    reach_the_same(&one.when, &other.when)
        && one.change.iter().any(|change| {
            other
                .change
                .iter()
                .any(|with| change_the_same(change, with))
        })
}

/// Paths are compared, and of two globs the worst is assumed.
fn reach_the_same(one: &When, other: &When) -> bool {
    let (Some(one), Some(other)) = (&one.path, &other.path) else {
        return true;
    };
    let is_glob = |path: &str| path.contains(['*', '?', '[', '{']);
    let covers = |glob: &str, path: &str| {
        Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(path))
    };
    is_glob(one) && is_glob(other) || covers(one, other) || covers(other, one)
}

/// Members of a document are told apart by their first name; all else may be the same.
fn change_the_same(one: &Change, other: &Change) -> bool {
    let member = |change: &Change| match change {
        Change::SetMember(member) => Some(member.pointer.clone()),
        Change::RemoveMember(pointer) => Some(pointer.clone()),
        _ => None,
    };
    let first = |pointer: String| pointer.split('/').nth(1).map(str::to_owned);
    match (member(one), member(other)) {
        (Some(one), Some(other)) => first(one) == first(other),
        _ => true,
    }
}

fn overlap(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.iter()
        .any(|(name, value)| match (value, other.get(name)) {
            (_, None) => false,
            (Value::Object(one), Some(Value::Object(other))) => overlap(one, other),
            _ => true,
        })
}

/// All of them as one change.
fn together<'d>(changes: impl Iterator<Item = &'d Defect>) -> Defect {
    changes.fold(Defect::default(), |mut all, change| {
        all.title.push_str(&format!("{}; ", change.title));
        merge(&mut all.policy, &change.policy);
        all.rewrite.extend(change.rewrite.iter().cloned());
        all
    })
}

fn merge(into: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match (into.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(more)) => merge(into, more),
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}
