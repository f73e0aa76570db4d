//! What a defect does, found in few whole runs.
//!
//! A whole run for each defect takes long, and most of them say the same: nearly every case comes
//! out as on the correct servers. So defects that do not touch are also built into one pair of
//! servers together. A case that comes out there as ever is settled for each of them: none of them
//! makes it fail, unless two wrongs made a right. Every defect stands in two such companies, which
//! share no other, so that what one neighbour upsets is settled by the other company. All the rest,
//! and always what a defect lists, is run again on servers that have it alone. Where only some
//! trials are asked for by name, and with `AUTHSPEC_MATRIX=whole`, nothing is settled in company,
//! and every defect gets a whole run.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use authspec::cli::fixtures::Fixture;
use authspec::judge::Verdict;
use authspec::reference::Defect;
use serde_json::{Map, Value};

use crate::bench::Bench;

/// Defects in one pair of servers: more make fewer whole runs, but longer ones for each defect.
const TOGETHER: usize = 16;

/// Servers with several defects, and the correct ones.
pub struct Company {
    together: Bench,
    correct: Arc<Bench>,
    settled: OnceLock<HashSet<String>>,
}

impl Company {
    /// Several defects, given as one, over the correct servers.
    pub fn new(together: Bench, correct: &Arc<Bench>) -> Self {
        Self {
            together,
            correct: Arc::clone(correct),
            settled: OnceLock::new(),
        }
    }

    /// Ids of the cases that none of the defects makes fail.
    pub fn settled(&self) -> &HashSet<String> {
        self.settled.get_or_init(|| {
            let (Ok(together), Ok(correct)) = (self.together.cases(), self.correct.cases()) else {
                return HashSet::new();
            };
            let correct: HashMap<&str, &Verdict> = correct
                .iter()
                .map(|case| (case.id.as_str(), &case.verdict))
                .collect();
            let as_ever = together.iter().filter(|case| {
                let correct = correct.get(case.id.as_str());
                correct.is_some_and(|correct| both_pass(correct, &case.verdict))
            });
            as_ever.map(|case| case.id.clone()).collect()
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

/// Defects that may stand together, by their places in the list. Each stands in two groups, except
/// for those that upset most of a run, which stand in none.
pub fn groups(defects: &[Fixture<Defect>]) -> Vec<Vec<usize>> {
    let mut sociable: Vec<usize> = (0..defects.len())
        .filter(|one| !defects[*one].value.alone)
        .collect();
    sociable.sort_by_key(|one| &defects[*one].value.base);
    let of_base =
        sociable.chunk_by(|one, other| defects[*one].value.base == defects[*other].value.base);
    of_base
        .flat_map(|members| {
            // Neighbours are of one folder and touch: they are dealt out, the second time with a
            // shift that parts those who met the first time.
            let count = members.len().div_ceil(TOGETHER);
            let once = deal(defects, members, count, |place| place);
            let twice = deal(defects, members, count, |place| place + place / count);
            once.into_iter().chain(twice)
        })
        .filter(|group| group.len() > 1)
        .collect()
}

/// Gives each member to the group that `at` names for its place, or to the next where nobody touches
/// it.
fn deal(
    defects: &[Fixture<Defect>],
    members: &[usize],
    count: usize,
    at: impl Fn(usize) -> usize,
) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); count];
    for (place, member) in members.iter().enumerate() {
        let fits = |group: &Vec<usize>| {
            let touches = |other: &usize| touch(&defects[*member].value, &defects[*other].value);
            !group.iter().any(touches)
        };
        let first = at(place);
        let mut places = (first..first + count).map(|place| place % count);
        match places.find(|place| fits(&groups[*place])) {
            Some(place) => groups[place].push(*member),
            None => groups.push(vec![*member]),
        }
    }
    groups
}

fn touch(one: &Defect, other: &Defect) -> bool {
    let both_rewrite = !one.rewrite.is_empty() && !other.rewrite.is_empty();
    both_rewrite || overlap(&one.policy, &other.policy)
}

fn overlap(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.iter()
        .any(|(name, value)| match (value, other.get(name)) {
            (_, None) => false,
            (Value::Object(one), Some(Value::Object(other))) => overlap(one, other),
            _ => true,
        })
}

/// All of them as one defect.
pub fn together<'d>(defects: impl Iterator<Item = &'d Fixture<Defect>>) -> Defect {
    defects.fold(Defect::default(), |mut all, defect| {
        all.title.push_str(&format!(" {}", defect.id));
        merge(&mut all.policy, &defect.value.policy);
        all.rewrite.extend(defect.value.rewrite.iter().cloned());
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
