//! The steps on the way to one that decides: a refusal elsewhere proves nothing.

use super::ending::Open;
use super::evidence::{Evidence, may_be_refused};
use super::standing::Standing;

/// Checks that every step on the way to `name` did what it honestly does.
///
/// Left out are steps that the check judges itself, steps whose repetition it counts, and all
/// after the first refusal that it asks for.
///
/// # Errors
/// Names the first step on the way that did not.
pub(super) fn to(evidence: &Evidence<'_>, name: &str) -> Result<(), Open> {
    let refused_at = &evidence.case.check.expect.refused_at;
    for step in evidence.names().iter().take_while(|step| *step != name) {
        let Some(record) = evidence.step(step) else {
            continue;
        };
        let standing = Standing::of(record);
        if is_judged(evidence, step, name) {
            if refused_at.contains(step) && standing.is_refused() {
                break;
            }
            continue;
        }
        let honest_refusal = matches!(standing, Standing::Refused(_))
            && evidence
                .planned
                .step(step)
                .is_some_and(|planned| planned.mutation.is_none() && may_be_refused(planned));
        // A repeated request is there to be made; that the server refuses it is no obstacle.
        let refused_deed = matches!(standing, Standing::Refused(_)) && evidence.is_repeat(step);
        // So is a page that somebody is led to; what it did there, later steps tell.
        let refused_visit =
            matches!(standing, Standing::Refused(_)) && evidence.is_visit_astray(step);
        // Who came for a document can be told also where the request that tempted them was refused.
        let refused_bait = matches!(standing, Standing::Refused(_)) && evidence.is_visits(name);
        if standing.is_accepted() || honest_refusal || refused_deed || refused_visit || refused_bait
        {
            continue;
        }
        if evidence.is_honest_flow(step) {
            return Err(Evidence::way_in_failed(record));
        }
        return Err(Open::because(format!(
            "{step} {} on the way to {name}, so what {name} came to proves nothing",
            standing.said()
        ))
        .shown_by(&record.exchanges));
    }
    Ok(())
}

/// Whether the check judges this step, a flow around it or a part of it; whether it is a part of
/// `towards`; or whether its repetition is counted.
fn is_judged(evidence: &Evidence<'_>, step: &str, towards: &str) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let counted = &evidence.case.check.expect.at_most_one;
    inside(step, towards)
        || evidence
            .deciding()
            .any(|judged| inside(step, judged) || inside(judged, step))
        || counted.iter().any(|repeat| evidence.base(repeat) == step)
}

#[cfg(test)]
mod tests {
    use crate::judge::sample::{Sample, refused, undecided};
    use serde_json::json;

    #[test]
    fn a_refusal_at_another_step_proves_nothing() {
        for outcome in [refused("invalid_scope"), undecided("503")] {
            let judged = Sample::verifier_wrong()
                .run("authorize", outcome)
                .run_stops_before("token")
                .judge();
            assert_eq!(judged.verdict.name(), "inconclusive");
            let text = format!("{:?}", judged.verdict);
            assert!(text.contains("authorize"), "{text}");
        }
    }

    #[test]
    fn an_honest_flow_that_fails_is_the_way_in() {
        let judged = Sample::honest_match("token", "json/expires_in", json!({"at_least": 1}))
            .run("authorize", refused("access_denied"))
            .judge();
        let text = format!("{:?}", judged.verdict);
        assert!(
            text.contains("the honest flow failed at authorize"),
            "{text}"
        );
    }

    #[test]
    fn a_probe_without_a_token_is_sent_to_be_refused() {
        let sample = Sample::challenge_then_document("json/resource", json!({"is": "string"}))
            .result(
                "document",
                json!({"json": {"resource": "https://rs.example"}}),
            );
        assert_eq!(sample.clone().judge().verdict.name(), "pass");
        let silent = sample.run("probe", undecided("503")).judge();
        assert_eq!(silent.verdict.name(), "inconclusive");
    }
}
