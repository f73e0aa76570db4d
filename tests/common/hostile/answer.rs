//! What the door says, and how it says it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{self, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer. Texts may hold `{origin}`, `{foreign}`, and of an authorization request
/// `{redirect_uri}` and `{state}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Start from what the servers behind the door answer, and change that.
    pub honest: bool,
    /// Status; 200 unless given, or the honest one.
    pub status: Option<u16>,
    /// Header lines, as they go out. They replace honest ones of the same name.
    pub headers: Vec<(String, String)>,
    /// So many header lines more.
    pub many_headers: usize,
    /// A body as text.
    pub body: Option<String>,
    /// `{scopes}` in the body becomes a list of so many scopes.
    pub scopes: usize,
    /// A body as JSON.
    pub json: Option<Value>,
    /// Merge patch over the honest body.
    pub merge: Option<Value>,
    /// So many arrays around a value, or around the member `nested` of the honest body.
    pub nested: usize,
    /// The body so many times.
    pub repeat: Option<usize>,
    /// Each character of headers and body is one byte (ISO 8859-1), so that bytes can be written
    /// that are no UTF-8.
    pub latin1: bool,
    /// How it ends; properly unless given.
    pub end: Option<End>,
    /// Seconds before it is answered, after the servers behind the door have done their part.
    pub wait: f64,
    /// Everything, as it goes out.
    pub raw: Option<String>,
}

/// How an answer ends, other than properly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nothing is answered, and the connection stays open.
    Hang,
    /// The connection is closed before anything is answered.
    Close,
    /// The length promises more than comes before the connection is closed.
    Short,
    /// The body is sent, and the connection stays open without an end.
    Open,
    /// The body is sent over and over, in chunks, for ever.
    Endless,
    /// A byte at a time, slowly.
    Drip,
}

/// An HTTP answer before it is written.
#[derive(Clone, Debug)]
pub struct Plain {
    /// Status.
    pub status: u16,
    /// Headers without those of framing.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer made from the honest one, which is there when `honest` asks for it. `put` puts
    /// names into texts.
    pub fn plain(&self, honest: Option<Plain>, put: &dyn Fn(&str) -> String) -> Plain {
        let bytes = |text: &str| match self.latin1 {
            true => text.chars().map(|letter| letter as u32 as u8).collect(),
            false => text.as_bytes().to_vec(),
        };
        let mut plain = honest.unwrap_or(Plain {
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
        });
        plain.status = self.status.unwrap_or(plain.status);
        for (name, _) in &self.headers {
            plain
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        }
        let added = self.headers.iter();
        let added = added.map(|(name, value)| (name.clone(), bytes(&put(value))));
        plain.headers.extend(added);
        let many = (0..self.many_headers).map(|n| (format!("x-many-{n}"), b"x".to_vec()));
        plain.headers.extend(many);
        if let Some(body) = &self.body {
            let scopes: Vec<String> = (0..self.scopes).map(|n| format!("\"s:{n}\"")).collect();
            plain.body = bytes(&put(body).replace("{scopes}", &scopes.join(",")));
        }
        if let Some(json) = &self.json {
            plain.body = put(&json.to_string()).into_bytes();
            plain.content_type("application/json");
        }
        if let Some(patch) = &self.merge {
            let mut body: Value = serde_json::from_slice(&plain.body).unwrap_or_default();
            merge(&mut body, patch);
            plain.body = put(&body.to_string()).into_bytes();
        }
        if self.nested > 0 {
            plain.nest(self.nested);
        }
        if let Some(times) = self.repeat {
            plain.body = plain.body.repeat(times);
        }
        plain
    }

    /// Writes it.
    pub async fn write(&self, plain: Plain, socket: &mut TcpStream) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n", plain.status);
        head.push_str(match self.end {
            Some(End::Endless) => "transfer-encoding: chunked\r\n",
            _ => "",
        });
        if !matches!(self.end, Some(End::Endless | End::Open)) {
            let more = usize::from(self.end == Some(End::Short)) * 1000;
            head.push_str(&format!("content-length: {}\r\n", plain.body.len() + more));
        }
        let mut bytes = head.into_bytes();
        for (name, value) in &plain.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        if self.end == Some(End::Endless) {
            socket.write_all(&bytes).await?;
            let chunk = plain.body.repeat(1 + 8192 / plain.body.len().max(1));
            let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
            framed.extend_from_slice(&chunk);
            framed.extend_from_slice(b"\r\n");
            loop {
                socket.write_all(&framed).await?;
            }
        }
        bytes.extend_from_slice(&plain.body);
        if self.end == Some(End::Drip) {
            for byte in bytes {
                socket.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            return Ok(());
        }
        socket.write_all(&bytes).await?;
        socket.flush().await?;
        if self.end == Some(End::Open) {
            hang(socket).await;
        }
        Ok(())
    }
}

impl Plain {
    fn content_type(&mut self, value: &str) {
        let is = |name: &str| name.eq_ignore_ascii_case("content-type");
        if !self.headers.iter().any(|(name, _)| is(name)) {
            let value = value.as_bytes().to_vec();
            self.headers.push(("content-type".to_owned(), value));
        }
    }

    /// Puts many arrays into the member `nested` of a JSON object, or in place of the body.
    fn nest(&mut self, levels: usize) {
        let nested = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let text = String::from_utf8_lossy(&self.body).into_owned();
        self.body = match text.trim_end().strip_suffix('}') {
            Some(open) => format!("{open}, \"nested\": {nested}}}").into_bytes(),
            None => nested.into_bytes(),
        };
    }
}

/// Keeps a connection open until the other side closes it.
pub async fn hang(socket: &mut TcpStream) {
    let mut ignored = [0; 1024];
    while let Ok(1..) = io::AsyncReadExt::read(socket, &mut ignored).await {}
}

/// RFC 7396.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (name, change) in patch {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
