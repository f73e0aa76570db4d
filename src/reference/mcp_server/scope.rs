//! Whether granted scopes permit an operation (OAuth 2.1 section 5.2, RFC 6750 section 3.1).
//!
//! Pure. The right comparison is the one of both servers, `reference::scope`; the policy knows others.

use super::policy::ScopeCheck;
use super::verify::Caller;
use crate::reference::scope::{any_covers, covers};

/// The circumstances that some policies let count.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The scope that the operation needs.
    pub needed: &'q str,
    /// The JSON-RPC method.
    pub method: &'q str,
    /// Whether the request is one of 2026-07-28.
    pub modern: bool,
    /// Every scope of the server.
    pub known: &'q [String],
}

/// Answers it.
pub fn permits(caller: &Caller, question: &Question<'_>, check: ScopeCheck) -> bool {
    let Question { needed, method, .. } = *question;
    let granted = &caller.scopes;
    let any = |fits: &dyn Fn(&str) -> bool| granted.iter().any(|scope| fits(scope));
    if caller.unrestricted {
        return true;
    }
    match check {
        ScopeCheck::Enforced => any_covers(granted, needed),
        ScopeCheck::Ignored => true,
        ScopeCheck::ListingOnly => method != "tools/list" || any_covers(granted, needed),
        ScopeCheck::AnyScope => !granted.is_empty(),
        ScopeCheck::PrefixMatch => any(&|scope| covers(scope, needed) || needed.starts_with(scope)),
        ScopeCheck::ReversePrefix => {
            any(&|scope| covers(scope, needed) || scope.starts_with(needed))
        }
        ScopeCheck::Substring => {
            any(&|scope| covers(scope, needed) || needed.contains(scope) || scope.contains(needed))
        }
        ScopeCheck::IgnoreCase => {
            any(&|scope| covers(&scope.to_ascii_lowercase(), &needed.to_ascii_lowercase()))
        }
        ScopeCheck::FirstSegment => any(&|scope| first(scope) == first(needed)),
        ScopeCheck::IgnoreLastSegment => any(&|scope| stem(scope) == stem(needed)),
        ScopeCheck::WildcardIgnored => any(&|scope| scope == needed),
        ScopeCheck::AnyWorkflow => any(&|scope| {
            covers(scope, needed)
                || [scope, needed]
                    .iter()
                    .all(|one| one.starts_with("mcp:exec:workflows:"))
        }),
        ScopeCheck::ToolsOnly => method != "tools/call" || any_covers(granted, needed),
        ScopeCheck::ResourcesOnly => method != "resources/read" || any_covers(granted, needed),
        ScopeCheck::UnlessMachine => caller.is_machine() || any_covers(granted, needed),
        ScopeCheck::LegacyEraOnly => question.modern || any_covers(granted, needed),
        ScopeCheck::AllRequired => {
            // `openid` is none of an operation's.
            let mut known = question.known.iter().filter(|one| *one != "openid");
            known.all(|one| any_covers(granted, one))
        }
    }
}

fn first(scope: &str) -> &str {
    scope.split(':').next().unwrap_or(scope)
}

fn stem(scope: &str) -> &str {
    scope.rsplit_once(':').map_or(scope, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScopeCheck as Check;

    fn permits_with(granted: &[&str], needed: &str, check: Check) -> bool {
        let caller = Caller {
            user: "alice".into(),
            scopes: granted.iter().map(|scope| scope.to_string()).collect(),
            ..Caller::default()
        };
        let question = Question {
            needed,
            method: "tools/call",
            modern: true,
            known: &[],
        };
        permits(&caller, &question, check)
    }

    #[test]
    fn the_right_check_compares_whole_scopes() {
        let workflow = "mcp:exec:workflows:daily-report";
        assert!(permits_with(
            &["mcp:exec:workflows:*"],
            workflow,
            Check::Enforced
        ));
        assert!(permits_with(
            &["news:read", workflow],
            workflow,
            Check::Enforced
        ));
        for granted in [
            "mcp:exec:workflows:daily",
            "mcp:exec:workflows",
            "NEWS:READ",
            "mcp:tools:weather",
        ] {
            assert!(
                !permits_with(&[granted], workflow, Check::Enforced),
                "{granted}"
            );
        }
        assert!(!permits_with(&[], "news:read", Check::Enforced));
    }

    #[test]
    fn each_other_check_lets_its_own_kind_through() {
        let write = "mcp:resources:customer-data:write";
        let table: [(Check, &[&str], &str); 9] = [
            (Check::Ignored, &[], write),
            (Check::AnyScope, &["news:read"], write),
            (
                Check::PrefixMatch,
                &["mcp:exec:workflows:daily"],
                "mcp:exec:workflows:daily-report",
            ),
            (Check::ReversePrefix, &["news:read-more"], "news:read"),
            (Check::IgnoreCase, &["NEWS:READ"], "news:read"),
            (Check::FirstSegment, &["mcp:tools:weather"], write),
            (
                Check::IgnoreLastSegment,
                &["mcp:resources:customer-data:read"],
                write,
            ),
            (Check::ResourcesOnly, &[], write),
            (Check::LegacyEraOnly, &[], write),
        ];
        for (check, granted, needed) in table {
            assert!(permits_with(granted, needed, check), "{check:?}");
            assert!(!permits_with(granted, needed, Check::Enforced), "{check:?}");
        }
        let wild = ["mcp:exec:workflows:*"];
        assert!(!permits_with(
            &wild,
            "mcp:exec:workflows:a",
            Check::WildcardIgnored
        ));
    }
}
