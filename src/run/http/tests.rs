//! The client against ordinary and hostile servers on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::run::redact::{Kind, Vault};
use crate::run::{Answer, Event, FailureKind};

/// A server that answers each connection with these bytes and tells what it read.
async fn serve(answer: &'static [u8]) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65536];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let _ = tell.send(String::from_utf8_lossy(&buffer[..read]).into_owned());
                let _ = stream.write_all(answer).await;
                if answer.ends_with(b"<endless>") {
                    while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
                }
                if answer.ends_with(b"<hang>") {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            });
        }
    });
    (base, told)
}

fn client(bases: &[&str], change: impl FnOnce(&mut Options)) -> Client {
    let mut options = Options {
        allowed: AllowedOrigins::new(bases.iter().filter_map(|base| Origin::of(base))),
        concurrency: 4,
        ..Options::default()
    };
    options.limits.answer = Duration::from_secs(2);
    options.limits.body = 1000;
    change(&mut options);
    Client::new(options, Arc::new(Vault::new()), Recorder::new()).unwrap()
}

fn kind(sent: &Sent) -> FailureKind {
    sent.answer.as_ref().expect_err("no failure").kind
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

#[tokio::test]
async fn an_exchange_is_recorded_and_redacted() {
    let (base, mut told) =
        serve(b"HTTP/1.1 200 OK\r\nset-cookie: sid=3f9a0c77d1e5; Path=/\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
    let client = client(&[&base], |_| {});
    client
        .vault()
        .learn(Kind::CodeVerifier, "a-live-verifier-123");
    let form = [("code_verifier".to_owned(), "a-live-verifier-123".to_owned())];
    let request = Request::form(format!("{base}/token?code=12345678"), &form)
        .header("authorization", "Bearer 9c2b7d3e55aa01");
    let sent = client.send("token", request).await;
    assert_eq!(sent.answer.unwrap().text(), "ok");
    let wire = told.recv().await.unwrap();
    assert!(
        wire.contains("code=12345678") && wire.contains("Bearer 9c2b7d3e55aa01"),
        "{wire}"
    );
    let text = serde_json::to_string(&client.recorder().get(sent.exchange).unwrap()).unwrap();
    for secret in [
        "12345678",
        "9c2b7d3e55aa01",
        "a-live-verifier-123",
        "3f9a0c77d1e5",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(client.counts().requests, 1);
}

#[tokio::test]
async fn nothing_goes_to_another_origin_or_over_plain_http_beyond_loopback() {
    let (base, mut told) = serve(OK).await;
    let remote = "http://as.example";
    let client = client(&["http://127.0.0.1:1", remote], |_| {});
    for url in [
        base.as_str(),
        "https://as.example/",
        remote,
        "http://127.0.0.1.nip.example/",
    ] {
        let sent = client.send("probe", Request::get(url)).await;
        assert_eq!(kind(&sent), FailureKind::NotAllowed, "{url}");
    }
    assert!(told.try_recv().is_err());
    assert_eq!(client.counts().requests, 0);
    assert_eq!(
        client.recorder().len(),
        4,
        "what was not sent is recorded too"
    );
}

#[tokio::test]
async fn the_path_reaches_the_wire_as_written() {
    let (base, mut told) = serve(OK).await;
    let client = client(&[&base], |_| {});
    let sent = client
        .send("probe", Request::get(format!("{base}/a/../b//c/%2e?x=1")))
        .await;
    assert_eq!(sent.answer.unwrap().status, 200);
    assert!(
        told.recv()
            .await
            .unwrap()
            .starts_with("GET /a/../b//c/%2e?x=1 HTTP/1.1\r\n")
    );
    let twice = Request::get(&base)
        .header("host", "a.example")
        .header("host", "b.example");
    client.send("probe", twice).await.answer.unwrap();
    let wire = told.recv().await.unwrap();
    assert!(
        wire.contains("host: a.example") && wire.contains("host: b.example"),
        "{wire}"
    );
}

#[tokio::test]
async fn endless_and_hanging_answers_end() {
    let (endless, _e) = serve(b"HTTP/1.1 200 OK\r\n\r\n<endless>").await;
    let (hang, _h) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n<hang>").await;
    let (mute, _m) = serve(b"<hang>").await;
    let client = client(&[&endless, &hang, &mute], |options| {
        options.limits.answer = Duration::from_millis(300);
    });
    for path in ["/", "/../raw"] {
        let sent = client
            .send("probe", Request::get(format!("{endless}{path}")))
            .await;
        let response = sent.answer.unwrap();
        assert!(response.truncated && response.body.len() == 1000, "{path}");
        let sent = client
            .send("probe", Request::get(format!("{hang}{path}")))
            .await;
        assert_eq!(kind(&sent), FailureKind::Timeout, "{path}");
        let sent = client
            .send("probe", Request::get(format!("{mute}{path}")))
            .await;
        assert!(sent.answer.is_err(), "{path}");
    }
}

#[tokio::test]
async fn failures_are_named_and_hold_no_url() {
    let (garbage, _g) = serve(b"SSH-2.0-nothing\r\n\r\n").await;
    let (closed, _c) = serve(b"").await;
    let gone = "http://127.0.0.1:1";
    let tls = garbage.replace("http://", "https://");
    let client = client(&[&garbage, &closed, gone, &tls], |_| {});
    for (base, wanted) in [
        (garbage.as_str(), FailureKind::Malformed),
        (&closed, FailureKind::Unreachable),
        (gone, FailureKind::Unreachable),
        (&tls, FailureKind::Tls),
    ] {
        for path in ["/x?code=abcdefgh1", "/x/../y?code=abcdefgh1"] {
            let sent = client
                .send("probe", Request::get(format!("{base}{path}")))
                .await;
            let failure = sent.answer.unwrap_err();
            assert_eq!(failure.kind, wanted, "{base}{path}: {}", failure.message);
            let message = &failure.message;
            assert!(
                !message.contains("abcdefgh1") && !message.contains("://"),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn too_many_headers_are_malformed() {
    let (base, _told) = serve(
        b"HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    )
    .await;
    let client = client(&[&base], |options| options.limits.header_count = 3);
    for path in ["/", "/../raw"] {
        let sent = client
            .send("probe", Request::get(format!("{base}{path}")))
            .await;
        assert_eq!(kind(&sent), FailureKind::Malformed, "{path}");
    }
}

#[tokio::test]
async fn a_cap_and_the_end_of_the_run_send_nothing() {
    let (base, _told) = serve(OK).await;
    let client = client(&[&base], |options| {
        options.caps.token_requests = Some(1);
        options.limits.run = Some(Duration::from_millis(400));
    });
    let token = || Request::get(&base).counted_as(RequestKind::Token);
    assert!(client.send("token", token()).await.answer.is_ok());
    let over = client.send("token", token()).await;
    assert_eq!(kind(&over), FailureKind::CapReached);
    assert!(matches!(
        client.recorder().get(over.exchange).unwrap().answer,
        Answer::Failed {
            kind: FailureKind::CapReached,
            ..
        }
    ));
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(
        kind(&client.send("probe", Request::get(&base)).await),
        FailureKind::Timeout
    );
    assert_eq!(client.counts().token_requests, 1);
}

/// A server that says 429 so many times before it says 200.
async fn limited(times: usize, retry_after: &'static str) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let app = axum::Router::new().fallback(move || {
        let count = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            let status = if count < times { 429 } else { 200 };
            (
                axum::http::StatusCode::from_u16(status).unwrap(),
                [("retry-after", retry_after)],
            )
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, asked)
}

#[tokio::test]
async fn a_429_is_waited_for_once_told_and_recorded() {
    let (base, asked) = limited(1, "1").await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let client = client(&[&base], |options| options.events = Some(tell));
    let sent = client.send("token", Request::get(&base)).await;
    assert_eq!(sent.answer.unwrap().status, 200);
    assert_eq!(
        (asked.load(Ordering::SeqCst), client.recorder().len()),
        (2, 2)
    );
    assert!(matches!(told.recv().await, Some(Event::Waiting { seconds, .. }) if seconds == 1.0));
}

#[tokio::test]
async fn a_429_that_asks_too_much_or_comes_again_is_handed_on() {
    let (long, asked_long) = limited(1, "3600").await;
    let (always, asked_always) = limited(9, "1").await;
    let client = client(&[&long, &always], |_| {});
    assert_eq!(
        client
            .send("a", Request::get(&long))
            .await
            .answer
            .unwrap()
            .status,
        429
    );
    assert_eq!(
        client
            .send("b", Request::get(&always))
            .await
            .answer
            .unwrap()
            .status,
        429
    );
    assert_eq!(asked_long.load(Ordering::SeqCst), 1);
    assert_eq!(asked_always.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_rate_is_held() {
    let (base, _asked) = limited(0, "0").await;
    let client = client(&[&base], |options| options.rate = Some(20.0));
    let start = std::time::Instant::now();
    let sends = (0..5).map(|_| client.send("probe", Request::get(&base)));
    futures_util::future::join_all(sends).await;
    assert!(
        start.elapsed() >= Duration::from_millis(200),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn an_extra_root_is_trusted_on_both_transports_and_nothing_else_is() {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(OK).await;
            let _ = stream.shutdown().await;
        }
    });
    let trusting = client(&[&base], |o| {
        o.extra_root = Some(issued.cert.pem().into_bytes())
    });
    let other = client(&[&base], |_| {});
    for path in ["/", "/a/../b"] {
        let url = format!("{base}{path}");
        let sent = trusting.send("probe", Request::get(&url)).await;
        assert_eq!(sent.answer.expect(path).text(), "ok");
        assert_eq!(
            kind(&other.send("probe", Request::get(&url)).await),
            FailureKind::Tls,
            "{path}"
        );
    }
}

/// A server that keeps its connections, answers the nth request of all with the nth status and ends
/// a connection, when it is used once more, on which it failed. Tells how many it had.
async fn ends_after_failing(statuses: &'static [u16]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let answered = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                let mut has_failed = false;
                let mut buffer = vec![0; 65536];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) && !has_failed {
                    let status = statuses[answered.fetch_add(1, Ordering::SeqCst)];
                    has_failed = status >= 500;
                    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (base, connections)
}

#[tokio::test]
async fn a_connection_on_which_the_server_failed_is_not_used_again() {
    let statuses = [200, 404, 200, 500, 200, 200];
    let (base, connections) = ends_after_failing(&[200, 404, 200, 500, 200, 200]).await;
    let client = client(&[&base], |_| {});
    for status in statuses {
        let sent = client.send("probe", Request::get(&base)).await;
        assert_eq!(sent.answer.unwrap().status, status);
    }
    let connections = connections.load(Ordering::SeqCst);
    assert_eq!(connections, 2, "kept before the failure and after it");
}
