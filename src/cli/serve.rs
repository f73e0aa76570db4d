//! `authspec serve`: the reference servers for people who test clients.

use std::io::Write as _;

use super::args::Serve;
use super::block_on;
use super::console::{Console, heading};
use super::demo::launch;
use super::failure::Failure;
use super::reference_servers::Servers;
use super::signals::signal;
use crate::reference::{Options, Running};
use crate::suite::Suites;

/// Runs until a signal comes.
pub fn serve(args: &Serve, console: &Console) -> Result<u8, Failure> {
    let suites = Suites::embedded()?;
    let servers = Servers::find(&args.which, &suites)?;
    block_on(async {
        let options = Options {
            authorization_server_port: args.port,
            mcp_server_port: args.mcp_port,
            audit_log: args.audit_log.clone(),
        };
        let running = launch(&servers, options).await?;
        introduce(&running, &servers, args, console)?;
        let name = signal().await;
        console.remark(&format!("{name}: stopping"));
        running.stop().await;
        Ok(0)
    })
}

/// Says where the servers are and how to connect.
fn introduce(
    running: &Running,
    servers: &Servers,
    args: &Serve,
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
         and the protected resource metadata, registers itself, and opens the login page.\n  \
         To test the servers: authspec run {}",
        running.mcp_url
    )?;
    if let Some(path) = &args.audit_log {
        writeln!(out, "{}", heading("Audit log"))?;
        writeln!(out, "  {}", path.display())?;
    }
    writeln!(out, "Ctrl-C stops both servers.")?;
    out.flush()?;
    Ok(())
}
