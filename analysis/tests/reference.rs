//! What published programs answer, case by case (`reference/statistics.json`), each at its stated tolerance.
//!
//! A module a subject. `every_case_has_a_place` fails when a case of the file is not covered.

// clippy takes the helpers of this crate for something else than tests.
#![allow(clippy::unwrap_used)]

#[path = "reference/bayes.rs"]
mod bayes;
#[path = "reference/blocks.rs"]
mod blocks;
#[path = "reference/corrections.rs"]
mod corrections;
#[path = "reference/counts.rs"]
mod counts;
#[path = "reference/edges.rs"]
mod edges;
#[path = "reference/effects.rs"]
mod effects;
#[path = "reference/extremes.rs"]
mod extremes;
#[path = "reference/groups.rs"]
mod groups;
#[path = "reference/location.rs"]
mod location;
#[path = "reference/many_arms.rs"]
mod many_arms;
#[path = "reference/mixed.rs"]
mod mixed;
#[path = "reference/planning.rs"]
mod planning;
#[path = "reference/post_hocs.rs"]
mod post_hocs;
#[path = "reference/ranks.rs"]
mod ranks;
#[path = "reference/resampling.rs"]
mod resampling;
#[path = "reference/variance.rs"]
mod variance;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use analysis::statistics::anova::factor::Factor;
use serde_json::Value;

static FILE: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("reference/statistics.json");
    serde_json::from_str(text).expect("the reference file is JSON")
});

/// What `reference/make_further.py` writes: values beside those of the file, each section with its source there.
static FURTHER: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("reference/further.json");
    serde_json::from_str(text).expect("the further reference values are JSON")
});

/// The expected answer of a case.
fn expected(id: &str) -> &'static Value {
    let cases = FILE["cases"].as_array().expect("cases");
    &cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}"))["expected"]
}

/// What the program of an edge case was seen to answer.
fn edge_case(id: &str) -> &'static Value {
    let cases = FILE["edge_cases"].as_array().expect("edge cases");
    &cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no edge case {id}"))["observed"]
}

/// The numbers of a data set.
fn data(name: &str) -> Vec<f64> {
    numbers(&FILE["datasets"][name])
}

/// The numbers of a table, row by row.
fn table(name: &str) -> Vec<Vec<f64>> {
    FILE["datasets"][name].as_array().expect("a table").iter().map(numbers).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("{value}")).iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn pairs(level: &str, baseline: &str) -> Vec<(f64, f64)> {
    data(level).into_iter().zip(data(baseline)).collect()
}

/// Equal within 1e-12 of the expected value.
fn close(found: f64, expected: &Value) {
    within(found, expected, 1e-12);
}

fn within(found: f64, expected: &Value, relative: f64) {
    let expected = number(expected);
    assert!((found - expected).abs() <= relative * expected.abs(), "{found:?} is not {expected:?}");
}

/// The approximation of [`analysis::statistics::effects::cohen::hedges_factor`] that some programs use.
fn hedges_factor_approximate(df: f64) -> f64 {
    1.0 - 3.0 / (4.0 * df - 1.0)
}

/// The three groups of five, four and six values.
fn three_groups() -> Vec<Vec<f64>> {
    vec![data("g1"), data("g2"), data("g3")]
}

/// A table of runs: their values, and activation, architecture and seed as factors whose levels are numbered as they
/// come.
fn sweep(name: &str) -> (Vec<f64>, [Factor; 3]) {
    let rows = FILE["datasets"][name].as_array().expect("a table of runs");
    let factor = |key: &str| {
        let mut seen: Vec<&Value> = Vec::new();
        let mut level = |row: usize| {
            let value: &Value = &rows[row][key];
            seen.iter().position(|known| *known == value).unwrap_or_else(|| {
                seen.push(value);
                seen.len() - 1
            })
        };
        Factor::of((0..rows.len()).map(&mut level).collect()).expect("a factor")
    };
    (rows.iter().map(|row| number(&row["y"])).collect(), ["act", "arch", "seed"].map(factor))
}

/// Compares the p values of all pairs with a symmetric table, within `absolute`.
fn agrees_by_pairs<Pair>(pairs: &[Pair], parts: impl Fn(&Pair) -> ([usize; 2], f64), expected: &Value, absolute: f64) {
    let arms = expected.as_array().unwrap().len();
    assert_eq!(pairs.len(), arms * (arms - 1) / 2);
    for pair in pairs {
        let ([first, second], p) = parts(pair);
        let expected = number(&expected[first][second]);
        assert!((p - expected).abs() <= absolute, "{first} {second}: {p:?} is not {expected:?}");
    }
}

#[test]
fn every_case_has_a_place() {
    let known: BTreeSet<&str> =
        FILE["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
    let placed: Vec<&str> = [
        location::COVERED,
        corrections::COVERED,
        ranks::COVERED,
        counts::COVERED,
        resampling::COVERED,
        effects::COVERED,
        bayes::COVERED,
        blocks::COVERED,
        planning::COVERED,
        groups::COVERED,
        many_arms::COVERED,
        mixed::COVERED,
        variance::COVERED,
    ]
    .concat();
    let distinct: BTreeSet<&str> = placed.iter().copied().collect();
    assert_eq!(distinct, known);
    assert_eq!(distinct.len(), placed.len(), "a case stands in two places");
}
