//! What a failure that repeats tells of the request that met it: something only where the server
//! works for others. A server that is down, or has lost what it needs, fails at everything.

use super::Finding;
use super::ending::Open;
use super::evidence::Evidence;
use super::standing::Standing;
use crate::run::{Answer, Exchange, StepRecord};

/// Checks that the endpoint did well for another request, and did not fail at all that came after.
///
/// # Errors
/// It did not, so the failure may have any cause.
pub(super) fn tells(evidence: &Evidence<'_>, step: &StepRecord) -> Result<(), Open> {
    let all = &evidence.recording.exchanges;
    let Some(last) = step.exchanges.last().and_then(|index| all.get(*index)) else {
        return Err(open(step));
    };
    let others: Vec<(usize, u16)> = all
        .iter()
        .filter(|other| !step.exchanges.contains(&other.index))
        .filter(|other| endpoint(other) == endpoint(last))
        .filter_map(|other| Some((other.index, status(other)?)))
        .collect();
    let works = others.iter().any(|(_, status)| (200..300).contains(status));
    let mut after = others
        .iter()
        .filter(|(index, _)| *index > last.index)
        .peekable();
    let still_works = after.peek().is_none() || after.any(|(_, status)| *status < 500);
    match works && still_works {
        true => Ok(()),
        false => Err(open(step)),
    }
}

/// The remark on a case that holds in spite of a failure.
pub(super) fn remark(evidence: &Evidence<'_>) -> Option<Finding> {
    evidence
        .deciding()
        .find_map(|name| match Standing::of(evidence.step(name)?) {
            Standing::Broke(reason) => Some(Finding {
                step: name.clone(),
                path: "status".to_owned(),
                wanted: "refused by an answer that says why".to_owned(),
                came: reason,
            }),
            _ => None,
        })
}

fn open(step: &StepRecord) -> Open {
    Open::because(format!(
        "{} {}, and nothing shows that the server works for other requests there",
        step.name,
        Standing::of(step).said()
    ))
    .shown_by(&step.exchanges)
}

/// The address without query and fragment.
fn endpoint(exchange: &Exchange) -> &str {
    let url = &exchange.request.url;
    &url[..url.find(['?', '#']).unwrap_or(url.len())]
}

const fn status(exchange: &Exchange) -> Option<u16> {
    match exchange.answer {
        Answer::Response { status, .. } => Some(status),
        Answer::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, broke};
    use serde_json::json;

    #[test]
    fn a_failure_accuses_only_where_others_are_served() {
        let failed = Sample::own_step_match("call", "status", 401)
            .run("call", broke())
            .result("call", json!({"status": 500}));
        let verdict = |sample: Sample| sample.judge().verdict.name();
        assert_eq!(verdict(failed.clone()), "inconclusive", "nobody is served");
        let refuses_all = failed.clone().answered(0, 401);
        assert_eq!(verdict(refuses_all), "inconclusive");
        let works = failed.answered(0, 200);
        assert_eq!(verdict(works.clone()), "fail");
        let broken_since = works.clone().answered(3, 500);
        assert_eq!(verdict(broken_since.clone()), "inconclusive");
        assert_eq!(verdict(broken_since.answered(4, 401)), "fail");
    }
}
