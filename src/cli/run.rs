//! `authspec run TARGET`.

use std::path::Path;

use super::args::{AskedVersion, Manners, Reach, Run};
use super::console::Console;
use super::failure::Failure;
use super::one_test::{Wanted, Watched, apply_manners, finish, test};
use super::{bare_url, block_on, eras};
use crate::suite::Suites;
use crate::target::{PLAIN_HTTP, Target, TargetFile};

/// Tests a target file or a URL.
pub fn run(args: &Run, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.filters.suites)?;
    let wanted = Wanted {
        filters: &args.filters,
        judging: &args.judging,
        manners: &args.manners,
        output: &args.output,
    };
    if bare_url::is_url(&args.target) {
        let mut file = bare_url::target_file(&args.target, &args.reach)?;
        apply_manners(&args.manners, &mut file);
        let selection = wanted.selection(&suites, &file)?;
        let conduct = wanted.conduct(&file, selection, true);
        if args.judging.mcp_version == Some(AskedVersion::Auto) {
            let version = conduct.version;
            console.remark(&format!(
                "judged by MCP {version}: without a token no version can be negotiated"
            ));
        }
        return block_on(async {
            let watched = Watched::start(console.verbosity);
            let looked = bare_url::look(&suites, file, &conduct, &watched, console);
            let prepared = looked.await?;
            finish(&suites, prepared, &conduct, &args.output, watched, console).await
        });
    }
    let target = load(&args.target, &suites, &args.reach, &args.manners, console)?;
    if args.judging.mcp_version == Some(AskedVersion::Auto) {
        return block_on(eras::run(args, &suites, target, console));
    }
    let selection = wanted.selection(&suites, &target.file)?;
    let conduct = wanted.conduct(&target.file, selection, false);
    block_on(async {
        let watched = Watched::start(console.verbosity);
        test(&suites, target, &conduct, &args.output, watched, console).await
    })
}

/// Reads a target file and fetches its secrets; options of the command line go over it.
pub fn load(
    path: &str,
    suites: &Suites,
    reach: &Reach,
    manners: &Manners,
    console: &Console,
) -> Result<Target, Failure> {
    let path = Path::new(path);
    let (file, mut problems) = TargetFile::lint(path, suites);
    if reach.insecure_http {
        // The option says what the file's own `insecure_http` would have said.
        problems.retain(|problem| problem.message() != PLAIN_HTTP);
    }
    let (mut file, base) = match file {
        Some(file) if problems.errors() == 0 => file,
        _ => return Err(problems.into()),
    };
    if !problems.is_empty() {
        console.remark(&console.render(&problems));
    }
    file.allow_origins
        .extend(reach.allow_origin.iter().cloned());
    file.insecure_http |= reach.insecure_http;
    apply_manners(manners, &mut file);
    Ok(Target::resolve(file, &base)?)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn an_option_accepts_plain_http_that_the_file_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("target.yaml");
        std::fs::write(&path, "mcp_server: http://mcp.example/mcp\n").expect("the file");
        let suites = Suites::embedded().unwrap_or_else(|problems| panic!("{problems}"));
        let cli = Cli::try_parse_from(["authspec", "-q", "lint"]).expect("a command line");
        let console = Console::new(&cli.look);
        let load = |insecure_http| {
            let reach = Reach {
                insecure_http,
                ..Reach::default()
            };
            let path = path.display().to_string();
            load(&path, &suites, &reach, &Manners::default(), &console)
        };
        assert!(load(false).is_err_and(|failure| failure.exit_code() == 2));
        assert!(load(true).is_ok_and(|target| target.file.insecure_http));
    }
}
