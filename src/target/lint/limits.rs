//! Limits within reason.

use super::Lint;
use crate::suite::Spot;
use crate::target::Limits;

/// Lints the numbers that bound a run.
pub(super) fn lint(limits: &Limits, found: &mut Lint<'_>) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with small bounds only"
    )]
    let bounds = [
        (
            "concurrency",
            limits.concurrency as f64,
            f64::from(Limits::CONCURRENCY.0),
            f64::from(Limits::CONCURRENCY.1),
        ),
        (
            "requests_per_second",
            limits.requests_per_second.unwrap_or(0.0),
            Limits::RATE.0,
            Limits::RATE.1,
        ),
        (
            "token_request_interval",
            limits.token_request_interval,
            0.0,
            600.0,
        ),
        (
            "answer_timeout",
            limits.answer_timeout,
            Limits::ANSWER_TIMEOUT.0,
            Limits::ANSWER_TIMEOUT.1,
        ),
        (
            "run_timeout",
            limits.run_timeout,
            Limits::RUN_TIMEOUT.0,
            Limits::RUN_TIMEOUT.1,
        ),
        ("longest_wait", limits.longest_wait, 0.0, 3_600.0),
        (
            "code_lifetime",
            limits.code_lifetime.unwrap_or(0.0),
            0.0,
            3_600.0,
        ),
        ("token_leeway", limits.token_leeway, 0.0, 3_600.0),
        ("refresh_grace", limits.refresh_grace, 0.0, 3_600.0),
        (
            "longest_retry_after",
            limits.longest_retry_after,
            0.0,
            3_600.0,
        ),
        (
            "answer_bytes",
            limits.answer_bytes as f64,
            1_024.0,
            67_108_864.0,
        ),
    ];
    for (member, value, least, most) in bounds {
        if !(least..=most).contains(&value) {
            found.error(
                &Spot::root().key("limits").key(member),
                format!("`{member}` lies between {least} and {most}"),
                "write a number in that range, or remove the member to get the default",
            );
        }
    }
}
