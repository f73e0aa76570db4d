//! A third-party server as a child process, stopped by its pid.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use authspec::target::TargetFile;

use super::findings::Variant;

/// First start installs packages.
const PATIENCE: Duration = Duration::from_secs(300);

/// This machine, as target files name it.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

/// A running server.
pub struct Server {
    child: Child,
    port: u16,
    /// Held as long as the server runs.
    _second_port: Option<File>,
}

impl Server {
    /// Starts the server of `folder` on a free port and waits until it says `ready`.
    pub fn start(folder: &Path, variant: &Variant) -> Result<Self, String> {
        let second_port = second_port(folder, variant)?;
        let port = free_port()?;
        let mut child = Command::new(folder.join("start"))
            .envs(&variant.env)
            .env("PORT", port.to_string())
            // Where authspec plays a part of the server's surroundings.
            .env("AUTHSPEC", env!("CARGO_BIN_EXE_authspec"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| format!("{}: {cause}", folder.display()))?;
        let stdout = child
            .stdout
            .take()
            .ok_or("the start script has no output")?;
        let server = Self {
            child,
            port,
            _second_port: second_port,
        };
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the server never blocks on a full pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.starts_with("ready ") {
                return Ok(server);
            }
        }
        Err(format!("{} did not get ready", folder.display()))
    }

    /// The target file with the port that the server listens on.
    pub fn at_its_port(&self, file: TargetFile) -> TargetFile {
        let server = file.mcp_server.as_deref();
        let server = server.or(file.authorization_server.as_deref());
        let named = server.and_then(port_of);
        let Some(named) = named else { return file };
        let text = serde_json::to_string(&file).map(|text| {
            HOSTS.iter().fold(text, |text, host| {
                text.replace(&format!("{host}:{named}"), &format!("{host}:{}", self.port))
            })
        });
        text.ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or(file)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script has become the server, so its pid is the one to stop.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").arg(&pid).status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a server has a second port, which its target file names, waits until no other test on this
/// machine uses it, and holds it. A stranger on it would answer in the server's place.
fn second_port(folder: &Path, variant: &Variant) -> Result<Option<File>, String> {
    let target = std::fs::read_to_string(folder.join("target.yaml")).unwrap_or_default();
    if !target.contains("allow_origins:") {
        return Ok(None);
    }
    let mut named = variant
        .env
        .iter()
        .filter(|(name, _)| name.ends_with("_PORT"));
    let port = named.next().map(|(_, port)| port.as_str());
    let server = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("authspec-live-{server}-{}.lock", port.unwrap_or("default"));
    let path = std::env::temp_dir().join(name);
    let said = |cause: std::io::Error| format!("{}: {cause}", path.display());
    let file = File::create(&path).map_err(said)?;
    file.lock().map_err(said)?;
    if let Some(port) = port {
        let free = TcpListener::bind(format!("127.0.0.1:{port}"));
        free.map_err(|cause| format!("port {port}, which {server} needs: {cause}"))?;
    }
    Ok(Some(file))
}

fn port_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let (host, rest) = rest.split_once(':')?;
    HOSTS.contains(&host).then(|| rest.split('/').next())?
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| cause.to_string())
}

/// Why the server of `folder` cannot be started here, if it cannot.
pub fn missing_runtime(folder: &Path) -> Option<String> {
    let (program, found) = if folder.join("package.json").is_file() {
        ("node", runs("node"))
    } else {
        ("python3", runs("python3"))
    };
    (!found).then(|| format!("{program} is not installed"))
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
