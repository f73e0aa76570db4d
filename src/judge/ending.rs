//! How the judgement of a case can end other than by holding.

use super::Finding;

/// A question that stays open, with the exchanges that show why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    /// Why, for people.
    pub reason: String,
    /// Positions of the exchanges to look at; empty where the case's own are meant.
    pub exchanges: Vec<usize>,
}

impl Open {
    /// An open question that no exchange explains better than the case's own.
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            exchanges: Vec::new(),
        }
    }

    /// The same, with the exchanges that show it.
    pub(super) fn shown_by(self, exchanges: &[usize]) -> Self {
        Self {
            exchanges: exchanges.to_vec(),
            ..self
        }
    }
}

/// An early end of a case's judgement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    /// Deviations, of whatever level.
    Broken(Vec<Finding>),
    /// Not decided.
    Open(Open),
    /// A condition of the check does not hold on this target.
    NotApplicable(String),
    /// The harness failed.
    Fault(String),
}

impl From<Open> for Ending {
    fn from(open: Open) -> Self {
        Self::Open(open)
    }
}
