//! What can be typed. Declarations alone; what they mean stands in the file of each subcommand.

mod options;

pub use options::{AskedVersion, Filters, Judging, Look, Manners, Output, Reach, Which};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::schema::SchemaKind;

/// Test the authorization of an MCP server: OAuth 2.1 as the Model Context Protocol mandates it.
///
/// authspec plays an MCP client that is sometimes honest and sometimes hostile, and says which
/// requirement each server breaks, with the evidence. Test only servers that you may test.
#[derive(Debug, Parser)]
#[command(
    name = "authspec",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// How output looks.
    #[command(flatten)]
    pub look: Look,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing failed
  1  something failed
  2  bad usage, target file or suite file
  3  nothing failed, but a MUST could not be decided, the target could not be reached, or the run
     was cut short (Ctrl-C, run time)
  4  authspec itself failed

Begin with `authspec demo`, which needs nothing but this program.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Test the built-in reference servers, to see what a result looks like
    ///
    /// Starts a correct authorization server and a correct MCP server on loopback ports and tests
    /// them over real HTTP like any stranger's. `--defect` makes them wrong in one way.
    Demo(Demo),
    /// Write a target file for a server, from its URL
    ///
    /// Looks at the server and writes what it found, what the file still lacks, and for how many
    /// cases. With `--user` it logs in at once and says how that went. No tool is called.
    Init(Init),
    /// Test a server
    ///
    /// TARGET is a target file, which says how to log in and what may be called, or just a URL.
    /// From a URL alone nothing is registered and nobody logs in: what can be judged by looking is
    /// judged, and the report says what the rest needs.
    Run(Run),
    /// Look at the way in to a server, step by step, with a mend for each step that fails
    Doctor(Doctor),
    /// List checks, requirements, threats, flows, clients, defects or policies
    List(List),
    /// Say which requirements are checked, by which checks, and which defects prove it
    ///
    /// A line for each requirement and the shares of documents, levels and severities; with -v every
    /// check and defect by name, with -q the shares alone.
    Coverage(Coverage),
    /// Say what a check does, why it matters, which clauses it cites, and how to mend a server
    Explain(Explain),
    /// Find mistakes in suites, target files and defect files
    ///
    /// Without a PATH, everything inside the program is linted.
    Lint(Lint),
    /// Print the JSON Schema of a file format, for completion in an editor
    Schema(Schema),
    /// Run the reference servers until Ctrl-C, for people who test clients
    Serve(Serve),
    /// Log in for another tool: go from its authorization request to the callback
    ///
    /// Prints one line of JSON: where the browser was sent (`callback`, with the code; it is not
    /// requested), or the `page` where the way ended, or why it `gave_up`.
    Visit(Visit),
}

/// `authspec demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Which reference servers.
    #[command(flatten)]
    pub which: Which,
    /// Which cases.
    #[command(flatten)]
    pub filters: Filters,
    /// By what to judge.
    #[command(flatten)]
    pub judging: Judging,
    /// How to behave.
    #[command(flatten)]
    pub manners: Manners,
    /// Where results go.
    #[command(flatten)]
    pub output: Output,
}

/// `authspec init`.
#[derive(Debug, Args)]
#[command(override_usage = "authspec init [OPTIONS] <URL>")]
pub struct Init {
    /// The URL of an MCP server, or of an authorization server (its issuer)
    pub url: String,
    /// The file to write; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "target.yaml")]
    pub out: PathBuf,
    /// Write over the file if it is there
    #[arg(long)]
    pub force: bool,
    /// Log in as this user at once, to try the way in; clients are registered for it
    #[arg(long, value_name = "NAME", requires = "password")]
    pub user: Option<String>,
    /// The environment variable that holds the user's password
    #[arg(long, value_name = "VARIABLE", group = "password", requires = "user")]
    pub password_env: Option<String>,
    /// The file that holds the user's password
    #[arg(long, value_name = "FILE", group = "password", requires = "user")]
    pub password_file: Option<String>,
    /// The MCP version to judge by; 2025-11-25 unless given
    #[arg(long, value_name = "VERSION", value_parser = options::version())]
    pub mcp_version: Option<crate::suite::McpVersion>,
    /// Whom to talk to.
    #[command(flatten)]
    pub reach: Reach,
    /// How to behave.
    #[command(flatten)]
    pub manners: Manners,
}

/// `authspec run`.
#[derive(Debug, Args)]
#[command(override_usage = "authspec run [OPTIONS] <TARGET>")]
pub struct Run {
    /// A target file, or the URL of an MCP server or of an authorization server (its issuer)
    pub target: String,
    /// Which cases.
    #[command(flatten)]
    pub filters: Filters,
    /// By what to judge.
    #[command(flatten)]
    pub judging: Judging,
    /// Whom to talk to.
    #[command(flatten)]
    pub reach: Reach,
    /// How to behave.
    #[command(flatten)]
    pub manners: Manners,
    /// Where results go.
    #[command(flatten)]
    pub output: Output,
}

/// `authspec doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// A target file, or the URL of an MCP server or of an authorization server (its issuer)
    pub target: String,
    /// The MCP version whose way in to take
    #[arg(long, value_name = "VERSION", value_parser = options::version())]
    pub mcp_version: Option<crate::suite::McpVersion>,
    /// Whom to talk to.
    #[command(flatten)]
    pub reach: Reach,
    /// How to behave.
    #[command(flatten)]
    pub manners: Manners,
}

/// `authspec list`.
#[derive(Debug, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum, default_value_t = Listed::Checks)]
    pub what: Listed,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// Also read the suites in this folder (may be given more than once)
    #[arg(long, value_name = "DIR")]
    pub suites: Vec<PathBuf>,
}

/// What `authspec list` can list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Claims about a server, by area
    Checks,
    /// Normative statements, by document
    Requirements,
    /// What an attacker gains where a check fails
    Threats,
    /// Honest ways to reach something
    Flows,
    /// Identities that authspec registers or is given
    Clients,
    /// Ways in which the reference servers can be wrong
    Defects,
    /// Ways in which the reference servers can be right
    Policies,
}

/// `authspec coverage`.
#[derive(Debug, Args)]
pub struct Coverage {
    /// As what to print it
    #[arg(long, value_enum, default_value_t = CoverageFormat::Text)]
    pub format: CoverageFormat,
    /// Also read the suites in this folder (may be given more than once)
    #[arg(long, value_name = "DIR")]
    pub suites: Vec<PathBuf>,
}

/// `--format` of `authspec coverage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageFormat {
    /// For a person
    Text,
    /// For programs
    Json,
    /// For a page
    Markdown,
}

/// `authspec explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A check or a case: `authorization/pkce/verifier-wrong`, or its last part alone; an area:
    /// `authorization/pkce`; a requirement: `OAUTH21-4.1.3-verifier-wrong`
    #[arg(value_name = "CHECK|AREA|REQUIREMENT")]
    pub name: String,
    /// Also read the suites in this folder (may be given more than once)
    #[arg(long, value_name = "DIR")]
    pub suites: Vec<PathBuf>,
}

/// `authspec lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Suite folders, suite files, target files, defect files or policy files
    pub paths: Vec<PathBuf>,
}

/// `authspec schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which format
    #[arg(value_enum)]
    pub kind: SchemaKind,
}

/// `authspec serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Which reference servers.
    #[command(flatten)]
    pub which: Which,
    /// Port of the authorization server; a free one unless given
    #[arg(long)]
    pub port: Option<u16>,
    /// Port of the MCP server; a free one unless given
    #[arg(long, value_name = "PORT")]
    pub mcp_port: Option<u16>,
    /// Append the audit log, one JSON object a line, to this file
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<PathBuf>,
    /// Write a target file for these servers, ready for `authspec run FILE`
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
}

/// `authspec visit`.
#[derive(Debug, Args)]
#[command(override_usage = "authspec visit [OPTIONS] <TARGET> <URL>")]
pub struct Visit {
    /// A target file, which says how to log in
    pub target: String,
    /// The whole authorization request
    pub url: String,
    /// Who logs in: a user of the target file
    #[arg(long, value_name = "NAME", default_value = "first")]
    pub user: String,
    /// Whom to talk to.
    #[command(flatten)]
    pub reach: Reach,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_is_explained() {
        fn walk(command: &clap::Command, bare: &mut Vec<String>) {
            for argument in command.get_arguments() {
                if argument.get_help().is_none() {
                    bare.push(format!("{} {}", command.get_name(), argument.get_id()));
                }
            }
            command
                .get_subcommands()
                .for_each(|below| walk(below, bare));
        }
        let mut bare = Vec::new();
        walk(&Cli::command(), &mut bare);
        assert!(bare.is_empty(), "{bare:?}");
    }
}
