//! The embedded reference servers: one authorization server, one MCP server, driven by a typed policy.
