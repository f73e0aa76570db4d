//! The login, tried at once: with no recipe first, then with what the pages suggest.

use std::path::Path;

use super::super::args::Init;
use super::super::conduct::{Conduct, prepare};
use super::super::failure::Failure;
use super::super::one_test::Watched;
use super::destination::Destination;
use super::{Seen, view};
use crate::run::user_agent::{Survey, survey};
use crate::run::{Answer, Outcome, RunRecord, StepRecord};
use crate::suite::Suites;
use crate::target::{Recipe, Secret, Target, TargetFile, User};

/// Most logins with one recipe after the other: a server may lock the user out.
const MOST_TRIES: usize = 4;

/// A login that was tried.
pub struct Attempt {
    /// The recipe that led furthest; the usual one says nothing.
    pub recipe: Recipe,
    /// A code arrived.
    pub worked: bool,
    /// The pages on the way that had a form, each once.
    pub pages: Vec<PageOnTheWay>,
}

/// A page of the login with what a person could do there.
pub struct PageOnTheWay {
    /// Method and path.
    pub request: String,
    /// Its title and forms.
    pub survey: Survey,
}

/// An attempt with what its examination left behind.
pub struct Tried {
    /// The attempt; none where the way to the login page was not open.
    pub attempt: Option<Attempt>,
    /// What was seen on the way.
    pub seen: Seen,
}

/// The user of the command line, as the target file will say it.
///
/// # Errors
/// The password cannot be had.
pub fn user(args: &Init, destination: &Destination) -> Result<Option<User>, Failure> {
    let Some(username) = &args.user else {
        return Ok(None);
    };
    let password = match (&args.password_env, &args.password_file) {
        (Some(variable), _) => Secret::Env(variable.clone()),
        (None, Some(file)) => Secret::File(from(destination.folder(), file)),
        (None, None) => return Ok(None),
    };
    let live = password
        .resolve(destination.folder())
        .map_err(|error| vec![error])?;
    if live.expose().is_empty() {
        return Err(Failure::usage(
            "the password is empty",
            "look where it comes from: `--password-env` names a variable, `--password-file` a file",
        ));
    }
    Ok(Some(User {
        username: username.clone(),
        password: Some(password),
    }))
}

/// A path that was typed here, as the target file in `folder` names it.
fn from(folder: &Path, typed: &str) -> String {
    if folder == Path::new(".") {
        return typed.to_owned();
    }
    std::path::absolute(typed).map_or_else(|_| typed.to_owned(), |path| super::shown(&path))
}

/// Logs in, again with what the pages suggest where the first way leads nowhere.
pub async fn log_in(
    suites: &Suites,
    file: TargetFile,
    base: &Path,
    conduct: &Conduct,
    watched: &Watched,
) -> Result<Tried, Failure> {
    let conduct = Conduct {
        look_only: false,
        ..conduct.clone()
    };
    let mut best: Option<Tried> = None;
    let mut files = vec![file];
    for _ in 0..MOST_TRIES {
        let Some(file) = files.pop() else { break };
        let target = Target::resolve(file.clone(), base)?;
        let events = watched.events();
        let prepared = prepare(suites, target, &conduct, events, watched.cancel()).await?;
        let seen = Seen::of(prepared, events).await;
        let tried = Tried {
            attempt: attempt(&seen, &file.login),
            seen,
        };
        if best
            .as_ref()
            .is_some_and(|best| !leads_further(&tried, best))
        {
            continue;
        }
        // What to try next depends on where this one ended.
        files = tried.next(&file);
        best = Some(tried);
        if watched.cancel().borrow().is_some() {
            break;
        }
    }
    // The loop makes at least one attempt.
    best.ok_or_else(|| Failure::Harness("no login was tried".to_owned()))
}

impl Tried {
    fn last_page(&self) -> Option<&PageOnTheWay> {
        self.attempt.as_ref()?.pages.last()
    }

    fn authorize(&self) -> Option<&StepRecord> {
        authorize(self.seen.honest.as_ref())
    }

    /// What might lead on from where it ended, best last.
    fn next(&self, file: &TargetFile) -> Vec<TargetFile> {
        let Some(step) = self.authorize() else {
            // A registration was refused, maybe for what it named.
            return match self.attempt {
                Some(_) => without_scopes(file),
                None => Vec::new(),
            };
        };
        let error = step.result.text_at("/callback/parameters/error");
        let error = error.as_deref();
        let is_a_riddle = match &step.outcome {
            Outcome::Accepted => false,
            Outcome::Refused { .. } => matches!(error, None | Some("access_denied")),
            Outcome::Broke { .. } => true,
            Outcome::Undecided { reason } => !reason.starts_with("login refused"),
        };
        if error == Some("invalid_scope") && !file.scopes.is_empty() {
            return without_scopes(file);
        }
        // OAuth 2.1 section 1.4.1: a server may have no default for a request without a scope.
        if error == Some("invalid_scope") {
            let scopes = view::listed_by_server(&self.seen.recording.variables["metadata"]);
            let with_scopes = TargetFile {
                scopes,
                ..file.clone()
            };
            return match with_scopes.scopes.is_empty() {
                true => Vec::new(),
                false => vec![with_scopes],
            };
        }
        let page = self.last_page().filter(|_| is_a_riddle);
        let guesses = page.map(|page| page.survey.guesses.iter().rev());
        let file = |guess| TargetFile {
            login: joined(&file.login, guess),
            ..file.clone()
        };
        guesses.into_iter().flatten().map(file).collect()
    }
}

/// The server may list more scopes than it grants.
fn without_scopes(file: &TargetFile) -> Vec<TargetFile> {
    if file.scopes.is_empty() {
        return Vec::new();
    }
    vec![TargetFile {
        scopes: Vec::new(),
        ..file.clone()
    }]
}

fn authorize(honest: Option<&RunRecord>) -> Option<&StepRecord> {
    let mut steps = honest?.steps.iter();
    steps.find(|step| step.action == "authorize")
}

/// Whether another recipe led to a code, or at least to another page.
fn leads_further(tried: &Tried, best: &Tried) -> bool {
    let pages = |tried: &Tried| tried.attempt.as_ref().map(|attempt| attempt.pages.len());
    let end = |tried: &Tried| {
        let page = tried.last_page()?;
        Some((page.request.clone(), page.survey.title.clone()))
    };
    tried.attempt.as_ref().is_some_and(|attempt| attempt.worked)
        || (pages(tried) > pages(best) && end(tried) != end(best))
}

fn joined(so_far: &Recipe, guess: &Recipe) -> Recipe {
    let mut joined = so_far.clone();
    let Recipe {
        username_field,
        approve,
        deny,
        ..
    } = guess.clone();
    joined.username_field = username_field.or(joined.username_field);
    joined.approve = approve.or(joined.approve);
    joined.deny = deny.or(joined.deny);
    joined
}

fn attempt(seen: &Seen, recipe: &Recipe) -> Option<Attempt> {
    seen.honest.as_ref()?;
    let step = authorize(seen.honest.as_ref());
    let exchanges = step.map(|step| step.exchanges.as_slice());
    let mut pages: Vec<PageOnTheWay> = Vec::new();
    for index in exchanges.unwrap_or_default() {
        let Some(exchange) = seen.recording.exchanges.get(*index) else {
            continue;
        };
        let Answer::Response { status, body, .. } = &exchange.answer else {
            continue;
        };
        if !super::is_html(&exchange.answer) {
            continue;
        }
        let survey = survey(body, *status, recipe);
        let path = url::Url::parse(&exchange.request.url);
        let path = path.map_or_else(|_| String::new(), |url| url.path().to_owned());
        let request = format!("{} {path}", exchange.request.method);
        let is_known = pages
            .iter()
            .any(|page| page.request == request && page.survey.forms == survey.forms);
        if !survey.forms.is_empty() && !is_known {
            pages.push(PageOnTheWay { request, survey });
        }
    }
    Some(Attempt {
        recipe: recipe.clone(),
        worked: step.is_some_and(|step| step.outcome.is_accepted()),
        pages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_adds_to_what_worked_so_far() {
        let so_far = Recipe {
            username_field: Some("badge".to_owned()),
            ..Recipe::default()
        };
        let guess = Recipe {
            approve: Some("Jo mei".to_owned()),
            ..Recipe::default()
        };
        let joined = joined(&so_far, &guess);
        assert_eq!(joined.username_field.as_deref(), Some("badge"));
        assert_eq!(joined.approve.as_deref(), Some("Jo mei"));
    }

    #[test]
    fn a_password_file_is_named_from_where_the_target_file_is() {
        assert_eq!(from(Path::new("."), "secret"), "secret");
        assert!(Path::new(&from(Path::new("elsewhere"), "secret")).is_absolute());
    }
}
