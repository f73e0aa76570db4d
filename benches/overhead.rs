//! What the harness costs: the wall time of a whole run against the reference servers, divided by
//! that of a bare client that sends the same requests with the same concurrency to the same
//! servers, side by side in one process: `cargo bench --bench overhead`.
//!
//! In the replay, secrets stand as markers, so the servers refuse some requests earlier than in the
//! run; and the run waits for a short-lived token to end, which the replay does not. Cases that let
//! time pass are left out on both sides.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use authspec::run::{Exchange, Recording};
use authspec::suite::Suites;
use common::Servers;
use futures_util::StreamExt as _;

const ROUNDS: usize = 5;
const CONCURRENCY: usize = 8;

fn main() {
    let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let (recording, replayed) =
            common::run_and_then(&suites, &Servers::default(), async |recording| {
                let started = Instant::now();
                replay(recording).await;
                started.elapsed()
            })
            .unwrap_or_else(|cause| panic!("{cause}"));
        let run = Duration::from_millis(recording.took_ms);
        let ratio = run.as_secs_f64() / replayed.as_secs_f64();
        println!(
            "round {round}: run {:.2} s, replay {:.2} s of {} requests, ratio {ratio:.2}",
            run.as_secs_f64(),
            replayed.as_secs_f64(),
            recording.exchanges.len(),
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ROUNDS / 2]);
}

async fn replay(recording: &Recording) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_else(|cause| panic!("{cause}"));
    futures_util::stream::iter(&recording.exchanges)
        .for_each_concurrent(CONCURRENCY, |exchange| send(&client, exchange))
        .await;
}

async fn send(client: &reqwest::Client, exchange: &Exchange) {
    let recorded = &exchange.request;
    let Ok(method) = recorded.method.parse::<reqwest::Method>() else {
        return;
    };
    let mut request = client.request(method, &recorded.url);
    for (name, value) in &recorded.headers {
        if !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    if let Some(body) = &recorded.body {
        request = request.body(body.clone());
    }
    if let Ok(answer) = request.send().await {
        // An event stream that stays open is left.
        let _ = tokio::time::timeout(Duration::from_secs(1), answer.bytes()).await;
    }
}
