//! The door: a listener that hands requests on to the reference servers, or answers itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use authspec::reference::{Policy, router_at};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use globset::GlobMatcher;
use http_body_util::BodyExt as _;
use tokio::io::{self, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

use super::Names;
use super::answer::{Answer, End, Plain, hang};
use super::fixture::{Fixture, Rule};

/// A request that the door saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// When its head was there.
    pub at: Instant,
}

/// A listening door. Dropping it closes it and every connection.
pub struct Door {
    /// Its names.
    pub names: Names,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    foreign: JoinHandle<()>,
}

struct Shared {
    names: Names,
    router: Router,
    rules: Vec<(Rule, GlobMatcher, AtomicUsize)>,
    dies_after: Option<usize>,
    seen: Mutex<Vec<Seen>>,
    strangers: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Door {
    /// Opens the door of a fixture.
    pub async fn open(fixture: &Fixture) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let foreign = TcpListener::bind("127.0.0.1:0").await?;
        let names = Names {
            origin: format!("http://{}", listener.local_addr()?),
            foreign: format!("http://{}", foreign.local_addr()?),
        };
        let policy = Policy {
            shared_origin: true,
            ..Policy::default()
        };
        let policy = policy
            .patch(fixture.policy.clone().into())
            .map_err(io::Error::other)?;
        let rules = fixture.answers.iter();
        let shared = Arc::new(Shared {
            router: router_at(&names.origin, policy).map_err(std::io::Error::other)?,
            names: names.clone(),
            rules: rules
                .map(|rule| (rule.clone(), rule.matcher(), AtomicUsize::new(0)))
                .collect(),
            dies_after: fixture.dies_after,
            seen: Mutex::default(),
            strangers: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        });
        Ok(Self {
            names,
            accepting: tokio::spawn(accept(listener, shared.clone())),
            foreign: tokio::spawn(count(foreign, shared.clone())),
            shared,
        })
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().clone()
    }

    /// How many requests of this method and path there were.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let fits = |seen: &&Seen| seen.method == method && seen.path == path;
        self.shared.lock().iter().filter(fits).count()
    }

    /// How often somebody came to the foreign origin.
    pub fn strangers(&self) -> usize {
        self.shared.strangers.load(Ordering::SeqCst)
    }

    /// The most requests that were under way at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
        self.foreign.abort();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_dead(&self) -> bool {
        self.dies_after
            .is_some_and(|most| self.lock().len() >= most)
    }

    /// The door's own answer to a request, if it has one.
    fn rule(&self, request: &Request) -> Option<&Rule> {
        self.rules.iter().find_map(|(rule, path, fitted)| {
            let fits = path.is_match(&request.path)
                && rule
                    .method
                    .as_ref()
                    .is_none_or(|method| *method == request.method)
                && rule
                    .authorized
                    .is_none_or(|wanted| wanted == request.has("authorization"))
                && rule.body_has.as_ref().is_none_or(|part| {
                    String::from_utf8_lossy(&request.body).contains(part.as_str())
                });
            if !fits {
                return None;
            }
            let before = fitted.fetch_add(1, Ordering::SeqCst);
            let in_time =
                before >= rule.after && rule.times.is_none_or(|times| before < rule.after + times);
            in_time.then_some(rule)
        })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, peer)) = listener.accept().await {
        if shared.is_dead() {
            // Closes the listener and whatever is under way.
            return;
        }
        while connections.try_join_next().is_some() {}
        let shared = shared.clone();
        // A connection that breaks is the other side's business.
        connections.spawn(async move { serve(socket, peer, &shared).await.ok() });
    }
}

async fn count(listener: TcpListener, shared: Arc<Shared>) {
    while listener.accept().await.is_ok() {
        shared.strangers.fetch_add(1, Ordering::SeqCst);
    }
}

async fn serve(mut socket: TcpStream, peer: SocketAddr, shared: &Shared) -> io::Result<()> {
    let Some(request) = Request::read(&mut socket).await? else {
        return Ok(());
    };
    shared.lock().push(Seen {
        method: request.method.clone(),
        path: request.path.clone(),
        at: Instant::now(),
    });
    let _flight = Flight::start(shared);
    let default = Answer {
        honest: true,
        ..Answer::default()
    };
    let answer = shared.rule(&request).map_or(&default, |rule| &rule.answer);
    let put = |text: &str| {
        let text = shared.names.put_into(text);
        let text = text.replace("{redirect_uri}", &request.parameter("redirect_uri"));
        text.replace("{state}", &request.parameter("state"))
    };
    match (&answer.raw, answer.end) {
        (Some(raw), _) => {
            let bytes: Vec<u8> = put(raw).chars().map(|letter| letter as u32 as u8).collect();
            return io::AsyncWriteExt::write_all(&mut socket, &bytes).await;
        }
        (None, Some(End::Close)) => return Ok(()),
        (None, Some(End::Hang)) => {
            hang(&mut socket).await;
            return Ok(());
        }
        _ => {}
    }
    let honest = match answer.honest || answer.merge.is_some() {
        true => Some(request.honestly(shared, peer).await?),
        false => None,
    };
    if answer.wait > 0.0 {
        tokio::time::sleep(Duration::from_secs_f64(answer.wait)).await;
    }
    answer.write(answer.plain(honest, &put), &mut socket).await
}

/// A request that is under way.
struct Flight<'a>(&'a Shared);

impl<'a> Flight<'a> {
    fn start(shared: &'a Shared) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request as it came.
struct Request {
    method: String,
    target: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    async fn read(socket: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
                break at;
            }
            if socket.read_buf(&mut bytes).await? == 0 || bytes.len() > 1 << 20 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let target = first.next().unwrap_or_default().to_owned();
        let pair = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: Vec<(String, String)> = lines.filter_map(pair).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        let mut body = bytes.split_off(end + 4);
        while body.len() < length {
            if socket.read_buf(&mut body).await? == 0 {
                return Ok(None);
            }
        }
        let path = target.split('?').next().unwrap_or_default().to_owned();
        Ok(Some(Self {
            method,
            target,
            path,
            headers,
            body,
        }))
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> String {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }

    /// What the servers behind the door answer.
    async fn honestly(&self, shared: &Shared, peer: SocketAddr) -> io::Result<Plain> {
        let mut builder = http::Request::builder()
            .method(self.method.as_str())
            .uri(&self.target)
            .extension(ConnectInfo(peer));
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let request = builder
            .body(Body::from(self.body.clone()))
            .map_err(io::Error::other)?;
        let response = match shared.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let framing = ["content-length", "transfer-encoding", "connection"];
        let headers = parts.headers.iter();
        let headers = headers.filter(|(name, _)| !framing.contains(&name.as_str()));
        let body = body.collect().await.map_err(io::Error::other)?;
        Ok(Plain {
            status: parts.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: body.to_bytes().to_vec(),
        })
    }
}
