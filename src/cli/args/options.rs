//! Options that several subcommands share, in groups as `--help` shows them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use crate::report::terminal::ColorChoice;
use crate::report::{Format, GroupBy};
use crate::suite::{McpVersion, Role};
use crate::target::{self, Limits};

/// How output looks; every subcommand takes these.
#[derive(Debug, Args)]
pub struct Look {
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: ColorName,
    /// Print failures and the last line alone
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every case, also those that passed
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorName {
    /// On a terminal unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<ColorName> for ColorChoice {
    fn from(name: ColorName) -> Self {
        match name {
            ColorName::Auto => Self::Auto,
            ColorName::Always => Self::Always,
            ColorName::Never => Self::Never,
        }
    }
}

/// Which reference servers to start.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "The reference servers")]
pub struct Which {
    /// Make them wrong in one way: an id of `authspec list defects`, or a defect file
    #[arg(long, value_name = "ID")]
    pub defect: Option<String>,
    /// Make them right in another way: a name of `authspec list policies`, or a policy file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
}

/// Which cases to run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which cases")]
pub struct Filters {
    /// Only this suite: an area (`authorization/pkce`) or its folder (`authorization`); repeatable
    #[arg(long, value_name = "AREA")]
    pub suite: Vec<String>,
    /// Only checks and cases whose id matches, e.g. `verifier-*` or
    /// `authorization/pkce/verifier-wrong[truncated]`; repeatable
    #[arg(long, value_name = "GLOB")]
    pub check: Vec<String>,
    /// Only cases that test a matching requirement, e.g. `RFC9728-3*` (document and section);
    /// repeatable
    #[arg(long, value_name = "GLOB")]
    pub requirement: Vec<String>,
    /// Only cases that test the authorization server (`as`) or the MCP server, the resource server
    /// (`rs`)
    #[arg(long, value_enum)]
    pub role: Option<RoleName>,
    /// Only cases that failed last time, by `result.json` of the same target and MCP version in the
    /// folder of results
    #[arg(long)]
    pub failed: bool,
    /// Also use the suites in this folder, beside the built-in ones; repeatable
    #[arg(long, value_name = "DIR")]
    pub suites: Vec<PathBuf>,
}

/// `--role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// The authorization server
    As,
    /// The MCP server, which is the resource server
    Rs,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::As => Self::AuthorizationServer,
            RoleName::Rs => Self::ResourceServer,
        }
    }
}

/// By what to judge.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "How to judge")]
pub struct Judging {
    /// The MCP version to judge by: its rules, and what the client sends; the target file's unless
    /// given, else 2025-11-25. `auto` asks the server, and judges it once for each era that it
    /// speaks
    #[arg(long, value_name = "VERSION", value_parser = version_or_auto())]
    pub mcp_version: Option<AskedVersion>,
    /// Count a broken SHOULD as a failure, too; a rule that is derived, or whose text nobody has read,
    /// warns at most
    #[arg(long)]
    pub strict: bool,
}

/// `--mcp-version` of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedVersion {
    /// Those that the server speaks.
    Auto,
    /// This one.
    One(McpVersion),
}

impl AskedVersion {
    /// The version, where one was named.
    pub const fn one(self) -> Option<McpVersion> {
        match self {
            Self::Auto => None,
            Self::One(version) => Some(version),
        }
    }
}

fn version_or_auto() -> impl TypedValueParser<Value = AskedVersion> {
    let words = McpVersion::ALL.map(McpVersion::as_str);
    PossibleValuesParser::new(words.into_iter().chain(["auto"]))
        .map(|text| McpVersion::parse(&text).map_or(AskedVersion::Auto, AskedVersion::One))
}

/// The known MCP versions.
pub(super) fn version() -> impl TypedValueParser<Value = McpVersion> {
    PossibleValuesParser::new(McpVersion::ALL.map(McpVersion::as_str))
        .map(|text| McpVersion::parse(&text).unwrap_or(McpVersion::V20251125))
}

/// Whom authspec may talk to.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Whom to talk to")]
pub struct Reach {
    /// Also send requests to this origin (`https://login.example`); nothing else is talked to but
    /// the origins of the target; repeatable
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub allow_origin: Vec<String>,
    /// Accept plain http on hosts other than this machine; passwords and tokens then travel in clear
    #[arg(long)]
    pub insecure_http: bool,
}

/// How to behave as a guest.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Manners")]
pub struct Manners {
    /// Flows to run at the same time, and requests to one origin; 8 unless given
    #[arg(long, value_name = "N", value_parser = concurrency())]
    pub concurrency: Option<u16>,
    /// Requests a second to one origin, 0 for no limit; 20 unless given, no limit on this machine
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Seconds to wait for one answer; 10 unless given
    #[arg(long, value_name = "SECONDS", value_parser = answer_timeout)]
    pub timeout: Option<f64>,
    /// Seconds for all requests together; 600 unless given
    #[arg(long, value_name = "SECONDS", value_parser = run_timeout)]
    pub run_timeout: Option<f64>,
}

/// Where results go.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Results")]
pub struct Output {
    /// Folder for the result files
    #[arg(long, value_name = "DIR", default_value = "authspec-results")]
    pub out: PathBuf,
    /// What to write: terminal, json, junit or html; all of them unless given; repeatable. The
    /// report for the terminal goes to standard output (without it, its last line to standard
    /// error), the others are files
    #[arg(long, value_name = "FORMAT", action = ArgAction::Append, value_parser = format())]
    pub format: Vec<Format>,
    /// By what to group the cases, in the report for the terminal and in the page
    #[arg(long, value_enum, value_name = "BY", default_value = "area")]
    pub group_by: GroupName,
    /// Print the plan and how much it would ask of the server, and stop. Only discovery documents
    /// are fetched
    #[arg(long)]
    pub dry_run: bool,
}

/// `--group-by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupName {
    /// The topic of the suites
    Area,
    /// What an attacker gains, for a security review
    Threat,
    /// The document that demands it, for a vendor
    Document,
    /// The endpoint that answers, for a developer
    Endpoint,
}

impl From<GroupName> for GroupBy {
    fn from(name: GroupName) -> Self {
        match name {
            GroupName::Area => Self::Area,
            GroupName::Threat => Self::Threat,
            GroupName::Document => Self::Document,
            GroupName::Endpoint => Self::Endpoint,
        }
    }
}

impl Output {
    /// The formats that are wanted, each once.
    pub fn formats(&self) -> Vec<Format> {
        let wanted = |format: &Format| self.format.is_empty() || self.format.contains(format);
        Format::ALL.into_iter().filter(wanted).collect()
    }
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| Format::parse(&name).unwrap_or(Format::Terminal))
}

/// The bounds of all of these are those of the target file.
fn concurrency() -> impl TypedValueParser<Value = u16> {
    let (least, most) = Limits::CONCURRENCY;
    clap::value_parser!(u16).range(i64::from(least)..=i64::from(most))
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, Limits::RATE)
}

fn answer_timeout(text: &str) -> Result<f64, String> {
    number(text, Limits::ANSWER_TIMEOUT)
}

fn run_timeout(text: &str) -> Result<f64, String> {
    number(text, Limits::RUN_TIMEOUT)
}

fn number(text: &str, (least, most): (f64, f64)) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("give a number from {least} to {most}"))
}

fn origin(text: &str) -> Result<String, String> {
    match target::origin(text) {
        Ok(()) => Ok(text.to_owned()),
        Err((wrong, mend)) => Err(format!("{wrong}; {mend}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert_eq!(answer_timeout("2.5"), Ok(2.5));
        for text in ["0", "inf", "x", "NaN", "1e300"] {
            assert!(answer_timeout(text).is_err(), "{text}");
        }
        assert_eq!(rate("0"), Ok(0.0));
    }

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        assert!(origin("http://login.example:8080").is_ok());
        let said = origin("http://x.example/path").expect_err("a path");
        assert!(said.contains("write `http://x.example`"), "{said}");
        assert!(
            origin("foo")
                .expect_err("no URL")
                .contains("write scheme, host and port")
        );
    }
}
