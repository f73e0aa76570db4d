//! The `authspec` program.

fn main() {}
