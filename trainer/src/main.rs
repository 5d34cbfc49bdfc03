//! seedbed-trainer: trains, evaluates and exports one run.

fn main() {}
