//! Ctrl-C at bad moments: what was registered is deleted, and what is known is written.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::outcome::target_file;
use super::servers::{Door, Fixture};
use super::{runtime, trial};

/// A signal, and how it is told.
const CTRL_C: (&str, &str) = ("-INT", "Ctrl-C");

/// One trial for each moment.
pub fn trials() -> Vec<Trial> {
    if !cfg!(unix) {
        return Vec::new();
    }
    // While a slow registration is under way: in the doctor, and later.
    let slow = |after: usize| json!([{ "path": "/register", "after": after, "answer": { "honest": true, "wait": 0.6 } }]);
    let moments = [
        (
            "in-the-registration-of-the-doctor",
            slow(0),
            (1, "POST", "/register"),
            CTRL_C,
        ),
        (
            "in-a-later-registration",
            slow(1),
            (2, "POST", "/register"),
            CTRL_C,
        ),
        (
            "in-the-login-of-the-doctor",
            json!([]),
            (1, "GET", "/authorize"),
            CTRL_C,
        ),
        ("in-the-runs", json!([]), (12, "POST", "/token"), CTRL_C),
        (
            "by-a-terminal-that-is-closed",
            json!([]),
            (12, "POST", "/token"),
            ("-HUP", "SIGHUP"),
        ),
    ];
    moments
        .into_iter()
        .map(|(name, answers, moment, signal)| {
            trial(&format!("interrupted::{name}"), move || {
                runtime().block_on(cleans_up(&answers, moment, signal))
            })
        })
        .collect()
}

/// Sends a signal once the server has seen so many requests.
async fn cleans_up(
    answers: &Value,
    (count, method, path): (usize, &str, &str),
    (signal, name): (&str, &str),
) -> Result<(), String> {
    let fixture = json!({ "title": "", "answers": answers, "expect": {} });
    let fixture: Fixture = serde_json::from_value(fixture).map_err(|cause| cause.to_string())?;
    let door = Door::open(&fixture)
        .await
        .map_err(|cause| cause.to_string())?;
    let folder = tempfile::tempdir().map_err(|cause| cause.to_string())?;
    // Slow enough that the moment is not missed.
    let patch = json!({ "limits": { "requests_per_second": 40, "run_timeout": 60.0 } });
    let file = target_file(&door, patch.as_object().ok_or("no object")?)?;
    let file = serde_json::to_string(&file).map_err(|cause| cause.to_string())?;
    std::fs::write(folder.path().join("target.yaml"), file).map_err(|cause| cause.to_string())?;
    let mut program = Running::start(folder.path())?;
    let began = Instant::now();
    while door.count(method, path) < count {
        if began.elapsed() > Duration::from_secs(10) {
            return Err(format!("{count} {method} {path} did not happen"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = program.0.id().to_string();
    let told = Command::new("kill").args([signal, &id]).status();
    told.map_err(|cause| cause.to_string())?;
    let code = program.end(Duration::from_secs(5)).await?;
    if code != Some(3) {
        return Err(format!("it ended with {code:?}"));
    }
    let result = std::fs::read_to_string(folder.path().join("authspec-results/result.json"));
    let result = result.map_err(|cause| format!("no result: {cause}"))?;
    let result: Value = serde_json::from_str(&result).map_err(|cause| cause.to_string())?;
    if result["interrupted"] != name {
        return Err(format!("interrupted: {}", result["interrupted"]));
    }
    if result["cases"].as_array().is_none_or(Vec::is_empty) {
        return Err("no case is reported".to_owned());
    }
    let registered = door.count("POST", "/register");
    let deleted = door
        .seen()
        .iter()
        .filter(|seen| seen.method == "DELETE")
        .count();
    if registered == 0 || registered != deleted {
        return Err(format!(
            "{registered} clients were registered and {deleted} deleted"
        ));
    }
    Ok(())
}

/// The program, which does not outlive its trial.
struct Running(Child);

impl Running {
    fn start(folder: &Path) -> Result<Self, String> {
        Command::new(env!("CARGO_BIN_EXE_authspec"))
            .args(["run", "target.yaml", "--format", "json", "--color", "never"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(|cause| cause.to_string())
    }

    async fn end(&mut self, patience: Duration) -> Result<Option<i32>, String> {
        let began = Instant::now();
        loop {
            match self.0.try_wait().map_err(|cause| cause.to_string())? {
                Some(status) => return Ok(status.code()),
                None if began.elapsed() > patience => return Err("it does not end".to_owned()),
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
