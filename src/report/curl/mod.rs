//! An exchange as one `curl` command that a person pastes into a POSIX shell.
//!
//! Secrets are gone from the recording; where their fingerprints stand, the command reads a
//! shell variable (`$ACCESS_TOKEN`). Nothing of the request is ever read as shell syntax, and
//! the command stays on one line: a body with control characters goes through `printf`.

mod shell;

use shell::{Variables, quote, without_markers};

use super::text::acts;
use crate::run::RecordedRequest;

/// Headers that `curl` makes by itself, or that would make its output unreadable.
const OWN: [&str; 5] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "accept-encoding",
];

/// A URL with what cannot stand in one line percent-encoded; a sent URL holds none of it.
fn one_line_url(url: &str) -> String {
    let mut out = String::new();
    for c in url.chars() {
        if acts(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The headers to give, as `-H` arguments. `curl` adds `Accept` and a content type of its own
/// unless told not to, and reads `Name:` as "leave it out" but `Name;` as an empty header.
fn header_lines(request: &RecordedRequest) -> Vec<String> {
    let has = |name: &str| {
        let mut names = request.headers.iter().map(|(name, _)| name);
        names.any(|other| other.eq_ignore_ascii_case(name))
    };
    let as_pair = basic(request).map(|_| "authorization");
    let given = request.headers.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let made_by_curl = OWN.contains(&name.as_str()) || as_pair == Some(name.as_str());
        !made_by_curl && !name.starts_with('@')
    });
    let mut lines: Vec<String> = given
        .map(|(name, value)| match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {}", value.replace(|c| c != '\t' && acts(c), " ")),
        })
        .collect();
    for name in ["Accept", "Content-Type"] {
        if !has(name) && (name == "Accept" || sends_body(request)) {
            lines.push(format!("{name}:"));
        }
    }
    lines
}

/// `client:secret` of Basic (RFC 7617), which a recording holds in clear beside the fingerprint,
/// not in Base64. Two `Authorization` headers are more than `curl -u` can say.
fn basic(request: &RecordedRequest) -> Option<String> {
    let is_authorization =
        |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
    let mut headers = request.headers.iter().filter(is_authorization);
    let (Some((_, value)), None) = (headers.next(), headers.next()) else {
        return None;
    };
    let (scheme, credentials) = value.split_once(' ')?;
    let is_pair = without_markers(credentials).contains(':');
    (scheme.eq_ignore_ascii_case("basic") && is_pair)
        .then(|| credentials.trim_start().replace(acts, " "))
}

fn sends_body(request: &RecordedRequest) -> bool {
    request.body.is_some() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH")
}

/// The command that sends `request` again, on one line.
pub fn command(request: &RecordedRequest) -> String {
    let url = one_line_url(&request.url);
    let headers = header_lines(request);
    let credentials = basic(request);
    let mut variables = Variables::default();
    let mut parts = vec!["curl -i --path-as-is".to_owned()];
    if without_markers(&url).contains(['[', ']', '{', '}']) {
        parts.push("--globoff".to_owned());
    }
    match request.method.as_str() {
        "GET" if request.body.is_none() => {}
        "HEAD" => parts.push("--head".to_owned()),
        method => parts.push(format!("-X {}", method_word(method))),
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        // A server names URLs too: none may be read as an option or open a file.
        parts.push("--proto =http,https --url".to_owned());
    }
    parts.push(variables.word(&url));
    if let Some(credentials) = &credentials {
        parts.push(format!("-u {}", variables.word(credentials)));
    }
    for line in &headers {
        parts.push(format!("-H {}", variables.word(line)));
    }
    let body = request.body.as_deref().unwrap_or_default();
    if body.chars().any(acts) {
        let input = variables.printf(body);
        parts.push("--data-binary @-".to_owned());
        return format!("{input} | {}", parts.join(" "));
    }
    if sends_body(request) {
        parts.push(format!("--data-raw {}", variables.word(body)));
    }
    parts.join(" ")
}

/// A method as one word: bare when it is plain letters.
fn method_word(method: &str) -> String {
    if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        method.to_owned()
    } else {
        quote(&method.replace(acts, "?"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn request(
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> RecordedRequest {
        RecordedRequest {
            method: method.into(),
            url: url.into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            body: body.map(Into::into),
        }
    }

    fn shell(script: &str) -> String {
        let output = Command::new("sh")
            .args(["-c", script])
            .env("CODE", "c0de")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn puts_shell_variables_where_secrets_were() {
        let command = command(&request(
            "POST",
            "http://127.0.0.1:9/token",
            &[
                ("host", "127.0.0.1:9"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", "Basic c-1:[client_secret:24:aaaaaaaaaaaa]"),
            ],
            Some(
                "code=[code:43:1f0a9c2b7d3e]&code_verifier=%5Bcode_verifier%3A43%3A000000000000%5D\
                 &again=[code:43:1f0a9c2b7d3e]&other=[code:43:ffffffffffff]&state=it's",
            ),
        ));
        assert_eq!(
            command,
            "curl -i --path-as-is -X POST 'http://127.0.0.1:9/token' -u 'c-1:'\"$CLIENT_SECRET\" \
             -H 'content-type: application/x-www-form-urlencoded' \
             -H 'Accept:' \
             --data-raw 'code='\"$CODE\"'&code_verifier='\"$CODE_VERIFIER\"'&again='\"$CODE\"\
             '&other='\"$CODE_2\"'&state=it'\\''s'"
        );
    }

    #[test]
    fn keeps_odd_requests_as_they_were() {
        let get = command(&request(
            "GET",
            "http://[::1]:9/a/../b",
            &[("x-empty", "")],
            None,
        ));
        assert_eq!(
            get,
            "curl -i --path-as-is --globoff 'http://[::1]:9/a/../b' -H 'x-empty;' -H 'Accept:'"
        );
        let post = command(&request(
            "POST",
            "http://127.0.0.1:9/",
            &[("accept", "*/*")],
            None,
        ));
        assert!(
            post.ends_with("-H 'accept: */*' -H 'Content-Type:' --data-raw ''"),
            "{post}"
        );
    }

    #[test]
    fn what_is_no_pair_of_basic_credentials_stays_a_header() {
        let sent = |headers| command(&request("GET", "http://127.0.0.1:9/", headers, None));
        let token = sent(&[("authorization", "Basic [token:9:aaaaaaaaaaaa]")]);
        assert!(
            token.contains("-H 'authorization: Basic '\"$TOKEN\""),
            "{token}"
        );
        let twice = sent(&[
            ("authorization", "Basic a:b"),
            ("authorization", "Bearer c"),
        ]);
        assert!(twice.contains("-H 'authorization: Basic a:b'"), "{twice}");
    }

    #[test]
    fn a_url_that_a_server_made_up_is_no_option_and_no_file() {
        for url in ["-o/etc/passwd", "file:///etc/passwd"] {
            let command = command(&request("GET", url, &[("accept", "*/*")], None));
            let wanted = format!("--proto =http,https --url '{url}' -H 'accept: */*'");
            assert!(command.ends_with(&wanted), "{command}");
        }
    }

    #[test]
    fn sends_a_body_of_several_lines_through_printf() {
        let command = command(&request(
            "POST",
            "http://127.0.0.1:9/",
            &[],
            Some("a\n[code:1:1f0a9c2b7d3e]\\\0"),
        ));
        let (printf, curl) = command.split_once(" | ").unwrap();
        assert!(curl.ends_with("--data-binary @-"), "{curl}");
        assert!(!command.contains('\n'));
        assert_eq!(shell(printf), "a\nc0de\\\0");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_command_is_one_harmless_line(
            url in any::<String>(), name in "[!-~]{1,9}", value in any::<String>(), body in any::<String>(),
        ) {
            let command = command(&request("POST", &url, &[(&name, &value)], Some(&body)));
            prop_assert!(!command.chars().any(|c| c != '\t' && acts(c)));
            prop_assert_eq!(shell(&format!("curl() {{ :; }}; {command}")), "");
        }
    }
}
