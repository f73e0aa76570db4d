//! Which servers are tested, and which of them first stand in company.

use std::sync::Arc;

use authspec::cli::fixtures::{Fixture, PolicyFile};
use authspec::reference::Defect;
use authspec::suite::Suites;

use crate::bench::{self, Bench};
use crate::common::Servers;
use crate::company::{self, Company, Member, Part};
use crate::job::Job;
use crate::{checks_of, listed};

/// A bench for each file.
pub struct Benches {
    /// Of the policies, in their order.
    pub policies: Vec<Arc<Bench>>,
    /// Of the defects, in their order.
    pub defects: Vec<Arc<Bench>>,
    /// What there is to run.
    pub jobs: Vec<Job>,
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
            // All of a run has to be made anyway.
            let takes_a_sample = checks.any(|check| sampling.iter().any(|id| id == check));
            let mut change = defect.value.clone();
            change.alone |= takes_a_sample;
            Member {
                correct: wholly.base(defect),
                change,
            }
        }));
        let parts = match whole {
            true => (0..members.len()).map(Part::Member).collect(),
            false => company::families(&members),
        };
        let mut benches = vec![None; members.len()];
        let whole = wholly.benches.iter().enumerate();
        let whole = whole.filter(|(place, _)| !places.contains(place));
        let mut jobs: Vec<Job> = whole.map(|(_, bench)| Job::of(Arc::clone(bench))).collect();
        jobs.extend(
            parts
                .iter()
                .map(|part| job(&members, part, None, &mut benches)),
        );
        let mut benches = benches.into_iter().flatten();
        let mut of_policies = wholly.benches.clone();
        for (place, bench) in places.into_iter().zip(benches.by_ref()) {
            of_policies[place] = bench;
        }
        Self {
            policies: of_policies,
            defects: benches.collect(),
            jobs,
        }
    }
}

/// What is to be run for a part of the members, whose benches it makes.
fn job(
    members: &[Member],
    part: &Part,
    company: Option<&Arc<Company>>,
    benches: &mut [Option<Arc<Bench>>],
) -> Job {
    match part {
        Part::Member(place) => {
            let member = &members[*place];
            let bench = member.correct.changed(&member.change);
            let bench = Arc::new(bench.in_company(company.cloned(), listed(&member.change)));
            benches[*place] = Some(Arc::clone(&bench));
            Job::of(bench)
        }
        Part::Family(family) => {
            let company = Arc::clone(&family.company);
            let parts = family.parts.iter();
            Job {
                then: parts
                    .map(|part| job(members, part, Some(&company), benches))
                    .collect(),
                run: Box::new(move || {
                    company.settled();
                }),
            }
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
            alone: policy.value.alone,
            ..Defect::default()
        };
        let servers = Servers::of_policy(policy);
        let mut others = self.policies.iter().zip(&self.benches);
        let correct = others
            .find(|(other, bench)| !is_detail(other) && bench.servers.with(&change) == servers);
        is_detail(policy).then_some(Member {
            correct: Arc::clone(correct?.1),
            change,
        })
    }
}
