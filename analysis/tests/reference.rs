//! What published programs answer, case by case (`reference/statistics.json`), each at its stated tolerance.
//!
//! A module a subject. `every_case_has_a_place` fails when a case of the file is neither covered nor named as still open.

// clippy takes the helpers of this crate for something else than tests.
#![allow(clippy::unwrap_used)]

#[path = "reference/corrections.rs"]
mod corrections;
#[path = "reference/counts.rs"]
mod counts;
#[path = "reference/effects.rs"]
mod effects;
#[path = "reference/location.rs"]
mod location;
#[path = "reference/ranks.rs"]
mod ranks;
#[path = "reference/resampling.rs"]
mod resampling;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

static FILE: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("reference/statistics.json");
    serde_json::from_str(text).expect("the reference file is JSON")
});

/// Cases that are not looked at here yet: models, dominance, power and the rest. Some stand in the tests beside their procedure; who
/// covers one takes it out of this list.
const OPEN: &[&str] = &[
    "friedman",
    "iman_davenport",
    "mean_ranks",
    "nemenyi",
    "nemenyi_cd",
    "conover_friedman",
    "quade",
    "kruskal",
    "kruskal_ties",
    "dunn_holm",
    "dunn_raw",
    "anova1",
    "welch_anova",
    "anova2_t2",
    "anova2_t3_sum",
    "anova_blocked",
    "anova_rm2",
    "rm_anova_gg",
    "tukey_hsd",
    "games_howell",
    "games_howell_pg",
    "studentized_range",
    "studentized_range_ppf",
    "dunnett_quad",
    "dunnett_scipy",
    "bf_t",
    "corr_t_bayes",
    "nadeau_bengio",
    "bayes_signedrank",
    "aso_vr",
    "aso_dominance",
    "shapiro",
    "levene_bf",
    "power_paired",
    "mde_paired",
    "mde_ind",
    "n_required",
    "art",
    "mixedlm",
    "mixedlm_closed",
    "iman_davenport_classic",
];

/// The expected answer of a case.
fn expected(id: &str) -> &'static Value {
    let cases = FILE["cases"].as_array().expect("cases");
    &cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}"))["expected"]
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
        OPEN,
    ]
    .concat();
    let distinct: BTreeSet<&str> = placed.iter().copied().collect();
    assert_eq!(distinct, known);
    assert_eq!(distinct.len(), placed.len(), "a case stands in two places");
}
