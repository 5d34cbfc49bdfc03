//! The project's own commands: libtorch, demo, verify.

fn main() {}
