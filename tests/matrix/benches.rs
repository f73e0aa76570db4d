//! Which servers are tested, and which of them first stand in company.

use std::sync::Arc;

use authspec::cli::fixtures::{Fixture, PolicyFile};
use authspec::reference::Defect;
use authspec::suite::Suites;

use crate::bench::{self, Bench};
use crate::common::Servers;
use crate::company::{self, Member};
use crate::{checks_of, listed};

/// A bench for each file.
pub struct Benches {
    /// Of the policies, in their order.
    pub policies: Vec<Arc<Bench>>,
    /// Of the defects, in their order.
    pub defects: Vec<Arc<Bench>>,
}

impl Benches {
    /// With `whole`, each has a whole run of its own. Otherwise companies settle what they can, for the
    /// defects and for the policies that change a detail of another.
    pub fn new(
        suites: &Arc<Suites>,
        policies: &[Fixture<PolicyFile>],
        defects: &[Fixture<Defect>],
        whole: bool,
    ) -> Self {
        let wholly = Wholly::new(suites, policies);
        let details = policies.iter().enumerate();
        let (places, mut members): (Vec<usize>, Vec<Member>) = details
            .filter_map(|(place, policy)| Some((place, wholly.detail(policy)?)))
            .unzip();
        let sampling = bench::sampling(suites);
        members.extend(defects.iter().map(|defect| {
            let mut checks = checks_of(&defect.value).into_iter();
            let takes_a_sample = checks.any(|check| sampling.iter().any(|id| id == check));
            Member {
                correct: wholly.base(defect),
                change: defect.value.clone(),
                alone: defect.value.alone || takes_a_sample,
            }
        }));
        let companies = match whole {
            true => vec![None; members.len()],
            false => company::companies(&members),
        };
        let mut benches = members.iter().zip(companies).map(|(member, company)| {
            let bench = member.correct.changed(&member.change);
            Arc::new(bench.in_company(company, listed(&member.change)))
        });
        let mut of_policies = wholly.benches.clone();
        for (place, bench) in places.into_iter().zip(benches.by_ref()) {
            of_policies[place] = bench;
        }
        let of_defects = benches.collect();
        Self {
            policies: of_policies,
            defects: of_defects,
        }
    }
}

/// The correct servers, each with a whole run.
struct Wholly<'p> {
    policies: &'p [Fixture<PolicyFile>],
    benches: Vec<Arc<Bench>>,
}

impl<'p> Wholly<'p> {
    fn new(suites: &Arc<Suites>, policies: &'p [Fixture<PolicyFile>]) -> Self {
        let benches = policies
            .iter()
            .map(|policy| Arc::new(Bench::new(suites, Servers::of_policy(policy))))
            .collect();
        Self { policies, benches }
    }

    /// The servers that a defect starts from.
    fn base(&self, defect: &Fixture<Defect>) -> Arc<Bench> {
        let mut named = self.policies.iter().zip(&self.benches);
        let found = match &defect.value.base {
            Some(name) => named.find(|(policy, _)| policy.id == *name),
            None => named.find(|(_, bench)| bench.servers == Servers::default()),
        };
        let (_, bench) = found.unwrap_or_else(|| panic!("{}: no policy is its base", defect.id));
        Arc::clone(bench)
    }

    /// A policy of `legitimate/` as a change of one that is not there, if it is such a change.
    fn detail(&self, policy: &Fixture<PolicyFile>) -> Option<Member> {
        let is_detail = |policy: &Fixture<PolicyFile>| policy.id.starts_with("legitimate/");
        let change = Defect {
            title: policy.id.clone(),
            policy: policy.value.policy.clone(),
            rewrite: policy.value.rewrite.clone(),
            kills: policy.value.tells.clone(),
            ..Defect::default()
        };
        let servers = Servers::of_policy(policy);
        let mut others = self.policies.iter().zip(&self.benches);
        let correct = others
            .find(|(other, bench)| !is_detail(other) && bench.servers.with(&change) == servers);
        is_detail(policy).then_some(Member {
            correct: Arc::clone(correct?.1),
            change,
            alone: policy.value.alone,
        })
    }
}
