//! The program as a person runs it: options, exit codes, files, words.

mod demo;
mod eras;
mod files;
mod identities;
mod init;
mod riddle;
mod run;
mod serve;
mod served;
mod visit;
mod words;

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// The program in an empty folder of its own, without colours.
fn authspec(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authspec"));
    command.current_dir(folder.path()).env("NO_COLOR", "1");
    command
}

fn empty() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What a program said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn say(folder: &TempDir, arguments: &[&str]) -> Said {
    Said::by(&mut authspec(folder), arguments)
}

impl Said {
    fn by(program: &mut Command, arguments: &[&str]) -> Self {
        let output = program
            .args(arguments)
            .output()
            .expect("the program starts");
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn prints(&self, part: &str) -> &Self {
        assert!(
            self.out.contains(part),
            "no {part:?} in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }

    #[track_caller]
    fn remarks(&self, part: &str) -> &Self {
        assert!(
            self.err.contains(part),
            "no {part:?} in\n{}\n{}",
            self.err,
            self.out
        );
        self
    }
}

/// The result document that a run left behind.
fn result(folder: &TempDir) -> serde_json::Value {
    let path = folder.path().join("authspec-results/result.json");
    read_json(&path)
}

fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("a result");
    serde_json::from_str(&text).expect("JSON")
}
