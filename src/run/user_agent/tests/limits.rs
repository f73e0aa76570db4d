//! Servers that take no password at the moment, or none any more, and those that refuse the request
//! only after the login.

use super::*;

/// A server with the login page, and what it answers to a password and to a request of somebody
/// who has the session that it gave with that answer.
async fn after_password(answer: Told, request: Told) -> String {
    serve(move |asked| match asked.line.as_str() {
        "POST /login" => {
            let (status, mut headers, body) = answer.clone();
            headers.push(("set-cookie", "sid=1; Path=/".to_owned()));
            (status, headers, body)
        }
        _ if asked.cookies.contains("sid=1") => request.clone(),
        _ => page(LOGIN),
    })
    .await
}

fn html(status: u16, html: &str) -> Told {
    (status, page("").1, html.to_owned())
}

#[tokio::test]
async fn a_login_that_is_limited_says_nothing_of_the_request() {
    for (answer, told) in [
        (
            html(403, "<h1>Forbidden</h1><p>Please wait."),
            "login refused: 403 Forbidden Please wait.",
        ),
        (html(401, "<title>No</title>"), "login refused: 401 No"),
        (
            html(403, "Login limit reached."),
            "takes no more logins of this user: Login limit reached.",
        ),
        (
            html(400, "Wrong password."),
            "login refused: 400 Wrong password.",
        ),
        (
            html(200, "<h1>Busy</h1><p>Come back in a few seconds."),
            "the login leads nowhere and is asked for again: 200 Busy Come back",
        ),
    ] {
        let base = after_password(answer, page(LOGIN)).await;
        let (visited, client) = visited(&base, |_| {}).await;
        assert!(undecided(&visited).contains(told), "{told}: {visited:?}");
        assert!(!visited.logged_in);
        assert_eq!(client.counts().logins, 1);
    }
}

#[tokio::test]
async fn a_request_refused_after_the_login_is_refused() {
    let refusal = || html(200, "<h1>No</h1><p>This app is blocked, ask its owner.");
    let named = || html(403, "{\"error\":\"unauthorized_client\"}");
    for (answer, request, requests) in [
        // Who comes again is known and refused again.
        (refusal(), refusal(), 3),
        (
            html(403, "<p>Not for you."),
            html(403, "<p>Not for you."),
            3,
        ),
        // It says that it speaks of the request, or is no answer to a password.
        (named(), page(LOGIN), 2),
        (html(400, "<p>Bad request"), page(LOGIN), 2),
    ] {
        let status = answer.0;
        let base = after_password(answer, request).await;
        let (visited, client) = visited(&base, |_| {}).await;
        assert!(
            matches!(visited.outcome, VisitOutcome::Page { status: s, .. } if s == status),
            "{:?}",
            visited.outcome
        );
        assert!(visited.logged_in || requests == 2);
        assert_eq!(
            (client.counts().logins, client.counts().requests),
            (1, requests)
        );
    }
    // Where nothing was requested, a page may be what was wanted.
    let base = after_password(html(200, "Done."), page(LOGIN)).await;
    let (visited_, client_) = visited(&base, |visit| visit.begins_elsewhere = true).await;
    assert!(matches!(visited_.outcome, VisitOutcome::Page { .. }));
    assert_eq!(client_.counts().requests, 2);
    // It was busy for a moment, and the person has reloaded.
    let granted = to(format!("{CALLBACK}?code=c0de-1234567"));
    let base = after_password(html(200, "Busy."), granted).await;
    let (visited, _) = visited(&base, |_| {}).await;
    assert_eq!(params(&visited)[0].0, "code");
    assert!(visited.logged_in);
}

#[tokio::test]
async fn a_password_that_is_not_taken_any_more_is_not_sent_again() {
    let limited = (429, vec![("retry-after", "120".to_owned())], String::new());
    for (answer, told) in [
        (
            limited,
            "login: the server answered 429 and asks to wait 120 s",
        ),
        (
            html(200, "<h1>Account locked</h1>"),
            "takes no more logins of this user: Account locked",
        ),
        (
            html(200, "This account has been disabled for a while."),
            "takes no more logins of this user: ",
        ),
        (
            page(&format!("Too many attempts.{LOGIN}")),
            "takes no more logins of this user: Too many",
        ),
    ] {
        let base = after_password(answer, page(LOGIN)).await;
        let (client, lockouts) = (client(&base), Lockouts::default());
        let recipe = Recipe::default();
        for _ in 0..2 {
            let (visit, mut jar) = (visit(&base), CookieJar::new());
            let told_now = Walk::new(&client, &mut jar, &visit, &recipe, &lockouts)
                .go()
                .await;
            assert!(undecided(&told_now).contains(told), "{told}: {told_now:?}");
        }
        assert_eq!(client.counts().logins, 1, "{told}");
        // Another user may.
        let visit = Visit {
            user: "second".to_owned(),
            ..visit(&base)
        };
        let mut jar = CookieJar::new();
        Walk::new(&client, &mut jar, &visit, &recipe, &lockouts)
            .go()
            .await;
        assert_eq!(client.counts().logins, 2, "{told}");
    }
}

#[tokio::test]
async fn a_login_form_with_other_names_each_time_ends() {
    let loads = Arc::new(AtomicUsize::new(0));
    let base = serve(move |_| {
        let load = loads.fetch_add(1, Ordering::SeqCst);
        page(&format!(
            "<form method=post action=/login><input name=u{load}>
             <input type=password name=p{load}><button>Sign in</button></form>"
        ))
    })
    .await;
    let (visited, client) = visited(&base, |_| {}).await;
    let told = "the login form never ends: the password was sent 2 times";
    assert_eq!(undecided(&visited), told);
    assert_eq!(client.counts().logins, 2);
}
