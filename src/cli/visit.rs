//! `authspec visit TARGET URL`: the user agent alone, for other tools that need somebody to log in.
//!
//! It answers as a program behind `login.driver: command` does. The callback is printed whole, its
//! code too, since whoever asked for the visit cannot go on without; nothing else secret is.

use std::io::Write as _;

use serde_json::{Value, json};

use super::args::{Manners, Visit as Args};
use super::block_on;
use super::conduct::client;
use super::console::Console;
use super::failure::Failure;
use super::run::load;
use crate::run::redact::Vault;
use crate::run::user_agent::{CookieJar, Credentials, UserAgent, Visit, VisitOutcome, Visited};
use crate::suite::Suites;
use crate::target::Target;

/// Exit code where the visit came to no end.
const GAVE_UP: u8 = 3;

/// Makes the visit and prints where it ended; the callback is not requested.
pub fn visit(args: &Args, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::embedded()?;
    let manners = Manners::default();
    let target = load(&args.target, &suites, &args.reach, &manners, console)?;
    let login = credentials(&target, &args.user)?;
    let username = login.username.clone();
    let redirect_uri = redirect_uri(&args.url)?;
    let visit = Visit {
        redirect_uris: vec![redirect_uri.clone()],
        requested_redirect_uri: Some(redirect_uri),
        login: Some(login),
        user: args.user.clone(),
        ..Visit::new(&args.url)
    };
    let answer = block_on(async {
        let client = client(&target, None).map_err(Failure::from)?;
        let agent = UserAgent::new(&target);
        let mut jar = CookieJar::default();
        let recipe = &target.file.login;
        let visited = agent.authorize(&client, &mut jar, visit, recipe).await;
        Ok(answer(&visited, &username, client.vault()))
    })?;
    let mut out = console.out();
    writeln!(out, "{answer}")?;
    out.flush()?;
    Ok(match answer.get("gave_up") {
        Some(_) => GAVE_UP,
        None => 0,
    })
}

fn credentials(target: &Target, name: &str) -> Result<Credentials, Failure> {
    let Some(user) = target.users.get(name) else {
        let known: Vec<&str> = target.users.keys().map(String::as_str).collect();
        return Err(Failure::usage(
            format!("the target file has no user {name:?}"),
            match known.is_empty() {
                true => "add it to `users`".to_owned(),
                false => format!("add it to `users`, or take {}", known.join(" or ")),
            },
        ));
    };
    Ok(Credentials::from(user))
}

/// The `redirect_uri` of an authorization request: there the visit ends.
fn redirect_uri(request: &str) -> Result<String, Failure> {
    let parsed = url::Url::parse(request).ok();
    let mut sent = parsed.iter().flat_map(url::Url::query_pairs);
    let found = sent.find(|(name, _)| name == "redirect_uri");
    found.map(|(_, value)| value.into_owned()).ok_or_else(|| {
        Failure::usage(
            "the URL is no authorization request with a redirect_uri",
            "give it whole, in quotes: a shell ends a command at `&`",
        )
    })
}

/// The document that the README describes for programs behind `login.driver: command`.
fn answer(visited: &Visited, username: &str, vault: &Vault) -> Value {
    let mut answer = json!({
        "format": 1,
        "logged_in_as": visited.logged_in.then_some(username),
        "consent": visited.consented.then_some("approve"),
        "stop_before": null,
    });
    let (member, value) = match &visited.outcome {
        VisitOutcome::Callback { form_post, .. } if !form_post.is_empty() => (
            "gave_up",
            json!("the answer is a form to be posted to the callback, which no URL holds"),
        ),
        VisitOutcome::Callback { url, .. } => ("callback", json!(url)),
        VisitOutcome::Page {
            status,
            title,
            text,
            ..
        } => (
            "page",
            json!({
                "status": status,
                "title": vault.redact_text(title),
                "text": vault.redact_text(text),
            }),
        ),
        VisitOutcome::Undecided { reason } => ("gave_up", json!(vault.redact_text(reason))),
    };
    answer[member] = value;
    answer
}
