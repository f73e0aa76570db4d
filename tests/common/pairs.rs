//! `fixtures/targets/pairs.yaml`: two servers of which one has a fault, confirmed by hand.

use std::path::Path;

use serde::Deserialize;

/// All pairs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Each two variants once, with all their faults.
    pub pairs: Vec<Pair>,
}

/// Two variants of `fixtures/targets/`, of one package as a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What is compared, as its registry calls it.
    pub package: String,
    /// The one with the faults.
    pub before: Side,
    /// The one without.
    pub after: Side,
    /// What is wrong before and right after.
    pub faults: Vec<Fault>,
    /// What else differs, in whichever direction.
    #[serde(default)]
    pub besides: Vec<Besides>,
}

/// One of the two.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Version or option, for people.
    pub is: String,
    /// Folder of `fixtures/targets/`.
    pub server: String,
    /// A variant of its `findings.yaml`.
    pub variant: String,
}

/// A fault of the one side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What the server does.
    pub fault: String,
    /// Where the package's people speak of it: an advisory, a pull request, an option.
    pub advisory: String,
    /// Documents and sections.
    pub requirement: String,
    /// Ids or globs; every case that they select is a finding before and a pass after.
    pub cases: Vec<String>,
}

/// Cases that flip, too, since the two sides differ in more than the faults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Besides {
    /// Ids or globs; each flips.
    pub cases: Vec<String>,
    /// The reason, in one sentence.
    pub why: String,
}

impl Pairs {
    /// Reads the file, if there is one; a mistake in it is a failed test.
    pub fn load(path: &Path) -> Self {
        let Ok(text) = std::fs::read_to_string(path) else {
            return Self::default();
        };
        let pairs: Self = serde_saphyr::from_str(&text)
            .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        for pair in &pairs.pairs {
            let whole = pair.faults.iter().all(|fault| !fault.cases.is_empty())
                && pair.besides.iter().all(|other| !other.why.is_empty());
            assert!(
                whole && !pair.faults.is_empty(),
                "{}: {} lacks faults, cases or a reason",
                path.display(),
                pair.title()
            );
        }
        pairs
    }
}

impl Pair {
    /// `package, before -> after`.
    pub fn title(&self) -> String {
        format!("{}, {} -> {}", self.package, self.before.is, self.after.is)
    }
}
