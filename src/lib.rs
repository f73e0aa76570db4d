//! authspec: a conformance and security test suite for OAuth 2.1 as the Model Context Protocol
//! (MCP) mandates it.
//!
//! One way through the house: [`suite`] and [`target`] are loaded, [`plan`] decides what to send,
//! [`run`] sends it and records, [`judge`] turns the recording into verdicts, [`report`] prints
//! them. Imports point in that direction only. [`reference`] holds the servers that prove every
//! check; it shares nothing with the harness but what signs ([`signing`]). [`cli`] ties the steps
//! together.

pub mod cli;
pub mod judge;
pub mod plan;
pub mod reference;
pub mod report;
pub mod run;
pub mod signing;
pub mod suite;
pub mod target;
