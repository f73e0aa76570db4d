//! REPORT: verdicts and recordings as text, JSON and JUnit.
