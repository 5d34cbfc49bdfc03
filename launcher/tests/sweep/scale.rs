//! Large sweeps. `cargo run --release --example expand` says how long one takes.

use std::collections::BTreeSet;

use crate::support::{load, small};

#[test]
fn a_hundred_thousand_runs_expand_and_differ() {
    let rates: Vec<String> = (1..=100).map(|rate| format!("{rate}e-4")).collect();
    let text = format!(
        "[factors]\narchitecture = [\"gpt-neo\", \"roberta\"]\nactivation = [\"relu\", \"gelu\", \"silu\", \"geglu\", \"kan\"]\ntrain.learning-rate = [{}]\n",
        rates.join(", ")
    );
    let sweep = load(&small(&text).replace("seeds = 1", "seeds = 100"), &[]).unwrap();
    assert_eq!(sweep.runs.len(), 100_000);
    let ids: BTreeSet<_> = sweep.runs.iter().map(|run| run.id).collect();
    assert_eq!(ids.len(), 100_000);
    assert!(sweep.runs[..1000].iter().all(|run| run.seed == 0));
    assert_eq!(sweep.runs[0].levels, sweep.runs[99_000].levels);
    sweep.runs[54_321].verify().unwrap();
}
