//! Logs as servers write them, and logs that change while they are read.

use std::io::Write;

use tempfile::NamedTempFile;

use super::super::redact::Kind;
use super::*;

const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(5);

fn log(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

async fn look(file: &NamedTempFile, texts: &[&str], wait: Duration) -> AuditRead {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    read(file.path(), 0, &Vault::new(), &texts, wait)
        .await
        .unwrap()
}

#[tokio::test]
async fn all_texts_must_stand_in_one_entry() {
    let file = log("client-1 token_issued\n\nclient-2 token_refused\n");
    let read = look(&file, &["client-1", "token_refused"], SHORT).await;
    assert_eq!((read.entries, read.found, read.entry), (2, false, None));
    let read = look(&file, &["token_refused", "client-2"], SHORT).await;
    assert_eq!(read.entry.as_deref(), Some("client-2 token_refused"));
    assert!(look(&file, &[], SHORT).await.found);
    assert!(!look(&log(""), &[], SHORT).await.found);
}

#[tokio::test]
async fn a_text_is_found_however_json_escapes_it() {
    let texts = ["https://a.example/?x&y", "grüße \"x\"", r#""n":1"#];
    for line in [
        r#"{"u":"https://a.example/?x&y","t":"grüße \"x\"","n":1}"#,
        r#"{"u": "https:\/\/a.example\/?x\u0026y", "t": "gr\u00fc\u00DFe \"x\"", "n": 1}"#,
        r#"INFO audit {"u": "https://a.example/?x\u0026y", "t": "grüße \u0022x\u0022", "n": 1} end"#,
    ] {
        assert!(
            look(&log(&format!("{line}\n")), &texts, SHORT).await.found,
            "{line}"
        );
    }
}

#[tokio::test]
async fn what_stood_there_before_the_offset_does_not_count() {
    let file = log("old entry\nnew entry\n");
    let read = read(file.path(), 10, &Vault::new(), &["old".to_owned()], SHORT)
        .await
        .unwrap();
    assert_eq!((read.entries, read.found), (1, false));
}

#[tokio::test]
async fn an_entry_that_comes_late_and_in_pieces_is_waited_for_and_whole() {
    let mut file = log("first\n");
    let mut handle = file.reopen().unwrap();
    handle.seek(SeekFrom::End(0)).unwrap();
    let writer = tokio::spawn(async move {
        for piece in ["client-1 ", "refused ", "because\n"] {
            tokio::time::sleep(Duration::from_millis(30)).await;
            handle.write_all(piece.as_bytes()).unwrap();
        }
    });
    let start = Instant::now();
    let read = look(&file, &["client-1", "refused", "because"], LONG).await;
    assert_eq!(read.entry.as_deref(), Some("client-1 refused because"));
    assert_eq!(read.entries, 2);
    assert!(start.elapsed() < LONG / 2);
    writer.await.unwrap();
    // A last line without an end counts once nothing more comes.
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"unended").unwrap();
    let start = Instant::now();
    assert!(look(&file, &["unended"], LONG).await.found);
    assert!(start.elapsed() < LONG / 2);
}

#[tokio::test]
async fn secrets_anywhere_in_the_log_are_told_by_kind_and_the_entry_is_redacted() {
    let vault = Vault::new();
    vault.learn(Kind::AccessToken, "3f9a0c77d1");
    vault.learn(Kind::Password, "correct horse");
    let file = log("{\"event\":\"access\",\"token\":\"3f9a0c77d1\"}\nlogin correct horse\n");
    let read = read(file.path(), 0, &vault, &["access".to_owned()], SHORT)
        .await
        .unwrap();
    assert_eq!(read.secrets_found, ["access_token", "password"]);
    let entry = read.entry.unwrap();
    assert!(
        entry.contains("[access_token:10:") && !entry.contains("3f9a0c77d1"),
        "{entry}"
    );
}

#[tokio::test]
async fn bytes_that_are_not_utf8_and_long_lines_are_survived() {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(b"\xff\xfe wanted ").unwrap();
    file.write_all(&[b'x'; 100_000]).unwrap();
    let read = look(&file, &["wanted"], SHORT).await;
    assert_eq!(
        read.entry.map(|entry| entry.chars().count()),
        Some(MAX_ENTRY)
    );
}

#[tokio::test]
async fn a_missing_log_is_waited_for_and_then_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let vault = Vault::new();
    let missing = read(&path, 0, &vault, &[], SHORT).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!("there is no audit log at {}", path.display())
    );
    let late = path.clone();
    let writer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        std::fs::write(late, "entry\n").unwrap();
    });
    assert!(read(&path, 0, &vault, &[], LONG).await.unwrap().found);
    writer.await.unwrap();
}

#[tokio::test]
async fn a_rotated_log_and_a_folder_are_errors_at_once() {
    let file = log("short\n");
    let vault = Vault::new();
    let rotated = read(file.path(), 100, &vault, &[], LONG).await.unwrap_err();
    assert!(
        rotated
            .to_string()
            .ends_with("rotated or truncated during the run"),
        "{rotated}"
    );
    let folder = tempfile::tempdir().unwrap();
    let unreadable = read(folder.path(), 0, &vault, &[], LONG).await.unwrap_err();
    assert!(
        matches!(unreadable, AuditError::Unreadable(..)),
        "{unreadable}"
    );
}
