//! Conditions of a target (`when`) in words, for whoever reads why a case does not apply.

use crate::suite::Check;

/// Where a check with this condition applies, after "it applies only": its own words, or those of
/// the condition.
pub(crate) fn of(check: &Check, expression: &str) -> String {
    check
        .applies
        .clone()
        .unwrap_or_else(|| condition(expression))
}

/// A condition in words, after "it applies only"; as it stands where it is of no usual form.
pub fn condition(expression: &str) -> String {
    if let Some(words) = of_version(expression) {
        return words;
    }
    let parts: Option<Vec<String>> = expression.split(" or ").map(simple).collect();
    let words = match parts {
        // Alternatives of one kind are told as one.
        Some(parts) => parts.join(" or "),
        None => format!("`{expression}` holds"),
    };
    format!("where {words}")
}

/// `target.mcp_version >= '2025-06-18'`.
fn of_version(expression: &str) -> Option<String> {
    let rest = expression.strip_prefix("target.mcp_version ")?;
    let (operator, version) = rest.split_once(' ')?;
    let version = quoted(version)?;
    Some(match operator {
        ">=" => format!("from MCP {version} on"),
        ">" => format!("after MCP {version}"),
        "<=" => format!("up to MCP {version}"),
        "<" => format!("before MCP {version}"),
        "==" => format!("to MCP {version}"),
        _ => return None,
    })
}

fn simple(part: &str) -> Option<String> {
    let part = part.trim();
    if let Some(path) = part.strip_suffix(" is defined") {
        let (document, member) = named(path)?;
        return Some(format!("the {document} name {member}"));
    }
    if let Some(path) = part.strip_suffix(" is not defined") {
        let (document, member) = named(path)?;
        return Some(format!("the {document} name no {member}"));
    }
    if let Some((value, list)) = part.split_once(" not in ") {
        let (document, member) = named(list)?;
        return Some(format!(
            "the {document} list no {} in {member}",
            quoted(value)?
        ));
    }
    if let Some((value, list)) = part.split_once(" in ") {
        let value = quoted(value)?;
        if list == "target.mcp_server" {
            return Some(format!("the address of the MCP server has {value}"));
        }
        let (document, member) = named(list)?;
        return Some(format!("the {document} list {value} in {member}"));
    }
    if let Some(path) = part.strip_suffix(" | length > 0") {
        return Some(format!("the target file gives `{}`", of_target(path)?));
    }
    let (path, value) = part.split_once(" == ")?;
    let value = value.parse::<u64>().ok()?;
    Some(format!(
        "`{}` of the target file is {value}",
        of_target(path)?
    ))
}

/// A member of a document of discovery, with the document's name; a default is left out.
fn named(path: &str) -> Option<(&'static str, &str)> {
    let path = path.trim_start_matches('(').trim_end_matches(')');
    let path = path.split(" | default").next()?;
    let (document, member) = path.split_once('.')?;
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let document = match document {
        "metadata" => "authorization server's metadata",
        "resource_metadata" => "resource metadata",
        _ => return None,
    };
    member.chars().all(is_plain).then_some((document, member))
}

fn of_target(path: &str) -> Option<&str> {
    let member = path.strip_prefix("target.")?;
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    member.chars().all(is_plain).then_some(member)
}

fn quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.contains('\'')).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::condition;

    #[test]
    fn conditions_of_the_usual_forms_are_said_in_words() {
        for (expression, words) in [
            (
                "target.mcp_version >= '2025-06-18'",
                "from MCP 2025-06-18 on",
            ),
            ("target.mcp_version < '2025-11-25'", "before MCP 2025-11-25"),
            (
                "metadata.jwks_uri is defined",
                "where the authorization server's metadata name jwks_uri",
            ),
            (
                "metadata.a is defined or resource_metadata.b is defined",
                "where the authorization server's metadata name a or the resource metadata name b",
            ),
            (
                "'basic' in (metadata.methods | default(['basic']))",
                "where the authorization server's metadata list basic in methods",
            ),
            (
                "'://127.0.0.1' in target.mcp_server or '://localhost' in target.mcp_server",
                "where the address of the MCP server has ://127.0.0.1 or the address of the MCP \
                 server has ://localhost",
            ),
            (
                "target.limits.refresh_grace == 0",
                "where `limits.refresh_grace` of the target file is 0",
            ),
            (
                "target.scopes | length > 0",
                "where the target file gives `scopes`",
            ),
            ("not metadata", "where `not metadata` holds"),
        ] {
            assert_eq!(condition(expression), words);
        }
    }
}
