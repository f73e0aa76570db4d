//! Whole visits to ordinary and hostile servers on loopback.

mod limits;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use tokio::net::TcpListener;

use super::lockouts::Lockouts;
use super::walk::Walk;
use super::*;
use crate::run::http::Client;
use crate::run::http::{AllowedOrigins, Options, Origin, Recorder};
use crate::run::redact::Vault;
use crate::target::Recipe;

const CALLBACK: &str = "http://127.0.0.1:33418/callback";

/// What a server is asked: method, path with query, body, cookies.
struct Asked {
    line: String,
    body: String,
    cookies: String,
    origin: String,
}

/// Status, headers and body.
type Told = (u16, Vec<(&'static str, String)>, String);

fn page(html: &str) -> Told {
    (
        200,
        vec![("content-type", "text/html".to_owned())],
        html.to_owned(),
    )
}

fn to(location: impl Into<String>) -> Told {
    (302, vec![("location", location.into())], String::new())
}

async fn serve(answer: impl Fn(Asked) -> Told + Clone + Send + Sync + 'static) -> String {
    let app = Router::new().fallback(move |request: Request| {
        let answer = answer.clone();
        async move {
            let (parts, body) = request.into_parts();
            let header = |name: &str| {
                let value = parts
                    .headers
                    .get(name)
                    .and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            let body = axum::body::to_bytes(body, 65536).await.unwrap_or_default();
            let (status, headers, body) = answer(Asked {
                line: format!("{} {}", parts.method, parts.uri),
                body: String::from_utf8_lossy(&body).into_owned(),
                cookies: header("cookie"),
                origin: header("origin"),
            });
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

fn client(base: &str) -> Client {
    let mut options = Options {
        allowed: AllowedOrigins::new(Origin::of(base)),
        concurrency: 4,
        ..Options::default()
    };
    options.limits.answer = Duration::from_secs(2);
    options.limits.body = 100_000;
    Client::new(options, Arc::new(Vault::new()), Recorder::new()).unwrap()
}

fn visit(base: &str) -> Visit {
    Visit {
        redirect_uris: vec![CALLBACK.to_owned()],
        requested_redirect_uri: Some(CALLBACK.to_owned()),
        login: Some(Credentials {
            username: "alice".to_owned(),
            password: "a-secret-wonderland".to_owned(),
        }),
        ..Visit::new(format!("{base}/authorize?state=xyz"))
    }
}

async fn authorize(client: &Client, jar: &mut CookieJar, visit: Visit, recipe: &Recipe) -> Visited {
    let lockouts = Lockouts::default();
    Walk::new(client, jar, &visit, recipe, &lockouts).go().await
}

async fn visited(base: &str, change: impl FnOnce(&mut Visit)) -> (Visited, Client) {
    let client = client(base);
    let mut visit = visit(base);
    change(&mut visit);
    let visited = authorize(&client, &mut CookieJar::new(), visit, &Recipe::default()).await;
    (visited, client)
}

fn undecided(visited: &Visited) -> &str {
    match &visited.outcome {
        VisitOutcome::Undecided { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn params(visited: &Visited) -> &[(String, String)] {
    match &visited.outcome {
        VisitOutcome::Callback { params, .. } => params,
        other => panic!("{other:?} after {:?}", visited.pages),
    }
}

const LOGIN: &str = "<title>Sign in</title><form method=post action=/login>
    <input type=hidden name=csrf value=t1><input name=username><input type=password name=password>
    <button>Sign in</button></form>";
const CONSENT: &str = "<title>Consent</title><form method=post action=/consent>
    <button name=decision value=deny>Deny</button><button name=decision value=allow>Allow</button></form>";

/// A server with a session cookie, a login page and a consent page that has deny first.
fn ordinary(asked: Asked) -> Told {
    let session = asked.cookies.contains("__Host-sid=s3ss10n-value");
    match asked.line.as_str() {
        line if line.starts_with("GET /authorize") && session => page(CONSENT),
        line if line.starts_with("GET /authorize") => to("/login?next=1"),
        "GET /login?next=1" => page(LOGIN),
        "POST /login" if asked.body == "csrf=t1&username=alice&password=a-secret-wonderland" => {
            assert!(
                asked.origin.starts_with("http://127.0.0.1:"),
                "{}",
                asked.origin
            );
            let (status, mut headers, body) = to("/authorize?state=xyz");
            headers.push((
                "set-cookie",
                "__Host-sid=s3ss10n-value; Path=/; Secure".to_owned(),
            ));
            (status, headers, body)
        }
        "POST /login" => page(&format!("<p>Wrong password</p>{LOGIN}")),
        "POST /consent" if !session => (403, vec![], String::new()),
        "POST /consent" if asked.body == "decision=allow" => {
            to(format!("{CALLBACK}?code=c0de-1234567&state=xyz"))
        }
        "POST /consent" => to(format!("{CALLBACK}?error=access_denied&state=xyz")),
        _ => (404, vec![], String::new()),
    }
}

#[tokio::test]
async fn login_and_consent_end_at_the_callback_and_leave_no_secret() {
    let base = serve(ordinary).await;
    let (visited, client) = visited(&base, |_| {}).await;
    assert_eq!(
        params(&visited)[0],
        ("code".to_owned(), "c0de-1234567".to_owned())
    );
    assert!(matches!(
        visited.outcome,
        VisitOutcome::Callback {
            registered: true,
            as_requested: true,
            foreign: false,
            ..
        }
    ));
    assert!(visited.logged_in && visited.consented);
    let kinds: Vec<_> = visited.pages.iter().map(|page| page.kind).collect();
    assert_eq!(kinds, [PageKind::Login, PageKind::Consent]);
    assert_eq!(client.counts().logins, 1);
    assert_eq!(
        visited.redirects,
        ["GET 302", "POST 302 (login)", "POST 302"]
    );
    let recorded = serde_json::to_string(&client.recorder().take()).unwrap();
    for secret in ["a-secret-wonderland", "s3ss10n-value", "c0de-1234567"] {
        assert!(!recorded.contains(secret), "{secret} in {recorded}");
    }
}

#[tokio::test]
async fn who_only_says_a_name_has_logged_in_once_the_next_page_is_no_login() {
    let form = "<form method=post action=/login><label>User name <input name=user></label><button>Sign in</button></form>";
    let base = serve(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /authorize") => page(form),
        "POST /login" if asked.body == "user=alice" => {
            to(format!("{CALLBACK}?error=access_denied&state=xyz"))
        }
        _ => (404, vec![], String::new()),
    })
    .await;
    let (visited, client) = visited(&base, |_| {}).await;
    assert_eq!(params(&visited)[0].1, "access_denied");
    assert!(visited.logged_in && client.counts().logins == 0);
}

#[tokio::test]
async fn a_session_is_kept_in_the_jar_and_a_no_is_said() {
    let base = serve(ordinary).await;
    let client = client(&base);
    let mut jar = CookieJar::new();
    let recipe = Recipe::default();
    let visit = Visit {
        stop_before: Some(StopBefore::Consent),
        ..visit(&base)
    };
    let first = authorize(&client, &mut jar, visit.clone(), &recipe).await;
    assert!(matches!(&first.outcome, VisitOutcome::Page { title, .. } if title == "Consent"));
    assert!(first.logged_in && !first.consented);
    let visit = Visit {
        stop_before: None,
        login: None,
        consent: Consent::Deny,
        ..visit
    };
    let second = authorize(&client, &mut jar, visit, &recipe).await;
    assert_eq!(params(&second)[0].1, "access_denied");
    assert!(!second.logged_in && second.consented);
}

#[tokio::test]
async fn a_form_left_is_sent_by_its_page_or_by_another_site() {
    let base = serve(|asked| match asked.line.as_str() {
        "POST /consent" if asked.origin.starts_with("http://127.0.0.1:") => {
            to(format!("{CALLBACK}?code=c0de-1234567&state=xyz"))
        }
        "POST /consent" => (403, vec![], asked.origin),
        _ => page(CONSENT),
    })
    .await;
    let (shown, _) = visited(&base, |visit| {
        visit.stop_before = Some(StopBefore::Consent);
    })
    .await;
    let form = shown.form.expect("a form");
    let page = format!("{base}/authorize?state=xyz");
    assert_eq!(form.page.as_deref(), Some(page.as_str()));
    let send = |from: Option<String>| {
        let (action, members) = (form.action.clone(), form.members.clone());
        visited(&base, |visit| {
            visit.authorization_url = action;
            visit.form = Some(members);
            visit.form_page = from;
        })
    };
    let (own, _) = send(form.page.clone()).await;
    assert_eq!(params(&own)[0].0, "code");
    let (foreign, _) = send(None).await;
    let VisitOutcome::Page { status, text, .. } = &foreign.outcome else {
        panic!("{:?}", foreign.outcome);
    };
    assert_eq!((*status, text.as_str()), (403, "null"));
}

#[tokio::test]
async fn without_a_login_the_visit_rests_at_the_login_page() {
    let base = serve(ordinary).await;
    for change in [
        (|visit: &mut Visit| visit.login = None) as fn(&mut Visit),
        |visit| visit.stop_before = Some(StopBefore::Login),
    ] {
        let (visited, client) = visited(&base, change).await;
        assert!(matches!(&visited.outcome, VisitOutcome::Page { title, .. } if title == "Sign in"));
        assert_eq!(
            (visited.pages[0].kind, client.counts().logins),
            (PageKind::Login, 0)
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_logins_fault_and_costs_one_login() {
    let base = serve(ordinary).await;
    let wrong = Credentials {
        username: "alice".to_owned(),
        password: "not-it-at-all".to_owned(),
    };
    let (visited, client) = visited(&base, |visit| visit.login = Some(wrong)).await;
    assert!(undecided(&visited).starts_with("login refused: Wrong password"));
    assert!(!visited.logged_in && client.counts().logins == 1);
}

#[tokio::test]
async fn two_steps_one_form_and_post_requests_work() {
    let base = serve(|asked| match (asked.line.as_str(), asked.body.as_str()) {
        ("POST /authorize", "state=xyz") => page(
            "<form method=post action=two><input name=email type=email><button>Next</button></form>",
        ),
        ("POST /two", "email=alice") => page(
            "<form method=post action=/three enctype=multipart/form-data>
             <input type=hidden name=email value=alice><input type=password name=pw>
             <button name=do value=deny>No</button><button name=do value=allow>Allow</button></form>",
        ),
        ("POST /three", body) => {
            assert!(body.contains("name=\"do\"\r\n\r\nallow"), "{body}");
            assert!(body.contains("name=\"pw\"\r\n\r\na-secret-wonderland"), "{body}");
            (307, vec![("location", format!("{CALLBACK}?code=1"))], String::new())
        }
        other => panic!("{other:?}"),
    })
    .await;
    let (visited, _) = visited(&base, |visit| visit.method = Method::Post).await;
    assert_eq!(params(&visited)[0].0, "code");
    assert!(visited.logged_in && visited.consented);
}

#[tokio::test]
async fn callbacks_by_form_script_and_refresh_are_not_requested() {
    for (html, member) in [
        (
            format!(
                "<body onload='document.forms[0].submit()'><form method=post action='{CALLBACK}'>
            <input type=hidden name=code value='c0de-1234567'></form>"
            ),
            "form_post",
        ),
        (
            format!("<meta http-equiv=refresh content='0; url={CALLBACK}?code=c0de-1234567'>"),
            "params",
        ),
        (
            format!("<script>window.location.replace('{CALLBACK}?code=c0de-1234567')</script>"),
            "params",
        ),
        (
            format!("<meta http-equiv=refresh content='0; url={CALLBACK}#code=c0de-1234567'>"),
            "fragment",
        ),
    ] {
        let base = serve(move |_| page(&html)).await;
        let (visited, client) = visited(&base, |_| {}).await;
        let VisitOutcome::Callback {
            params,
            fragment,
            form_post,
            ..
        } = &visited.outcome
        else {
            panic!("{:?}", visited.outcome);
        };
        let found = match member {
            "form_post" => form_post,
            "params" => params,
            _ => fragment,
        };
        assert_eq!(found[0].1, "c0de-1234567");
        assert_eq!(client.counts().requests, 1);
        let recorded = serde_json::to_string(&client.recorder().take()).unwrap();
        assert!(!recorded.contains("c0de-1234567"), "{recorded}");
    }
}

#[tokio::test]
async fn foreign_redirects_are_told_and_not_followed() {
    for (location, told) in [
        ("https://evil.example/cb?code=1", None),
        ("https://evil.example/?error=invalid_request", None),
        (
            "https://idp.example/login",
            Some("https://idp.example, which the target file"),
        ),
        (
            "https://idp.example/a?client_id=x&state=1&response_type=code",
            Some("https://idp.example"),
        ),
    ] {
        let base = serve(move |_| to(location)).await;
        let (visited, client) = visited(&base, |_| {}).await;
        match told {
            Some(reason) => assert!(undecided(&visited).contains(reason)),
            None => assert!(matches!(
                &visited.outcome,
                VisitOutcome::Callback { foreign: true, registered: false, url, .. } if url == location
            )),
        }
        assert_eq!(client.counts().requests, 1);
    }
}

#[tokio::test]
async fn what_has_no_end_is_undecided_and_bounded() {
    let redirects = serve(|_| to("/authorize?again")).await;
    let (visited_, client) = visited(&redirects, |_| {}).await;
    assert!(undecided(&visited_).contains("no end after 20 requests"));
    assert_eq!(client.counts().requests, 20);

    let login = serve(|_| page(LOGIN)).await;
    let (visited_, client) = visited(&login, |_| {}).await;
    let told = "the login form never ends: the password was sent 2 times";
    assert_eq!(undecided(&visited_), told);
    assert_eq!(client.counts().logins, 2);

    let consent = serve(|_| page(CONSENT)).await;
    let (visited_, _) = visited(&consent, |_| {}).await;
    assert_eq!(undecided(&visited_), "the same form comes again and again");

    let refresh = serve(|_| page("<meta http-equiv=refresh content='0;url=/x'>")).await;
    let (visited_, _) = visited(&refresh, |visit| visit.max_pages = 5).await;
    assert!(undecided(&visited_).contains("no end after 5 requests"));
}

#[tokio::test]
async fn what_decides_nothing_is_undecided() {
    for (status, html, told) in [
        (429, "slow down", "429"),
        (503, LOGIN, "503"),
        (
            200,
            "<p>Hi</p><form method=post><div class=g-recaptcha></div><input name=user>
            <input type=password name=p></form>",
            "captcha",
        ),
        (
            403,
            "<title>Just a moment</title><script src=https://challenges.cloudflare.com/x></script>",
            "captcha",
        ),
    ] {
        let base = serve(move |_| {
            (
                status,
                vec![("content-type", "text/html".to_owned())],
                html.to_owned(),
            )
        })
        .await;
        let (visited, _) = visited(&base, |_| {}).await;
        assert!(
            undecided(&visited).contains(told),
            "{told}: {:?}",
            visited.outcome
        );
    }
}

#[tokio::test]
async fn error_pages_are_rest_whatever_their_status() {
    for (status, content_type, body) in [
        (
            200,
            "text/html",
            "<title>Error</title><h1>Invalid client</h1>".to_owned(),
        ),
        (
            400,
            "application/json",
            "{\"error\":\"invalid_request\"}".to_owned(),
        ),
        (
            400,
            "text/html",
            "<form method=post><button>Continue</button></form>".to_owned(),
        ),
        (200, "text/html; charset=x", "x".repeat(300_000)),
        (200, "text/html", "<div>".repeat(15_000)),
    ] {
        let base = serve(move |_| {
            (
                status,
                vec![("content-type", content_type.to_owned())],
                body.clone(),
            )
        })
        .await;
        let (visited, client) = visited(&base, |_| {}).await;
        assert!(
            matches!(visited.outcome, VisitOutcome::Page { status: s, .. } if s == status),
            "{:?}",
            visited.outcome
        );
        assert_eq!(client.counts().requests, 1);
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_do_no_harm() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(|| async {
        let body =
            b"\xff\xfe<form method=post action='\xc3\x28'><input name='\xff'>\0<button>\xf0Allow"
                .to_vec();
        Response::builder()
            .header("content-type", "text/html")
            .body(Body::from(body))
            .unwrap()
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (visited, _) = visited(&base, |_| {}).await;
    undecided(&visited);
}

#[tokio::test]
async fn a_login_by_json_returns_to_the_page_that_asked() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tries);
    let base = serve(move |asked| match asked.line.as_str() {
        "POST /api/login" => {
            counter.fetch_add(1, Ordering::SeqCst);
            assert_eq!(
                asked.body,
                r#"{"user":"alice","pass":"a-secret-wonderland"}"#
            );
            (
                200,
                vec![("set-cookie", "sid=ok; Path=/".to_owned())],
                "{}".to_owned(),
            )
        }
        _ if asked.cookies.contains("sid=ok") => to(format!("{CALLBACK}?code=1")),
        _ => page("<div id=app></div><script src=/app.js></script>"),
    })
    .await;
    let body = [("user", "{username}"), ("pass", "{password}")];
    let recipe = Recipe {
        json_login: Some(crate::target::JsonLogin {
            url: "/api/login".to_owned(),
            body: body
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        }),
        ..Recipe::default()
    };
    let (client, mut jar) = (client(&base), CookieJar::new());
    let told = authorize(&client, &mut jar, visit(&base), &recipe).await;
    assert_eq!(params(&told)[0].0, "code");
    assert!(told.logged_in && tries.load(Ordering::SeqCst) == 1);
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_named() {
    for (after, told) in [
        (
            "<form method=post><input name=otp><button>Verify</button></form>",
            "a second factor (`otp`)",
        ),
        (
            "<form method=post><input name=code6 autocomplete=one-time-code><button>Go on</button></form>",
            "a second factor (`code6`)",
        ),
        (
            "<p>Your account is locked.</p>",
            "takes no more logins of this user",
        ),
        (
            "<title>Error</title><p>Too many attempts, come back later",
            "takes no more logins",
        ),
    ] {
        let base = serve(move |asked| match asked.line.as_str() {
            "POST /login" => page(after),
            _ => page(LOGIN),
        })
        .await;
        let (visited, client) = visited(&base, |_| {}).await;
        assert!(undecided(&visited).contains(told), "{told}: {visited:?}");
        assert_eq!(client.counts().logins, 1);
    }
}

#[tokio::test]
async fn a_recipe_that_fits_nothing_is_named() {
    let recipe = Recipe {
        username_field: Some("benutzer".to_owned()),
        submit: Some("css:#go".to_owned()),
        extra_fields: [("Realm".to_owned(), "corp".to_owned())].into(),
        ..Recipe::default()
    };
    let base = serve(ordinary).await;
    let (client, mut jar) = (client(&base), CookieJar::new());
    let told = authorize(&client, &mut jar, visit(&base), &recipe).await;
    let reason = undecided(&told);
    assert!(
        reason.contains(
            "`login.username_field: benutzer`, `login.submit: css:#go`, `login.extra_fields: Realm`"
        ),
        "{reason}"
    );
    let fits = Recipe {
        username_field: Some("username".to_owned()),
        submit: Some("sign in".to_owned()),
        approve: Some("nothing like it".to_owned()),
        ..Recipe::default()
    };
    let told = authorize(&client, &mut CookieJar::new(), visit(&base), &fits).await;
    assert_eq!(params(&told)[0].0, "code");
}

#[tokio::test]
async fn a_way_to_the_login_that_the_recipe_misses_is_named() {
    let base = serve(|_| page("<p>Welcome <a href=/form>With a password</a>")).await;
    let recipe = Recipe {
        submit: Some("By password".to_owned()),
        ..Recipe::default()
    };
    let (client, mut jar) = (client(&base), CookieJar::new());
    let told = authorize(&client, &mut jar, visit(&base), &recipe).await;
    let unused = "nothing on the way was `login.submit: By password`";
    assert_eq!(told.unused.as_deref(), Some(unused));
}

#[tokio::test]
async fn a_login_crosses_allowed_origins_and_keeps_their_cookies() {
    let inner = serve(|asked| match asked.line.as_str() {
        "POST /login" => {
            let (status, mut headers, body) = to("/back");
            headers.push((
                "set-cookie",
                "idp=inner-value; Path=/; Secure; HttpOnly".to_owned(),
            ));
            (status, headers, body)
        }
        "GET /back" => {
            assert!(
                asked.cookies.contains("idp=inner-value"),
                "{}",
                asked.cookies
            );
            page("<meta http-equiv=refresh content='0;url=/to-the-server'>")
        }
        "GET /to-the-server" => (
            200,
            vec![("refresh", "0; url=/last".to_owned())],
            String::new(),
        ),
        line if line.starts_with("GET /last") => to(format!("{CALLBACK}?code=c0de-1234567")),
        _ => page(LOGIN),
    })
    .await;
    let login = format!("{inner}/start");
    let outer = serve(move |_| to(login.clone())).await;
    let client = client(&outer);
    client.allowed().allow(Origin::of(&inner).unwrap());
    let told = authorize(
        &client,
        &mut CookieJar::new(),
        visit(&outer),
        &Recipe::default(),
    )
    .await;
    assert_eq!(params(&told)[0].1, "c0de-1234567");
    assert!(told.logged_in);
}
