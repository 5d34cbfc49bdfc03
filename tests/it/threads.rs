//! Another number of threads sums in another order; what comes of that is bounded.

use std::collections::BTreeMap;

use e2e::programs::expect;
use e2e::study::{self, Study, TINY};
use spec::RunId;

/// How far the validation losses of a run lie apart, relative to one of them, after [`TINY`]'s 30 steps.
const BOUNDS: [(&str, f64); 2] = [("fp32", 1e-5), ("bf16", 2e-3)];

const HEAD: &str = "[sweep]\nname = 'threads'\nseeds = 1\n[factors]\narchitecture = ['gpt-neo', 'roberta']\n\
                    activation = ['gelu', 'kan']\n'train.precision' = ['fp32', 'bf16']\n";

#[test]
fn another_number_of_threads_changes_a_loss_by_no_more_than_rounding() {
    let losses = |threads: &str| {
        let study = Study::new(HEAD, TINY);
        expect(0, &["run", &study.sweep(), "--slots", "1", "--threads", threads]);
        validation_losses(&study)
    };
    let (one, two, again) = (losses("1"), losses("2"), losses("2"));
    assert_eq!(two, again, "the same number of threads gives the same bytes");
    for ((run, (precision, one)), (_, two)) in one.iter().zip(two.values()) {
        let bound = BOUNDS.iter().find(|(name, _)| name == precision).map_or(0.0, |(_, bound)| *bound);
        assert!((one / two - 1.0).abs() <= bound, "{run} in {precision}: {one} {two}");
    }
}

/// Precision and validation loss by run.
fn validation_losses(study: &Study) -> BTreeMap<RunId, (String, f64)> {
    let layout = study.layout("threads");
    let tables = study::tables(&layout);
    let runs = study::plan(&layout).runs;
    let of = |planned: &spec::plan::PlannedRun| {
        let results = String::from_utf8(tables[&planned.id].1.clone()).expect("results are text");
        let line = results.lines().find_map(|line| line.strip_prefix("validation-loss,")).expect("it was measured");
        let value = line.split(',').next().unwrap_or_default();
        let loss = value.parse().expect("a loss is a number");
        (planned.id, (planned.levels["train.precision"].to_string(), loss))
    };
    runs.iter().map(of).collect()
}
