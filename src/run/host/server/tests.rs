//! Over real connections, as servers under test see the host.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

fn document(path: &str) -> Document {
    let json = json!({ "client_id": "self_url", "client_name": "A" });
    Document::new(path, json.as_object().unwrap().clone())
}

/// Sends a request and gives the answer: head and body.
async fn ask(method: &str, url: &str) -> (String, String) {
    let (address, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request =
        format!("{method} /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn a_document_is_served_under_the_url_that_it_names() {
    let host = DocumentHost::new();
    let url = host.serve(&document("/oauth/client.json")).await.unwrap();
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/oauth/client.json"),
        "{url}"
    );
    let (head, body) = ask("GET", &url).await;
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body, json!({ "client_id": url, "client_name": "A" }));
    assert_eq!(ask("HEAD", &url).await.1, "");
}

#[tokio::test]
async fn status_and_headers_are_as_told() {
    let host = DocumentHost::new();
    let mut moved = document("/moved");
    moved.status = 302;
    moved
        .headers
        .insert("Location".to_owned(), json!("http://169.254.169.254/"));
    let (head, _) = ask("GET", &host.serve(&moved).await.unwrap()).await;
    assert!(head.starts_with("http/1.1 302 "), "{head}");
    assert!(head.contains("location: http://169.254.169.254/"), "{head}");
}

#[tokio::test]
async fn two_documents_of_one_path_have_different_urls_and_visits_of_their_own() {
    let host = DocumentHost::new();
    let first = host.serve(&document("/c")).await.unwrap();
    let second = host.serve(&document("/c")).await.unwrap();
    assert_ne!(first, second);
    ask("GET", &format!("{first}?state=secret")).await;
    ask("POST", &first).await;
    let visits = host.visits(&first);
    let methods: Vec<&str> = visits.iter().map(|visit| visit.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST"]);
    assert!(first.ends_with(&visits[0].path), "{visits:?}");
    assert!(host.visits(&second).is_empty());
    assert!(host.visits("http://127.0.0.1:1/c").is_empty());
}

#[tokio::test]
async fn what_is_beside_a_document_is_not_found_but_noted() {
    let host = DocumentHost::new();
    let url = host.serve(&document("/c")).await.unwrap();
    for other in [format!("{url}/.well-known/x"), format!("{url}x")] {
        assert!(ask("GET", &other).await.0.starts_with("http/1.1 404 "));
    }
    assert_eq!(host.visits(&url).len(), 2);
    let origin = url.rsplitn(3, '/').last().unwrap();
    assert!(
        ask("GET", &format!("{origin}/c"))
            .await
            .0
            .starts_with("http/1.1 404 ")
    );
    assert_eq!(host.visits(&url).len(), 2);
}

#[tokio::test]
async fn nothing_listens_before_the_first_document_or_after_the_drop() {
    let host = DocumentHost::new();
    assert!(host.running.get().is_none());
    let url = host.serve(&document("/c")).await.unwrap();
    let address = url
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    // A kept connection does not keep the server alive.
    let mut kept = TcpStream::connect(address).await.unwrap();
    drop(host);
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut rest = Vec::new();
        kept.read_to_end(&mut rest).await
    };
    let ended = tokio::time::timeout(Duration::from_secs(2), refused).await;
    assert!(ended.is_ok(), "the server still runs");
}

#[tokio::test]
async fn a_document_that_cannot_be_sent_starts_no_server() {
    let host = DocumentHost::new();
    let refused = host.serve(&document("/a b")).await;
    assert!(matches!(refused, Err(DocumentError::Path(_))));
    assert!(host.running.get().is_none());
}

#[tokio::test]
async fn behind_a_proxy_the_path_may_come_whole_or_without_what_the_proxy_took() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let host = DocumentHost::at(Some(DocumentPlace {
        url: "https://client.example/authspec/".to_owned(),
        listen: format!("127.0.0.1:{port}"),
        certificate: None,
    }));
    let url = host.serve(&document("client.json")).await.unwrap();
    let inner = url.strip_prefix("https://client.example/authspec").unwrap();
    assert!(
        inner.starts_with('/') && inner.ends_with("/client.json"),
        "{url}"
    );
    for path in [inner.to_owned(), format!("/authspec{inner}")] {
        let (head, body) = ask("GET", &format!("http://127.0.0.1:{port}{path}")).await;
        assert!(head.starts_with("http/1.1 200 "), "{path}: {head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["client_id"], json!(url));
    }
    let (head, _) = ask("GET", &format!("http://127.0.0.1:{port}/other{inner}")).await;
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert_eq!(host.visits(&url).len(), 2);
}

#[tokio::test]
async fn a_port_that_is_taken_and_a_certificate_that_is_none_are_told() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = |listen: String, certificate| DocumentPlace {
        url: "https://client.example/a".to_owned(),
        listen,
        certificate,
    };
    let host = DocumentHost::at(Some(place(taken.local_addr().unwrap().to_string(), None)));
    let refused = host.serve(&document("c")).await;
    let address = taken.local_addr().unwrap();
    let said = refused.expect_err("the port is taken").to_string();
    assert!(
        said.starts_with(&format!("cannot listen on {address}: ")),
        "{said}"
    );
    let nonsense = crate::target::Certificate {
        chain: b"nonsense".to_vec(),
        key: crate::target::Live::new("nonsense"),
    };
    let host = DocumentHost::at(Some(place("127.0.0.1:0".to_owned(), Some(nonsense))));
    let refused = host.serve(&document("c")).await;
    assert!(
        matches!(refused, Err(DocumentError::Certificate(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn dot_segments_queries_and_fragments_stay_in_the_url_and_lead_to_the_document() {
    let host = DocumentHost::new();
    for path in ["/a/../c", "/./c", "/c?v=1", "/c#part"] {
        let url = host.serve(&document(path)).await.unwrap();
        assert!(url.ends_with(path), "{url}");
        let prefix = &url[..url.len() - path.len()];
        let (head, body) = ask("GET", &format!("{prefix}/c")).await;
        assert!(head.starts_with("http/1.1 200 "), "{path}: {head}");
        assert!(body.contains(&url), "{body}");
        assert_eq!(host.visits(&url).len(), 1);
    }
    let bare = host.serve(&document("")).await.unwrap();
    assert_eq!(bare.matches('/').count(), 2, "{bare}");
    let (head, _) = ask("GET", &format!("{bare}/")).await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}

#[tokio::test]
async fn a_document_takes_the_place_of_another_and_a_redirect_leads_to_it() {
    let host = DocumentHost::new();
    let url = host.serve(&document("/c")).await.unwrap();
    let other = Document {
        status: 302,
        body: Some("other".to_owned()),
        replaces: Some(url.clone()),
        ..document("/ignored")
    };
    assert_eq!(host.serve(&other).await.unwrap(), url);
    let (head, body) = ask("GET", &url).await;
    assert!(head.starts_with("http/1.1 302 "), "{head}");
    assert_eq!(body, "other");
    let (head, body) = ask("GET", &format!("{url}/moved")).await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!(body, "other");
    let nowhere = Document {
        replaces: Some("http://127.0.0.1:1/c".to_owned()),
        ..document("/c")
    };
    let refused = host.serve(&nowhere).await;
    assert!(matches!(refused, Err(DocumentError::Unknown(_))));
}

#[tokio::test]
async fn another_address_changes_the_url_alone() {
    let host = DocumentHost::new();
    let first = host.serve(&document("/c")).await.unwrap();
    let base = first.split('/').take(3).collect::<Vec<_>>().join("/");
    let other = Document {
        base: Some(base.replace("://", "://somebody@")),
        ..document("/c")
    };
    let url = host.serve(&other).await.unwrap();
    assert!(url.starts_with("http://somebody@127.0.0.1:"), "{url}");
    ask("GET", &url.replace("somebody@", "")).await;
    assert_eq!(host.visits(&url).len(), 1);
}
