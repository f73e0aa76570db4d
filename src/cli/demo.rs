//! `authspec demo`: the reference servers, tested like a stranger's over real HTTP.

use super::args::{AskedVersion, Demo, Which};
use super::block_on;
use super::console::Console;
use super::failure::Failure;
use super::one_test::{Wanted, Watched, apply_manners, test};
use super::reference_documents::ReferenceDocuments;
use super::reference_servers::Servers;
use super::reference_target::{NAME, reference_target};
use super::signals::remove_when_ended;
use crate::reference::{Options, Running, StartError, start};
use crate::suite::Suites;
use crate::target::TargetFile;

/// Starts the servers, tests them, stops them.
pub fn demo(args: &Demo, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::load(&args.filters.suites)?;
    let servers = Servers::find(&which(args), &suites)?;
    let wanted = Wanted {
        filters: &args.filters,
        judging: &args.judging,
        manners: &args.manners,
        output: &args.output,
    };
    let described = TargetFile {
        name: Some(NAME.to_owned()),
        mcp_version: servers.mcp_version,
        ..TargetFile::default()
    };
    let selection = wanted.selection(&suites, &described)?;
    // Gone when it goes out of scope.
    let audit_log = tempfile::Builder::new()
        .prefix("authspec-audit-")
        .suffix(".jsonl")
        .tempfile()
        .map_err(|cause| Failure::Harness(format!("no temporary file can be made: {cause}")))?;
    remove_when_ended(audit_log.path());
    for line in &servers.about {
        console.remark(line);
    }
    block_on(async {
        let documents = ReferenceDocuments::new()?;
        let options = Options {
            audit_log: Some(audit_log.path().to_owned()),
            known_host: Some(documents.known_host()?),
            ..Options::default()
        };
        let running = launch(&servers, options).await?;
        let mut file = reference_target(&running, Some(audit_log.path()));
        file.mcp_version = servers.mcp_version;
        apply_manners(&args.manners, &mut file);
        let conduct = wanted.conduct(&file, selection, false);
        let target = documents.resolve(file, audit_log.path())?;
        let watched = Watched::start(console.verbosity);
        let code = test(&suites, target, &conduct, &args.output, watched, console).await;
        running.stop().await;
        code
    })
}

/// The servers that were asked for. A version alone asks for the policy of that version: servers of
/// another era are rightly found wanting.
fn which(args: &Demo) -> Which {
    let version = args.judging.mcp_version.and_then(AskedVersion::one);
    let of_version = version.map(|version| format!("mcp-{}", version.as_str()));
    let is_free = args.which.policy.is_none() && args.which.defect.is_none();
    Which {
        policy: args.which.policy.clone().or(of_version.filter(|_| is_free)),
        ..args.which.clone()
    }
}

/// Starts the reference servers.
pub async fn launch(servers: &Servers, options: Options) -> Result<Running, Failure> {
    start(servers.policy.clone(), servers.rewrites.clone(), options)
        .await
        .map_err(|cause| {
            let message = format!("the reference servers do not start: {cause}");
            match cause {
                // Both were given on the command line, or are in it for nothing.
                StartError::Port { .. } => Failure::usage(message, "give another port, or none"),
                StartError::AuditLog { .. } => {
                    Failure::usage(message, "give a file that can be written")
                }
                _ => Failure::Harness(message),
            }
        })
}
