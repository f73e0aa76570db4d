//! `expect.accepted`: each of these steps has its effect.

use super::Finding;
use super::ending::Open;
use super::evidence::Evidence;
use super::standing::Standing;
use super::way;

/// The listed steps that were refused although they should not have been.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Result<Finding, Open>> {
    let listed = &evidence.case.check.expect.accepted;
    listed
        .iter()
        .filter_map(|step| of_step(evidence, step).transpose())
        .collect()
}

fn of_step(evidence: &Evidence<'_>, name: &str) -> Result<Option<Finding>, Open> {
    let step = evidence.reached(name)?;
    way::to(evidence, name)?;
    let reason = match Standing::of(step) {
        Standing::Accepted => return Ok(None),
        Standing::Refused(reason) => reason,
        standing @ (Standing::Broke(_) | Standing::Undecided(_)) => {
            return Err(
                Open::because(format!("{name} {}", standing.said())).shown_by(&step.exchanges)
            );
        }
    };
    if evidence.is_honest_flow(name) {
        return Err(Evidence::way_in_failed(step));
    }
    match &evidence.control {
        Some(control) if control.plans(name) => {
            control.accepted(name)?;
        }
        None if evidence.is_hostile() => {
            return Err(Open::because(format!(
                "{name} was refused ({reason}), and there is no control to show that it works \
                 without the deviation"
            )));
        }
        _ => {}
    }
    Ok(Some(Finding {
        step: name.to_owned(),
        path: String::new(),
        wanted: "accepted".to_owned(),
        came: format!("refused: {reason}"),
    }))
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, accepted, broke, refused, undecided};

    #[test]
    fn a_refused_deviation_that_should_be_taken_is_a_finding_if_the_control_worked() {
        let sample = Sample::mutated_accepted().run("token", refused("invalid_request"));
        let judged = sample.clone().judge();
        assert_eq!(judged.verdict.name(), "fail");
        assert_eq!(
            judged.verdict.findings()[0].came,
            "refused: invalid_request"
        );
        for spoiled in [
            sample.clone().control("token", refused("no")),
            sample.clone().without_control(),
            sample.clone().last("token", refused("no")),
            sample.clone().run("token", broke()),
            sample.run("token", undecided("timeout")),
        ] {
            assert_eq!(spoiled.judge().verdict.name(), "inconclusive");
        }
        let judged = Sample::mutated_accepted().run("token", accepted()).judge();
        assert_eq!(judged.verdict.name(), "pass");
    }

    #[test]
    fn a_refused_honest_flow_is_the_way_in_and_not_a_finding() {
        let judged = Sample::honest_accepted("token")
            .run("token", refused("no"))
            .judge();
        let text = format!("{:?}", judged.verdict);
        assert!(text.contains("the honest flow failed at token"), "{text}");
    }

    #[test]
    fn a_refused_step_of_the_check_itself_is_a_finding() {
        let sample = Sample::own_step_accepted();
        assert_eq!(sample.clone().judge().verdict.name(), "pass");
        let judged = sample.clone().run("call", refused("403")).judge();
        assert_eq!(judged.verdict.name(), "fail");
        let judged = sample.run_stops_before("call").judge();
        assert_eq!(judged.verdict.name(), "inconclusive");
    }
}
