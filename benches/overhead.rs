//! What the harness costs: the wall time of a whole run against the reference servers, divided by
//! that of a bare replay of the same exchanges with the same concurrency:
//! `cargo bench --bench overhead`.
//!
//! A replay cannot ask the servers for the same work, since what it would have to send is secret
//! and good for once. So a calm pass, one request at a time, takes down how long each exchange
//! keeps client and server busy. The replay sends the requests as recorded to a server that answers
//! with the recorded text after being busy for that long. Cases that let time pass, and the audit
//! log, which is waited for, are left out on both sides.

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use authspec::cli::Conduct;
use authspec::run::{Answer, Exchange, Recording};
use authspec::suite::{Action, Check, LoadedCheck, Suites};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::{Servers, runtime};
use futures_util::StreamExt as _;

const ROUNDS: usize = 5;
/// Says which exchange a request of the replay repeats.
const PLACE: &str = "x-exchange";

fn main() {
    let mut suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
    let timeless: HashSet<String> = suites
        .checks
        .iter()
        .filter(|loaded| loaded.area != "audit/log" && !lets_time_pass(&suites, &loaded.check))
        .map(LoadedCheck::id)
        .collect();
    suites
        .checks
        .retain(|loaded| timeless.contains(&loaded.id()));
    let concurrency = Conduct::default().concurrency;
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let calm = recording(&suites, 1);
        let run = Duration::from_millis(recording(&suites, concurrency).took_ms);
        let replay = runtime().block_on(replay(&calm, concurrency));
        let ratio = run.as_secs_f64() / replay.as_secs_f64();
        println!(
            "round {round}: run {:.2} s, replay {:.2} s of {} requests, ratio {ratio:.2}",
            run.as_secs_f64(),
            replay.as_secs_f64(),
            calm.exchanges.len(),
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ROUNDS / 2]);
}

fn lets_time_pass(suites: &Suites, check: &Check) -> bool {
    let (_, _, steps) = suites.steps(&check.flow);
    let waits = |action: &Action| matches!(action, Action::Wait(_));
    steps.values().chain(check.steps.values()).any(waits)
        || check
            .mutate
            .values()
            .any(|mutation| mutation.delay.is_some())
}

fn recording(suites: &Suites, concurrency: usize) -> Recording {
    let made = common::whole_run(suites, &Servers::default(), concurrency);
    made.unwrap_or_else(|cause| panic!("{cause}"))
}

/// The wall time of the exchanges alone.
async fn replay(recording: &Recording, concurrency: usize) -> Duration {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.unwrap_or_else(|cause| panic!("{cause}"));
    let origin = listener
        .local_addr()
        .map(|address| format!("http://{address}"));
    let origin = origin.unwrap_or_else(|cause| panic!("{cause}"));
    let tape: HashMap<usize, Exchange> = recording
        .exchanges
        .iter()
        .map(|exchange| (exchange.index, exchange.clone()))
        .collect();
    let app = Router::new().fallback(answer).with_state(Arc::new(tape));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_else(|cause| panic!("{cause}"));
    let started = Instant::now();
    futures_util::stream::iter(&recording.exchanges)
        .for_each_concurrent(concurrency, |exchange| send(&client, &origin, exchange))
        .await;
    let took = started.elapsed();
    server.abort();
    took
}

async fn send(client: &reqwest::Client, origin: &str, exchange: &Exchange) {
    let recorded = &exchange.request;
    let Ok(method) = recorded.method.parse::<reqwest::Method>() else {
        return;
    };
    let path = recorded.url.splitn(4, '/').nth(3).unwrap_or_default();
    let mut request = client
        .request(method, format!("{origin}/{path}"))
        .header(PLACE, exchange.index.to_string());
    for (name, value) in &recorded.headers {
        if !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    if let Some(body) = &recorded.body {
        request = request.body(body.clone());
    }
    if let Ok(answer) = request.send().await {
        let _ = answer.bytes().await;
    }
}

/// Is busy as long as the exchange kept both sides, and answers what was answered.
async fn answer(
    State(tape): State<Arc<HashMap<usize, Exchange>>>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    let place = headers.get(PLACE).and_then(|place| place.to_str().ok());
    let exchange = place.and_then(|place| tape.get(&place.parse().ok()?));
    let Some(exchange) = exchange else {
        return (StatusCode::NOT_FOUND, String::new());
    };
    let until = Instant::now() + Duration::from_secs_f64(exchange.took_ms / 1000.0);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    match &exchange.answer {
        Answer::Response { status, body, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
            (status, body.clone())
        }
        Answer::Failed { .. } => (StatusCode::BAD_GATEWAY, String::new()),
    }
}
