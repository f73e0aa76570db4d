//! Each file of `tests/load/` is wrong in one way; the text beside it is what a person is told.
//!
//! The first line of a file names its kind. `AUTHSPEC_BLESS=1 cargo test --test load` rewrites the
//! texts: read each before it is committed, as somebody would who meets the tool for the first time.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use authspec::suite::{Problems, SuiteFile, Suites};
use authspec::target::TargetFile;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> Result<(), Box<dyn Error>> {
    // Relative, so that no message names a folder of this machine.
    let folder = Path::new("tests/load");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    let trials = files
        .into_iter()
        .map(|file| {
            let name = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Trial::test(name, move || trial(&file))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn trial(file: &Path) -> Result<(), Failed> {
    let told = told(file)?;
    if told.is_empty() {
        return Err("nothing is wrong with this file".into());
    }
    let stored = file.with_extension("stderr");
    if std::env::var_os("AUTHSPEC_BLESS").is_some() {
        return Ok(fs::write(stored, told)?);
    }
    let wanted = fs::read_to_string(&stored)
        .map_err(|_| "no text beside it: run with AUTHSPEC_BLESS=1 and read what is written")?;
    if told == wanted {
        return Ok(());
    }
    Err(format!("wanted:\n{wanted}\ncame:\n{told}").into())
}

/// What is said of a file, on its own lines only.
fn told(file: &Path) -> Result<String, Failed> {
    let text = fs::read_to_string(file)?;
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let kind = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# kind: "))
        .ok_or("the first line names no kind")?;
    let base = file.parent().unwrap_or(file).join("base");
    let (mut files, unreadable) = SuiteFile::gather(&base);
    if !unreadable.is_empty() {
        return Err("the base does not read".into());
    }
    let folder = match kind {
        "requirement" => "requirements",
        "flow" => "flows",
        "check" => "trial",
        "client" => "",
        "target" => {
            let (suites, _) = Suites::from_files(files);
            let (_, problems) = TargetFile::parse(&name, &text, &base, &suites);
            return Ok(shown(problems, &name));
        }
        other => return Err(format!("unknown kind {other}").into()),
    };
    let path = match folder {
        "" => {
            files.retain(|file| file.path != "clients.yaml");
            "clients.yaml".to_owned()
        }
        folder => format!("{folder}/{name}"),
    };
    let name_shown = name.clone();
    files.push(SuiteFile {
        name,
        path,
        text,
        built_in: false,
    });
    let (_, problems) = Suites::from_files(files);
    Ok(shown(problems, &name_shown))
}

fn shown(mut problems: Problems, name: &str) -> String {
    problems.retain(|problem| problem.file() == name);
    match problems.is_empty() {
        true => String::new(),
        false => problems.render(false) + "\n",
    }
}
