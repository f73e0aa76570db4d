//! RUN: executes planned runs against a target and records what came back. Knows nothing of right or wrong.
