//! `expect.accepted`: each of these steps has its effect.

use super::Finding;
use super::ending::Open;
use super::evidence::Evidence;
use super::standing::Standing;
use super::way;
use crate::run::StepRecord;
use crate::suite::Action;

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
    if let Some(client) = unusable_client(evidence, step) {
        return Err(Open::because(format!(
            "{name} was refused ({reason}): the server does not let `clients.{client}` of the \
             target file do this"
        ))
        .shown_by(&step.exchanges));
    }
    Ok(Some(Finding {
        step: name.to_owned(),
        path: String::new(),
        wanted: "accepted".to_owned(),
        came: format!("refused: {reason}"),
    }))
}

/// The client of the target file whose honest request was refused because of the client: it may
/// be wrong there, and whoever wrote it is not the server.
fn unusable_client(evidence: &Evidence<'_>, step: &StepRecord) -> Option<String> {
    let planned = evidence.planned.step(&step.name)?;
    let client = match planned.one()? {
        Action::Token(request)
        | Action::Revoke(request)
        | Action::Introspect(request)
        | Action::Push(request) => &request.client,
        _ => return None,
    };
    let error = step.result.text_at("/json/error")?;
    let is_about_client = matches!(
        error.as_str(),
        "invalid_client" | "unauthorized_client" | "invalid_scope"
    );
    (evidence.is_given(client) && is_about_client && planned.mutation.is_none())
        .then(|| client.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn a_client_of_the_target_file_that_is_refused_is_no_finding() {
        let sample = || {
            let answer = json!({ "status": 401, "json": { "error": "invalid_client" } });
            Sample::own_token_accepted()
                .run("machine", refused("401 invalid_client"))
                .result("machine", answer)
        };
        let judged = sample().judge();
        assert_eq!(judged.verdict.name(), "fail");
        let judged = sample().given_clients(&["public"]).judge();
        assert_eq!(judged.verdict.name(), "fail");
        let judged = sample().given_clients(&["machine"]).judge();
        let text = format!("{:?}", judged.verdict);
        assert!(
            text.starts_with("Inconclusive") && text.contains("`clients.machine`"),
            "{text}"
        );
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
