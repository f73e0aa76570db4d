//! Makes the plan: cases, the runs that they share, and the controls.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::abilities;
use super::batch;
use super::binding::Ground;
use super::describe::describe;
use super::endpoint_methods;
use super::expand::{self, Blank, Expanded, Layout, Row};
use super::folding;
use super::needs::{self, Needs};
use super::select::Selection;
use super::sharing;
use super::trim;
use super::words;
use super::{Disposition, Knowledge, Plan, PlannedCase, PlannedRun, PlannedStep};
use crate::suite::{
    Capability, Check, Cited, Each, Endpoint, Level, LoadedCheck, McpVersion, Params, Suites,
    Templates,
};

/// Plans every selected case.
///
/// # Errors
/// A template of a check cannot be resolved for this target. `lint` finds these beforehand in all
/// but odd cases; the text names the check.
pub fn plan(
    suites: &Suites,
    knowledge: &Knowledge,
    version: McpVersion,
    selection: &Selection,
) -> Result<Plan, PlanError> {
    let mut builder = Builder::new(suites, knowledge, version);
    let mut cases = Vec::new();
    for loaded in &suites.checks {
        let in_check = |cause| PlanError {
            check: format!("{}/{}", loaded.area, loaded.check.id),
            cause,
        };
        let rows = match expand::rows(&loaded.check, &builder.templates, &builder.context) {
            Ok(rows) if !rows.is_empty() => rows,
            without => {
                // A table of the target's own lists: what they hold is no mistake of the suite.
                if selection.wants_name(&loaded.area, &loaded.id(), &[]) {
                    let blank = Blank::of(&loaded.check).map_err(in_check)?;
                    let case = builder.without_rows(loaded, &blank, without.err());
                    cases.extend(selection.wants_cited(&case).then_some(case));
                }
                continue;
            }
        };
        let ids: Vec<String> = rows
            .iter()
            .map(|row| loaded.case_id(row.name.as_deref()))
            .collect();
        let mut wanted = rows
            .into_iter()
            .zip(&ids)
            .filter(|(_, id)| selection.wants_name(&loaded.area, id, &ids))
            .map(|(row, _)| row)
            .peekable();
        if wanted.peek().is_none() {
            continue;
        }
        let blank = Blank::of(&loaded.check).map_err(in_check)?;
        for row in wanted {
            let case = builder.identify(loaded, &blank, &row);
            if selection.wants_cited(&case) {
                cases.push(builder.decide(case, &blank, &row).map_err(in_check)?);
            }
        }
    }
    trim::trim(&mut builder.runs, &cases);
    folding::fold(&mut builder.runs);
    batch::mark(&mut builder.runs, &cases);
    builder
        .runs
        .sort_by(|_, a, _, b| b.is_control.cmp(&a.is_control));
    Ok(Plan {
        mcp_version: version,
        runs: builder.runs,
        cases,
    })
}

/// A check that cannot be planned.
#[derive(Debug, thiserror::Error)]
#[error("{check}: {cause}")]
pub struct PlanError {
    /// The check's id.
    pub check: String,
    /// What is wrong.
    pub cause: String,
}

/// Requirements, and the strongest level among them or why none binds.
type Binding = (Arc<Vec<Cited>>, Result<Level, String>);

struct Builder<'a> {
    suites: &'a Suites,
    knowledge: &'a Knowledge,
    version: McpVersion,
    ground: Ground,
    templates: Templates,
    context: minijinja::Value,
    layout: Layout<'a>,
    cited: RefCell<HashMap<Vec<String>, Binding>>,
    runs: IndexMap<String, PlannedRun>,
}

impl<'a> Builder<'a> {
    fn new(suites: &'a Suites, knowledge: &'a Knowledge, version: McpVersion) -> Self {
        Self {
            suites,
            knowledge,
            version,
            ground: Ground::new(version, knowledge),
            templates: Templates::new(),
            context: crate::suite::context(&knowledge.variables),
            layout: Layout::new(suites, knowledge.has(Capability::Login)),
            cited: RefCell::default(),
            runs: IndexMap::new(),
        }
    }

    /// Name, requirements and level of a case; it does not run yet.
    fn identify(&self, loaded: &LoadedCheck, blank: &Blank, row: &Row) -> PlannedCase {
        let check = &blank.check;
        let own = row.members.get("requirements").and_then(Value::as_array);
        let own = own.into_iter().flatten().filter_map(Value::as_str);
        let cited = check.requirements.iter().map(String::as_str).chain(own);
        let (requirements, level) = self.binding(cited.map(str::to_owned).collect());
        PlannedCase {
            id: loaded.case_id(row.name.as_deref()),
            area: loaded.area.clone(),
            threat: loaded.threat.clone(),
            endpoint: Endpoint::of(&loaded.check, self.suites),
            check: Arc::clone(check),
            row: row.members.clone(),
            level: level.as_ref().ok().copied(),
            requirements,
            disposition: Disposition::NotApplicable {
                reason: level.err().unwrap_or_default(),
            },
            lacks: Vec::new(),
        }
    }

    /// The requirements of these ids that bind, strongest first, and how strongly, or why none does.
    /// Cases that cite the same share them.
    fn binding(&self, ids: Vec<String>) -> Binding {
        let mut known = self.cited.borrow_mut();
        let binding = known.entry(ids).or_insert_with_key(|ids| {
            let mut requirements: Vec<Cited> = ids
                .iter()
                .filter_map(|id| self.suites.registry.get(id))
                .map(|cited| Cited {
                    uncounted: !self.suites.counts(cited, self.version),
                    ..cited.under(self.version)
                })
                .collect();
            let level = self.ground.settle(&mut requirements);
            requirements.sort_by_key(|cited| std::cmp::Reverse(cited.requirement.level));
            (Arc::new(requirements), level)
        });
        binding.clone()
    }

    /// A check whose table has no row on this target, as one case: it cannot be made for `cause`, or
    /// what the target file does not name stays untested and is told.
    fn without_rows(
        &self,
        loaded: &LoadedCheck,
        blank: &Blank,
        cause: Option<String>,
    ) -> PlannedCase {
        let row = Row {
            name: None,
            members: Params::new(),
        };
        let mut case = self.identify(loaded, blank, &row);
        if case.level.is_none() {
            return case;
        }
        case.disposition = match (cause, &loaded.check.each) {
            (None, Some(each)) => self.empty_table(&blank.check, each),
            (cause, _) => Disposition::Inconclusive {
                reason: format!(
                    "its cases cannot be told on this target: {}",
                    cause.unwrap_or_default()
                ),
            },
        };
        if let Disposition::Untested { add } = &case.disposition {
            case.lacks = vec![add.clone()];
        }
        case
    }

    /// Why none of the target's lists made a row.
    fn empty_table(&self, check: &Check, each: &Each) -> Disposition {
        let mut needs = Needs {
            capabilities: self.layout.needs(check),
            ..Needs::default()
        };
        needs.capabilities.extend(each.lists());
        self.obstacle(check, &needs)
            .or_else(|| self.unmet_condition(check))
            .unwrap_or_else(|| match &each.wants {
                Some(wants) => Disposition::Untested { add: wants.clone() },
                None => Disposition::NotApplicable {
                    reason: "the server has nothing of what it is about".to_owned(),
                },
            })
    }

    fn decide(
        &mut self,
        mut case: PlannedCase,
        blank: &Blank,
        row: &Row,
    ) -> Result<PlannedCase, String> {
        let Expanded {
            check,
            steps,
            needs,
        } = self.layout.expand(blank, &row.members)?;
        case.check = Arc::new(check);
        if case.level.is_none() {
            return Ok(case);
        }
        let mut all = Needs {
            capabilities: needs,
            ..Needs::default()
        };
        all.capabilities.extend(row_needs(&row.members));
        all.of_steps(self.suites, &steps);
        all.of_grants(&case.check, &steps);
        all.of_address(&case.check, &steps);
        let obstacle = self.obstacle(&case.check, &all);
        let unmet = self.unmet_condition(&case.check);
        if unmet.is_none() {
            case.lacks = needs::lacks(self.suites, &all, self.knowledge);
        }
        let unlisted = || endpoint_methods::obstacle(self.suites, &steps, self.knowledge);
        let obstacle = obstacle.or(unmet).or_else(unlisted).or_else(|| {
            abilities::obstacle(self.suites, &case.check, &steps, &self.knowledge.driver)
        });
        case.disposition = match obstacle {
            Some(obstacle) => obstacle,
            None => self.assign(&case.check, steps, &all.clients),
        };
        Ok(case)
    }

    /// Why a case with these needs cannot run, if it cannot. What the version rules out need not be
    /// given.
    fn obstacle(&self, check: &Check, needs: &Needs) -> Option<Disposition> {
        let obstacle = needs::obstacle(self.suites, needs, self.knowledge)?;
        let is_of_version = |expression: &String| {
            let names = self.templates.names(&format!("{{{{ {expression} }}}}"));
            names.is_ok_and(|names| names.iter().eq(["target.mcp_version"]))
        };
        let ruled_out = || {
            let unmet = self.unmet_condition(check);
            unmet.filter(|_| check.when.iter().all(is_of_version))
        };
        match obstacle {
            Disposition::Untested { .. } => ruled_out().or(Some(obstacle)),
            _ => Some(obstacle),
        }
    }

    /// The first `when` expression that is false or cannot be evaluated on this target.
    fn unmet_condition(&self, check: &Check) -> Option<Disposition> {
        let context = &self.context;
        check.when.iter().find_map(|expression| {
            let holds = self
                .templates
                .evaluate(expression, context)
                .is_ok_and(|value| value == Value::Bool(true));
            (!holds).then(|| Disposition::NotApplicable {
                reason: format!("it applies only {}", words::of(check, expression)),
            })
        })
    }

    fn assign(
        &mut self,
        check: &Check,
        steps: Vec<PlannedStep>,
        clients: &[String],
    ) -> Disposition {
        let hostile = expand::is_hostile(&steps);
        let control = hostile.then(|| {
            let honest = expand::honest(&steps);
            let mut needs = Needs::default();
            needs.of_steps(self.suites, &honest);
            let id = self.share(check.flow.clone(), honest, &needs.clients, 1);
            if let Some(run) = self.runs.get_mut(&id) {
                run.is_control = true;
            }
            id
        });
        let title = title(&check.flow, &steps);
        let rounds = (2..=check.rounds)
            .map(|round| {
                let title = format!("{title}, round {round}");
                self.share(title, steps.clone(), clients, round)
            })
            .collect();
        let run = self.share(title, steps, clients, 1);
        Disposition::Run {
            run,
            control,
            rounds,
        }
    }

    /// The id of the run with these steps, made if there is none yet. Rounds of one are runs apart.
    fn share(
        &mut self,
        title: String,
        mut steps: Vec<PlannedStep>,
        clients: &[String],
        round: u32,
    ) -> String {
        sharing::mark(&mut steps);
        let id = match round {
            1 => sharing::digest(&steps),
            _ => sharing::digest(&(round, &steps)),
        };
        let run = self.runs.entry(id.clone()).or_insert_with(|| PlannedRun {
            id: id.clone(),
            title,
            steps,
            clients: Vec::new(),
            is_control: false,
            part_of: None,
            batch: None,
            notes_own_names: true,
        });
        for client in clients {
            if !run.clients.contains(client) {
                run.clients.push(client.clone());
            }
        }
        id
    }
}

fn row_needs(row: &Params) -> Vec<Capability> {
    row.get("needs")
        .and_then(|needs| serde_json::from_value(needs.clone()).ok())
        .unwrap_or_default()
}

/// The flow's name with the deviation in a few words.
fn title(flow: &str, steps: &[PlannedStep]) -> String {
    let deviations: Vec<String> = steps
        .iter()
        .filter_map(|step| {
            let mutation = step.mutation.as_ref()?;
            Some(format!("{} {}", step.name, describe(mutation)))
        })
        .collect();
    if deviations.is_empty() {
        flow.to_owned()
    } else {
        format!("{flow}: {}", deviations.join("; "))
    }
}

/// The run of a flow with its default parameters, honest: the doctor's.
///
/// # Errors
/// The flow cannot be laid out; the text says why.
pub fn honest_run(
    suites: &Suites,
    knowledge: &Knowledge,
    flow: &str,
) -> Result<PlannedRun, String> {
    let blank = Blank::of(&Check::of_flow(flow))?;
    let mut builder = Builder::new(suites, knowledge, McpVersion::V20251125);
    let expanded = builder.layout.expand(&blank, &Params::new())?;
    let mut needs = Needs::default();
    needs.of_steps(suites, &expanded.steps);
    let id = builder.share(flow.to_owned(), expanded.steps, &needs.clients, 1);
    builder
        .runs
        .shift_remove(&id)
        .ok_or_else(|| "the run was not made".to_owned())
}
