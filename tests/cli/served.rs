//! The reference servers, started as a person would.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Reference servers in a program of their own.
pub struct Served {
    program: Child,
    pub mcp: String,
    pub issuer: String,
}

impl Served {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(options: &[&str]) -> Self {
        Self::started(&mut Command::new(env!("CARGO_BIN_EXE_authspec")), options)
    }

    /// They trust the certificate authority of this file, and no other.
    pub fn start_trusting(authority: &str, options: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_authspec"));
        Self::started(program.env("SSL_CERT_FILE", authority), options)
    }

    fn started(program: &mut Command, options: &[&str]) -> Self {
        let mut program = program
            .args(["serve", "--color", "never"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the servers start");
        let out = program.stdout.take().expect("standard output");
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let lines: Vec<String> = lines
            .take_while(|line| !line.starts_with("Ctrl-C"))
            .collect();
        let after = |heading: &str| {
            let at = lines.iter().position(|line| line.starts_with(heading));
            lines[at.expect("the heading") + 1].trim().to_owned()
        };
        Self {
            mcp: after("MCP servers"),
            issuer: after("Authorization server"),
            program,
        }
    }
}

impl Served {
    /// Writes `target.yaml`.
    pub fn describe(&self, folder: &TempDir) {
        let file = format!(
            "mcp_server: {}\nauthorization_server: {}\nusers:\n  first:\n    username: alice\n    \
             password: {{ value: wonderland-7 }}\nscopes: [mcp:tools:weather]\n",
            self.mcp, self.issuer
        );
        std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
