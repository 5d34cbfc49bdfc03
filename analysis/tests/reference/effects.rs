//! Effect sizes, aggregates over tasks, and e values.

use analysis::statistics::aggregates::improvement::probability_of_improvement;
use analysis::statistics::aggregates::interquartile::interquartile_mean;
use analysis::statistics::aggregates::optimality::optimality_gap;
use analysis::statistics::aggregates::profile::performance_profile;
use analysis::statistics::describe::describe;
use analysis::statistics::effects::{cohen, standardised};
use analysis::statistics::paired::paired_t;
use analysis::statistics::ranks::mann_whitney::mann_whitney;
use analysis::statistics::sequential::e_value;

use super::{close, data, expected, hedges_factor_approximate, number, numbers, pairs, table};

pub(crate) const COVERED: &[&str] = &[
    "effsize",
    "hedges_exactJ",
    "dz_nct_ci",
    "iqm",
    "iqm_n10",
    "prob_improve",
    "perf_profile",
    "evalue_sign",
    "evalue_normmix",
];

#[test]
fn effect_sizes() {
    let (a, b, case) = (data("a10"), data("b10"), expected("effsize"));
    let d = cohen::independent(&a, &b).unwrap();
    close(d, &case["cohen_unpaired"]);
    close(d * hedges_factor_approximate(18.0), &case["hedges"]);
    close(cohen::average(&a, &b).unwrap(), &case["d_av_paired"]);
    close(cohen::paired(&pairs("a10", "b10")).unwrap(), &case["d_z"]);
    close(mann_whitney(&a, &b).unwrap().superiority, &case["cles"]);
    for (df, expected) in expected("hedges_exactJ").as_object().unwrap() {
        close(cohen::hedges_factor(df.parse().unwrap()).unwrap(), expected);
    }
}

#[test]
fn an_interval_for_a_standardised_difference() {
    let case = expected("dz_nct_ci");
    let t = paired_t(&pairs("a10", "b10"), 0.05).unwrap().test().unwrap().t;
    close(t, &case["t"]);
    let found = standardised::interval(t, 9.0, 10.0_f64.sqrt(), 0.05).unwrap();
    assert!((found.low - number(&case["ci95"][0])).abs() < 1e-7, "{found:?}");
    assert!((found.high - number(&case["ci95"][1])).abs() < 1e-7, "{found:?}");
}

#[test]
fn many_tasks() {
    let (runs, others, case) = (table("iqm"), table("iqm2"), expected("iqm"));
    let scores = runs.concat();
    close(interquartile_mean(&scores).unwrap(), &case["iqm"]);
    close(optimality_gap(&scores, 1.0).unwrap(), &case["opt_gap"]);
    let column = |table: &[Vec<f64>], task: usize| -> Vec<f64> { table.iter().map(|row| row[task]).collect() };
    let means: Vec<f64> = (0..3).map(|task| describe(&column(&runs, task), 0.05).unwrap().mean).collect();
    let over_tasks = describe(&means, 0.05).unwrap();
    close(over_tasks.median, &case["median"]);
    close(over_tasks.mean, &case["mean"]);
    let tasks: Vec<(Vec<f64>, Vec<f64>)> = (0..3).map(|task| (column(&runs, task), column(&others, task))).collect();
    close(probability_of_improvement(&tasks).unwrap(), expected("prob_improve"));
    let profile = performance_profile(&scores, &[0.0, 0.25, 0.5, 0.75, 1.0], 0.05);
    for (point, expected) in profile.iter().zip(expected("perf_profile").as_array().unwrap()) {
        close(point.share, expected);
        assert!(point.band.low <= point.share && point.share <= point.band.high);
    }
    let case = expected("iqm_n10");
    close(interquartile_mean(&data("a10")).unwrap(), &case["fractional"]);
    // rliable cuts whole values only, and keeps three fifths of ten: its answer is another.
    assert!((interquartile_mean(&data("a10")).unwrap() - number(&case["rliable_truncated"])).abs() > 1e-6);
}

#[test]
fn evidence_at_any_time() {
    for row in expected("evalue_sign").as_array().unwrap() {
        let (positive, n) = (row[0].as_u64().unwrap(), row[1].as_u64().unwrap());
        close(e_value::sign(positive, n).unwrap(), &row[2]);
    }
    for row in expected("evalue_normmix").as_array().unwrap() {
        let row_numbers = numbers(row);
        close(e_value::normal_mixture(row_numbers[0], row_numbers[1] as u64, 1.0).unwrap(), &row[2]);
    }
}
