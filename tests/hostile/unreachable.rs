//! Hosts that cannot be reached, and TLS that does not hold.

use std::sync::Arc;

use authspec::run::{Answer, DoctorState, FailureKind};
use authspec::suite::Suites;
use authspec::target::TargetFile;
use libtest_mimic::Trial;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::outcome::{always, test, told};
use super::{runtime, trial};

/// One trial for each way of not being there.
pub fn trials(suites: &Arc<Suites>) -> Vec<Trial> {
    let ways: [(&str, Way, FailureKind, &str); 6] = [
        (
            "refused-port",
            Way::Refused,
            FailureKind::Unreachable,
            "start the server",
        ),
        (
            "no-such-host",
            Way::NoHost,
            FailureKind::Unreachable,
            "correct the address",
        ),
        (
            "nobody-accepts",
            Way::Unaccepted,
            FailureKind::Timeout,
            "limits.answer_timeout",
        ),
        (
            "wrong-authority",
            Way::WrongAuthority,
            FailureKind::Tls,
            "root_ca",
        ),
        (
            "http-on-https-port",
            Way::HttpOnHttps,
            FailureKind::Tls,
            "write http://",
        ),
        (
            "https-on-http-port",
            Way::HttpsOnHttp,
            FailureKind::Malformed,
            "scheme",
        ),
    ];
    ways.into_iter()
        .map(|(name, way, kind, mend)| {
            let suites = suites.clone();
            trial(&format!("unreachable::{name}"), move || {
                runtime().block_on(ends_well(&suites, way, kind, mend))
            })
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Way {
    Refused,
    NoHost,
    Unaccepted,
    WrongAuthority,
    HttpOnHttps,
    HttpsOnHttp,
}

async fn ends_well(suites: &Suites, way: Way, kind: FailureKind, mend: &str) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|cause| cause.to_string())?;
    let port = listener
        .local_addr()
        .map_err(|cause| cause.to_string())?
        .port();
    let (url, _listening) = match way {
        Way::Refused => {
            drop(listener);
            (format!("http://127.0.0.1:{port}/mcp"), None)
        }
        // RFC 6761 section 6.4: the name never exists.
        Way::NoHost => ("https://mcp.invalid/mcp".to_owned(), None),
        Way::Unaccepted => {
            let held = tokio::spawn(async move {
                let _listener = listener;
                std::future::pending::<()>().await;
            });
            (format!("http://127.0.0.1:{port}/mcp"), Some(held))
        }
        Way::WrongAuthority => {
            let served = tokio::spawn(serve_tls(listener));
            (format!("https://localhost:{port}/mcp"), Some(served))
        }
        Way::HttpOnHttps => {
            let served = tokio::spawn(serve_plain(listener));
            (format!("https://localhost:{port}/mcp"), Some(served))
        }
        Way::HttpsOnHttp => {
            let served = tokio::spawn(serve_tls(listener));
            (format!("http://127.0.0.1:{port}/mcp"), Some(served))
        }
    };
    let mut file = TargetFile {
        mcp_server: Some(url),
        ..TargetFile::default()
    };
    file.limits.answer_timeout = 1.0;
    file.limits.run_timeout = 8.0;
    let outcome = test(suites, file, &[]).await?;
    let mut wrong = always(&outcome);
    let first = outcome
        .recording
        .exchanges
        .first()
        .map(|exchange| &exchange.answer);
    if !matches!(first, Some(Answer::Failed { kind: came, .. }) if *came == kind) {
        wrong.push(format!("the first request came to {first:?}"));
    }
    let step = outcome.recording.doctor.first();
    let name = match kind {
        FailureKind::Tls => "tls",
        _ => "reachable",
    };
    let helps = step.is_some_and(|step| {
        step.name == name && step.state == DoctorState::Broken && step.mend.contains(mend)
    });
    if !helps {
        wrong.push(format!("the doctor says {step:?}"));
    }
    let judged = |verdict| matches!(verdict, "pass" | "fail" | "warning");
    let cases = outcome.judgement.cases.iter();
    for case in cases.filter(|case| judged(case.verdict.name())) {
        wrong.push(format!("{} is judged: {:?}", case.id, case.verdict));
    }
    if let Some(task) = _listening {
        task.abort();
    }
    told(wrong, &outcome)
}

/// Certificates of an authority that nobody trusts.
async fn serve_tls(listener: TcpListener) {
    let Ok(CertifiedKey { cert, signing_key }) =
        generate_simple_self_signed(vec!["localhost".to_owned()])
    else {
        return;
    };
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(config) = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
    else {
        return;
    };
    let Ok(config) = config.with_single_cert(vec![cert.der().clone()], key.into()) else {
        return;
    };
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((socket, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move { acceptor.accept(socket).await.is_ok() });
    }
}

async fn serve_plain(listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(answer_plainly(socket));
    }
}

async fn answer_plainly(mut socket: TcpStream) {
    let mut ignored = [0; 1024];
    let _ = socket.read(&mut ignored).await;
    let _ = socket
        .write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        .await;
}
