//! `authspec serve`: the reference servers for people who test clients.

use std::io::Write as _;
use std::path::Path;

use super::args::Serve;
use super::block_on;
use super::console::{Console, heading};
use super::demo::launch;
use super::failure::Failure;
use super::reference_servers::Servers;
use super::reference_target::{reference_target, target_text};
use super::signals::signal;
use crate::reference::{Options, Running};
use crate::suite::Suites;

/// Runs until a signal comes.
pub fn serve(args: &Serve, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::embedded()?;
    let servers = Servers::find(&args.which, &suites)?;
    if servers.policy.shared_origin && args.mcp_port.is_some() {
        return Err(Failure::usage(
            "`--mcp-port` has no meaning here: by this policy both servers share one origin",
            "leave it out; `--port` is the port of both",
        ));
    }
    // A target file in another folder must find it, too.
    let audit_log = match &args.audit_log {
        Some(path) => Some(std::path::absolute(path).map_err(|cause| {
            Failure::usage(format!("--audit-log {}: {cause}", path.display()), "")
        })?),
        None => None,
    };
    block_on(async {
        let options = Options {
            authorization_server_port: args.port,
            mcp_server_port: args.mcp_port,
            audit_log: audit_log.clone(),
            ..Options::default()
        };
        let running = launch(&servers, options).await?;
        let mut target = reference_target(&running, audit_log.as_deref());
        target.mcp_version = servers.mcp_version;
        let target = target_text(&target)?;
        if let Some(path) = &args.target {
            save(path, &target)?;
        }
        introduce(&running, &servers, args, &target, console)?;
        let name = signal().await;
        console.remark(&format!("{name}: stopping"));
        running.stop().await;
        Ok(0)
    })
}

/// The first line of a target file that may be written over.
const OURS: &str = "# Written by `authspec serve`; the ports are those of one run.\n";

/// Writes the target file; a person's own is left alone.
fn save(path: &Path, target: &str) -> Result<(), Failure> {
    let shown = path.display();
    if std::fs::read_to_string(path).is_ok_and(|text| !text.starts_with(OURS)) {
        let message = format!("{shown} was not written by `authspec serve`");
        return Err(Failure::usage(message, "give `--target` another name"));
    }
    std::fs::write(path, format!("{OURS}{target}"))
        .map_err(|cause| Failure::usage(format!("{shown} cannot be written: {cause}"), ""))
}

/// Says where the servers are and how to connect.
fn introduce(
    running: &Running,
    servers: &Servers,
    args: &Serve,
    target: &str,
    console: &Console,
) -> Result<(), Failure> {
    let mut out = console.out();
    for line in &servers.about {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", heading("MCP servers"))?;
    writeln!(out, "  {}", running.mcp_url)?;
    writeln!(out, "  {}  (a second resource)", running.second_mcp_url)?;
    writeln!(out, "{}", heading("Authorization server (issuer)"))?;
    writeln!(out, "  {}", running.issuer)?;
    writeln!(out, "{}", heading("Users"))?;
    for user in &running.users {
        writeln!(out, "  {} with the password {}", user.name, user.password)?;
    }
    writeln!(out, "{}", heading("Scopes"))?;
    writeln!(out, "  {}", running.site().policy.scopes.join(" "))?;
    writeln!(out, "{}", heading("To connect"))?;
    writeln!(
        out,
        "  Give your MCP client the first URL. It finds the authorization server by the 401\n  \
         and the protected resource metadata, registers itself, and opens the login page."
    )?;
    if let Some(path) = &args.audit_log {
        writeln!(out, "{}", heading("Audit log"))?;
        writeln!(out, "  {}", path.display())?;
    }
    writeln!(out, "{}", heading("To test the servers"))?;
    match &args.target {
        Some(path) => writeln!(out, "  authspec run {}", path.display())?,
        None => writeln!(
            out,
            "  Save this as target.yaml (`--target target.yaml` does), then: authspec run \
             target.yaml\n\n{target}"
        )?,
    }
    writeln!(out, "Ctrl-C stops both servers.")?;
    out.flush()?;
    Ok(())
}
