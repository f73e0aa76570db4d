//! `--mcp-version auto`: the server is asked, and judged by what it speaks.

use super::served::Served;
use super::{empty, result, say};

const PKCE: [&str; 6] = [
    "run",
    "target.yaml",
    "--mcp-version",
    "auto",
    "--check",
    "verifier-wrong",
];

#[test]
fn a_server_of_both_eras_is_judged_once_for_each() {
    let (served, folder) = (Served::start(), empty());
    served.describe(&folder);
    let said = say(&folder, &PKCE);
    said.ends_with(0)
        .remarks("judged by MCP 2025-11-25, then by 2026-07-28: initialize was answered with");
    for version in ["2025-11-25", "2026-07-28"] {
        let written = folder.path().join("authspec-results").join(version);
        let text = std::fs::read_to_string(written.join("result.json")).expect("a result");
        let result: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(result["mcp_version"], version);
        assert_eq!(result["tally"]["fail"], 0, "{text}");
    }
}

#[test]
fn a_server_of_one_version_is_judged_by_it() {
    for (policy, because) in [
        ("mcp-2025-03-26", "initialize was answered with 2025-03-26"),
        ("mcp-2025-06-18", "initialize was answered with 2025-06-18"),
        ("mcp-2026-07-28", "server/discover lists 2026-07-28"),
    ] {
        let (served, folder) = (Served::start_with(&["--policy", policy]), empty());
        served.describe(&folder);
        let version = policy.trim_start_matches("mcp-");
        let said = say(&folder, &PKCE);
        said.ends_with(0)
            .remarks(&format!("judged by MCP {version}: {because}"));
        assert_eq!(result(&folder)["mcp_version"], version);
    }
}

#[test]
fn where_nobody_can_log_in_the_usual_version_is_taken() {
    let (served, folder) = (Served::start(), empty());
    let file = format!(
        "mcp_server: {}\nauthorization_server: {}\n",
        served.mcp, served.issuer
    );
    std::fs::write(folder.path().join("target.yaml"), file).expect("the file");
    let auto = ["run", "target.yaml", "--mcp-version", "auto"];
    say(&folder, &auto)
        .remarks("judged by MCP 2025-11-25: no version could be negotiated (login: ");
    say(&folder, &["run", &served.mcp, "--mcp-version", "auto"])
        .remarks("judged by MCP 2025-11-25: without a token no version can be negotiated");
}

#[test]
fn the_doctor_says_which_version_the_server_speaks() {
    let (served, folder) = (Served::start_with(&["--policy", "mcp-2025-06-18"]), empty());
    served.describe(&folder);
    say(&folder, &["doctor", "target.yaml"])
        .ends_with(0)
        .prints("speaks MCP 2025-06-18")
        .prints("`--mcp-version 2025-06-18` judges by that version");
}
