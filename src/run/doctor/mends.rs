//! What to do about a step of the doctor that did not go through.

use crate::run::host::CANNOT_LISTEN;
use crate::run::http::Origin;
use crate::run::session::Session;
use crate::run::{Answer, Exchange, FailureKind, Outcome, StepRecord};

/// What a redirect of a request that no browser makes calls for.
pub const ELSEWHERE: &str = "the server sends this request elsewhere, and no such redirect is followed: correct the address";

/// What the target file lacks for a request to `url`, which was not sent.
pub fn permission(session: &Session, url: &str) -> String {
    match Origin::of(url) {
        Some(origin) if !session.http.allowed().contains(&origin) => {
            format!("`allow_origins: [{origin}]` (or `--allow-origin {origin}`)")
        }
        _ => format!("`insecure_http: true` (or `--insecure-http`), since {url} is plain http"),
    }
}

/// What is missing where the last of these exchanges was not sent for want of a permission.
pub fn missing_permission(session: &Session, exchanges: &[usize]) -> Option<String> {
    let exchange = session.http.recorder().get(*exchanges.last()?)?;
    match exchange.answer {
        Answer::Failed {
            kind: FailureKind::NotAllowed,
            ..
        } => Some(permission(session, &exchange.request.url)),
        _ => None,
    }
}

/// What to do about an exchange that brought no usable answer; `None` where the answer is one.
pub fn of_answer(session: &Session, exchanges: &[usize]) -> Option<String> {
    let exchange = session.http.recorder().get(*exchanges.last()?)?;
    match &exchange.answer {
        Answer::Failed { .. } => Some(of_failure(session, &exchange)),
        Answer::Response { status, .. } => of_registered(session, &exchange.request.url, *status)
            .or_else(|| of_status(*status))
            .map(str::to_owned),
    }
}

/// What to do where the server itself fails over a client that was registered, or over its
/// registration: what stands in it may be more than the server can deal with.
fn of_registered(session: &Session, url: &str, status: u16) -> Option<&'static str> {
    let is = |member: &str| session.metadata(member).as_deref() == Some(url);
    let is_ours =
        is("registration_endpoint") || (is("token_endpoint") && session.registered_clients() > 0);
    (is_ours && status >= 500).then_some(
        "look into the server's log: it fails by itself. Where it cannot deal with clients as \
         authspec registers them, `registration` of the target file changes that \
         (`secret_authentication`, `members`, `application_type`, `scope`)",
    )
}

/// What to do about an exchange that failed.
pub fn of_failure(session: &Session, exchange: &Exchange) -> String {
    let Answer::Failed { kind, message } = &exchange.answer else {
        return String::new();
    };
    match kind {
        FailureKind::Unreachable => "start the server, or correct the address in the target file",
        // What rustls says of an answer that is no TLS record at all.
        FailureKind::Tls if message.contains("InvalidContentType") => {
            "the port speaks plain http: write http:// in the address"
        }
        FailureKind::Tls => of_tls(message),
        FailureKind::Timeout => "raise `limits.answer_timeout`, or look why the server is slow",
        FailureKind::Malformed => "the address does not speak HTTP: correct scheme and port",
        FailureKind::NotAllowed => {
            return format!("add {}", permission(session, &exchange.request.url));
        }
        FailureKind::CapReached => "raise the cap in `limits`",
    }
    .to_owned()
}

/// What to do about a handshake that failed, by the words of rustls.
fn of_tls(message: &str) -> &'static str {
    let has = |word: &str| message.contains(word);
    match () {
        () if has("CaUsedAsEndEntity") => {
            "the server shows the certificate of a certificate authority as its own: issue one \
             without `CA:TRUE` for it"
        }
        () if has("NotValidForName") => {
            "write the host in the address as the certificate names it, or issue one for this host"
        }
        () if has("Expired") || has("NotValidYet") => "renew the certificate, or set the clock",
        () if has("ProtocolVersion") || has("HandshakeFailure") => {
            "let the server speak TLS 1.2 or 1.3, with the usual ciphers"
        }
        () => "give the certificate authority as `root_ca`, or mend the certificate",
    }
}

/// What to do where the MCP server does not speak the version of the request (MCP lifecycle,
/// version negotiation).
pub fn of_version(step: &StepRecord) -> Option<&'static str> {
    let Outcome::Refused { reason } = &step.outcome else {
        return None;
    };
    let is_call = step.action == "call";
    (is_call && reason.to_ascii_lowercase().contains("protocol version")).then_some(
        "`--mcp-version auto` judges by the versions that the server speaks, \
         `--mcp-version VERSION` by one of them",
    )
}

/// What to do about a status that decides nothing.
pub const fn of_status(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some(ELSEWHERE),
        429 => Some(
            "the server limits requests: wait, or ask for less (`limits.requests_per_second`, \
             `limits.token_request_interval`)",
        ),
        500.. => Some("look into the server's log: it fails by itself"),
        _ => None,
    }
}

/// What to do where the client is a metadata document of ours and the server does not take it.
pub fn of_document(session: &Session, step: &StepRecord) -> Option<&'static str> {
    let client_id = step.result.text_at("/sent/client_id")?;
    let place = session.target.documents.as_ref()?;
    if step.action != "authorize" || !client_id.starts_with(&place.url) {
        return None;
    }
    match session.host.visits(&client_id).is_empty() {
        true => Some(
            "nobody came for the client's document: `client_id_metadata.url` must lead to authspec \
             from where the server is, with a certificate that it trusts; many servers ask no \
             address of this machine",
        ),
        // It was read: what the server says next is about the request or the pages.
        false => None,
    }
}

/// The OAuth error that a step met.
pub fn error(step: &StepRecord) -> Option<String> {
    ["/json/error", "/callback/parameters/error"]
        .into_iter()
        .find_map(|path| step.result.text_at(path))
}

/// What to do where the resource server refuses the token itself (RFC 6750 section 3.1): no other
/// operation would help.
pub fn of_token(session: &Session, step: &StepRecord) -> Option<&'static str> {
    if step.action != "call" || step.result.number_at("/status") != Some(401) {
        return None;
    }
    Some(match session.target.access_tokens.is_empty() {
        false => {
            "the server does not take the token: give one under `access_tokens` that was issued \
             for this server and is still good"
        }
        true => {
            "the server does not take the token that its own authorization server issued: look \
             into its log for the reason, and whether `resource` and `scopes` are right"
        }
    })
}

/// What to do where a run ended before its step, for a reason that this machine has.
pub fn of_stop(reason: &str) -> Option<&'static str> {
    reason.contains(CANNOT_LISTEN).then_some(
        "choose another address as `client_id_metadata.listen` (and let its `url` lead there), or \
         stop what listens there",
    )
}

/// What to do about an OAuth error of the honest flow (OAuth 2.1 sections 3.2.4 and 4.1.2.1, RFC
/// 8707 section 2, RFC 7591 section 3.2.2).
pub fn of_error(step: &StepRecord) -> Option<&'static str> {
    match error(step)?.as_str() {
        "invalid_scope" => Some(
            "name scopes that this server grants the user, and no others, in `scopes` and \
             `operations.*.scopes`",
        ),
        "invalid_target" => Some(
            "the server issues no token for the resource that was asked for: correct `resource` \
             in the resource metadata, or `resource` and `second_resource` in the target file",
        ),
        "unauthorized_client" => Some(
            "the client may not use this grant: give one that may under `clients`, or let the \
             harness register (`registration`)",
        ),
        "invalid_client" => Some(
            "the server does not know the client: correct `clients`, or let the harness register \
             (`registration`)",
        ),
        "access_denied" => Some(
            "the server or the consent page denied it: let `users.first` have the `scopes`, or \
             steer the pages with `login`",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(result: Value) -> StepRecord {
        StepRecord {
            name: "token".to_owned(),
            action: "token".to_owned(),
            mutation: String::new(),
            outcome: Outcome::Refused {
                reason: String::new(),
            },
            result: result.into(),
            exchanges: Vec::new(),
        }
    }

    #[test]
    fn a_version_that_is_not_spoken_is_no_fault_of_the_operation() {
        let step = |action: &str, reason: &str| StepRecord {
            action: action.to_owned(),
            outcome: Outcome::Refused {
                reason: reason.to_owned(),
            },
            ..refused(json!({}))
        };
        let mend = of_version(&step(
            "call",
            "400 Unsupported protocol version: 2026-07-28",
        ));
        assert!(mend.unwrap_or_default().contains("--mcp-version"));
        assert_eq!(of_version(&step("call", "the tool answered isError")), None);
        assert_eq!(of_version(&step("token", "400 protocol version")), None);
    }

    #[test]
    fn a_failed_handshake_is_told_apart() {
        for (message, word) in [
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "CA:TRUE",
            ),
            ("invalid peer certificate: NotValidForName", "host"),
            ("invalid peer certificate: Expired", "clock"),
            ("received fatal alert: ProtocolVersion", "TLS 1.2"),
            ("invalid peer certificate: UnknownIssuer", "`root_ca`"),
        ] {
            assert!(of_tls(message).contains(word), "{message}");
        }
    }

    #[test]
    fn an_oauth_error_names_the_member_that_is_to_blame() {
        for (error, member) in [
            ("invalid_scope", "`scopes`"),
            ("invalid_target", "`second_resource`"),
            ("unauthorized_client", "`clients`"),
        ] {
            for result in [
                json!({ "json": { "error": error } }),
                json!({ "callback": { "parameters": { "error": error } } }),
            ] {
                let mend = of_error(&refused(result)).unwrap_or_default();
                assert!(mend.contains(member), "{error}: {mend}");
            }
        }
        assert_eq!(of_error(&refused(json!({ "status": 400 }))), None);
    }
}
